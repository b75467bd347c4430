import type { ChainParams } from "../../bitcoin/params.ts";
import { isPublicNetwork } from "../addresses/place.ts";
import { askHeaders } from "./blocks.ts";
import type { LateTip, Sync, SyncEffect } from "./peer.ts";

/** Policy, not protocol: half an hour of Bitcoin's pace, which passes without a block once in twenty times; and 55 minutes. */
const LOOK_SPACINGS = 3;
const ALARM_SPACINGS = 5.5;
const ASK_AGAIN_MS = 600_000;

/**
 * Notices that the best chain does not grow, as when all peers keep the blocks to themselves: then everybody is asked once
 * more, and `Sync.late` tells the host. Where nobody mines for money, silence means nothing.
 */
export function watchTip(sync: Sync, now: number): readonly SyncEffect[] {
  const { tip: whole, index, params } = sync.brain.chain;
  sync.late = lateTip(sync.late, sync.role === "light" ? index.bestHeader : whole, params, now);
  if (sync.late.stage === "none" || now - sync.lateAskedAt < ASK_AGAIN_MS) return [];
  sync.lateAskedAt = now;
  return [...sync.peers].filter(({ ready }) => ready).flatMap((peer) => askHeaders(sync, peer, now));
}
const stageOf = (spacings: number): LateTip<unknown>["stage"] =>
  spacings >= ALARM_SPACINGS ? "alarm" : spacings >= LOOK_SPACINGS ? "look" : "none";

/**
 * How late the next block is, as of another look at the tip.
 * @param now  in milliseconds
 */
export function lateTip<T>(before: LateTip<T>, tip: T, { network, pace }: ChainParams, now: number): LateTip<T> {
  if (before.tip !== tip) return { tip, since: now, stage: "none" };
  if (!isPublicNetwork(network)) return before;
  return { ...before, stage: stageOf((now - before.since) / (pace.spacingS * 1000)) };
}
/** Before the first look. */
export const NO_LATE_TIP: LateTip<never> = { tip: undefined, since: 0, stage: "none" };

/**
 * Since when no block has come, in milliseconds, when that is for so long that somebody may be keeping them from us;
 * undefined otherwise. Who relies on the time that blocks take should begin nothing new then.
 */
export const staleSince = ({ stage, since }: LateTip<unknown>): number | undefined =>
  stage === "alarm" ? since : undefined;
