import { printable } from "../src/base/bytes.ts";
import { unreachable } from "../src/base/result.ts";
import type { ClosingComplete, ClosingSig } from "../src/wire/closing.ts";
import { receiveClosingComplete } from "./close/answer.ts";
import { punish, receiveError } from "./close/failure.ts";
import { receiveClosing } from "./close/legacy.ts";
import { receiveClosingSig } from "./close/offer.ts";
import { isSimpleClose } from "./close/script.ts";
import { receiveShutdown, shutdownTooEarly, shutdownUnheard } from "./close/shutdown.ts";
import { answerAbort } from "./dual/abort.ts";
import { receiveOpen2 } from "./dual/open.ts";
import { refuseRbf } from "./dual/rbf.ts";
import { receiveFunding, receiveLate } from "./dual/step.ts";
import type { ChannelEnv } from "./env.ts";
import { activeOf } from "./fundings/other.ts";
import type { ChannelMessage } from "./input.ts";
import type { ConstructionMessage } from "./interactive/session.ts";
import { receiveReestablish } from "./link/connect.ts";
import { receiveEarlyReady } from "./link/early.ts";
import { receiveAnnouncementSignatures } from "./normal/announce.ts";
import { receiveFee } from "./normal/fee.ts";
import { receiveStfu } from "./normal/quiescence.ts";
import { receiveAdd } from "./normal/receive-add.ts";
import { receiveBatch, receiveCommitment } from "./normal/receive-commitment.ts";
import { lateFulfill, receiveFail, receiveFulfill } from "./normal/receive-removal.ts";
import { receiveRevocation } from "./normal/receive-revocation.ts";
import { isHolding, isSigningSplice } from "./normal/stfu.ts";
import { receiveFundingCreated, receiveOpen } from "./open/accepter.ts";
import { receiveReady } from "./open/confirm.ts";
import { receiveAccept, receiveFundingSigned } from "./open/opener.ts";
import { isEmpty, isSilenceWanted } from "./splice/silence.ts";
import { receiveSplice } from "./splice/step.ts";
import type { ChannelState, FundedState, UpdatingState } from "./state.ts";
import { stay, type Transition } from "./transition.ts";

/** Every message in every state: what fits goes to its clause, what does not is a fault. Never throws. */
export function receiveMessage(env: ChannelEnv, state: ChannelState, message: ChannelMessage): Transition {
  if (message.name === "error") return shutdownUnheard(env, state, message) ?? receiveError(state, message);
  if (message.name === "warning") return stay({ tag: "PeerWarned", text: printable(message.data) });
  if (!("commitments" in state)) return opening(env, state, message);
  if (state.tag === "Failed") return message.name === "update_fulfill_htlc" ? lateFulfill(state, message) : stay();
  if (state.link.tag === "offline") return stay();
  if (message.name === "channel_reestablish") return receiveReestablish(env, state, message);
  if (state.link.tag === "reestablishing") return early(env, state, message);
  return funded(env, state, message);
}
/** Before the peer has said where it stands some nodes say these two as soon as they are connected. BOLT 2 §Message Retransmission. */
function early(env: ChannelEnv, state: FundedState, message: FundedMessage): Transition {
  if (message.name === "channel_ready") return receiveEarlyReady(env, state);
  if (message.name === "announcement_signatures") return receiveAnnouncementSignatures(env, state, message);
  return unexpected(state, message);
}

const unexpected = (state: ChannelState, message: ChannelMessage): Transition =>
  punish(state, { code: "unexpected_message", message: message.name, state: state.tag });

function opening(env: ChannelEnv, state: ChannelState, message: ChannelMessage): Transition {
  switch (message.name) {
    case "open_channel":
      return state.tag === "Fresh" ? receiveOpen(env, message) : unexpected(state, message);
    case "open_channel2":
      return state.tag === "Fresh" ? receiveOpen2(env, message) : unexpected(state, message);
    case "accept_channel":
      return state.tag === "WaitForAcceptChannel" ? receiveAccept(env, state, message) : unexpected(state, message);
    case "funding_created":
      return state.tag === "WaitForFundingCreated"
        ? receiveFundingCreated(env, state, message)
        : unexpected(state, message);
    case "funding_signed":
      return state.tag === "WaitForFundingSigned" && state.signed
        ? receiveFundingSigned(env, state, message)
        : unexpected(state, message);
    default:
      return unexpected(state, message);
  }
}

