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
  if (!isPublicNetwork(params.network)) return [];
  const tip = sync.role === "light" ? index.bestHeader : whole;
  if (sync.late.tip !== tip) {
    sync.late = { tip, since: now, stage: "none", askedAt: 0 };
    return [];
  }
  const stage = stageOf((now - sync.late.since) / (params.pace.spacingS * 1000));
  const isDue = stage !== "none" && now - sync.late.askedAt >= ASK_AGAIN_MS;
  sync.late = { ...sync.late, stage, askedAt: isDue ? now : sync.late.askedAt };
  return isDue ? [...sync.peers].filter(({ ready }) => ready).flatMap((peer) => askHeaders(sync, peer, now)) : [];
}
const stageOf = (spacings: number): LateTip["stage"] =>
  spacings >= ALARM_SPACINGS ? "alarm" : spacings >= LOOK_SPACINGS ? "look" : "none";
