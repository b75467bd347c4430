import type { ClaimPurpose } from "../../channels/index.ts";
import type { MessageName } from "../wire/registry.ts";

/** What a world does to its nodes. */
export const FAULTS = [
  "connection_cut",
  "connection_held",
  "connection_parted",
  "crash_before_write",
  "crash_after_write",
  "crash_after_ack",
  "crash_idle",
  "power_cut",
  "disk_slow",
  "feerate_change",
  "reorganisation",
  "chain_lag",
  "force_close",
  "close_raised",
  "silent_peer",
  "breach",
  "spliced",
] as const;
/** Rare by nature. */
export const RARE_FAULTS = [
  "deep_reorganisation",
  "funding_reorganised",
  "closing_reorganised",
  "claim_reorganised",
  "splice_replaced",
  "splice_reorganised",
] as const;
/** Rarer still: the thief is faster than its victim, and has an HTLC that is ripe. */
export const SCARCE_FAULTS = ["stolen_success", "stolen_timeout"] as const;
export type FaultKind = (typeof FAULTS | typeof RARE_FAULTS | typeof SCARCE_FAULTS)[number];
/** Fewer seeds than these may by chance not see everything that is common, or everything that is rare. */
export const SEEDS_FOR_COMMON = 10;
export const SEEDS_FOR_RARE = 25;
export const SEEDS_FOR_SCARCE = 100;

/** Messages that a run of many seeds must have seen; the others belong to parts that no honest node uses. */
export const EXPECTED_MESSAGES = [
  "init",
  "ping",
  "pong",
  "open_channel",
  "accept_channel",
  "funding_created",
  "funding_signed",
  "open_channel2",
  "accept_channel2",
  "tx_add_input",
  "tx_add_output",
  "tx_complete",
  "tx_signatures",
  "channel_ready",
  "announcement_signatures",
  "channel_announcement",
  "channel_update",
  "node_announcement",
  "update_add_htlc",
  "update_fulfill_htlc",
  "update_fail_htlc",
  "commitment_signed",
  "revoke_and_ack",
  "channel_reestablish",
  "shutdown",
  "closing_signed",
  "closing_complete",
  "closing_sig",
  "stfu",
  "splice_init",
  "splice_ack",
  "start_batch",
  "splice_locked",
] as const satisfies readonly MessageName[];
/** Of what is given up, or replaced, now and then. */
export const RARE_MESSAGES = ["tx_init_rbf", "tx_ack_rbf", "tx_abort"] as const satisfies readonly MessageName[];

/** Why outputs of closed channels are claimed: all of it must come up, the second line in many seeds. */
export const EXPECTED_CLAIMS = ["to_local", "to_remote"] as const satisfies readonly ClaimPurpose[];
export const RARE_CLAIMS = [
  "anchor",
  "htlc_success",
  "htlc_timeout",
  "penalty",
] as const satisfies readonly ClaimPurpose[];

/** How often each thing happened. */
export interface Tally {
  readonly messages: Map<MessageName, number>;
  readonly faults: Map<FaultKind, number>;
  /** Transactions that nodes sent to claim outputs, by what those were. */
  readonly claims: Map<ClaimPurpose, number>;
  events: number;
  payments: { succeeded: number; failed: number };
  blocks: number;
}
export const emptyTally = (): Tally => ({
  messages: new Map(),
  faults: new Map([...FAULTS, ...RARE_FAULTS, ...SCARCE_FAULTS].map((fault) => [fault, 0])),
  claims: new Map(),
  events: 0,
  payments: { succeeded: 0, failed: 0 },
  blocks: 0,
});
export const count = <K>(map: Map<K, number>, key: K, by = 1): void => void map.set(key, (map.get(key) ?? 0) + by);

export function addTally(sum: Tally, more: Tally): void {
  for (const [name, times] of more.messages) count(sum.messages, name, times);
  for (const [fault, times] of more.faults) count(sum.faults, fault, times);
  for (const [why, times] of more.claims) count(sum.claims, why, times);
  sum.events += more.events;
  sum.payments.succeeded += more.payments.succeeded;
  sum.payments.failed += more.payments.failed;
  sum.blocks += more.blocks;
}
/** What never happened although so many seeds should have seen it: a run that leaves something out has proved nothing about it. */
export function missing(tally: Tally, seeds: number): readonly string[] {
  const never = <K extends string>(seen: ReadonlyMap<K, number>, expected: readonly K[], from: number) =>
    seeds < from ? [] : expected.filter((key) => (seen.get(key) ?? 0) === 0);
  return [
    ...never(tally.messages, EXPECTED_MESSAGES, SEEDS_FOR_COMMON),
    ...never(tally.faults, FAULTS, SEEDS_FOR_COMMON),
    ...never(tally.claims, EXPECTED_CLAIMS, SEEDS_FOR_COMMON),
    ...never(tally.messages, RARE_MESSAGES, SEEDS_FOR_RARE),
    ...never(tally.faults, RARE_FAULTS, SEEDS_FOR_RARE),
    ...never(tally.claims, RARE_CLAIMS, SEEDS_FOR_RARE),
    ...never(tally.faults, SCARCE_FAULTS, SEEDS_FOR_SCARCE),
  ];
}
