import { unreachable } from "../src/base/result.ts";
import type { BlockHeight } from "../src/base/units.ts";
import { answerSigned } from "./close/answer.ts";
import { dataLost, fail, forceClose, idOf, punish } from "./close/failure.ts";
import { sendClosing } from "./close/legacy.ts";
import { offerSigned } from "./close/offer.ts";
import { closeOverdue } from "./close/overdue.ts";
import { raiseWhenLate } from "./close/raise.ts";
import { shutDown } from "./close/shutdown.ts";
import { endSilence } from "./close/silence.ts";
import { forgetWhenBuried, fundingSpent, spendsReorged } from "./close/spent.ts";
import { openDual } from "./dual/open.ts";
import { bumpFunding } from "./dual/rbf.ts";
import { type ConstructionInput, constructionInput, giveUpReplacement, isDual, stepDual } from "./dual/step.ts";
import type { ChannelEnv } from "./env.ts";
import { fundingsLate } from "./fundings/again.ts";
import { lockedGaveWay, otherConfirmed, otherReorged, othersBuried } from "./fundings/confirm.ts";
import type { ChannelInput } from "./input.ts";
import type { Signatures } from "./keys/signer.ts";
import { connected, disconnected } from "./link/connect.ts";
import { resume } from "./link/resume.ts";
import { staleTakenBack } from "./link/stale.ts";
import type { Online } from "./link/state.ts";
import { announcementSigned } from "./normal/announce.ts";
import { failOverdue } from "./normal/deadline.ts";
import { changeFee } from "./normal/fee.ts";
import { offerHtlc } from "./normal/offer.ts";
import { quiesce, quiescenceTimedOut } from "./normal/quiescence.ts";
import { answerOf, removeReceived } from "./normal/settle.ts";
import { sendCommitment, signCommitment } from "./normal/sign.ts";
import { commitmentSigned, followChain, revokedKnown, spendConfirmed, spendSeen } from "./onchain/follow.ts";
import { signedFunding } from "./open/accepter.ts";
import {
  attemptConfirmed,
  fundingConfirmed,
  fundingConflictBuried,
  fundingDeeper,
  fundingReorged,
} from "./open/confirm.ts";
import { fundingSigned, openChannel, receiveFundingTx, signedFundingCreated } from "./open/opener.ts";
import { receiveMessage } from "./receive.ts";
import { restore, stepRestored } from "./restored/step.ts";
import { abortSplice, giveUpSplice, onlineNormal } from "./splice/abort.ts";
import { splice } from "./splice/begin.ts";
import { lockDeepSplice, lockedAgain } from "./splice/lock.ts";
import { splicedBy, spliceInput } from "./splice/step.ts";
import type { ChannelState, Closing, FundedState, Negotiating } from "./state.ts";
import { advance, type CommandRefusal, stay, type Transition } from "./transition.ts";

/** Total, synchronous and deterministic: same arguments, same answer, on any machine, for ever. */
export function step(env: ChannelEnv, state: ChannelState, input: ChannelInput): Transition {
  if (state.tag === "Restored") return stepRestored(env, state, input);
  if (isDual(state)) return stepDual(env, state, input);
  const transition = take(env, state, input);
  // A channel that has failed is the chain's, whichever input made it so or told it something new.
  if (transition.kind === "stay" || transition.next.tag !== "Failed") return transition;
  return followChain(env, transition.next, transition);
}

function take(env: ChannelEnv, state: ChannelState, input: ChannelInput): Transition {
  switch (input.tag) {
    case "PeerMessage":
      return receiveMessage(env, state, input.message);
    case "OfferHtlc":
      return offerHtlc(env, state, input);
    case "FulfillHtlc":
    case "FailHtlc":
      return removeReceived(state, input.tag, input.id, answerOf(env, input));
    case "FailMalformedHtlc": {
      const { code, sha256OfOnion } = input;
      return removeReceived(state, input.tag, input.id, { tag: "malformed", code, sha256OfOnion });
    }
    case "Sign":
      return signCommitment(env, state);
    case "Signatures":
      return signed(env, state, input.signatures);
    case "SigningRefused":
      return signingRefused(state, input.refusal.code);
    case "UpdateFee":
      return changeFee(env, state, input.feerate);
    case "Shutdown":
      return shutDown(env, state, input.script, input.feerate);
    case "CloseAwaited":
      return closeOverdue(env, state, input.since);
    case "ForceClose":
    case "DataLost":
      return input.tag === "ForceClose" ? forceClose(state) : dataLost(state);
    case "Connected":
    case "Disconnected":
    case "Quiesce":
    case "QuiescenceTimedOut":
    case "BatchInterrupted":
      return linkInput(env, state, input);
    case "Resume":
      return resume(env, state);
    case "AnnouncementSignatures": {
      const { nodeSignature, bitcoinSignature } = input;
      return announcementSigned(env, state, { nodeSignature, bitcoinSignature });
    }
    default:
      return fundingInput(env, state, input);
  }
}

