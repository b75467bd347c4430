import type { ChannelReestablish } from "../../src/wire/updates.ts";
import type { ChannelEnv } from "../env.ts";
import { describeFault } from "../fault.ts";
import { ONLINE } from "../open/initial.ts";
import type { Funded, FundedState } from "../state.ts";
import { bind, commit, type Effect, propose, type Transition } from "../transition.ts";
import { attemptCommitment, attemptSignatures } from "./attempt.ts";
import { abandonAttempt, abortMessage } from "./carrier.ts";
import type { FundingAttempt, WaitForFundingSignatures } from "./state.ts";

const COMMITMENT_SIGNED = 1;
type NextFunding = Pick<ChannelReestablish, "next_funding">;

/** Which attempt the peer has to finish with us: it lacks our witnesses, or we lack its. BOLT 2 §Message Retransmission. */
export function unfinished({ attempts, ready }: Funded): FundingAttempt | undefined {
  // After both have called it ready nothing of it matters. BOLT 2 §Sharing funding signatures: tx_signatures.
  if (ready.local && ready.remote) return undefined;
  const { next, signed } = attempts;
  if (next !== undefined) return next;
  const last = signed.at(-1);
  return last?.remoteWitnesses === undefined ? last : undefined;
}
/** What `channel_reestablish` says of it. */
export const nextFunding = (attempt: FundingAttempt | undefined): NextFunding =>
  attempt === undefined
    ? {}
    : {
        next_funding: {
          next_funding_txid: attempt.params.funding.txid,
          retransmit_flags: attempt.received === undefined ? COMMITMENT_SIGNED : 0,
        },
      };

/** The first words of a connection about a channel that has not been signed for. */
export const attemptReestablish = (env: ChannelEnv, { attempt }: WaitForFundingSignatures): ChannelReestablish => ({
  name: "channel_reestablish",
  channel_id: attempt.params.channelId,
  next_commitment_number: 1n,
  next_revocation_number: 0n,
  your_last_per_commitment_secret: new Uint8Array(32),
  my_current_per_commitment_point: env.keys.commitmentPoint(0n),
  ...nextFunding(attempt),
});

const lacksCommitment = ({ next_funding: next }: NextFunding): boolean =>
  next !== undefined && (next.retransmit_flags & COMMITMENT_SIGNED) !== 0;

/** Before our witnesses have left: who knows nothing of the transaction any more will never sign it. BOLT 2 §Message Retransmission. */
export function resumeSigning(state: WaitForFundingSignatures, message: ChannelReestablish): Transition {
  const { attempt } = state;
  const wanted = message.next_funding?.next_funding_txid;
  if (wanted === undefined) return abandonAttempt(state, attempt, "unknown funding transaction");
  if (wanted !== attempt.params.funding.txid) return otherMeant(state);
  const again = lacksCommitment(message) ? [bind(attemptCommitment(attempt))] : [];
  return commit({ ...state, link: ONLINE }, ...again);
}

/** Both say which transaction they mean, and it is not the same: the channel is over. Nothing of ours is in it. */
function otherMeant({ params, attempt }: WaitForFundingSignatures): Transition {
  const text = describeFault({ code: "other_funding_expected" });
  return commit(
    { tag: "Closed", params, closingTxid: undefined },
    { tag: "SendError", channelId: params.channelId, text },
    { tag: "ReleaseFunding", txid: attempt.params.funding.txid },
    { tag: "NegotiationFailed", reason: text },
    { tag: "Forget", reason: text },
  );
}

/** What a channel with a funding transaction sends again; `mismatch` when the two mean different transactions. BOLT 2 §Message Retransmission. */
export function resumeAttempt(
  state: FundedState,
  message: ChannelReestablish,
): { readonly state: FundedState; readonly effects: readonly Effect[] } | "mismatch" {
  const ours = unfinished(state);
  const wanted = message.next_funding?.next_funding_txid;
  const { next, signed } = state.attempts;
  if (wanted === undefined) return next === undefined ? { state, effects: [] } : withoutNext(state, next);
  if (ours !== undefined && ours.params.funding.txid !== wanted) return "mismatch";
  const known = [...signed, ...(next === undefined ? [] : [next])].find(({ params }) => params.funding.txid === wanted);
  // Both have called it ready, so that a block has shown the peer what it lacks, and we remember no more how it was made.
  if (known === undefined && state.params.funding.txid === wanted) return { state, effects: [] };
  if (known === undefined) return aborting(state, []);
  const commitment = lacksCommitment(message) ? [bind(attemptCommitment(known))] : [];
  const signatures = known === next ? [] : [bind(attemptSignatures(known))];
  return { state, effects: [...commitment, ...signatures] };
}

/** The peer knows nothing of an attempt that we have not signed: it will never be. */
function withoutNext(state: FundedState, next: FundingAttempt) {
  const attempts = { ...state.attempts, next: undefined };
  const freed = { tag: "ReleaseFunding", txid: next.params.funding.txid } as const;
  return aborting({ ...state, attempts }, [freed]);
}
function aborting(state: FundedState, effects: readonly Effect[]) {
  const told = propose(abortMessage(state.params.channelId, "unknown funding transaction"));
  const link =
    state.link.tag === "online" ? { ...state.link, negotiation: { stage: "aborting" } as const } : state.link;
  return { state: { ...state, link }, effects: [...effects, told] };
}
