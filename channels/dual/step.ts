import { equalBytes, printable } from "../../src/base/bytes.ts";
import type { TxSignatures } from "../../src/wire/interactive-tx.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelInput, ChannelMessage } from "../input.ts";
import type { ConstructionMessage } from "../interactive/session.ts";
import type { Contribution } from "../interactive/terms.ts";
import { OFFLINE, type Online } from "../link/state.ts";
import type { ChannelState, FundedState, WaitForFundingConfirmed } from "../state.ts";
import { advance, commit, propose, stay, type Transition } from "../transition.ts";
import { aborted, receiveAbort } from "./abort.ts";
import {
  allSigned,
  attemptSigned,
  fundingWitnessed,
  receiveAttemptCommitment,
  receiveFirstSignatures,
  receiveLastSignatures,
} from "./attempt.ts";
import {
  abandonAttempt,
  abortNegotiation,
  attemptOf,
  type Carrier,
  type ConstructingOrSigning,
  carrierOf,
  negotiationOf,
  type Signer,
} from "./carrier.ts";
import { inputChecked, receiveConstructionMessage, startConstruction } from "./negotiate.ts";
import { acceptAlone, receiveAccept2 } from "./open.ts";
import { acknowledgeAlone, receiveAckRbf, receiveInitRbf } from "./rbf.ts";
import { attemptReestablish, resumeSigning } from "./reconnect.ts";
import type { DualOpening, WaitForFundingSignatures } from "./state.ts";

export type DualState = DualOpening | WaitForFundingSignatures;
export const isDual = (state: ChannelState): state is DualState =>
  state.tag === "WaitForAcceptChannel2" ||
  state.tag === "ConstructingFunding" ||
  state.tag === "WaitForFundingSignatures";

/** What a channel that both sides fund does before anything of ours is in it. */
export function stepDual(env: ChannelEnv, state: DualState, input: ChannelInput): Transition {
  switch (input.tag) {
    case "PeerMessage":
      return receive(env, state, input.message);
    case "Contribution":
    case "NothingToContribute":
    case "InputConfirmation":
    case "FundingWitnesses":
    case "Signatures":
      return constructionInput(env, state, input);
    case "FundingAllSigned":
      return state.tag === "WaitForFundingSignatures" ? allSigned(env, state) : stay();
    case "SigningRefused":
      return gaveUp(state, "signing refused");
    case "AbortOpening":
      return gaveUp(state, input.reason);
    case "ForceClose":
      return gaveUp(state, "closing without you");
    case "Connected":
      if (state.tag !== "WaitForFundingSignatures") return stay();
      return commit(
        { ...state, link: { tag: "reestablishing" } },
        {
          tag: "Bind",
          message: attemptReestablish(env, state),
        },
      );
    case "Disconnected":
      if (state.tag === "WaitForFundingSignatures") return advance({ ...state, link: OFFLINE });
      return aborted("disconnected while opening");
    case "Resume":
      return state.tag === "WaitForFundingSignatures" ? commit(state, { tag: "TimeSignatures" }) : stay();
    case "Open":
    case "OpenDual":
    case "Shutdown":
      return stay({ tag: "CommandRefused", command: input.tag, reason: { code: "wrong_state", state: state.tag } });
    default:
      return stay();
  }
}

/** Somebody here, or the time, ends an opening. */
function gaveUp(state: DualState, reason: string): Transition {
  if (state.tag === "WaitForFundingSignatures") return abandonAttempt(state, state.attempt, reason);
  if (state.tag === "ConstructingFunding") {
    if (state.negotiation.stage === "aborting") return aborted(reason);
    return abortNegotiation(state, reason);
  }
  const channelId = state.open.temporary_channel_id;
  return advance({ tag: "Aborted", reason }, { tag: "SendError", channelId, text: reason }, { tag: "Forget", reason });
}

/** Somebody here, or the time, ends an attempt to replace a funding transaction; the one that waits is as good as before. */
export function giveUpReplacement(state: WaitForFundingConfirmed, reason: string): Transition {
  const { next } = state.attempts;
  if (next !== undefined) return abandonAttempt(state, next, reason);
  const carrier = carrierOf(state);
  const negotiation = carrier === undefined ? undefined : negotiationOf(carrier);
  if (carrier === undefined || negotiation === undefined || negotiation.stage === "aborting") return stay();
  return abortNegotiation(carrier, reason);
}

export type ConstructionInput = Extract<
  ChannelInput,
  { tag: "Contribution" | "NothingToContribute" | "InputConfirmation" | "FundingWitnesses" | "Signatures" }
>;
/** What the host answers while a funding transaction is being constructed, the first one or another. */
export function constructionInput(env: ChannelEnv, state: ChannelState, input: ConstructionInput): Transition {
  const carrier = carrierOf(state);
  if (carrier === undefined) return stay(...(input.tag === "Contribution" ? [{ tag: "ReleaseCoins" } as const] : []));
  switch (input.tag) {
    case "Contribution":
      return contributed(env, carrier, input.contribution);
    case "NothingToContribute":
      return withoutCoins(env, carrier, input.reason);
    case "InputConfirmation":
      return inputChecked(env, carrier, input.outpoint, input.confirmed);
    case "FundingWitnesses":
      return fundingWitnessed(env, carrier, input.witnesses);
    case "Signatures":
      return attemptSigned(env, carrier, input.signatures);
  }
}