type FundingInput =
  | Exclude<ConstructionInput, { tag: "Signatures" }>
  | OpeningInput
  | ChainInput
  | Extract<ChannelInput, { tag: "BumpFunding" | "Splice" }>;
/** What leads to a funding transaction, and what the chain makes of it. */
function fundingInput(env: ChannelEnv, state: ChannelState, input: FundingInput): Transition {
  switch (input.tag) {
    case "Contribution":
    case "NothingToContribute":
    case "InputConfirmation":
    case "FundingWitnesses":
      return state.tag === "Normal" ? spliceInput(env, state, input) : constructionInput(env, state, input);
    case "BumpFunding":
      return bumpFunding(env, state, input);
    case "Splice":
      return splice(env, state, input.request);
    case "Open":
    case "OpenDual":
    case "Restore":
    case "NeverFunded":
    case "FundingTx":
    case "FundingAllSigned":
    case "AbortOpening":
      return openingInput(env, state, input);
    case "BlockConnected":
    case "FundingConfirmed":
    case "FundingReorged":
    case "OtherFundingConfirmed":
    case "OtherFundingReorged":
    case "FundingConflictBuried":
    case "FundingSpent":
    case "OutputSpent":
    case "SpendsReorged":
    case "SpendSeen":
    case "RevokedHtlcs":
      return "commitments" in state ? chainInput(env, state, input) : stay();
    default:
      return unreachable(input);
  }
}

type LinkInput = Extract<
  ChannelInput,
  { tag: "Connected" | "Disconnected" | "Quiesce" | "QuiescenceTimedOut" | "BatchInterrupted" }
>;
/** What concerns the connection and what is said over it. */
function linkInput(env: ChannelEnv, state: ChannelState, input: LinkInput): Transition {
  switch (input.tag) {
    case "Connected":
      return connected(env, state);
    case "Disconnected":
      return disconnected(state);
    case "Quiesce":
      return quiesce(env, state);
    case "QuiescenceTimedOut":
      return quiescenceTimedOut(state);
    case "BatchInterrupted":
      return punish(state, { code: "batch_interrupted" });
  }
}

type OpeningInput = Extract<
  ChannelInput,
  { tag: "Open" | "OpenDual" | "Restore" | "NeverFunded" | "FundingTx" | "FundingAllSigned" | "AbortOpening" }
>;
function openingInput(env: ChannelEnv, state: ChannelState, input: OpeningInput): Transition {
  if (input.tag === "Open" && state.tag === "Fresh") return openChannel(env, input);
  if (input.tag === "OpenDual" && state.tag === "Fresh") return openDual(env, input);
  if (input.tag === "Restore" && state.tag === "Fresh") return restore(input);
  if (input.tag === "FundingTx" && state.tag === "WaitForFundingTx") return receiveFundingTx(env, state, input);
  if (input.tag === "FundingAllSigned" && state.tag === "FundingHeld") return fundingSigned(env, state);
  if (input.tag === "AbortOpening" && state.tag === "Normal") return giveUpSplice(state, input.reason);
  if (input.tag === "AbortOpening" && state.tag === "WaitForFundingConfirmed")
    return giveUpReplacement(state, input.reason);
  if (input.tag === "AbortOpening" && !("commitments" in state) && state.tag !== "Closed") {
    const { reason } = input;
    const channelId = idOf(state);
    const told = channelId === undefined ? [] : [{ tag: "SendError", channelId, text: reason } as const];
    return advance({ tag: "Aborted", reason }, ...told, { tag: "Forget", reason });
  }
  const reason: CommandRefusal = { code: "wrong_state", state: state.tag };
  return stay({ tag: "CommandRefused", command: input.tag, reason });
}

