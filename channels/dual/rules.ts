import { type Sat, type SatPerKw, sat } from "../../src/base/units.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { AcceptChannel2, OpenChannel2 } from "../../src/wire/opening.ts";
import type { ChannelType } from "../channel-type.ts";
import type { ChannelEnv } from "../env.ts";
import type { OpeningRule } from "../fault.ts";
import { isLockedTooLong } from "../interactive/locktime.ts";
import {
  answerRuleBroken,
  capacityBounds,
  isAnnounced,
  isSuitable,
  ownScriptRuleBroken,
  sideRuleBroken,
  zeroConfRuleBroken,
} from "../open/rules.ts";
import { openerCost } from "../tx/weights.ts";
import { dualReserve } from "./proposal.ts";

/** How many times the price of the day a peer may choose before we put nothing in any more. Policy, not protocol. */
const FEERATE_SHARE_MAX = 2;
/** Whether a transaction that a peer begins costs more than what we would add to it is worth. */
export const isDear = ({ feerate, policy }: ChannelEnv, wanted: SatPerKw): boolean =>
  wanted > (feerate ?? policy.reserveFeerate) * FEERATE_SHARE_MAX;

/** What was asked for, and of which type the channel is to be. */
export interface TypedOpen {
  readonly open: OpenChannel2;
  readonly type: ChannelType;
}

/** The first rule that an `open_channel2` breaks, if we put in this much. BOLT 2 §The open_channel2 Message. */
export function openRuleBroken2(
  env: ChannelEnv,
  { open, type }: TypedOpen,
  contribution: Sat,
): OpeningRule | undefined {
  const { policy } = env;
  if (open.chain_hash !== env.chainHash) return "chain_hash";
  if (!isSuitable(env, type, isAnnounced(open))) return "channel_type";
  const trusted = zeroConfRuleBroken(env, type, open.funding_satoshis);
  if (trusted !== undefined) return trusted;
  const feerate = open.commitment_feerate_perkw;
  if (feerate < policy.feerateMin || feerate > policy.feerateMax) return "feerate";
  if (open.funding_feerate_perkw < policy.feerateMin || open.funding_feerate_perkw > policy.feerateMax)
    return "funding_feerate";
  if (isLockedTooLong(env, open.locktime)) return "locktime";
  const own = ownScriptRuleBroken(env);
  if (own !== undefined) return own;
  return bothRulesBroken(env, { open, type }, open, contribution);
}

/** The first rule that an `accept_channel2` breaks. BOLT 2 §The accept_channel2 Message. */
export function acceptRuleBroken2(
  env: ChannelEnv,
  { open, type }: TypedOpen,
  accept: AcceptChannel2,
): OpeningRule | undefined {
  const answered = answerRuleBroken(env, { open, type }, accept);
  if (answered !== undefined) return answered;
  // Its coins it could take back before a block holds the channel; ours we trust.
  if (type.zeroConf && accept.funding_satoshis > 0n) return "zero_conf_not_trusted";
  return bothRulesBroken(env, { open, type }, accept, accept.funding_satoshis);
}

/** What both messages must keep to. The opener pays for the commitments, whatever the accepter puts in. */
function bothRulesBroken(
  env: ChannelEnv,
  { open, type }: TypedOpen,
  theirs: OpenChannel2 | AcceptChannel2,
  accepted: Sat,
): OpeningRule | undefined {
  const { minimum, maximum } = capacityBounds(env);
  const sum = open.funding_satoshis + accepted;
  if (sum < minimum || sum > maximum) return "capacity";
  const capacity = sat(sum);
  const reserve = dualReserve(capacity, theirs.dust_limit_satoshis);
  const side = sideRuleBroken(env, { ...theirs, channel_reserve_satoshis: reserve }, capacity);
  if (side !== undefined) return side;
  if (!secp256k1.isPoint(theirs.second_per_commitment_point)) return "public_key";
  if (!isAffordable(open.funding_satoshis, open.commitment_feerate_perkw, type)) return "unaffordable_fee";
  const put = { opener: open.funding_satoshis, accepter: accepted };
  return isAboveReserve(put, reserve, open.commitment_feerate_perkw, type) ? undefined : "both_below_reserve";
}

/** Whether an opener that puts in this much can pay for the first commitments. BOLT 3 §Fee Payment. */
export const isAffordable = (contribution: Sat, feerate: SatPerKw, { format }: ChannelType): boolean =>
  contribution >= openerCost(0, feerate, format);

/** Whether the first commitment leaves one side more than it has to keep. BOLT 2 §The open_channel Message. */
export function isAboveReserve(
  put: { readonly opener: Sat; readonly accepter: Sat },
  reserve: Sat,
  feerate: SatPerKw,
  { format }: ChannelType,
): boolean {
  return put.opener - openerCost(0, feerate, format) > reserve || put.accepter > reserve;
}
