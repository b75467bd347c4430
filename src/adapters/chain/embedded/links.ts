import { printable } from "../../../base/bytes.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import { type FrameParser, frameMessage, frameParser } from "../../../bitcoin/frames.ts";
import type { BitcoinMessage } from "../../../bitcoin/messages.ts";
import type { Place } from "../../../chain/addresses/place.ts";
import type { WaitingBlock } from "../../../chain/chain.ts";
import { forgive } from "../../../chain/sync/fetch.ts";
import { addPeer, type NewPeer } from "../../../chain/sync/handshake.ts";
import type { Peer, Purpose, Sync, SyncEffect } from "../../../chain/sync/peer.ts";
import { receive, removePeer, serveNext } from "../../../chain/sync/receive.ts";
import { TICK_MS, tick } from "../../../chain/sync/tick.ts";
import type { BasePeer, DialFault } from "../../../ports/base-node.ts";
import type { Log } from "../../../ports/log.ts";
import type { Connection } from "../../../ports/network.ts";
import type { Clock, Random } from "../../../ports/world.ts";
import { LogBudget } from "./log-budget.ts";
import { placeOfText } from "./places.ts";

/** What is behind the connections: a whole node's sync, or a light client's. All times are in milliseconds. */
export interface PeerMachine {
  readonly add: (peer: NewPeer) => { readonly peer: Peer; readonly effects: readonly SyncEffect[] };
  readonly receive: (peer: Peer, message: BitcoinMessage, now: number) => readonly SyncEffect[];
  readonly serveNext: (peer: Peer) => readonly SyncEffect[] | undefined;
  readonly remove: (peer: Peer, now: number) => readonly SyncEffect[];
  readonly tick: (now: number, nonce: bigint) => readonly SyncEffect[];
  /** Nobody could be heard until now: who did not answer meanwhile is not to blame. */
  readonly forgive: (now: number) => void;
}
/** @param ticked  called before each tick: what a peer said, or its silence, has been dealt with */
export const wholeNode = (sync: Sync, ticked: () => void = () => undefined): PeerMachine => ({
  add: (peer) => addPeer(sync, peer),
  receive: (peer, message, now) => receive(sync, peer, message, now),
  serveNext: (peer) => serveNext(sync, peer),
  remove: (peer, now) => removePeer(sync, peer, now),
  tick: (now, nonce) => {
    ticked();
    return tick(sync, now, nonce);
  },
  forgive: (now) => forgive(sync, now),
});

export interface LinksOptions {
  readonly machine: PeerMachine;
  readonly magic: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onTipChanged: () => void;
  readonly onTxTaken: () => void;
  /** If anybody wants to know: all that follows from a step of the machine has been done. */
  readonly onStepped?: () => void;
  /** While it is crowded no peer is listened to, so nothing is asked for either. */
  readonly disk: { readonly crowded: boolean; room(): Promise<void> };
  readonly onWaiting: (waiting: WaitingBlock) => void;
}
/** Who wants to know how a connection goes. */
export interface LinkListener {
  readonly inbound: boolean;
  /** Everything, unless told. */
  readonly purpose?: Purpose;
  /** Where it ends, if that is known better than by the name that the connection has. */
  readonly place?: Place;
  /** The handshake is over, one way or the other. Called once. */
  readonly greeted: (how: Result<void, DialFault>) => void;
  readonly closed: (misbehaved: true | undefined, reason: string) => void;
}
/** A connection with the peer behind it. */
interface Link {
  readonly peer: Peer;
  readonly connection: Connection;
  readonly parser: FrameParser;
  readonly listener: LinkListener;
  greeted: boolean;
  bytesReceived: number;
  bytesSent: number;
  /** Another look at the send queue is due. */
  serving: boolean;
}
/** Policy, not protocol: what was asked for waits while this much is queued; who lets more pile up is not kept. */
const QUEUE_BYTES_GOOD = 1_000_000;
const QUEUE_BYTES_MAX = 32_000_000;
const SERVE_AGAIN_MS = 20;

