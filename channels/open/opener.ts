import { assert } from "../../src/base/result.ts";
import { msat, toMsat } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { AcceptChannel, FundingSigned, OpenChannel } from "../../src/wire/opening.ts";
import { abortOpening } from "../close/failure.ts";
import { isShutdownScript } from "../close/script.ts";
import { localTerms, remoteTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelInput, OpenChannelInput } from "../input.ts";
import { remoteCommitmentRequest, type Signatures } from "../keys/signer.ts";
import { verifyCommitment } from "../keys/verify.ts";
import type { FundingHeld, WaitForAcceptChannel, WaitForFundingSigned, WaitForFundingTx } from "../state.ts";
import { advance, type CommandRefusal, propose, stay, type Transition } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import { deepEnough } from "./confirm.ts";
import { completeParams, firstCommitments, initialCommitments, newlyFunded } from "./initial.ts";
import {
  acceptRuleBroken,
  agreedDepth,
  announcedSide,
  capacityBounds,
  isAffordable,
  isAnnounced,
  isSuitable,
  ownSide,
  remoteSide,
} from "./rules.ts";

/** We fund: `open_channel` leaves. BOLT 2 §The open_channel Message. */
export function openChannel(env: ChannelEnv, request: OpenChannelInput): Transition {
  const refusal = openRefusal(env, request);
  if (refusal !== undefined) return stay({ tag: "CommandRefused", command: "Open", reason: refusal });
  const own = ownSide(env, request.capacity, env.policy.dustLimit, request.shutdownScript);
  const open: OpenChannel = {
    name: "open_channel",
    chain_hash: env.chainHash,
    temporary_channel_id: request.temporaryChannelId,
    funding_satoshis: request.capacity,
    push_msat: request.push,
    channel_reserve_satoshis: own.channelReserve,
    feerate_per_kw: request.feerate,
    channel_flags: request.announce ? 1 : 0,
    ...announcedSide(env, own, request.type),
  };
  return advance({ tag: "WaitForAcceptChannel", request, open }, propose(open));
}

function openRefusal(env: ChannelEnv, request: OpenChannelInput): CommandRefusal | undefined {
  const { feerateMin, feerateMax, upfrontShutdownScript } = env.policy;
  const { minimum, maximum } = capacityBounds(env);
  if (!isSuitable(env, request.type, request.announce)) return { code: "channel_type_not_possible" };
  if (request.capacity < minimum || request.capacity > maximum)
    return { code: "capacity_out_of_range", minimum, maximum };
  const script = request.shutdownScript ?? upfrontShutdownScript;
  if (script !== undefined && !isShutdownScript(script, env.features)) return { code: "bad_script" };
  if (request.push > toMsat(request.capacity)) return { code: "push_out_of_range" };
  if (request.feerate < feerateMin || request.feerate > feerateMax)
    return { code: "feerate_out_of_range", requested: request.feerate };
  if (!isAffordable(request)) return { code: "cannot_afford_feerate", requested: request.feerate };
  return undefined;
}

/** The peer agrees: now a funding transaction is worth building. BOLT 2 §The accept_channel Message. */
export function receiveAccept(env: ChannelEnv, state: WaitForAcceptChannel, accept: AcceptChannel): Transition {
  const { open, request } = state;
  const rule = acceptRuleBroken(env, { open, type: request.type }, accept);
  if (rule !== undefined) return abortOpening(open.temporary_channel_id, { code: "bad_opening", rule });
  const own = ownSide(env, request.capacity, env.policy.dustLimit, request.shutdownScript);
  const proposal = {
    params: {
      temporaryChannelId: open.temporary_channel_id,
      remoteNodeId: env.remoteNodeId,
      opener: "local" as const,
      announce: isAnnounced(open),
      type: request.type,
      localAlias: env.alias,
      capacity: request.capacity,
      minimumDepth: agreedDepth(request.type, accept.minimum_depth),
      keyIndex: env.keyIndex,
      local: own,
      remote: remoteSide(accept),
    },
    feerate: request.feerate,
    push: request.push,
    remoteFirstPoint: accept.first_per_commitment_point,
  };
  const { amount, script } = fundingOutput(own.basepoints.fundingPubkey, accept.funding_pubkey, request.capacity);
  return advance({ tag: "WaitForFundingTx", proposal }, { tag: "NeedFunding", amount, script });
}

