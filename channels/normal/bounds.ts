import { type Msat, msat, type Sat, type SatPerKw, satPerKw, toMsat, toSatFloor } from "../../src/base/units.ts";
import { localTerms, remoteTerms, type Tally, tally, type View } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { PeerFault } from "../fault.ts";
import { ACCEPTED_HTLCS_MAX } from "../open/rules.ts";
import type { ChannelParams } from "../params.ts";
import type { Commitments } from "../state.ts";
import type { OfferRefusal } from "../transition.ts";
import type { CommitmentTerms } from "../tx/terms.ts";
import { isTrimmed, openerCost, trimThreshold } from "../tx/weights.ts";

/** One commitment, with the terms that decide what is trimmed in it. */
interface Look extends Tally {
  readonly terms: CommitmentTerms;
}
const lookAt = (params: ChannelParams, commitments: Commitments, view: View): Look => ({
  ...tally(commitments, view),
  terms: view.startsWith("local") ? localTerms(params) : remoteTerms(params),
});
/** Both commitments with everything in them that is on its way: what holds here holds in every order of messages. */
const worst = (params: ChannelParams, commitments: Commitments): readonly [Look, Look] => [
  lookAt(params, commitments, "local_worst"),
  lookAt(params, commitments, "remote_worst"),
];

/** What we keep: what the peer asks for, and never less than both anchors need. */
export const localReserve = (env: ChannelEnv, params: ChannelParams): Msat => {
  const asked = params.remote.channelReserve;
  return toMsat(asked > env.policy.reserveMin ? asked : env.policy.reserveMin);
};
const untrimmed = ({ htlcs, feerate, terms }: Look): number => {
  let count = 0;
  for (const htlc of htlcs) if (!isTrimmed(htlc, terms.dustLimit, feerate, terms.format)) count++;
  return count;
};
const cost = (look: Look, extra: number, feerate: SatPerKw): Msat =>
  toMsat(openerCost(untrimmed(look) + extra, feerate, look.terms.format));
const spiked = (env: ChannelEnv, feerate: SatPerKw): SatPerKw =>
  satPerKw(Math.min(feerate * env.policy.feeSpikeMultiple, 0xffff_ffff));

/** What miners would get of pending HTLCs. BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat. */
function exposure({ htlcs, feerate, terms }: Look): bigint {
  let sum = 0n;
  for (const htlc of htlcs) if (isTrimmed(htlc, terms.dustLimit, feerate, terms.format)) sum += htlc.amount;
  return sum;
}
export const dustExposure = (params: ChannelParams, commitments: Commitments): bigint => {
  const [local, remote] = worst(params, commitments).map(exposure) as [bigint, bigint];
  return local > remote ? local : remote;
};
/** Whether the HTLC has no output in at least one of both commitments. */
export const isDust = (params: ChannelParams, amount: Msat): boolean => {
  const sats = toSatFloor(amount);
  return sats < params.local.dustLimit || sats < params.remote.dustLimit;
};

/** Count and value of what one side offers, as the other side's limits see it. */
function offeredIn(look: Look, side: "offered" | "received"): { readonly count: number; readonly value: bigint } {
  let count = 0;
  let value = 0n;
  for (const htlc of look.htlcs) {
    if (htlc.side !== side) continue;
    count++;
    value += htlc.amount;
  }
  return { count, value };
}

/**
 * Whether commitments that hold one more HTLC of ours are within every bound: the peer's limits, both reserves, the
 * fee with its buffer, the exposure to dust. BOLT 2 §Adding an HTLC: update_add_htlc.
 */