/** Connects the sync machine with open connections: bytes in, effects out. */
export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<Peer, Link>();
  readonly #budget = new LogBudget();
  #cancelTick: () => void;
  #waiting = false;

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#cancelTick = options.clock.after(TICK_MS, () => this.#tick());
  }

  get count(): number {
    return this.#links.size;
  }

  peers(): readonly BasePeer[] {
    return [...this.#links.values()].flatMap(({ peer, connection, bytesReceived, bytesSent }) => {
      if (!peer.ready || peer.version === undefined) return [];
      const { inbound, since, pingMs, version, best } = peer;
      const { user_agent, start_height, services } = version;
      const known = { inbound, since, pingMs, agent: printable(user_agent), height: best?.height ?? start_height };
      return [{ address: connection.remoteAddress, ...known, services, bytesReceived, bytesSent }];
    });
  }

  /** The peers whom we dialled, greeted or not. */
  dialled(): readonly Peer[] {
    return [...this.#links.keys()].filter(({ inbound }) => !inbound);
  }
  /** Ends the connection with a peer, if it has not ended. */
  part(peer: Peer, reason: string): void {
    const link = this.#links.get(peer);
    if (link !== undefined) this.#drop(link, reason);
  }

  add(connection: Connection, listener: LinkListener): Peer {
    const { machine, magic, random, clock } = this.#options;
    const nonce = nonceOf(random);
    const place = listener.place ?? placeOfText(connection.remoteAddress);
    const { peer, effects } = machine.add({ ...listener, place, nonce, now: clock.now() });
    const parser = frameParser(magic);
    const counts = { bytesReceived: 0, bytesSent: 0 };
    const link: Link = { peer, connection, parser, listener, greeted: false, serving: false, ...counts };
    this.#links.set(peer, link);
    connection.attach({
      data: (bytes) => this.#read(link, bytes),
      closed: () => this.#drop(link, "connection closed"),
    });
    this.perform(effects);
    return peer;
  }

  perform(effects: readonly SyncEffect[]): void {
    for (const effect of effects) {
      if (effect.tag === "TipChanged") this.#options.onTipChanged();
      else if (effect.tag === "TxTaken") this.#options.onTxTaken();
      else if (effect.tag === "VerifyScripts") this.#options.onWaiting(effect.waiting);
      else this.#performWith(effect);
    }
    this.#options.onStepped?.();
  }
  #performWith(effect: Extract<SyncEffect, { readonly peer: Peer }>): void {
    const link = this.#links.get(effect.peer);
    if (link === undefined) return;
    if (effect.tag === "Disconnect") this.#drop(link, effect.reason, effect.misbehaved);
    else if (link.connection.queuedBytes > QUEUE_BYTES_MAX) this.#drop(link, "does not read");
    else {
      const bytes = frameMessage(this.#options.magic, effect.message);
      link.bytesSent += bytes.length;
      link.connection.send(bytes);
    }
  }

  close(): void {
    this.#cancelTick();
    for (const link of this.#links.values()) this.#drop(link, "we stop");
  }

  #read(link: Link, bytes: Uint8Array): void {
    const { machine, clock } = this.#options;
    link.bytesReceived += bytes.length;
    const { messages, fault } = link.parser.feed(bytes);
    for (const message of messages) {
      if (!this.#links.has(link.peer)) return;
      this.perform(machine.receive(link.peer, message, clock.now()));
      if (link.peer.ready) this.#greeted(link, ok(undefined));
    }
    if (fault !== undefined) this.#drop(link, `sends no message of ours: ${fault.code}`, true);
    this.#serve(link);
    if (this.#options.disk.crowded) this.#waitForDisk();
    if (this.#waiting) link.connection.pause();
  }

  #waitForDisk(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    for (const { connection } of this.#links.values()) connection.pause();
    // A disk that has failed ends the process.
    void this.#options.disk.room().then(() => {
      this.#waiting = false;
      this.#options.machine.forgive(this.#options.clock.now());
      for (const { connection } of this.#links.values()) connection.resume();
    });
  }

  #serve(link: Link): void {
    const { machine, clock } = this.#options;
    while (this.#links.has(link.peer) && link.connection.queuedBytes < QUEUE_BYTES_GOOD) {
      const effects = machine.serveNext(link.peer);
      if (effects === undefined) return;
      this.perform(effects);
    }
    if (link.serving || !this.#links.has(link.peer)) return;
    link.serving = true;
    clock.after(SERVE_AGAIN_MS, () => {
      link.serving = false;
      this.#serve(link);
    });
  }

  #drop(link: Link, reason: string, misbehaved?: true): void {
    if (!this.#links.delete(link.peer)) return;
    const { machine, clock, log } = this.#options;
    const { connection, peer, listener } = link;
    connection.close("now");
    const told = this.#budget.take(clock.now());
    if (told !== undefined) log.debug("base.peer.gone", { address: connection.remoteAddress, reason, ...told });
    this.perform(machine.remove(peer, clock.now()));
    this.#greeted(link, err({ code: "refused", reason }));
    listener.closed(misbehaved, reason);
  }

  #greeted(link: Link, how: Result<void, DialFault>): void {
    if (link.greeted) return;
    link.greeted = true;
    link.listener.greeted(how);
  }

  #tick(): void {
    const { machine, clock, random } = this.#options;
    this.#cancelTick = clock.after(TICK_MS, () => this.#tick());
    if (this.#waiting) return;
    this.perform(machine.tick(clock.now(), nonceOf(random)));
  }
}

const nonceOf = (random: Random): bigint => {
  const bytes = random.bytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
};
