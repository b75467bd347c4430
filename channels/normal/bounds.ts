import { type Msat, msat, type Sat, type SatPerKw, satPerKw, toMsat } from "../../src/base/units.ts";
import { feerateOf, localTerms, remoteTerms, sumUp, type Tally, type View } from "../commitments.ts";
import { dualChannelId } from "../dual/proposal.ts";
import type { ChannelEnv } from "../env.ts";
import type { PeerFault } from "../fault.ts";
import { onOthers } from "../fundings/other.ts";
import type { Htlc } from "../htlc.ts";
import { ACCEPTED_HTLCS_MAX } from "../open/rules.ts";
import type { ChannelParams } from "../params.ts";
import type { Commitments } from "../state.ts";
import type { OfferRefusal } from "../transition.ts";
import type { HtlcSide } from "../tx/format.ts";
import { channelIdOf } from "../tx/funding-tx.ts";
import type { CommitmentTerms } from "../tx/terms.ts";
import { openerCost, trimThreshold } from "../tx/weights.ts";

/** One commitment added up, with the terms that decide what is trimmed in it. */
interface Look extends Omit<Tally, "htlcs"> {
  readonly terms: CommitmentTerms;
  /** Pending HTLCs by the side that the owner of the commitment sees. */
  readonly pending: { readonly [S in HtlcSide]: Pending };
  /** How many of them have an output, and what miners would get of the others. BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat. */
  readonly untrimmed: number;
  readonly exposure: bigint;
  /** Whether it is remembered that a splice made the output that it spends. */
  readonly isBehindSplice: boolean;
  /** From which amount on an HTLC has an output in it, and below which one is exposed to miners. */
  readonly outputFrom: Thresholds;
  readonly dustBelow: Thresholds;
}
type Thresholds = { readonly [S in HtlcSide]: Msat };
interface Pending {
  readonly count: number;
  readonly value: bigint;
}
function lookAt(params: ChannelParams, commitments: Commitments, view: View): Look {
  const terms = view.startsWith("local") ? localTerms(params) : remoteTerms(params);
  const feerate = feerateOf(commitments, view);
  const outputFrom: Thresholds = {
    offered: toMsat(trimThreshold("offered", terms.dustLimit, feerate, terms.format)),
    received: toMsat(trimThreshold("received", terms.dustLimit, feerate, terms.format)),
  };
  const dustBelow = terms.format === "anchors" ? outputFrom : dustThresholds(feerate, terms);
  const pending = { offered: { count: 0, value: 0n }, received: { count: 0, value: 0n } };
  let untrimmed = 0;
  let exposure = 0n;
  const sums = sumUp(commitments, view, ({ amount }, side) => {
    pending[side].count++;
    pending[side].value += amount;
    if (amount < dustBelow[side]) exposure += amount;
    if (amount >= outputFrom[side]) untrimmed++;
  });
  const isBehindSplice = commitments.others.some(({ role }) => role === "past");
  return { ...sums, terms, pending, untrimmed, exposure, isBehindSplice, outputFrom, dustBelow };
}
/** Both commitments with everything in them that is on its way: what holds here holds in every order of messages. */
function worst(params: ChannelParams, commitments: Commitments): readonly [Look, Look] {
  const known = worstOf.get(commitments);
  if (known?.params === params) return known.looks;
  const looks = [lookAt(params, commitments, "local_worst"), lookAt(params, commitments, "remote_worst")] as const;
  worstOf.set(commitments, { params, looks });
  return looks;
}
/** As `worst`, of commitments that hold one more offer than others: many in a row look at one HTLC each, not at all of them. */
function worstAfterOffer(params: ChannelParams, before: Commitments, after: Commitments, amount: Msat) {
  const known = worstOf.get(before);
  if (known?.params !== params) return worst(params, after);
  const [local, remote] = known.looks;
  const looks = [withOffer(local, "offered", amount), withOffer(remote, "received", amount)] as const;
  worstOf.set(after, { params, looks });
  return looks;
}
function withOffer(look: Look, side: HtlcSide, amount: Msat): Look {
  const { count, value } = look.pending[side];
  return {
    ...look,
    local: look.local - amount,
    pending: { ...look.pending, [side]: { count: count + 1, value: value + amount } },
    untrimmed: look.untrimmed + (amount >= look.outputFrom[side] ? 1 : 0),
    exposure: look.exposure + (amount < look.dustBelow[side] ? amount : 0n),
  };
}
/** What an offer is judged by is what the next search for a route asks: it is added up once. */
const worstOf = new WeakMap<Commitments, { readonly params: ChannelParams; readonly looks: readonly [Look, Look] }>();

