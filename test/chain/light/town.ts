import type { BlockHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { frameMessage, frameParser } from "../../../src/bitcoin/frames.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { takeBlock } from "../../../src/chain/brain.ts";
import type { ChainEvent, Watch } from "../../../src/chain/events.ts";
import { type Feed, feedAfter, hasNews, nextEvents, watchFrom } from "../../../src/chain/feed.ts";
import { type FilterIndex, followFilters, openFilters } from "../../../src/chain/filters.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import { type Light, openLight, spenderAmong } from "../../../src/chain/light/light.ts";
import { addLightPeer, goOn, receiveLight, removeLightPeer, tickLight } from "../../../src/chain/light/receive.ts";
import { horizonOf, noteScripts, readFor } from "../../../src/chain/light/scan.ts";
import { type LightStorage, memoryLightStorage } from "../../../src/chain/light/storage.ts";
import { memoryFilterStorage } from "../../../src/chain/memory-storage.ts";
import { announceTip } from "../../../src/chain/sync/announce.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type Peer, type Sync, type SyncEffect, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer, serveNext } from "../../../src/chain/sync/receive.ts";
import { line } from "../../contract/follower.ts";
import { type Bench, bench } from "../builder.ts";
import { NOW_MS } from "../sync/wire.ts";

/** What a full node says instead of what it should; undefined is silence. */
export type Tamper = (message: BitcoinMessage) => BitcoinMessage | undefined;

/** A full node of the town with filters, and the wire from the light client to it. */
export interface Citizen {
  readonly name: string;
  readonly bench: Bench;
  readonly index: FilterIndex;
  readonly sync: Sync;
  tamper: Tamper;
  peer: Peer | undefined;
  /** The light client's end. */
  far: Peer | undefined;
  /** Why the light client parted with it. */
  parted: string | undefined;
}

/** One light client and the full nodes that it is connected with. Messages cross as bytes; time passes when told. */
export class Town {
  light: Light;
  feed: Feed;
  now = NOW_MS;
  readonly citizens: Citizen[] = [];
  readonly lines: string[] = [];
  readonly events: ChainEvent[] = [];
  /** Names of messages, with who sent them. */
  readonly log: string[] = [];
  readonly #queue: (() => void)[] = [];
  readonly #storage: LightStorage;

  constructor(storage: LightStorage = memoryLightStorage()) {
    this.#storage = storage;
    this.light = openLight(bench().params, storage);
    this.feed = feedAfter(this.light.sync.brain.chain.index.tree, undefined);
    this.light.sync.brain.feeds.add(this.feed);
  }
  /** The light client dies and is started again; its listener goes on where it was told. */
  restart(): void {
    const told = { height: this.feed.told.height, hash: this.feed.told.hash };
    for (const citizen of this.citizens) this.part(citizen, "restart");
    this.light = openLight(bench().params, this.#storage);
    this.feed = feedAfter(this.light.sync.brain.chain.index.tree, told);
    this.light.sync.brain.feeds.add(this.feed);
  }
  citizen(name: string, chain: Bench, tamper: Tamper = (message) => message): Citizen {
    const index = openFilters(chain.brain.chain.index.tree, memoryFilterStorage());
    followFilters(index, chain.brain.chain, 100_000);
    const sync = syncOf(chain.brain, index);
    const citizen = { name, bench: chain, index, sync, tamper, peer: undefined, far: undefined, parted: undefined };
    this.citizens.push(citizen);
    return citizen;
  }
  dial(citizen: Citizen): void {
    const { sync } = citizen;
    citizen.peer = addPeer(sync, { inbound: true, nonce: BigInt(this.citizens.length + 50), now: this.now }).peer;
    const { peer, effects } = addLightPeer(this.light, { inbound: false, nonce: 7n, now: this.now });
    citizen.far = peer;
    citizen.parted = undefined;
    this.perform(effects);
  }
  watch(...watches: readonly Watch[]): void {
    noteScripts(this.light, watches);
    const unknown = (): boolean => false;
    watchFrom(this.feed, watches, (outpoint) => spenderAmong(this.light, outpoint), unknown);
    this.perform(goOn(this.light, this.now));
  }
  /** Gives citizens the newest blocks of a chain, and lets them announce their tip. */
  spread(chain: Bench, ...to: readonly Citizen[]): void {
    for (const citizen of to) {
      const { brain } = citizen.bench;
      for (let height = 1; height <= chain.brain.chain.tip.height; height++) {
        const node = present(ancestorAt(chain.brain.chain.tip, height), "a height");
        if (brain.chain.index.held.has(brain.chain.index.tree.nodes.get(node.hash) as never)) continue;
        takeBlock(brain, hashBlock(present(chain.storage.block(node.hash), "a block")), this.now / 1000);
      }
      followFilters(citizen.index, brain.chain, 100_000);
      this.hear(citizen, announceTip(citizen.sync));
    }
  }
  /** What a citizen says to the light client. */
  hear(citizen: Citizen, effects: readonly SyncEffect[]): void {
    for (const effect of effects) {
      if (effect.tag === "Disconnect") this.part(citizen, `they: ${effect.reason}`);
      if (effect.tag !== "Send" || effect.peer !== citizen.peer) continue;
      const message = citizen.tamper(effect.message);
      if (message === undefined) continue;
      const { far } = citizen;
      this.#queue.push(() => {
        if (far === undefined || far !== citizen.far || !this.light.sync.peers.has(far)) return;
        this.log.push(`${citizen.name}: ${message.name}`);
        this.perform(receiveLight(this.light, far, overWire(message), this.now));
      });
    }
  }
  perform(effects: readonly SyncEffect[]): void {
    for (const effect of effects) {
      if (!("peer" in effect)) continue;
      const citizen = this.citizens.find(({ far }) => far === effect.peer);
      if (citizen === undefined) continue;
      if (effect.tag === "Disconnect") this.part(citizen, effect.reason);
      else {
        const { message } = effect;
        const { peer } = citizen;
        this.#queue.push(() => {
          if (peer === undefined || peer !== citizen.peer) return;
          this.log.push(`light to ${citizen.name}: ${message.name}`);
          this.hear(citizen, receive(citizen.sync, peer, overWire(message), this.now));
          for (let more = serveNext(citizen.sync, peer); more !== undefined; more = serveNext(citizen.sync, peer))
            this.hear(citizen, more);
        });
      }
    }
  }
  part(citizen: Citizen, reason: string): void {
    const { peer, far } = citizen;
    if (peer === undefined || far === undefined) return;
    citizen.parted = reason;
    citizen.peer = undefined;
    citizen.far = undefined;
    removePeer(citizen.sync, peer, this.now);
    this.perform(removeLightPeer(this.light, far, this.now));
  }
  /** Until nobody has anything to say, with what the listener is told. */
  run(): this {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) next();
      else if (!this.#deliver()) return this;
    }
  }
  #deliver(): boolean {
    const horizon = horizonOf(this.light, this.feed);
    if (!hasNews(this.feed, horizon)) return false;
    const before = [this.feed.told, this.feed.missed.next, this.feed.lost];
    const events = nextEvents(this.feed, horizon, (node) => readFor(this.light, this.feed, node));
    this.events.push(...events);
    this.lines.push(...events.map(line));
    this.perform(goOn(this.light, this.now));
    const after = [this.feed.told, this.feed.missed.next, this.feed.lost];
    return events.length > 0 || after.some((each, index) => each !== before[index]);
  }
  pass(ms: number): this {
    this.now += ms;
    this.perform(tickLight(this.light, this.now, 9n));
    return this.run();
  }
  /** The lines since the last call that tell more than that a block came. */
  news(): readonly string[] {
    return this.lines.splice(0).filter((each) => !each.startsWith("+"));
  }
  /** Of everything sent to citizens, how often. */
  asked(name: BitcoinMessage["name"]): number {
    return this.log.filter((each) => each.startsWith("light to ") && each.endsWith(`: ${name}`)).length;
  }
}

const { magic } = bench().params;
function overWire(message: BitcoinMessage): BitcoinMessage {
  const { messages } = frameParser(magic).feed(frameMessage(magic, message));
  return present(messages[0], "one message");
}
export const heightHash = (chain: Bench, height: number): BlockHash =>
  present(ancestorAt(chain.brain.chain.tip, height), "a height").hash;