function contributed(env: ChannelEnv, carrier: Carrier, contribution: Contribution): Transition {
  const negotiation = negotiationOf(carrier);
  if (negotiation?.stage !== "funding") return stay({ tag: "ReleaseCoins" });
  const { proposal, answer } = negotiation;
  const first = answer === undefined ? [] : [propose(answer.tag === "accept" ? answer.accept : answer.ack)];
  return startConstruction(env, carrier, proposal, contribution, ...first);
}
function withoutCoins(env: ChannelEnv, carrier: Carrier, reason: string): Transition {
  const negotiation = negotiationOf(carrier);
  if (negotiation?.stage !== "funding") return stay();
  const { answer, proposal } = negotiation;
  if (answer?.tag === "accept" && carrier.tag === "ConstructingFunding") return acceptAlone(env, answer);
  if (answer?.tag === "ack" && carrier.tag !== "ConstructingFunding") return acknowledgeAlone(env, carrier, proposal);
  return abortNegotiation(carrier, reason);
}

function receive(env: ChannelEnv, state: DualState, message: ChannelMessage): Transition {
  if (message.name === "warning") return stay({ tag: "PeerWarned", text: printable(message.data) });
  if (message.name === "error") return failedByPeer(state, printable(message.data));
  if (state.tag === "WaitForAcceptChannel2") {
    if (message.name === "accept_channel2") return receiveAccept2(env, state, message);
    return gaveUp(state, `unexpected ${message.name}`);
  }
  if (state.tag === "WaitForFundingSignatures" && state.link.tag !== "online") {
    if (message.name === "channel_reestablish" && state.link.tag === "reestablishing")
      return resumeSigning(state, message);
    return state.link.tag === "offline" ? stay() : gaveUp(state, `unexpected ${message.name}`);
  }
  return receiveFunding(env, state, message) ?? gaveUp(state, `unexpected ${message.name}`);
}
function failedByPeer(state: DualState, text: string): Transition {
  if (state.tag !== "WaitForFundingSignatures") return aborted(text);
  const closed = { tag: "Closed", params: state.params, closingTxid: undefined } as const;
  const { txid } = state.params.funding;
  return commit(
    closed,
    { tag: "ReleaseFunding", txid },
    { tag: "NegotiationFailed", reason: text },
    { tag: "Forget", reason: text },
  );
}

/** A message about a funding transaction that is being constructed or signed, the first one or another; undefined for all else. */
export function receiveFunding(
  env: ChannelEnv,
  state: ConstructingOrSigning,
  message: ChannelMessage,
): Transition | undefined {
  switch (message.name) {
    case "tx_add_input":
    case "tx_add_output":
    case "tx_remove_input":
    case "tx_remove_output":
    case "tx_complete":
      return constructing(env, state, message);
    case "commitment_signed":
    case "tx_signatures":
      return signing(env, state, message);
    case "tx_init_rbf":
      return state.tag === "WaitForFundingConfirmed" ? receiveInitRbf(env, state, message) : undefined;
    case "tx_ack_rbf":
      return state.tag === "WaitForFundingConfirmed" ? receiveAckRbf(env, state, message) : undefined;
    case "tx_abort":
      return receiveAbort(state, printable(message.data));
    default:
      return undefined;
  }
}

function constructing(
  env: ChannelEnv,
  state: ConstructingOrSigning,
  message: ConstructionMessage,
): Transition | undefined {
  const carrier = carrierOf(state);
  if (carrier === undefined || attemptOf(state) !== undefined) return undefined;
  if (negotiationOf(carrier) === undefined) return abortNegotiation(carrier, "nothing is negotiated");
  return receiveConstructionMessage(env, carrier, message);
}

function signing(
  env: ChannelEnv,
  state: ConstructingOrSigning,
  message: Extract<ChannelMessage, { name: "commitment_signed" | "tx_signatures" }>,
): Transition | undefined {
  const attempt = attemptOf(state);
  const carrier = carrierOf(state);
  if (message.name === "tx_signatures" && state.tag === "WaitForFundingConfirmed" && isSigned(state, message))
    return receiveLastSignatures(env, state, message);
  if (carrier !== undefined && negotiationOf(carrier)?.stage === "aborting") return stay();
  if (attempt !== undefined && state.tag !== "ConstructingFunding") {
    const signer = state as Signer;
    return message.name === "commitment_signed"
      ? receiveAttemptCommitment(env, signer, attempt, message)
      : receiveFirstSignatures(env, signer, attempt, message);
  }
  if (state.tag !== "WaitForFundingConfirmed") return undefined;
  if (message.name === "tx_signatures") return receiveLastSignatures(env, state, message);
  // Sent again on a reconnection: what it signs is known.
  const known = state.attempts.signed.at(-1)?.received;
  return known !== undefined && equalBytes(known, message.signature) ? stay() : undefined;
}

/** Of one for which we have signed, whatever is negotiated beside it, or given up. */
const isSigned = ({ attempts }: WaitForFundingConfirmed, { txid }: TxSignatures): boolean =>
  attempts.signed.some(({ params }) => params.funding.txid === txid);

const OF_NEGOTIATION: ReadonlySet<ChannelMessage["name"]> = new Set<ChannelMessage["name"]>([
  "tx_add_input",
  "tx_add_output",
  "tx_remove_input",
  "tx_remove_output",
  "tx_complete",
  "tx_init_rbf",
  "tx_ack_rbf",
  "commitment_signed",
  "tx_signatures",
]);
/** What was on its way when a block ended a negotiation: all of it until the peer's `tx_abort`, which is the last of it. */
export function receiveLate(
  state: FundedState & { readonly link: Online },
  message: ChannelMessage,
): Transition | undefined {
  if (message.name === "tx_abort") return advance({ ...state, link: { ...state.link, negotiation: undefined } });
  return OF_NEGOTIATION.has(message.name) ? stay() : undefined;
}
