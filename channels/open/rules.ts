import { equalBytes } from "../../src/base/bytes.ts";
import { type Sat, sat, toMsat, toSatFloor } from "../../src/base/units.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { hasFeature } from "../../src/wire/features.ts";
import type { AcceptChannel, AcceptChannel2, OpenChannel, OpenChannel2 } from "../../src/wire/opening.ts";
import { type ChannelType, channelTypeBits } from "../channel-type.ts";
import { isShutdownScript } from "../close/script.ts";
import type { ChannelEnv } from "../env.ts";
import type { OpeningRule } from "../fault.ts";
import type { OpenChannelInput } from "../input.ts";
import type { SideParams } from "../params.ts";
import { openerCost } from "../tx/weights.ts";

/** With more, two commitments would not fit into one message. BOLT 2 §The open_channel Message. */
export const ACCEPTED_HTLCS_MAX = 483;
const DUST_LIMIT_MIN = sat(354n);
const ANNOUNCE_CHANNEL = 1;
export const isAnnounced = (open: Pick<OpenChannel, "channel_flags">): boolean =>
  (open.channel_flags & ANNOUNCE_CHANNEL) === 1;

/** All of a channel may be in flight: said so that it need not be known how much that is, nor what splices make of it. */
const WHOLE_PPM = 1_000_000n;
const NO_LIMIT = 0xffff_ffff_ffff_ffffn;

const share = (amount: bigint, ppm: bigint): bigint => (amount * ppm) / WHOLE_PPM;

/** What we announce for a channel of this capacity. `remoteDust` is known to the accepter only. */
export function ownSide(
  env: ChannelEnv,
  capacity: Sat,
  remoteDust: Sat,
  shutdownScript: Uint8Array | undefined = env.policy.upfrontShutdownScript,
): SideParams {
  const { policy, keys } = env;
  const reserves = [share(capacity, policy.reserveSharePpm), policy.reserveMin, policy.dustLimit, remoteDust];
  return {
    basepoints: {
      fundingPubkey: keys.fundingPubkey,
      revocationBasepoint: keys.revocationBasepoint,
      paymentBasepoint: keys.paymentBasepoint,
      delayedPaymentBasepoint: keys.delayedPaymentBasepoint,
      htlcBasepoint: keys.htlcBasepoint,
    },
    dustLimit: policy.dustLimit,
    maxHtlcValueInFlight:
      policy.inFlightSharePpm === WHOLE_PPM ? NO_LIMIT : share(toMsat(capacity), policy.inFlightSharePpm),
    channelReserve: sat(reserves.reduce((most, value) => (value > most ? value : most))),
    htlcMinimum: policy.htlcMinimum,
    toSelfDelay: policy.toSelfDelay,
    maxAcceptedHtlcs: policy.maxAcceptedHtlcs,
    upfrontShutdownScript: shutdownScript,
  };
}

/** What we announce in every message of an opening, by either version. BOLT 2 §The open_channel Message. */
export function announcedSide({ keys }: ChannelEnv, own: SideParams, type: ChannelType) {
  return {
    dust_limit_satoshis: own.dustLimit,
    max_htlc_value_in_flight_msat: own.maxHtlcValueInFlight,
    htlc_minimum_msat: own.htlcMinimum,
    to_self_delay: own.toSelfDelay,
    max_accepted_htlcs: own.maxAcceptedHtlcs,
    funding_pubkey: own.basepoints.fundingPubkey,
    revocation_basepoint: own.basepoints.revocationBasepoint,
    payment_basepoint: own.basepoints.paymentBasepoint,
    delayed_payment_basepoint: own.basepoints.delayedPaymentBasepoint,
    htlc_basepoint: own.basepoints.htlcBasepoint,
    first_per_commitment_point: keys.commitmentPoint(0n),
    upfront_shutdown_script: upfrontScript(own),
    channel_type: channelTypeBits(type),
  };
}
/** An empty one leaves it open, and stands in every message: with any TLV this one has to be there. BOLT 2 §The open_channel Message. */
const upfrontScript = ({ upfrontShutdownScript }: SideParams): Uint8Array => upfrontShutdownScript ?? new Uint8Array(0);

