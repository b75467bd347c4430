import { assert } from "../../src/base/result.ts";
import type { FundedState } from "../state.ts";
import { advance, commit, propose, stay, type Transition } from "../transition.ts";
import {
  abandonAttempt,
  abortMessage,
  attemptOf,
  type ConstructingOrSigning,
  carriedId,
  carrierOf,
  negotiationOf,
  type Replacing,
} from "./carrier.ts";
import { withoutNewest } from "./chosen.ts";

export const aborted = (reason: string): Transition =>
  advance({ tag: "Aborted", reason }, { tag: "ReleaseCoins" }, { tag: "Forget", reason });

const AS_YOU_WISH = "as you wish";

/** The peer gives up: what has not been signed for is forgotten, and told back once. BOLT 2 §The tx_abort Message. */
export function receiveAbort(state: ConstructingOrSigning, text: string): Transition {
  const carrier = carrierOf(state);
  const negotiation = carrier === undefined ? undefined : negotiationOf(carrier);
  if (negotiation?.stage === "aborting") {
    if (state.tag === "ConstructingFunding") return aborted("negotiation aborted");
    assert(
      state.tag === "WaitForFundingConfirmed" && state.link.tag === "online",
      "a replacement is negotiated online",
    );
    return advance({ ...state, link: { ...state.link, negotiation: undefined } });
  }
  const reason = `the peer gave up: ${text}`;
  const attempt = attemptOf(state);
  if (attempt !== undefined && state.tag !== "ConstructingFunding")
    return echoed(abandonAttempt(state, attempt, reason, AS_YOU_WISH));
  if (carrier === undefined) return stay();
  if (carrier.tag === "ConstructingFunding") {
    const told = propose(abortMessage(carriedId(carrier), AS_YOU_WISH));
    return advance({ tag: "Aborted", reason }, told, { tag: "ReleaseCoins" }, { tag: "Forget", reason });
  }
  if (negotiation === undefined) return answerAbort(carrier);
  const told = propose(abortMessage(carriedId(carrier), AS_YOU_WISH));
  const link = { ...carrier.link, negotiation: undefined };
  const effects = [told, { tag: "ReleaseCoins" }, { tag: "NegotiationFailed", reason }] as const;
  // It may have meant the one before, and not have heard of this one yet.
  const before = withoutNewest(carrier);
  return before === undefined ? advance({ ...carrier, link }, ...effects) : commit({ ...before, link }, ...effects);
}
/** Of what we have signed, or of nothing. Two that always answered each other's would go on for ever. BOLT 2 §The tx_abort Message. */
export function answerAbort(state: FundedState): Transition {
  const { link, params } = state;
  if (link.tag !== "online" || link.abortAnswered) return stay();
  const told = propose(abortMessage(params.channelId, AS_YOU_WISH));
  const answered = { ...link, abortAnswered: true };
  const before = state.tag === "WaitForFundingConfirmed" ? withoutNewest(state) : undefined;
  if (before === undefined) return advance({ ...state, link: answered }, told);
  return commit({ ...before, link: answered }, told, { tag: "NotifyUpdated" });
}
/** Our answer is the last word: nothing is awaited. */
function echoed(transition: Transition): Transition {
  if (transition.kind !== "commit" || transition.next.tag !== "WaitForFundingConfirmed") return transition;
  const { link } = transition.next as Replacing;
  return { ...transition, next: { ...(transition.next as Replacing), link: { ...link, negotiation: undefined } } };
}
