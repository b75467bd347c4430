import { expect } from "chai";
import { frameMessage, frameParser } from "../../../src/bitcoin/frames.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type Peer, type Sync, type SyncEffect, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer, serveNext } from "../../../src/chain/sync/receive.ts";
import { type Bench, bench, COIN, matured, NOW, output, spend } from "../builder.ts";

export const NOW_MS = NOW * 1000;
/** Two nodes and the wire between them; every message crosses it as bytes. */
export class Wire {
  readonly sides: readonly [Side, Side];
  now = NOW_MS;
  readonly gone: string[] = [];
  readonly log: string[] = [];
  constructor(dialler: Bench, listener: Bench) {
    const left = side(dialler, false, 1n, this.now);
    const right = side(listener, true, 2n, this.now);
    this.sides = [left, right];
    this.perform(0, left.first);
  }
  perform(from: 0 | 1, effects: readonly SyncEffect[]): void {
    const { peer, queue } = this.sides[from];
    for (const effect of effects) {
      if (effect.tag === "Send" && effect.peer === peer) queue.push(effect.message);
      if (effect.tag === "Disconnect") {
        this.gone.push(effect.reason);
        removePeer(this.sides[from].sync, effect.peer, this.now);
      }
    }
  }
  /** Until neither has anything to say. */
  run(): this {
    for (let from: 0 | 1 = 0, idle = 0; idle < 2; from = from === 0 ? 1 : 0) {
      const { queue, sync, peer } = this.sides[from];
      for (let more = serveNext(sync, peer); more !== undefined; more = serveNext(sync, peer)) this.perform(from, more);
      const message = queue.shift();
      if (message === undefined) idle++;
      else {
        idle = 0;
        this.deliver(from, message);
      }
    }
    return this;
  }
  deliver(from: 0 | 1, message: BitcoinMessage): void {
    const to = from === 0 ? 1 : 0;
    const { sync, peer, parser } = this.sides[to];
    this.log.push(`${from}:${message.name}`);
    const { messages, fault } = parser.feed(frameMessage(CHAINS.regtest.magic, message));
    expect(fault).to.equal(undefined);
    for (const each of messages) if (sync.peers.has(peer)) this.perform(to, receive(sync, peer, each, this.now));
  }
}
export interface Side {
  readonly sync: Sync;
  readonly peer: Peer;
  readonly first: readonly SyncEffect[];
  readonly queue: BitcoinMessage[];
  readonly parser: ReturnType<typeof frameParser>;
}
export function side({ brain }: Bench, inbound: boolean, nonce: bigint, now: number): Side {
  const sync = syncOf(brain);
  const { peer, effects } = addPeer(sync, { inbound, nonce, now });
  return { sync, peer, first: effects, queue: [], parser: frameParser(CHAINS.regtest.magic) };
}
/** One node whose peer is the test; the handshake is done. The peer names transactions by txid, as older ones do, or by wtxid. */
export function alone(
  chain: Bench,
  by: "txid" | "wtxid" = "txid",
): {
  sync: Sync;
  peer: Peer;
  say: (message: BitcoinMessage) => readonly SyncEffect[];
} {
  const wire = new Wire(bench(), chain).run();
  const { sync, peer } = wire.sides[1];
  peer.byWtxid = by === "wtxid";
  return { sync, peer, say: (message) => receive(sync, peer, message, NOW_MS) };
}
export const names = (effects: readonly SyncEffect[]): readonly string[] =>
  effects.map((effect) => (effect.tag === "Send" ? effect.message.name : effect.tag));
export const tx = (coin: Parameters<typeof spend>[0][0], fee: bigint): Tx => spend([coin], [output(COIN - fee)]);

/** A node among peers of which each has said that it speaks compact blocks. */
export function among(
  count: number,
  inbound = true,
): { chain: ReturnType<typeof matured>; sync: Sync; peers: readonly Peer[] } {
  const chain = matured(3);
  const { sync, peer } = alone(chain);
  sync.peers.delete(peer);
  const peers = Array.from({ length: count }, (_, index) => {
    const { peer: each } = addPeer(sync, { inbound, nonce: BigInt(index + 10), now: NOW_MS });
    each.ready = true;
    receive(sync, each, { name: "sendcmpct", announce: false, version: 2n }, NOW_MS);
    return each;
  });
  return { chain, sync, peers };
}
export const said = (sync: Sync, peer: Peer, message: BitcoinMessage, now = NOW_MS) =>
  names(receive(sync, peer, message, now));
