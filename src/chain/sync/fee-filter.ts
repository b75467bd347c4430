import { floorAt } from "../floor.ts";
import { type Peer, type Sync, type SyncEffect, send } from "./peer.ts";

/** Below which fee we want to hear of no transaction, told to peers. BIP 133 §Specification. */

/** Policy, not protocol: how often a peer hears of another price, and of one that has changed by a third. */
const TELL_EVERY_MS = 10 * 60 * 1000;
const TELL_CHANGE_EVERY_MS = 60 * 1000;
/** Prices that are told are this far apart, so that they do not tell what only our mempool holds. */
const STEP = { num: 11n, den: 10n };

/** The highest of the steps above what relay costs that is not above `rate`. Sat per 1,000 virtual bytes. */
export function roundedFilter(rate: bigint, minRelayFee: bigint): bigint {
  let step = minRelayFee;
  for (;;) {
    const next = (step * STEP.num + STEP.den - 1n) / STEP.den;
    if (next > rate || next === step) return step;
    step = next;
  }
}

/** Tells a peer the price of now, as part of the handshake. */
export function tellFeeFilter({ brain: { pool } }: Sync, peer: Peer, now: number): SyncEffect {
  const feerate = roundedFilter(floorAt(pool, Math.floor(now / 1000)), pool.policy.minRelayFee);
  peer.feeFilterTold = { feerate, at: now };
  return send(peer, { name: "feefilter", feerate });
}

/** Tells it again when it has changed and the last time is long enough ago. */
export function renewFeeFilter(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const told = peer.feeFilterTold;
  const { pool } = sync.brain;
  if (told === undefined || now - told.at < TELL_CHANGE_EVERY_MS) return [];
  const feerate = roundedFilter(floorAt(pool, Math.floor(now / 1000)), pool.policy.minRelayFee);
  if (feerate === told.feerate) return [];
  const isFar = feerate * 3n > told.feerate * 4n || feerate * 4n < told.feerate * 3n;
  return isFar || now - told.at >= TELL_EVERY_MS ? [tellFeeFilter(sync, peer, now)] : [];
}
