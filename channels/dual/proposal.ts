import { compareBytes, concat } from "../../src/base/bytes.ts";
import { type ChannelId, channelId } from "../../src/base/ids.ts";
import { type Sat, sat } from "../../src/base/units.ts";
import type { TxOut } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { AcceptChannel2, OpenChannel2 } from "../../src/wire/opening.ts";
import type { ChannelType } from "../channel-type.ts";
import type { ChannelEnv } from "../env.ts";
import type { TxTerms } from "../interactive/terms.ts";
import { agreedDepth, isAnnounced, remoteSide } from "../open/rules.ts";
import type { SideParams } from "../params.ts";
import type { ChannelState } from "../state.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import type { DualProposal, FundingPlan } from "./state.ts";

const ZERO_BASEPOINT = new Uint8Array(33);

/** The id of a channel that both sides fund: of no transaction, so that it can be replaced. BOLT 2 §channel_id, v2. */
export function dualChannelId(a: Uint8Array, b: Uint8Array): ChannelId {
  const [lesser, greater] = compareBytes(a, b) <= 0 ? [a, b] : [b, a];
  return channelId(sha256(concat(lesser, greater)));
}
/** What it is called while only the opener's basepoint is known. BOLT 2 §channel_id, v2. */
export const temporaryDualId = (revocationBasepoint: Uint8Array): ChannelId =>
  dualChannelId(ZERO_BASEPOINT, revocationBasepoint);

/** What a side must keep of a channel of this capacity: a hundredth, at least the other's dust limit. BOLT 2 §The open_channel2 Message. */
export function dualReserve(capacity: Sat, dustLimit: Sat): Sat {
  const hundredth = sat(capacity / 100n);
  return hundredth > dustLimit ? hundredth : dustLimit;
}

const sideOf = (message: OpenChannel2 | AcceptChannel2, capacity: Sat): SideParams =>
  remoteSide({ ...message, channel_reserve_satoshis: dualReserve(capacity, message.dust_limit_satoshis) });

/** What `open_channel2` and `accept_channel2` have settled, seen from our side. */
export function dualProposal(
  env: ChannelEnv,
  opener: "local" | "remote",
  { open, type }: { readonly open: OpenChannel2; readonly type: ChannelType },
  accept: AcceptChannel2,
): DualProposal {
  const [ours, theirs] = opener === "local" ? [open, accept] : [accept, open];
  const depth = { opener, minimumDepth: agreedDepth(type, accept.minimum_depth) };
  const capacity = sat(open.funding_satoshis + accept.funding_satoshis);
  return {
    params: {
      channelId: dualChannelId(ours.revocation_basepoint, theirs.revocation_basepoint),
      temporaryChannelId: open.temporary_channel_id,
      remoteNodeId: env.remoteNodeId,
      opener,
      announce: isAnnounced(open),
      type,
      localAlias: env.alias,
      capacity,
      minimumDepth: depthOf(env, depth, theirs.funding_satoshis),
      keyIndex: env.keyIndex,
      local: sideOf(ours, capacity),
      remote: sideOf(theirs, capacity),
    },
    feerate: open.commitment_feerate_perkw,
    remoteFirstPoint: theirs.first_per_commitment_point,
    plan: {
      initiator: opener,
      feerate: open.funding_feerate_perkw,
      locktime: open.locktime,
      contribution: { local: ours.funding_satoshis, remote: theirs.funding_satoshis },
      requiresConfirmed: {
        local: ours.require_confirmed_inputs !== undefined,
        remote: theirs.require_confirmed_inputs !== undefined,
      },
      replaces: [],
    },
  };
}

/**
 * An accepter says how deep its channel has to be for its own sake: what it puts in itself it could take back, so that is
 * trusted no sooner than in any other channel. One that is trusted without a block holds nothing of its own (RELIABILITY U8).
 */
function depthOf(
  { policy }: ChannelEnv,
  { opener, minimumDepth }: Pick<DualProposal["params"], "opener" | "minimumDepth">,
  theirs: Sat,
): number {
  const isTheirsToo = opener === "local" && theirs > 0n && minimumDepth > 0;
  return isTheirsToo ? Math.max(minimumDepth, policy.minimumDepth) : minimumDepth;
}

/** The same channel with another funding transaction: what each side puts in may differ. */
export function replanned(
  env: ChannelEnv,
  { params, ...rest }: Omit<DualProposal, "plan">,
  plan: FundingPlan,
): DualProposal {
  const capacity = sat(plan.contribution.local + plan.contribution.remote);
  const withReserve = (side: SideParams): SideParams => ({
    ...side,
    channelReserve: dualReserve(capacity, side.dustLimit),
  });
  const minimumDepth = depthOf(env, params, plan.contribution.remote);
  const sides = { local: withReserve(params.local), remote: withReserve(params.remote) };
  return { ...rest, params: { ...params, capacity, minimumDepth, ...sides }, plan };
}

/** What the construction of the funding transaction goes by. */
export function termsOf({ params, plan }: DualProposal): TxTerms {
  const { local, remote, capacity, channelId: id } = params;
  return {
    channelId: id,
    initiator: plan.initiator,
    feerate: plan.feerate,
    locktime: plan.locktime,
    dustLimit: local.dustLimit < remote.dustLimit ? local.dustLimit : remote.dustLimit,
    fundingOutput: fundingOutput(local.basepoints.fundingPubkey, remote.basepoints.fundingPubkey, capacity),
    contribution: plan.contribution,
    sharedInput: undefined,
    replaces: plan.replaces,
  };
}

/** The funding output that is about to be constructed, and who puts how much into it; undefined when none is. */
export function plannedFunding(
  state: ChannelState,
): (Pick<FundingPlan, "contribution" | "locktime"> & { readonly output: TxOut }) | undefined {
  if (state.tag !== "ConstructingFunding" || state.negotiation.stage !== "funding") return undefined;
  const { proposal } = state.negotiation;
  const { contribution, locktime } = proposal.plan;
  return { contribution, locktime, output: termsOf(proposal).fundingOutput };
}
