import { unreachable } from "../../base/result.ts";
import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import { tellAddresses } from "./addresses.ts";
import { askTxs, closeTxRequests } from "./ask-txs.ts";
import { renewFeeFilter } from "./fee-filter.ts";
import { assignBlocks, forgive, isLateWithBlocks, loseHeart, retryNearTip } from "./fetch.ts";
import { watchTip } from "./late-tip.ts";
import { dropOldOrphans } from "./orphans.ts";
import { disconnect, type Peer, type Sync, type SyncEffect, send } from "./peer.ts";
import { retryOrphans } from "./take-tx.ts";

/** Policy, not protocol. */
const HANDSHAKE_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 120_000;
const PING_EVERY_MS = 120_000;
const PONG_TIMEOUT_MS = 1_200_000;
const AWAY_MS = 5000;
/** How often a host should call `tick`. */
export const TICK_MS = 1000;

/**
 * What is due because time has passed: pings, and the end of waiting for those who do not answer.
 * @param nonce  random, for pings
 */
export function tick(sync: Sync, now: number, nonce: bigint): readonly SyncEffect[] {
  if (wasAway(sync, now)) forgive(sync, now);
  sync.ticked = now;
  const late = [...sync.peers].flatMap((peer) => lateness(sync, peer, now) ?? []);
  // Judged by one measure, whoever is first: it changes for the next time.
  if (late.some(({ what }) => what === "block")) loseHeart(sync);
  dropOldOrphans(sync.orphans, now);
  for (const peer of sync.peers) closeTxRequests(sync, peer, now);
  const gone = new Set(late.map(({ peer }) => peer));
  const effects: SyncEffect[] = late.map(({ peer, reason }) => disconnect(peer, reason));
  for (const peer of sync.peers) if (!gone.has(peer)) effects.push(...tickPeer(sync, peer, now, nonce));
  effects.push(...watchTip(sync, now));
  return [...effects, ...retryOrphans(sync, now), ...assignBlocks(sync, now), ...retryNearTip(sync, now)];
}

/** The machine slept, was busy or waited for its disk. */
export const wasAway = ({ ticked }: Sync, now: number): boolean => ticked !== undefined && now - ticked > AWAY_MS;

function tickPeer(sync: Sync, peer: Peer, now: number, nonce: bigint): readonly SyncEffect[] {
  if (!peer.ready) return [];
  const more = [...askTxs(sync, peer, now), ...renewFeeFilter(sync, peer, now), ...tellAddresses(peer, now)];
  if (peer.ping !== undefined || now - peer.lastPing < PING_EVERY_MS) return more;
  peer.ping = { nonce, at: now };
  peer.lastPing = now;
  return [...more, send(peer, { name: "ping", nonce })];
}

/** What a peer that we have shaken hands with says of the connection itself. */
export function onConnectionMessage(
  peer: Peer,
  message: BitcoinMessageOf<"version" | "verack" | "ping" | "pong">,
  now: number,
): readonly SyncEffect[] {
  switch (message.name) {
    case "version":
    case "verack":
      return [disconnect(peer, `second ${message.name}`)];
    case "ping":
      return [send(peer, { name: "pong", nonce: message.nonce })];
    case "pong":
      return onPong(peer, message.nonce, now);
    default:
      return unreachable(message);
  }
}
/** Others than the last ping have no answer any more. */
function onPong(peer: Peer, nonce: bigint, now: number): readonly SyncEffect[] {
  if (peer.ping?.nonce !== nonce) return [];
  // A clock may have been set back.
  peer.pingMs = Math.max(0, now - peer.ping.at);
  peer.ping = undefined;
  return [];
}

interface Lateness {
  readonly peer: Peer;
  readonly what: "answer" | "block";
  readonly reason: string;
}
function lateness(sync: Sync, peer: Peer, now: number): Lateness | undefined {
  const silent = overdue(peer, now);
  if (silent !== undefined) return { peer, what: "answer", reason: silent };
  if (!isLateWithBlocks(sync, peer, now)) return undefined;
  return { peer, what: "block", reason: peer.stalling === undefined ? "no block" : "holds up the others" };
}
function overdue({ ready, handshakeAwaited, ping, headersAsked }: Peer, now: number): string | undefined {
  if (!ready && now - handshakeAwaited >= HANDSHAKE_TIMEOUT_MS) return "no handshake";
  if (ping !== undefined && now - ping.at >= PONG_TIMEOUT_MS) return "no pong";
  if (headersAsked !== undefined && now - headersAsked >= HEADERS_TIMEOUT_MS) return "no headers";
  return undefined;
}