const LARGE_FROM = sat(1n << 24n);
const OPTION_SUPPORT_LARGE_CHANNEL = 18;
/** Which capacities we have with this peer. BOLT 2 §The open_channel Message. */
export function capacityBounds({ policy, features }: ChannelEnv): { readonly minimum: Sat; readonly maximum: Sat } {
  const { capacityMin: minimum, capacityMax } = policy;
  const isLarge = capacityMax >= LARGE_FROM && !hasFeature(features, OPTION_SUPPORT_LARGE_CHANNEL);
  return { minimum, maximum: isLarge ? sat(LARGE_FROM - 1n) : capacityMax };
}

/** What both messages of either protocol say of their sender; the reserve of the newer one follows from its amounts. */
export type Announced = Omit<AcceptChannel, "name" | "temporary_channel_id" | "minimum_depth">;

/** What the peer announced. */
export const remoteSide = (message: Announced): SideParams => ({
  basepoints: {
    fundingPubkey: message.funding_pubkey,
    revocationBasepoint: message.revocation_basepoint,
    paymentBasepoint: message.payment_basepoint,
    delayedPaymentBasepoint: message.delayed_payment_basepoint,
    htlcBasepoint: message.htlc_basepoint,
  },
  dustLimit: message.dust_limit_satoshis,
  maxHtlcValueInFlight: message.max_htlc_value_in_flight_msat,
  channelReserve: message.channel_reserve_satoshis,
  htlcMinimum: message.htlc_minimum_msat,
  toSelfDelay: message.to_self_delay,
  maxAcceptedHtlcs: message.max_accepted_htlcs,
  upfrontShutdownScript:
    message.upfront_shutdown_script === undefined || message.upfront_shutdown_script.length === 0
      ? undefined
      : message.upfront_shutdown_script,
});

/** Whether we have channels of this type. BOLT 2 §The open_channel Message. */
export function isSuitable({ policy, features }: ChannelEnv, type: ChannelType, announce: boolean): boolean {
  if (!policy.formats.includes(type.format)) return false;
  if (type.scidAlias && (announce || !hasFeature(features, OPTION_SCID_ALIAS))) return false;
  return !type.zeroConf || hasFeature(features, OPTION_ZEROCONF);
}
const OPTION_SCID_ALIAS = 46;
const OPTION_ZEROCONF = 50;

/** Whether a peer that opens may have us use its channel before a block holds it. BOLT 2 §The open_channel Message. */
export function zeroConfRuleBroken(
  { policy, remoteNodeId }: ChannelEnv,
  { zeroConf }: ChannelType,
  capacity: Sat,
): OpeningRule | undefined {
  if (!zeroConf) return undefined;
  if (!policy.zeroConfPeers.has(remoteNodeId)) return "zero_conf_not_trusted";
  return capacity > policy.zeroConfMax ? "zero_conf_exposure" : undefined;
}

/** Whether the peer could pay to where our part of every mutual close has to go, by the features of both. */
export function ownScriptRuleBroken({ policy, features }: ChannelEnv): OpeningRule | undefined {
  const script = policy.upfrontShutdownScript;
  return script === undefined || isShutdownScript(script, features) ? undefined : "own_shutdown_script";
}

/** The first rule that an `open_channel` breaks. BOLT 2 §The open_channel Message. */
export function openRuleBroken(env: ChannelEnv, open: OpenChannel, type: ChannelType): OpeningRule | undefined {
  const { policy } = env;
  const capacity = open.funding_satoshis;
  if (open.chain_hash !== env.chainHash) return "chain_hash";
  if (!isSuitable(env, type, isAnnounced(open))) return "channel_type";
  const trusted = zeroConfRuleBroken(env, type, capacity);
  if (trusted !== undefined) return trusted;
  const { minimum, maximum } = capacityBounds(env);
  if (capacity < minimum || capacity > maximum) return "capacity";
  if (open.push_msat > toMsat(capacity)) return "push_msat";
  if (open.feerate_per_kw < policy.feerateMin || open.feerate_per_kw > policy.feerateMax) return "feerate";
  const common = sideRuleBroken(env, open, capacity);
  if (common !== undefined) return common;
  const own = ownScriptRuleBroken(env);
  if (own !== undefined) return own;
  // Our own dust limit must fit under the reserve that the peer asks us to keep.
  if (open.channel_reserve_satoshis < policy.dustLimit) return "reserve_below_dust";
  return initialRuleBroken(open, type, open.channel_reserve_satoshis);
}

