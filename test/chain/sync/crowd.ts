import { expect } from "chai";
import { frameMessage, frameParser } from "../../../src/bitcoin/frames.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { Place } from "../../../src/chain/addresses/place.ts";
import { announceTip } from "../../../src/chain/sync/announce.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type Peer, type Sync, type SyncEffect, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer, serveNext } from "../../../src/chain/sync/receive.ts";
import { TICK_MS, tick } from "../../../src/chain/sync/tick.ts";
import { emptyBook } from "../addresses/told.ts";
import type { Bench } from "../builder.ts";
import { NOW_MS } from "./wire.ts";

export interface Neighbour {
  readonly chain: Bench;
  /** Whether our node dialled it. */
  readonly dialled?: boolean;
  readonly place?: Place;
  /** What it keeps to itself of all that an honest node would say. */
  readonly withholds?: (message: BitcoinMessage) => boolean;
}
/** One end of a wire. */
interface End {
  readonly sync: Sync;
  readonly peer: Peer;
  readonly parser: ReturnType<typeof frameParser>;
  /** On their way to the other end. */
  readonly out: BitcoinMessage[];
  readonly withholds: (message: BitcoinMessage) => boolean;
}
interface Wire {
  readonly name: string;
  readonly ends: readonly [End, End];
}

/** Our node among others, in virtual time: every message crosses a wire as bytes, and clocks go second by second. */
export class Crowd {
  readonly sync: Sync;
  now = NOW_MS;
  /** Whom our node has parted with, and why. */
  readonly gone: string[] = [];
  /** What our node has asked for and been told, by the name of the neighbour. */
  readonly log: { readonly name: string; readonly from: "us" | "them"; readonly message: BitcoinMessage }[] = [];
  readonly #wires = new Set<Wire>();

  constructor(chain: Bench) {
    this.sync = syncOf(chain.brain, undefined, "full", emptyBook());
  }

  join(name: string, { chain, dialled = true, withholds = () => false, place }: Neighbour): Peer {
    const nonce = BigInt(this.#wires.size * 2 + 10);
    const theirs = syncOf(chain.brain);
    const near = addPeer(this.sync, { inbound: !dialled, nonce, now: this.now, place });
    const far = addPeer(theirs, { inbound: dialled, nonce: nonce + 1n, now: this.now });
    const end = (sync: Sync, peer: Peer, refuses: (message: BitcoinMessage) => boolean): End => ({
      sync,
      peer,
      parser: frameParser(CHAINS.regtest.magic),
      out: [],
      withholds: refuses,
    });
    this.#wires.add({ name, ends: [end(this.sync, near.peer, () => false), end(theirs, far.peer, withholds)] });
    this.#perform(near.effects);
    this.#perform(far.effects);
    this.#run();
    return near.peer;
  }

  /** A neighbour tells of its best chain. */
  announce(name: string): void {
    for (const wire of this.#wires) if (wire.name === name) this.#perform(announceTip(wire.ends[1].sync));
    this.#run();
  }

  /** Lets time pass, until `done` says that it is enough; how much that was, in milliseconds. */
  pass(ms: number, done: () => boolean = () => false): number {
    const begun = this.now;
    while (!done() && this.now < begun + ms) {
      this.now += TICK_MS;
      const syncs = new Set([...this.#wires].flatMap(({ ends }) => ends.map(({ sync }) => sync)));
      for (const sync of syncs) this.#perform(tick(sync, this.now, 1n));
      this.#run();
    }
    return this.now - begun;
  }

  #run(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const wire of this.#wires) {
        for (const [from, to] of [wire.ends, wire.ends.toReversed() as [End, End]]) {
          for (let more = serveNext(from.sync, from.peer); more; more = serveNext(from.sync, from.peer))
            this.#perform(more);
          for (const message of from.out.splice(0)) {
            moved = true;
            this.#deliver(wire, from, to, message);
          }
        }
      }
    }
  }
  #deliver(wire: Wire, from: End, to: End, message: BitcoinMessage): void {
    if (!this.#wires.has(wire) || from.withholds(message)) return;
    this.log.push({ name: wire.name, from: from.sync === this.sync ? "us" : "them", message });
    const { messages, fault } = to.parser.feed(frameMessage(CHAINS.regtest.magic, message));
    expect(fault).to.equal(undefined);
    for (const each of messages)
      if (to.sync.peers.has(to.peer)) this.#perform(receive(to.sync, to.peer, each, this.now));
  }
  #perform(effects: readonly SyncEffect[]): void {
    for (const effect of effects) {
      if (effect.tag !== "Send" && effect.tag !== "Disconnect") continue;
      const wire = [...this.#wires].find(({ ends }) => ends.some(({ peer }) => peer === effect.peer));
      if (wire === undefined) continue;
      const [ours, theirs] = wire.ends;
      const end = ours.peer === effect.peer ? ours : theirs;
      if (effect.tag === "Send") end.out.push(effect.message);
      else {
        this.#wires.delete(wire);
        if (end === ours) this.gone.push(`${wire.name}: ${effect.reason}`);
        for (const { sync, peer } of wire.ends) this.#perform(removePeer(sync, peer, this.now));
      }
    }
  }
}
