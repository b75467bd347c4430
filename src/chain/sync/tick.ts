import { assignBlocks } from "./blocks.ts";
import { disconnect, type Peer, type Sync, type SyncEffect, send } from "./peer.ts";
import { askTxs } from "./transactions.ts";

/** Policy, not protocol. */
const HANDSHAKE_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 120_000;
const PING_EVERY_MS = 120_000;
const PONG_TIMEOUT_MS = 1_200_000;
/** How often a host should call `tick`. */
export const TICK_MS = 5000;

/**
 * What is due because time has passed: pings, and the end of waiting for those who do not answer.
 * @param nonce  random, for pings
 */
export function tick(sync: Sync, now: number, nonce: bigint): readonly SyncEffect[] {
  const effects: SyncEffect[] = [];
  for (const peer of sync.peers) effects.push(...tickPeer(sync, peer, now, nonce));
  return [...effects, ...assignBlocks(sync, now)];
}

function tickPeer(sync: Sync, peer: Peer, now: number, nonce: bigint): readonly SyncEffect[] {
  const late = overdue(peer, now);
  if (late !== undefined) return [disconnect(peer, late)];
  if (!peer.ready) return [];
  for (const [txid, until] of peer.txs) if (now >= until) peer.txs.delete(txid);
  const more = askTxs(sync, peer, now);
  if (peer.ping !== undefined || now - peer.lastPing < PING_EVERY_MS) return more;
  peer.ping = { nonce, at: now };
  peer.lastPing = now;
  return [...more, send(peer, { name: "ping", nonce })];
}

function overdue({ ready, since, ping, headersAsked, blocks }: Peer, now: number): string | undefined {
  if (!ready && now - since >= HANDSHAKE_TIMEOUT_MS) return "no handshake";
  if (ping !== undefined && now - ping.at >= PONG_TIMEOUT_MS) return "no pong";
  if (headersAsked !== undefined && now - headersAsked >= HEADERS_TIMEOUT_MS) return "no headers";
  for (const until of blocks.values()) if (now >= until) return "no block";
  return undefined;
}
