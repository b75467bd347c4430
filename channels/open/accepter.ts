import { assert } from "../../src/base/result.ts";
import type { AcceptChannel, FundingCreated, OpenChannel } from "../../src/wire/opening.ts";
import { channelTypeOf } from "../channel-type.ts";
import { abortOpening } from "../close/failure.ts";
import { localTerms, remoteTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { OpeningRule } from "../fault.ts";
import { remoteCommitmentRequest, type Signatures } from "../keys/signer.ts";
import { verifyCommitment } from "../keys/verify.ts";
import type { Proposal, SigningFunding, WaitForFundingCreated } from "../state.ts";
import { advance, bind, propose, type Transition } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import { deepEnough } from "./confirm.ts";
import { completeParams, firstCommitments, initialCommitments, newlyFunded } from "./initial.ts";
import { announcedSide, isAnnounced, openRuleBroken, ownSide, remoteSide } from "./rules.ts";

/** The peer wants to fund a channel with us. BOLT 2 §The accept_channel Message. */
export function receiveOpen(env: ChannelEnv, open: OpenChannel): Transition {
  const type = open.channel_type === undefined ? undefined : channelTypeOf(open.channel_type);
  if (type === undefined) return refuse(open, "channel_type");
  const rule = openRuleBroken(env, open, type);
  if (rule !== undefined) return refuse(open, rule);
  const own = ownSide(env, open.funding_satoshis, open.dust_limit_satoshis);
  const depth = type.zeroConf ? 0 : env.policy.minimumDepth;
  const accept: AcceptChannel = {
    name: "accept_channel",
    temporary_channel_id: open.temporary_channel_id,
    channel_reserve_satoshis: own.channelReserve,
    minimum_depth: depth,
    ...announcedSide(env, own, type),
  };
  const proposal: Proposal = {
    params: {
      temporaryChannelId: open.temporary_channel_id,
      remoteNodeId: env.remoteNodeId,
      opener: "remote",
      announce: isAnnounced(open),
      type,
      localAlias: env.alias,
      capacity: open.funding_satoshis,
      minimumDepth: depth,
      keyIndex: env.keyIndex,
      local: own,
      remote: remoteSide(open),
    },
    feerate: open.feerate_per_kw,
    push: open.push_msat,
    remoteFirstPoint: open.first_per_commitment_point,
  };
  return advance({ tag: "WaitForFundingCreated", proposal, accept }, propose(accept));
}

const refuse = ({ temporary_channel_id }: OpenChannel, rule: OpeningRule): Transition =>
  abortOpening(temporary_channel_id, { code: "bad_opening", rule });

/** The peer names the funding output and signs our first commitment. BOLT 2 §The funding_created Message. */
export function receiveFundingCreated(
  env: ChannelEnv,
  state: WaitForFundingCreated,
  message: FundingCreated,
): Transition {
  const { proposal } = state;
  const { temporaryChannelId } = proposal.params;
  // No transaction has a txid of zeros: such an outpoint can never be funded.
  if (/^0{64}$/.test(message.funding_txid)) return abortOpening(temporaryChannelId, { code: "bad_funding_outpoint" });
  const params = completeParams(proposal, { txid: message.funding_txid, vout: message.funding_output_index });
  const { local, remote } = firstCommitments(env, proposal, params);
  const localSignatures: Signatures = { signature: message.signature, htlcSignatures: [] };
  const remoteKey = params.remote.basepoints.fundingPubkey;
  const verified = verifyCommitment(localTerms(params), local.keys, local.commitment, remoteKey, localSignatures);
  if (!verified.ok) return abortOpening(temporaryChannelId, verified.error);
  const request = remoteCommitmentRequest(remoteTerms(params), proposal.remoteFirstPoint, remote);
  return advance(
    { tag: "SigningFunding", proposal, params, remoteTxid: remote.txid, localSignatures },
    { tag: "NeedSignatures", request },
  );
}

/** Durable before it leaves: from `funding_signed` on the peer may put money in. BOLT 2 §The funding_signed Message. */
export function signedFunding(env: ChannelEnv, state: SigningFunding, signatures: Signatures): Transition {
  const { params, proposal, remoteTxid } = state;
  const commitments = initialCommitments(proposal, params, { local: state.localSignatures, remoteTxid });
  assert(commitments.balance.local === proposal.push, "what the peer pushes is ours");
  const { script } = fundingOutput(
    params.local.basepoints.fundingPubkey,
    params.remote.basepoints.fundingPubkey,
    params.capacity,
  );
  return deepEnough(env, { ...newlyFunded(env, params, commitments), tag: "WaitForFundingConfirmed" }, [
    bind({ name: "funding_signed", channel_id: params.channelId, signature: signatures.signature }),
    { tag: "WatchFunding", outpoint: params.funding, script },
    { tag: "NotifyUpdated" },
  ]);
}
