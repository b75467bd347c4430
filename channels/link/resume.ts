import { closingsOf } from "../close/complete.ts";
import { alternatives } from "../dual/alternatives.ts";
import type { ChannelEnv } from "../env.ts";
import { waitingFundings } from "../fundings/again.ts";
import { unsignedSpliceFreed } from "../fundings/freed.ts";
import { termsOf } from "../fundings/other.ts";
import { watchFunding } from "../fundings/watch.ts";
import { tellAnnounced } from "../normal/announce.ts";
import { tellUnresolved } from "../normal/receive-revocation.ts";
import type { ChannelState, Funded, FundedState } from "../state.ts";
import { commit, type Effect, stay, type Transition } from "../transition.ts";
import { offline } from "./offline.ts";

/**
 * After loading from disk: everything that a host may have been told before it stopped and not acted on. Each of these
 * may come twice; the host knows them by (channel, id).
 */
export function resume(env: ChannelEnv, state: ChannelState): Transition {
  if (state.tag === "Closed") {
    return commit(state, { tag: "Forget", reason: "closed and buried" });
  }
  if (!("commitments" in state)) return stay();
  const loaded = offline(state);
  const effects: readonly Effect[] = [
    ...watchFundings(loaded),
    ...unsigned(loaded),
    ...broadcasts(loaded),
    ...settled(loaded),
    ...tellUnresolved(env, loaded),
    ...tellAnnounced(env, loaded),
  ];
  return commit(loaded, ...effects);
}

/** Each output that holds the channel's money, may come to hold it, or held it. */
const watchFundings = (state: Funded): readonly Effect[] => {
  const attempts = alternatives(state).map(({ params }) => termsOf(params));
  const others = state.commitments.others.map(({ terms }) => terms);
  return [...attempts, ...others, termsOf(state.params)].map(watchFunding);
};
/** Coins that are kept for an attempt which nobody finishes are free after a minute. */
const unsigned = (state: FundedState): readonly Effect[] =>
  state.attempts.next === undefined && unsignedSpliceFreed(state).length === 0 ? [] : [{ tag: "TimeSignatures" }];

/** Transactions that are ours to bring into the chain. */
function broadcasts(state: FundedState): readonly Effect[] {
  const fundings = waitingFundings(state).map((one): Effect => ({ tag: "Broadcast", ...one }));
  if (state.tag !== "Negotiating" && state.tag !== "Closing") return fundings;
  if (state.tag === "Closing" && state.confirmed !== undefined) return [];
  return [...fundings, ...closingsOf(state).map((tx): Effect => ({ tag: "Broadcast", tx, why: "mutual_close" }))];
}

/** Preimages that the peer has given for HTLCs that are still pending. */
function settled({ commitments }: Funded): readonly Effect[] {
  return commitments.htlcs.flatMap((htlc): readonly Effect[] => {
    if (htlc.side !== "offered" || htlc.preimage === undefined) return [];
    const { id, origin, amount, preimage } = htlc;
    return [{ tag: "HtlcSettled", id, origin, amount, preimage }];
  });
}
