import { printable } from "../../src/base/bytes.ts";
import type { ChannelId } from "../../src/base/ids.ts";
import type { ErrorMessage } from "../../src/wire/setup.ts";
import { unsignedFreed, wantedBack } from "../dual/freed.ts";
import { describeFault, type PeerFault, SEVERITY } from "../fault.ts";
import { unsignedSpliceFreed } from "../fundings/freed.ts";
import { negotiationLost } from "../link/lost.ts";
import { offline } from "../link/offline.ts";
import type { ChannelState, Failed, FailureCause, FundedState } from "../state.ts";
import { advance, commit, type Effect, stay, type Transition } from "../transition.ts";

/** Under which id the peer knows the channel: the temporary one until there is a funding outpoint. BOLT 1 §The error and warning Messages. */
export function idOf(state: ChannelState): ChannelId | undefined {
  switch (state.tag) {
    case "Fresh":
    case "Aborted":
      return undefined;
    case "WaitForAcceptChannel":
    case "WaitForAcceptChannel2":
      return state.open.temporary_channel_id;
    case "WaitForFundingTx":
    case "WaitForFundingCreated":
      return state.proposal.params.temporaryChannelId;
    // The peer learns of the outpoint by `funding_created`, so both may already use the final id from here on.
    case "WaitForFundingSigned":
    case "SigningFunding":
      return state.params.temporaryChannelId;
    case "ConstructingFunding":
      return state.channelId;
    default:
      return state.params.channelId;
  }
}

/** Before any money is in it, a fault ends the opening and nothing else. */
export function abortOpening(channelId: ChannelId, fault: PeerFault): Transition {
  const text = describeFault(fault);
  return advance(
    { tag: "Aborted", reason: text },
    { tag: "SendError", channelId, text },
    { tag: "Forget", reason: text },
  );
}

/** What a fault of the peer leads to, by the table. Never throws, whatever the state. */
export function punish(state: ChannelState, fault: PeerFault): Transition {
  const channelId = idOf(state);
  if (channelId === undefined || state.tag === "Closed") return stay();
  const text = describeFault(fault);
  const severity = SEVERITY[fault.code];
  switch (severity) {
    case "ignore":
      return stay();
    case "warn":
      return stay({ tag: "SendWarning", channelId, text, disconnect: false });
    case "warn-and-disconnect": {
      if (!("commitments" in state)) return abortOpening(channelId, fault);
      return advance(offline(state), ...negotiationLost(state), {
        tag: "SendWarning",
        channelId,
        text,
        disconnect: true,
      });
    }
    case "error-and-fail":
      return "commitments" in state ? fail(state, { tag: "fault", text }) : abortOpening(channelId, fault);
  }
}

/** No more updates: the state stays as it is, for the chain to decide. BOLT 5 §Failing a Channel. */
export function fail(state: FundedState, cause: FailureCause): Transition {
  const { channelId } = state.params;
  const text = failureText(cause);
  const error = { tag: "SendError", channelId, text } as const;
  // A mutual close is out already: nothing would be better for either side.
  if (state.tag === "Closing") return stay(error);
  if (state.tag === "Failed") return stay(error);
  return failWhatever(state, cause);
}
/** The same, also where a mutual close is out: it can no longer be mined, or is not to be waited for. */
export function failWhatever(state: Exclude<FundedState, Failed>, cause: FailureCause): Transition {
  const error = { tag: "SendError", channelId: state.params.channelId, text: failureText(cause) } as const;
  return commit(
    failed(state, cause),
    ...negotiationLost(state),
    ...unsignedFreed(state),
    ...unsignedSpliceFreed(state),
    ...(cause.tag === "requested" ? wantedBack(state) : []),
    error,
    { tag: "ChannelFailed", cause },
    { tag: "NotReady" },
    { tag: "NotifyUpdated" },
  );
}

/**
 * Somebody here wants the channel closed, and does not wait for the peer: also where a mutual close is out, which blocks
 * may pass over as long as its fee is too low for them. Of one that has failed before a block held it, our coins are wanted back.
 */
export function forceClose(state: ChannelState): Transition {
  const isOver = state.tag === "Failed" || (state.tag === "Closing" && state.confirmed !== undefined);
  if ("commitments" in state && !isOver) return failWhatever(state, { tag: "requested" });
  const coins = state.tag === "Failed" && state.cause.tag !== "data_lost" ? wantedBack(state) : [];
  if (state.tag === "Failed" && coins.length > 0) {
    const cause = { tag: "requested" } as const;
    return commit({ ...state, cause }, ...coins, { tag: "ChannelFailed", cause });
  }
  return stay({ tag: "CommandRefused", command: "ForceClose", reason: { code: "wrong_state", state: state.tag } });
}

/** The host has proof that our state is an old one. One that has failed or was closed by agreement before is not made so by that. */
export const dataLost = (state: ChannelState): Transition =>
  "commitments" in state ? fail(state, { tag: "data_lost" }) : stay();

const NOTHING_UNDER_WAY = { quiescence: undefined, batch: undefined, negotiation: undefined } as const;
export function failed(state: Exclude<FundedState, Failed>, cause: FailureCause): Failed {
  const { params, commitments, funding, attempts, ready, remoteAlias, announcement } = offline(state);
  return {
    tag: "Failed",
    params,
    commitments,
    funding,
    attempts: { ...attempts, next: undefined },
    ready,
    remoteAlias,
    announcement,
    // Of what is said over it only the end is still waited for: neither silence nor the rest of a batch or a negotiation.
    link: state.link.tag === "online" ? { ...state.link, ...NOTHING_UNDER_WAY } : state.link,
    cause,
    failedAt: undefined,
    mutual: state.tag === "Closing" && cause.tag !== "requested" ? state.tx : undefined,
    commitment: undefined,
    spends: [],
    revoked: undefined,
    givenUp: [],
  };
}

/** What the peer is told, again on every reconnection. BOLT 2 §Message Retransmission. */
export function failureText(cause: FailureCause): string {
  switch (cause.tag) {
    case "requested":
      return "closing without you";
    case "fault":
      return cause.text;
    case "deadline":
      return `${cause.side === "offered" ? "received" : "offered"} htlc ${cause.id} is not resolved in time`;
    case "peer_error":
      return "channel failed by your error";
    case "data_lost":
      return "our state is behind yours: please close the channel";
    case "funding_spent":
      return "the funding output is spent";
  }
}

/**
 * All that some nodes say of trouble of their own, also when they only shut down. They go on with the channel over the next
 * connection, and where they do not they close it themselves.
 */
const OWN_TROUBLE = "internal error";
/** The peer has failed the channel. Which channels an `error` means, the host has decided. BOLT 1 §The error and warning Messages. */
export function receiveError(state: ChannelState, message: ErrorMessage): Transition {
  const text = printable(message.data);
  if (state.tag === "Fresh" || state.tag === "Aborted" || state.tag === "Closed") return stay();
  if (!("commitments" in state)) {
    return advance({ tag: "Aborted", reason: text }, { tag: "Forget", reason: text });
  }
  if (state.tag === "Failed" || state.tag === "Closing") return stay({ tag: "PeerWarned", text });
  if (text === OWN_TROUBLE) return punish(state, { code: "trouble_of_its_own" });
  const cause: FailureCause = { tag: "peer_error", text };
  const told: readonly Effect[] = [{ tag: "ChannelFailed", cause }, { tag: "NotReady" }, { tag: "NotifyUpdated" }];
  const freed = [...negotiationLost(state), ...unsignedFreed(state), ...unsignedSpliceFreed(state)];
  return commit(failed(state, cause), ...freed, ...told);
}