/** What we keep: what the peer asks for, and never less than both anchors need. */
export const localReserve = (env: ChannelEnv, params: ChannelParams): Msat => {
  const asked = params.remote.channelReserve;
  return toMsat(asked > env.policy.reserveMin ? asked : env.policy.reserveMin);
};
const cost = (look: Look, extra: number, feerate: SatPerKw): Msat =>
  toMsat(openerCost(look.untrimmed + extra, feerate, look.terms.format));
const spiked = (env: ChannelEnv, feerate: SatPerKw): SatPerKw => risen(feerate, env.policy.feeSpikeMultiple * 100);

const largest = (looks: readonly [Look, Look]): bigint =>
  looks[0].exposure > looks[1].exposure ? looks[0].exposure : looks[1].exposure;
/** What miners would get of pending HTLCs, at the worst. BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat. */
export const dustExposure = (params: ChannelParams, commitments: Commitments): bigint =>
  largest(worst(params, commitments));
/** The highest that either commitment pays or is about to. */
export const highestFeerate = (commitments: Commitments): SatPerKw =>
  satPerKw(Math.max(feerateOf(commitments, "local_worst"), feerateOf(commitments, "remote_worst")));
/**
 * Whether an HTLC of one side has no output in at least one of both commitments, or would have none if the feerate rose.
 * BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat.
 */
export const isDust = (params: ChannelParams, side: Htlc["side"], amount: Msat, feerate: SatPerKw): boolean =>
  amount < dustBelow(params, side, feerate);
function dustBelow(params: ChannelParams, side: Htlc["side"], feerate: SatPerKw): Msat {
  const [local, remote] = [localTerms(params), remoteTerms(params)];
  return greater(dustThreshold(side, feerate, local), dustThreshold(flip[side], feerate, remote));
}
const flip = { offered: "received", received: "offered" } as const;
/** Without anchors a higher feerate takes the output of HTLCs that had one: so much higher is looked ahead. Policy, not protocol. */
const DUST_FEERATE_PERCENT = 125;
const dustThreshold = (side: HtlcSide, feerate: SatPerKw, { dustLimit, format }: CommitmentTerms): Msat =>
  toMsat(trimThreshold(side, dustLimit, risen(feerate, DUST_FEERATE_PERCENT), format));
const dustThresholds = (feerate: SatPerKw, terms: CommitmentTerms): Thresholds => ({
  offered: dustThreshold("offered", feerate, terms),
  received: dustThreshold("received", feerate, terms),
});
const risen = (feerate: SatPerKw, percent: number): SatPerKw =>
  satPerKw(Math.min(Math.floor((feerate * percent) / 100), 0xffff_ffff));

/**
 * Whether commitments that hold one more HTLC of ours than those before are within every bound: the peer's limits, both
 * reserves, the fee with its buffer, the exposure to dust. BOLT 2 §Adding an HTLC: update_add_htlc.
 */
