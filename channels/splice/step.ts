import { hasFeature } from "../../src/wire/features.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelInput, ChannelMessage } from "../input.ts";
import type { Signatures } from "../keys/signer.ts";
import { isSigningSplice } from "../normal/stfu.ts";
import type { ChannelState, Normal } from "../state.ts";
import { stay, type Transition } from "../transition.ts";
import { type OnlineNormal, onlineNormal, receiveAbort } from "./abort.ts";
import {
  OPTION_SPLICE,
  receiveSpliceAck,
  receiveSpliceInit,
  receiveSpliceRbf,
  spliceContributed,
  spliceWithoutCoins,
} from "./begin.ts";
import { receiveSpliceConstruction, spliceInputChecked } from "./construct.ts";
import { receiveSpliceLocked } from "./lock.ts";
import {
  receiveSpliceCommitment,
  receiveSpliceSignatures,
  signingOf,
  spliceCommitted,
  spliceSigned,
  spliceWitnessed,
} from "./sign.ts";

/** What the host answers while a splice is under way. */
export function spliceInput(
  env: ChannelEnv,
  state: Normal,
  input: Extract<
    ChannelInput,
    { tag: "Contribution" | "NothingToContribute" | "InputConfirmation" | "FundingWitnesses" }
  >,
): Transition {
  const online = onlineNormal(state);
  if (online === undefined) return stay({ tag: "ReleaseCoins" });
  switch (input.tag) {
    case "Contribution":
      return spliceContributed(env, online, input.contribution);
    case "NothingToContribute":
      return spliceWithoutCoins(online, input.reason);
    case "FundingWitnesses":
      return spliceWitnessed(env, online, input.witnesses);
    case "InputConfirmation":
      return spliceInputChecked(env, online, input);
  }
}

/** Signatures that a splice has asked for; undefined when something else did. */
export function splicedBy(env: ChannelEnv, state: ChannelState, signatures: Signatures): Transition | undefined {
  if (state.tag !== "Normal" || state.link.tag !== "online") return undefined;
  if (state.link.signing?.tag === "splice") return spliceSigned(state, signatures);
  if (state.link.splicing?.stage === "signing") return spliceCommitted(env, state as OnlineNormal, signatures);
  return undefined;
}

/** A message about a splice; undefined for all else. */
export function receiveSplice(env: ChannelEnv, state: Normal, message: ChannelMessage): Transition | undefined {
  const online = onlineNormal(state);
  if (online === undefined || !hasFeature(env.features, OPTION_SPLICE)) return undefined;
  switch (message.name) {
    case "splice_init":
      return receiveSpliceInit(env, online, message);
    case "tx_init_rbf":
      return receiveSpliceRbf(env, online, message);
    case "splice_ack":
    case "tx_ack_rbf":
      return receiveSpliceAck(env, online, message);
    case "tx_add_input":
    case "tx_add_output":
    case "tx_remove_input":
    case "tx_remove_output":
    case "tx_complete":
      // It may be mined once we have signed it: a word about its construction does not end it.
      return isSigningSplice(state.commitments) ? undefined : receiveSpliceConstruction(env, online, message);
    case "commitment_signed": {
      const { splicing, batch } = online.link;
      const funding = signingOf(state);
      // Those of a batch sign an update, and each of them counts, whatever is given up meanwhile.
      if (batch !== undefined) return undefined;
      if (splicing?.stage === "aborting" && message.funding_txid !== undefined)
        return message.funding_txid === state.params.funding.txid ? undefined : stay();
      return funding === undefined ? undefined : receiveSpliceCommitment(env, state, funding, message);
    }
    case "tx_signatures":
      return online.link.splicing?.stage === "aborting"
        ? stay()
        : receiveSpliceSignatures(env, state, signingOf(state), message);
    case "tx_abort":
      return receiveAbort(online, message);
    case "splice_locked":
      return receiveSpliceLocked(env, state, message);
    default:
      return undefined;
  }
}