/** The host has built the funding transaction; it stays here until the peer has signed. BOLT 2 §The funding_created Message. */
export function receiveFundingTx(
  env: ChannelEnv,
  state: WaitForFundingTx,
  { tx, vout, isShared = false }: Extract<ChannelInput, { tag: "FundingTx" }>,
): Transition {
  const { proposal } = state;
  const { local, remote, capacity, temporaryChannelId } = proposal.params;
  const expected = fundingOutput(local.basepoints.fundingPubkey, remote.basepoints.fundingPubkey, capacity);
  if (!paysExactly(tx.outputs[vout], expected)) {
    const refused = {
      tag: "CommandRefused",
      command: "FundingTx",
      reason: { code: "funding_output_missing" },
    } as const;
    return advance({ tag: "Aborted", reason: "funding output missing" }, refused, {
      tag: "SendError",
      channelId: temporaryChannelId,
      text: "funding failed",
    });
  }
  const params = completeParams(proposal, { txid: txidOf(tx), vout });
  const { remote: theirs } = firstCommitments(env, proposal, params);
  const request = remoteCommitmentRequest(remoteTerms(params), proposal.remoteFirstPoint, theirs);
  return advance(
    { tag: "WaitForFundingSigned", proposal, params, fundingTx: tx, remoteTxid: theirs.txid, signed: false, isShared },
    { tag: "NeedSignatures", request },
  );
}

/** To the sat and to the byte. BOLT 3 §Funding Transaction Output. */
export const paysExactly = (
  output: { readonly amount: bigint; readonly script: Uint8Array } | undefined,
  expected: { readonly amount: bigint; readonly script: Uint8Array },
): boolean =>
  output !== undefined &&
  output.amount === expected.amount &&
  output.script.length === expected.script.length &&
  output.script.every((byte, at) => byte === expected.script[at]);

export function signedFundingCreated(state: WaitForFundingSigned, signatures: Signatures): Transition {
  assert(!state.signed, "funding_created leaves once");
  const { funding, temporaryChannelId } = state.params;
  return advance(
    { ...state, signed: true },
    propose({
      name: "funding_created",
      temporary_channel_id: temporaryChannelId,
      funding_txid: funding.txid,
      funding_output_index: funding.vout,
      signature: signatures.signature,
    }),
  );
}

/** With the peer's signature on our first commitment the funds can be got back: only now may they go in. BOLT 2 §The funding_signed Message. */
export function receiveFundingSigned(env: ChannelEnv, state: WaitForFundingSigned, message: FundingSigned): Transition {
  const { params, proposal } = state;
  const { local } = firstCommitments(env, proposal, params);
  const signatures: Signatures = { signature: message.signature, htlcSignatures: [] };
  const remoteKey = params.remote.basepoints.fundingPubkey;
  const verified = verifyCommitment(localTerms(params), local.keys, local.commitment, remoteKey, signatures);
  if (!verified.ok) return abortOpening(params.channelId, verified.error);
  const { isShared, signed: _, ...rest } = state;
  const held: FundingHeld = { ...rest, tag: "FundingHeld", localSignatures: signatures };
  return isShared ? advance(held, { tag: "FundingHeld" }) : fundingSigned(env, held);
}

/** What funds the channel goes out: every channel in it can be got back from. BOLT 2 §The funding_signed Message. */
export function fundingSigned(env: ChannelEnv, state: FundingHeld): Transition {
  const { params, proposal, fundingTx, remoteTxid, localSignatures } = state;
  const commitments = initialCommitments(proposal, params, { local: localSignatures, remoteTxid });
  assert(
    commitments.balance.local === msat(toMsat(params.capacity) - proposal.push),
    "what we fund and do not push is ours",
  );
  const funded = newlyFunded(env, params, commitments);
  const keys = [params.local.basepoints.fundingPubkey, params.remote.basepoints.fundingPubkey] as const;
  const { script } = fundingOutput(...keys, params.capacity);
  const waiting = { ...funded, tag: "WaitForFundingConfirmed", funding: { ...funded.funding, tx: fundingTx } } as const;
  return deepEnough(env, waiting, [
    { tag: "WatchFunding", outpoint: params.funding, script },
    { tag: "Broadcast", tx: fundingTx, why: "funding" },
    { tag: "NotifyUpdated" },
  ]);
}