type FundedMessage = Exclude<ChannelMessage, { name: "error" | "warning" | "channel_reestablish" }>;
function funded(env: ChannelEnv, state: FundedState, message: FundedMessage): Transition {
  const isBatch = state.link.tag === "online" && state.link.batch !== undefined;
  if (isBatch && message.name !== "commitment_signed") return punish(state, { code: "batch_interrupted" });
  const funding = state.tag === "WaitForFundingConfirmed" ? receiveFunding(env, state, message) : undefined;
  if (funding !== undefined) return funding;
  if (state.link.tag === "online" && state.link.negotiation !== undefined) {
    const late = receiveLate({ ...state, link: state.link }, message);
    if (late !== undefined) return late;
  }
  const spliced = state.tag === "Normal" ? receiveSplice(env, state, message) : undefined;
  if (spliced !== undefined) return spliced;
  // What is said of a funding transaction that is mined, or of none.
  if (message.name === "tx_abort") return answerAbort(state);
  if (message.name === "tx_signatures") return stay();
  switch (message.name) {
    case "channel_ready":
      return receiveReady(env, state, message);
    case "announcement_signatures":
      return receiveAnnouncementSignatures(env, state, message);
    case "shutdown":
      if (state.tag === "Failed") return stay();
      if (isHolding(state) && !isSilenceWanted(state)) return unexpected(state, message);
      if (state.tag === "Normal" && activeOf(state.commitments).length > 0) return shutdownTooEarly(state);
      return receiveShutdown(env, state, message);
    case "closing_signed":
      return (state.tag === "Negotiating" || state.tag === "Closing") && !isSimpleClose(env.features)
        ? receiveClosing(env, state, message)
        : unexpected(state, message);
    case "closing_complete":
    case "closing_sig":
      return receiveSimple(env, state, message);
    case "stfu":
      if (hasNotHeardOfClose(state)) return stay();
      return state.tag === "Normal" ? receiveStfu(env, state, message) : unexpected(state, message);
    case "tx_init_rbf":
      return state.tag === "WaitForChannelReady" ? refuseRbf(state) : unexpected(state, message);
    case "open_channel2":
    case "accept_channel2":
    case "tx_add_input":
    case "tx_add_output":
    case "tx_remove_input":
    case "tx_remove_output":
    case "tx_complete":
    case "tx_ack_rbf":
    case "splice_init":
    case "splice_ack":
    case "splice_locked":
    case "open_channel":
    case "accept_channel":
    case "funding_created":
    case "funding_signed":
      return unexpected(state, message);
    default:
      if (state.tag === "Normal" || state.tag === "ShuttingDown") return updated(env, state, message);
      return unexpected(state, message);
  }
}

/** It wanted silence before it could know that we close the channel; with updates to come only parting ends that. */
const hasNotHeardOfClose = ({ tag, link, commitments }: FundedState): boolean =>
  tag === "ShuttingDown" && link.tag === "online" && !link.shutdownReceived && isEmpty(commitments);

function receiveSimple(env: ChannelEnv, state: FundedState, message: ClosingComplete | ClosingSig): Transition {
  const isAgreeing = state.tag === "Negotiating" || state.tag === "Closing";
  if (!isAgreeing || !isSimpleClose(env.features)) return unexpected(state, message);
  if (message.name === "closing_sig") return receiveClosingSig(env, state, message);
  return receiveClosingComplete(env, state, message);
}

type UpdateMessage = Exclude<
  FundedMessage,
  {
    name:
      | "channel_ready"
      | "announcement_signatures"
      | "shutdown"
      | "closing_signed"
      | "closing_complete"
      | "closing_sig"
      | "stfu"
      | ConstructionMessage["name"]
      | "open_channel2"
      | "accept_channel2"
      | "tx_signatures"
      | "tx_init_rbf"
      | "tx_ack_rbf"
      | "splice_init"
      | "splice_ack"
      | "splice_locked"
      | "tx_abort"
      | "open_channel"
      | "accept_channel"
      | "funding_created"
      | "funding_signed";
  }
>;
function updated(env: ChannelEnv, state: UpdatingState, message: UpdateMessage): Transition {
  const { link } = state;
  const silent = link.tag === "online" && link.quiescence?.received === true;
  // Signed and revoked on the other fundings alone, we would have nothing valid on this one, should it be mined.
  if (isSigningSplice(state.commitments)) return punish(state, { code: "splice_not_signed" });
  if (silent && message.name.startsWith("update_")) return punish(state, { code: "update_after_stfu" });
  switch (message.name) {
    case "update_add_htlc":
      return receiveAdd(state, message);
    case "update_fulfill_htlc":
      return receiveFulfill(env, state, message);
    case "update_fail_htlc":
    case "update_fail_malformed_htlc":
      return receiveFail(env, state, message);
    case "update_fee":
      return receiveFee(env, state, message);
    case "start_batch":
      return receiveBatch(state, message);
    case "commitment_signed":
      return receiveCommitment(env, state, message);
    case "revoke_and_ack":
      return receiveRevocation(env, state, message);
    default:
      return unreachable(message);
  }
}