/** The first rule that an `accept_channel` breaks. BOLT 2 §The accept_channel Message. */
export function acceptRuleBroken(
  env: ChannelEnv,
  { open, type }: { readonly open: OpenChannel; readonly type: ChannelType },
  accept: AcceptChannel,
): OpeningRule | undefined {
  const answered = answerRuleBroken(env, { open, type }, accept);
  if (answered !== undefined) return answered;
  const common = sideRuleBroken(env, accept, open.funding_satoshis);
  if (common !== undefined) return common;
  if (accept.channel_reserve_satoshis < open.dust_limit_satoshis) return "reserve_below_dust";
  if (open.channel_reserve_satoshis < accept.dust_limit_satoshis) return "reserve_below_dust";
  return initialRuleBroken(open, type, accept.channel_reserve_satoshis);
}

/** What an `accept_channel` and an `accept_channel2` must repeat of what was opened, and how long either may make it wait. */
export function answerRuleBroken(
  env: ChannelEnv,
  { open, type }: { readonly open: OpenChannel | OpenChannel2; readonly type: ChannelType },
  accept: AcceptChannel | AcceptChannel2,
): OpeningRule | undefined {
  if (accept.temporary_channel_id !== open.temporary_channel_id) return "temporary_channel_id";
  if (accept.channel_type === undefined || !equalBytes(accept.channel_type, channelTypeBits(type)))
    return "channel_type";
  if (accept.minimum_depth > env.policy.minimumDepthMax || (type.zeroConf && accept.minimum_depth > 0))
    return "minimum_depth";
  return undefined;
}
/**
 * How many blocks a channel waits for whose accepter asks for so many. Some that trust the opener ask for none whatever the
 * type of the channel is: one then, as nothing but the type says that it may be used before. BOLT 2 §The accept_channel Message.
 */
export const agreedDepth = ({ zeroConf }: ChannelType, asked: number): number =>
  zeroConf ? asked : Math.max(asked, 1);

/** What both messages must keep to. */
export function sideRuleBroken(env: ChannelEnv, side: Announced, capacity: Sat): OpeningRule | undefined {
  const { policy } = env;
  const dust = side.dust_limit_satoshis;
  if (dust < DUST_LIMIT_MIN || dust > policy.dustLimitMax) return "dust_limit";
  const reserve = side.channel_reserve_satoshis;
  if (reserve < dust) return "reserve_below_dust";
  if (reserve > share(capacity, policy.reserveSharePpmMax) && reserve > policy.reserveMin) return "reserve_too_high";
  if (side.max_accepted_htlcs < 1 || side.max_accepted_htlcs > ACCEPTED_HTLCS_MAX) return "max_accepted_htlcs";
  if (side.max_htlc_value_in_flight_msat < side.htlc_minimum_msat || side.max_htlc_value_in_flight_msat === 0n)
    return "max_htlc_value_in_flight";
  if (side.htlc_minimum_msat > toMsat(capacity) / 10n) return "htlc_minimum";
  if (side.to_self_delay < 1 || side.to_self_delay > policy.toSelfDelayMax) return "to_self_delay";
  if (!publicKeysOf(side).every(secp256k1.isPoint)) return "public_key";
  const script = side.upfront_shutdown_script;
  if (script !== undefined && script.length > 0 && !isShutdownScript(script, env.features)) return "shutdown_script";
  return undefined;
}

const publicKeysOf = (side: Announced): readonly Uint8Array[] => [
  side.funding_pubkey,
  side.revocation_basepoint,
  side.payment_basepoint,
  side.delayed_payment_basepoint,
  side.htlc_basepoint,
  side.first_per_commitment_point,
];

/** Whether the first commitment can pay its fee and holds something for somebody. */
function initialRuleBroken(open: OpenChannel, { format }: ChannelType, reserve: Sat): OpeningRule | undefined {
  const opener = openerBalance(open.funding_satoshis, open.push_msat);
  const cost = openerCost(0, open.feerate_per_kw, format);
  if (opener < cost) return "unaffordable_fee";
  if (opener - cost <= reserve && toSatFloor(open.push_msat) <= reserve) return "both_below_reserve";
  return undefined;
}
const openerBalance = (capacity: Sat, push: OpenChannel["push_msat"]): bigint => (toMsat(capacity) - push) / 1000n;

/** Whether our own opening would be refused for these reasons. */
export const isAffordable = ({ capacity, push, feerate, type }: OpenChannelInput): boolean =>
  openerBalance(capacity, push) >= openerCost(0, feerate, type.format);
