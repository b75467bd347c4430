import { assert } from "../../src/base/result.ts";
import type { SatPerKw } from "../../src/base/units.ts";
import type { UpdateFee } from "../../src/wire/updates.ts";
import { lastOfEachStep } from "../changes.ts";
import { punish } from "../close/failure.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelState, Commitments, FeeUpdate, Funded, UpdatingState } from "../state.ts";
import { advance, type CommandRefusal, propose, stay, type Transition } from "../transition.ts";
import { dustExposure, feerateAffordable } from "./bounds.ts";
import { numbersUsedUp } from "./offer.ts";
import { queueSign } from "./queue.ts";
import { isHolding } from "./stfu.ts";
import { feeMessage } from "./update-messages.ts";

/** One that is not committed yet is replaced. BOLT 2 §Updating Fees: update_fee. */
function withFee(commitments: Commitments, update: FeeUpdate): Commitments {
  const feeUpdates = lastOfEachStep([...commitments.feeUpdates, update]);
  assert(feeUpdates.length < 5, "an update_fee takes five steps, the last of which is its end");
  return { ...commitments, feeUpdates };
}

/** As opener we may change what both commitments pay. BOLT 2 §Updating Fees: update_fee. */
export function changeFee(env: ChannelEnv, state: ChannelState, feerate: SatPerKw): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: "UpdateFee", reason });
  if (state.tag !== "Normal") return refuse({ code: "wrong_state", state: state.tag });
  if (state.params.opener !== "local") return refuse({ code: "not_opener" });
  if (state.link.tag !== "online") return refuse({ code: "not_connected" });
  if (isHolding(state)) return refuse({ code: "quiescing" });
  const { commitments, params } = state;
  if (numbersUsedUp(commitments)) return refuse({ code: "commitment_numbers_used_up" });
  const { feerateMin, feerateMax, maxDustExposure } = env.policy;
  if (feerate < feerateMin || feerate > feerateMax) return refuse({ code: "feerate_out_of_range", requested: feerate });
  const first = !commitments.proposed.some((update) => update.tag === "fee");
  const updated = withFee(commitments, { feerate, step: "SENT_ADD_HTLC" });
  if (!feerateAffordable(env, params, updated)) return refuse({ code: "cannot_afford_feerate", requested: feerate });
  if (takesOutputs(state, updated, maxDustExposure)) return refuse({ code: "dust_exposure", maximum: maxDustExposure });
  const after = first ? { ...updated, proposed: [...updated.proposed, { tag: "fee" as const }] } : updated;
  assertConserved(params, after);
  const asking = queueSign({ ...state, commitments: after });
  return advance(asking.state, propose(feeMessage(state, feerate)), ...asking.effects);
}

/** The opener cannot know what the other side offers meanwhile, under the same bound: as much again is put up with. Policy, not protocol. */
const CROSSING = 2n;
/**
 * Without anchors a higher feerate takes outputs away from HTLCs: miners would get more of them than we put up with.
 * BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat.
 */
function takesOutputs({ params, commitments }: Funded, after: Commitments, maximum: bigint): boolean {
  const exposure = dustExposure(params, after);
  return exposure > maximum && exposure > dustExposure(params, commitments);
}

/** The peer, as opener, changes the feerate. Who may is asked before anything is computed. BOLT 2 §Updating Fees: update_fee. */
export function receiveFee(env: ChannelEnv, state: UpdatingState, message: UpdateFee): Transition {
  const { commitments, params } = state;
  const feerate = message.feerate_per_kw;
  if (params.opener !== "remote") return punish(state, { code: "update_fee_not_opener" });
  if (feerate < env.policy.feerateMin || feerate > env.policy.feerateMax)
    return punish(state, { code: "feerate_out_of_range", feerate });
  const after = withFee(commitments, { feerate, step: "RECEIVED_ADD_HTLC" });
  if (!feerateAffordable(env, params, after)) return punish(state, { code: "feerate_not_affordable", feerate });
  if (takesOutputs(state, after, CROSSING * env.policy.maxDustExposure))
    return punish(state, { code: "feerate_exposes_dust", feerate });
  assertConserved(params, after);
  return advance({ ...state, commitments: after });
}
