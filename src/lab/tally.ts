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
] as const;
/** Rare by nature. */
export const RARE_FAULTS = ["deep_reorganisation"] as const;
export type FaultKind = (typeof FAULTS | typeof RARE_FAULTS)[number];
/** Fewer seeds than these may by chance not see everything that is common, or everything that is rare. */
export const SEEDS_FOR_COMMON = 10;
export const SEEDS_FOR_RARE = 25;

/** Messages that a run of many seeds must have seen; the others belong to parts that no honest node uses. */
export const EXPECTED_MESSAGES = [
  "init",
  "ping",
  "pong",
  "open_channel",
  "accept_channel",
  "funding_created",
  "funding_signed",
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
] as const satisfies readonly MessageName[];

/** How often each thing happened. */
export interface Tally {
  readonly messages: Map<MessageName, number>;
  readonly faults: Map<FaultKind, number>;
  events: number;
  payments: { succeeded: number; failed: number };
  blocks: number;
}
export const emptyTally = (): Tally => ({
  messages: new Map(),
  faults: new Map([...FAULTS, ...RARE_FAULTS].map((fault) => [fault, 0])),
  events: 0,
  payments: { succeeded: 0, failed: 0 },
  blocks: 0,
});
export const count = <K>(map: Map<K, number>, key: K, by = 1): void => void map.set(key, (map.get(key) ?? 0) + by);

export function addTally(sum: Tally, more: Tally): void {
  for (const [name, times] of more.messages) count(sum.messages, name, times);
  for (const [fault, times] of more.faults) count(sum.faults, fault, times);
  sum.events += more.events;
  sum.payments.succeeded += more.payments.succeeded;
  sum.payments.failed += more.payments.failed;
  sum.blocks += more.blocks;
}
/** What never happened although so many seeds should have seen it: a run that leaves something out has proved nothing about it. */
export const missing = (tally: Tally, seeds: number): readonly string[] => [
  ...EXPECTED_MESSAGES.filter((name) => seeds >= SEEDS_FOR_COMMON && (tally.messages.get(name) ?? 0) === 0),
  ...FAULTS.filter((fault) => seeds >= SEEDS_FOR_COMMON && (tally.faults.get(fault) ?? 0) === 0),
  ...RARE_FAULTS.filter((fault) => seeds >= SEEDS_FOR_RARE && (tally.faults.get(fault) ?? 0) === 0),
];
