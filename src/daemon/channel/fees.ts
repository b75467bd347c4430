import type { Turn } from "../turn.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/** A commitment's feerate that is within these percents of the estimate is good enough. Policy, not protocol. */
const LOW_PERCENT = 90;
const HIGH_PERCENT = 150;

/**
 * Keeps what our commitments without anchors pay near to what blocks ask: once one is published nothing can be added to
 * it. With anchors a child pays, and the feerate may stay. BOLT 2 §Updating Fees: update_fee.
 */
export function followFeerate(host: ChannelHost, turn: Turn, entry: ChannelEntry): void {
  const { state } = entry;
  if (state.tag !== "Normal" || state.link.tag !== "online" || entry.asked !== undefined) return;
  const { params, commitments } = state;
  if (params.opener !== "local" || params.type.format !== "static_remotekey") return;
  const { feerate: wanted } = host.env(entry);
  const now = commitments.feeUpdates.at(-1)?.feerate ?? commitments.feerate;
  if (wanted === undefined || (now * 100 >= wanted * LOW_PERCENT && now * 100 <= wanted * HIGH_PERCENT)) return;
  host.apply(turn, entry, { tag: "UpdateFee", feerate: wanted });
}