/** The answer to `NeedSignatures`: to whatever was waiting for it. */
function signed(env: ChannelEnv, state: ChannelState, signatures: Signatures): Transition {
  if (state.tag === "WaitForFundingSigned" && !state.signed) return signedFundingCreated(state, signatures);
  if (state.tag === "SigningFunding") return signedFunding(env, state, signatures);
  if (state.tag === "Failed") return commitmentSigned(env, state, signatures);
  if (!("commitments" in state) || state.link.tag !== "online") return stay();
  const spliced = splicedBy(env, state, signatures);
  if (spliced !== undefined) return spliced;
  if (state.link.negotiation?.stage === "signing")
    return constructionInput(env, state, { tag: "Signatures", signatures });
  const { link } = state;
  if (link.signing?.tag === "commitment" && (state.tag === "Normal" || state.tag === "ShuttingDown"))
    return sendCommitment(env, state, link, signatures);
  if (state.tag === "Negotiating" || state.tag === "Closing") return closingSigned(env, state, link, signatures);
  return stay();
}

function closingSigned(
  env: ChannelEnv,
  state: Negotiating | Closing,
  link: Online,
  signatures: Signatures,
): Transition {
  const { signing } = link;
  if (signing?.tag === "closing") return sendClosing(env, state, link, signatures);
  if (signing?.tag === "closing_complete") return offerSigned(env, state, link, signing, signatures);
  if (signing?.tag === "closing_sig") return answerSigned(env, state, link, signing, signatures);
  return stay();
}

/** The signer knows better: what we asked for contradicts what was signed before, so our state cannot be trusted. */
function signingRefused(state: ChannelState, code: string): Transition {
  if (state.tag === "Failed") return stay();
  // That leaves the transaction which waits as it is, and the channel.
  if (state.tag === "WaitForFundingConfirmed" && code === "too_many_fundings") return giveUpReplacement(state, code);
  const online = state.tag === "Normal" ? onlineNormal(state) : undefined;
  if (online?.link.splicing?.stage === "signing" && code === "too_many_fundings") return abortSplice(online, code);
  if ("commitments" in state)
    return fail(state, { tag: "fault", text: `internal error: ${code.replaceAll("_", " ")}` });
  return punish(state, { code: "unexpected_message", message: "signing refused", state: state.tag });
}

type ChainInput = Extract<
  ChannelInput,
  {
    tag:
      | "BlockConnected"
      | "FundingConfirmed"
      | "FundingReorged"
      | "OtherFundingConfirmed"
      | "OtherFundingReorged"
      | "FundingConflictBuried"
      | "FundingSpent"
      | "OutputSpent"
      | "SpendsReorged"
      | "SpendSeen"
      | "RevokedHtlcs";
  }
>;
function chainInput(env: ChannelEnv, state: FundedState, input: ChainInput): Transition {
  switch (input.tag) {
    case "BlockConnected":
      return blockConnected(env, state, input.height);
    case "FundingConfirmed":
      return fundingConfirmed(env, state, input);
    case "FundingReorged":
      return fundingReorged(state);
    case "OtherFundingConfirmed":
      return attemptConfirmed(env, state, input) ?? otherConfirmed(env, state, input);
    case "OtherFundingReorged":
      return otherReorged(state, input.txid);
    case "FundingConflictBuried":
      return fundingConflictBuried(state);
    case "FundingSpent":
      return fundingSpent(env, state, input.tx, input.height);
    case "SpendsReorged":
      return spendsReorged(state, input.height);
    case "OutputSpent":
      return state.tag === "Failed" ? spendConfirmed(env, state, input) : stay();
    case "SpendSeen":
      return state.tag === "Failed" ? spendSeen(state, input.tx) : stay();
    case "RevokedHtlcs":
      return state.tag === "Failed" ? revokedKnown(state, input) : stay();
  }
}
function blockConnected(env: ChannelEnv, state: FundedState, height: BlockHeight): Transition {
  const changed =
    failOverdue(env, state) ??
    staleTakenBack(env, state) ??
    forgetWhenBuried(state, height) ??
    endSilence(env, state) ??
    raiseWhenLate(env, state) ??
    lockDeepSplice(env, state) ??
    lockedAgain(env, state) ??
    fundingDeeper(env, state) ??
    lockedGaveWay(env, state) ??
    othersBuried(env, state) ??
    fundingsLate(env, state);
  return changed ?? (state.tag === "Failed" ? advance(state) : stay());
}