export function offerOutOfBounds(
  env: ChannelEnv,
  params: ChannelParams,
  before: Commitments,
  after: Commitments,
  requested: Msat,
): OfferRefusal | undefined {
  for (const on of onOthers(params, after)) {
    const refusal = outOfBounds(env, on.params, worst(on.params, on.commitments), requested);
    if (refusal !== undefined) return refusal;
  }
  return outOfBounds(env, params, worstAfterOffer(params, before, after, requested), requested);
}
function outOfBounds(
  env: ChannelEnv,
  params: ChannelParams,
  looks: readonly [Look, Look],
  requested: Msat,
): OfferRefusal | undefined {
  const { count, value } = looks[1].pending.received;
  const maximum = Math.min(params.remote.maxAcceptedHtlcs, ACCEPTED_HTLCS_MAX);
  if (count > maximum) return { code: "too_many_htlcs", maximum };
  const limit = params.remote.maxHtlcValueInFlight;
  if (value > limit) return { code: "in_flight_limit", maximum: limit, would: value };
  for (const [at, look] of looks.entries()) {
    const needed =
      localReserve(env, params) + (params.opener === "local" ? cost(look, 1, spiked(env, look.feerate)) : 0n);
    if (look.local < needed) {
      const before = look.local + requested;
      return { code: "insufficient_balance", available: msat(before > needed ? before - needed : 0n), requested };
    }
    const hasOutput = requested >= look.outputFrom[at === 0 ? "offered" : "received"];
    if (params.opener === "remote" && !(hasOutput ? remotePays(params, look, 0) : remotePaysFor(look, 0)))
      return { code: "remote_cannot_pay_fee" };
    if (isDust(params, "offered", requested, look.feerate) && look.exposure > env.policy.maxDustExposure)
      return { code: "dust_exposure", maximum: env.policy.maxDustExposure, would: look.exposure };
  }
  return undefined;
}

const remotePaysFor = (look: Look, extra: number): boolean => look.remote >= cost(look, extra, look.feerate);

/** Behind a splice an opener below its reserve may have to pay for so many outputs of HTLCs. Policy, not protocol. */
const OUTPUTS_BELOW_RESERVE = 5;
/**
 * Whether the peer, as opener, pays for one more output and keeps its reserve: it may fail the channel for less. Where a
 * splice has raised the reserve nothing could come to it any more then, so it pays for a few out of what it has.
 * BOLT 2 §Adding an HTLC: update_add_htlc.
 */
function remotePays(params: ChannelParams, look: Look, extra: number): boolean {
  if (look.remote >= toMsat(params.local.channelReserve) + cost(look, extra, look.feerate)) return true;
  const isSpliced = look.isBehindSplice || isNamedByAnother(params);
  return isSpliced && look.untrimmed + extra <= OUTPUTS_BELOW_RESERVE && remotePaysFor(look, extra);
}
/** The id of a channel is that of its first funding; of both sides' coins it is of none, and tells of no splice. BOLT 2 §channel_id, v2. */
function isNamedByAnother({ channelId, funding, local, remote }: ChannelParams): boolean {
  const keys = [local.basepoints.revocationBasepoint, remote.basepoints.revocationBasepoint] as const;
  return channelId !== channelIdOf(funding) && channelId !== dualChannelId(...keys);
}

/** Whether the peer may have added what stands in our next commitment. BOLT 2 §Adding an HTLC: update_add_htlc. */
export function receivedOutOfBounds(params: ChannelParams, after: Commitments): PeerFault | undefined {
  for (const on of onOthers(params, after)) {
    const fault = receivedOutOfBounds(on.params, on.commitments);
    if (fault !== undefined) return fault;
  }
  const look = lookAt(params, after, "local_next");
  const { count, value } = look.pending.received;
  if (count > params.local.maxAcceptedHtlcs) return { code: "too_many_htlcs", maximum: params.local.maxAcceptedHtlcs };
  if (value > params.local.maxHtlcValueInFlight)
    return { code: "in_flight_limit", maximum: params.local.maxHtlcValueInFlight };
  const needed = toMsat(params.local.channelReserve) + (params.opener === "remote" ? cost(look, 0, look.feerate) : 0n);
  return look.remote < needed ? { code: "htlc_not_affordable" } : undefined;
}

/** Whether the opener can pay a feerate on both commitments: as opener above our reserve, as accepter what we must insist on. */
export function feerateAffordable(env: ChannelEnv, params: ChannelParams, after: Commitments): boolean {
  if (!onOthers(params, after).every((on) => feerateAffordable(env, on.params, on.commitments))) return false;
  if (params.opener === "local")
    return worst(params, after).every((look) => look.local >= localReserve(env, params) + cost(look, 0, look.feerate));
  const look = lookAt(params, after, "local_next");
  return look.remote >= cost(look, 0, look.feerate);
}

