import {
  ANCHORS,
  type ChannelPolicy,
  type ChannelType,
  type FundingAttempt,
  temporaryDualId,
} from "../../channels/index.ts";
import type { Txid } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { blockHeight, sat, satPerKw } from "../../src/base/units.ts";
import { HEIGHT, type Name } from "./channel-fixtures.ts";
import { Pair } from "./pair.ts";

export interface DualOpening {
  readonly contribution?: bigint;
  /** What b adds. */
  readonly joins?: bigint;
  readonly fundingFeerate?: number;
  readonly shutdownScript?: Uint8Array;
  readonly policy?: Partial<ChannelPolicy>;
  readonly type?: Partial<ChannelType>;
}
/** a has asked b for a channel that both may fund: 1,000,000 sat of a's, and none of b's unless told otherwise. */
export function openedDual(options: DualOpening = {}, pair = new Pair()): Pair {
  const { a, b } = pair.parties;
  for (const party of [a, b]) party.policy = { ...party.policy, ...options.policy };
  b.policy = { ...b.policy, contribution: sat(options.joins ?? 0n) };
  pair.features = [...pair.features, 28];
  pair.give("a", {
    tag: "OpenDual",
    temporaryChannelId: temporaryDualId(a.keys.revocationBasepoint),
    contribution: sat(options.contribution ?? 1_000_000n),
    feerate: satPerKw(1000),
    fundingFeerate: satPerKw(options.fundingFeerate ?? 500),
    announce: false,
    shutdownScript: options.shutdownScript,
    type: { ...ANCHORS, ...options.type },
  });
  return pair;
}
/** Both wait for the transaction to be mined. */
export function fundedDual(options: DualOpening = {}): Pair {
  const pair = openedDual(options);
  pair.settle();
  for (const { state, name } of [pair.parties.a, pair.parties.b])
    assert(state.tag === "WaitForFundingConfirmed", `${name} waits for the transaction, not ${state.tag}`);
  return pair;
}
export const attemptsOf = (pair: Pair, name: Name = "a"): readonly FundingAttempt[] =>
  pair.parties[name].funded.attempts.signed;

/** Mines one of the attempts, for one side or for both, and buries it. */
export function mine(pair: Pair, txid: Txid, depth = 3, names: readonly Name[] = ["a", "b"]): void {
  const { constructed } = present(
    attemptsOf(pair, names[0] ?? "a").find(({ params }) => params.funding.txid === txid),
    "an attempt that was signed",
  );
  for (const name of names) {
    pair.parties[name].height = blockHeight(HEIGHT + depth);
    const output = constructed.tx.outputs[constructed.fundingVout];
    const place = { height: blockHeight(HEIGHT + 1), txIndex: 1, output };
    const isCurrent = pair.parties[name].funded.params.funding.txid === txid;
    if (isCurrent) pair.give(name, { tag: "FundingConfirmed", ...place });
    else pair.give(name, { tag: "OtherFundingConfirmed", txid, ...place });
  }
  pair.settle();
}
/** Everybody's coins are free. */
export const allFree = ({ parties }: Pair): boolean => parties.a.wallet.isFree && parties.b.wallet.isFree;
export const namesOf = ({ trace }: Pair): readonly string[] =>
  trace.map(({ from, message }) => `${from} ${message.name}`);