export function offerOutOfBounds(
  env: ChannelEnv,
  params: ChannelParams,
  after: Commitments,
  requested: Msat,
): OfferRefusal | undefined {
  const looks = worst(params, after);
  const { count, value } = offeredIn(looks[1], "received");
  const maximum = Math.min(params.remote.maxAcceptedHtlcs, ACCEPTED_HTLCS_MAX);
  if (count > maximum) return { code: "too_many_htlcs", maximum };
  const limit = params.remote.maxHtlcValueInFlight;
  if (value > limit) return { code: "in_flight_limit", maximum: limit, would: value };
  for (const look of looks) {
    const needed =
      localReserve(env, params) + (params.opener === "local" ? cost(look, 1, spiked(env, look.feerate)) : 0n);
    if (look.local < needed) {
      const before = look.local + requested;
      return { code: "insufficient_balance", available: msat(before > needed ? before - needed : 0n), requested };
    }
    if (params.opener === "remote" && look.remote < cost(look, 0, look.feerate))
      return { code: "remote_cannot_pay_fee" };
    const dust = exposure(look);
    if (isDust(params, requested) && dust > env.policy.maxDustExposure)
      return { code: "dust_exposure", maximum: env.policy.maxDustExposure, would: dust };
  }
  return undefined;
}

/** Whether the peer may have added what stands in our next commitment. BOLT 2 §Adding an HTLC: update_add_htlc. */
export function receivedOutOfBounds(params: ChannelParams, after: Commitments): PeerFault | undefined {
  const look = lookAt(params, after, "local_next");
  const { count, value } = offeredIn(look, "received");
  if (count > params.local.maxAcceptedHtlcs) return { code: "too_many_htlcs", maximum: params.local.maxAcceptedHtlcs };
  if (value > params.local.maxHtlcValueInFlight)
    return { code: "in_flight_limit", maximum: params.local.maxHtlcValueInFlight };
  const needed = toMsat(params.local.channelReserve) + (params.opener === "remote" ? cost(look, 0, look.feerate) : 0n);
  return look.remote < needed ? { code: "htlc_not_affordable" } : undefined;
}

/** Whether the opener can pay a feerate on both commitments: as opener above our reserve, as accepter what we must insist on. */
export function feerateAffordable(env: ChannelEnv, params: ChannelParams, after: Commitments): boolean {
  if (params.opener === "local")
    return worst(params, after).every((look) => look.local >= localReserve(env, params) + cost(look, 0, look.feerate));
  const look = lookAt(params, after, "local_next");
  return look.remote >= cost(look, 0, look.feerate);
}

/** The most that can be sent in one HTLC now: an offer of it is within bounds. Zero when none is. */
export function spendable(env: ChannelEnv, params: ChannelParams, commitments: Commitments): Msat {
  const looks = worst(params, commitments);
  const { count, value } = offeredIn(looks[1], "received");
  if (count >= Math.min(params.remote.maxAcceptedHtlcs, ACCEPTED_HTLCS_MAX)) return msat(0n);
  let most = params.remote.maxHtlcValueInFlight - value;
  for (const look of looks) most = least(most, spendableIn(env, params, look));
  const dustRoom = env.policy.maxDustExposure - dustExposure(params, commitments);
  const sendable = isDust(params, msat(most > 0n ? most : 0n)) ? least(most, dustRoom) : most;
  return msat(sendable > 0n && sendable >= params.remote.htlcMinimum ? sendable : 0n);
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
  return look.remote >= cost(look, 1, feerate) ? free : look.remote >= cost(look, 0, feerate) ? least(free, dust) : 0n;
}
function threshold({ feerate, terms }: Look): Sat {
  const [offered, received] = (["offered", "received"] as const).map((side) =>
    trimThreshold(side, terms.dustLimit, feerate, terms.format),
  ) as [Sat, Sat];
  return offered < received ? offered : received;
}

/** The most that the peer can send to us in one HTLC, as far as its balance goes. */
export function receivable(params: ChannelParams, commitments: Commitments): Msat {
  const look = lookAt(params, commitments, "local_worst");
  const fee = params.opener === "remote" ? cost(look, 1, look.feerate) : 0n;
  const { value } = offeredIn(look, "received");
  const most = least(
    look.remote - toMsat(params.local.channelReserve) - fee,
    params.local.maxHtlcValueInFlight - value,
  );
  return msat(most > 0n ? most : 0n);
}