/** The most that can be sent in one HTLC now: an offer of it is within bounds. Zero when none is. */
export function spendable(env: ChannelEnv, params: ChannelParams, commitments: Commitments): Msat {
  const onCurrent = spendableAlone(env, params, commitments);
  return onOthers(params, commitments).reduce(
    (most, on) => lesser(most, spendableAlone(env, on.params, on.commitments)),
    onCurrent,
  );
}
const lesser = (a: Msat, b: Msat): Msat => (a < b ? a : b);
const greater = (a: Msat, b: Msat): Msat => (a < b ? b : a);

function spendableAlone(env: ChannelEnv, params: ChannelParams, commitments: Commitments): Msat {
  const looks = worst(params, commitments);
  const { count, value } = looks[1].pending.received;
  if (count >= Math.min(params.remote.maxAcceptedHtlcs, ACCEPTED_HTLCS_MAX)) return msat(0n);
  let most = params.remote.maxHtlcValueInFlight - value;
  for (const look of looks) most = least(most, spendableIn(env, params, look));
  const dust = dustRoomAlone(env, params, commitments);
  const sendable = most < dust.below ? least(most, dust.spendable) : most;
  return msat(sendable > 0n && sendable >= params.remote.htlcMinimum ? sendable : 0n);
}
/** HTLCs below `below` have no output in one of both commitments, or may come to have none: one can carry so much of what is left for them. */
export interface DustRoom {
  readonly below: Msat;
  readonly spendable: Msat;
}
/** What is left for dust of ours now. BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat. */
export function dustRoom(env: ChannelEnv, params: ChannelParams, commitments: Commitments): DustRoom {
  return onOthers(params, commitments)
    .map((on) => dustRoomAlone(env, on.params, on.commitments))
    .reduce(
      (a, b) => ({ below: greater(a.below, b.below), spendable: lesser(a.spendable, b.spendable) }),
      dustRoomAlone(env, params, commitments),
    );
}
function dustRoomAlone(env: ChannelEnv, params: ChannelParams, commitments: Commitments): DustRoom {
  const room = env.policy.maxDustExposure - largest(worst(params, commitments));
  return {
    below: dustBelow(params, "offered", highestFeerate(commitments)),
    spendable: msat(room > 0n ? room : 0n),
  };
}
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function spendableIn(env: ChannelEnv, params: ChannelParams, look: Look): bigint {
  const { feerate } = look;
  const free = look.local - localReserve(env, params);
  // Below this the HTLC has no output, and so costs the opener nothing.
  const dust = toMsat(threshold(look)) - 1n;
  if (params.opener === "local") {
    const withOutput = free - cost(look, 2, spiked(env, feerate));
    return withOutput > dust ? withOutput : least(free - cost(look, 1, spiked(env, feerate)), dust);
  }
  return remotePays(params, look, 1) ? free : remotePaysFor(look, 0) ? least(free, dust) : 0n;
}
function threshold({ feerate, terms }: Look): Sat {
  const [offered, received] = (["offered", "received"] as const).map((side) =>
    trimThreshold(side, terms.dustLimit, feerate, terms.format),
  ) as [Sat, Sat];
  return offered < received ? offered : received;
}

/** The most that the peer can send to us in one HTLC, as far as its balance goes. */
export function receivable(params: ChannelParams, commitments: Commitments): Msat {
  const onCurrent = receivableAlone(params, commitments);
  return onOthers(params, commitments).reduce(
    (most, on) => lesser(most, receivableAlone(on.params, on.commitments)),
    onCurrent,
  );
}

function receivableAlone(params: ChannelParams, commitments: Commitments): Msat {
  const look = lookAt(params, commitments, "local_worst");
  const fee = params.opener === "remote" ? cost(look, 1, look.feerate) : 0n;
  const { value } = look.pending.received;
  const most = least(
    look.remote - toMsat(params.local.channelReserve) - fee,
    params.local.maxHtlcValueInFlight - value,
  );
  return msat(most > 0n ? most : 0n);
}
