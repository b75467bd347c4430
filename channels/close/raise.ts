import { equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { feeForWeightCeil, type SatPerKw, satPerKw, toSatFloor } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { ChannelEnv } from "../env.ts";
import { saidAgain, waitingFundings } from "../fundings/again.ts";
import type { FundedState } from "../state.ts";
import { type CommandRefusal, commit, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { closingWeight } from "../tx/closing-tx.ts";
import { type Agreeing, closingFeeOf, closingsOf, isMinable } from "./complete.ts";
import { offerClose, proposalBy, replacementFee } from "./offer.ts";
import { scriptsOf } from "./proposal.ts";
import { isSimpleClose } from "./script.ts";

/** After so many blocks without a confirmation more is offered. Policy, not protocol. */
const PATIENCE_BLOCKS = 6;
/** Of what a close brings us so much at most is offered without being told to, in millionths. Policy, not protocol. */
const FEE_SHARE_PPM_MAX = 100_000n;

/** Somebody here wants a close to be mined sooner, or to pay to another script: a new proposal that pays more. */
export function raiseClose(env: ChannelEnv, state: Agreeing, script: Uint8Array, feerate: SatPerKw): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: "Shutdown", reason });
  if (!isSimpleClose(env.features) || isConfirmed(state)) return refuse({ code: "wrong_state", state: state.tag });
  const isMoved = !equalBytes(script, scriptsOf(state).local);
  // What the peer proposes meanwhile would pay to the old one.
  if (isMoved && isOffered(state)) return refuse({ code: "already_shutting_down" });
  const close = { ...state.close, localScript: script, feerate };
  const next = { ...state, close, signed: isMoved ? [] : state.signed };
  const wanted = proposalBy(env, state, close);
  if (wanted === undefined || feerateFor(state, wanted.fee) < feerate)
    return refuse({ code: "cannot_afford_feerate", requested: feerate });
  const least = leastFee(env, state);
  if (wanted.fee < least) return refuse({ code: "closing_fee_too_low", least: feerateFor(state, least) });
  return isAgreeable(state) && !isOffered(state)
    ? offerClose(env, next, [{ tag: "NotifyUpdated" }])
    : commit(next, { tag: "NotifyUpdated" });
}

/**
 * A block without any of the closing transactions: what is out is said again, and after a while more is offered, by the
 * estimate of the time. Undefined when there is nothing to do.
 */
export function raiseWhenLate(env: ChannelEnv, state: FundedState): Transition | undefined {
  if ((state.tag !== "Negotiating" && state.tag !== "Closing") || isConfirmed(state)) return undefined;
  const last = state.simple.offered.at(-1);
  if (last !== undefined && env.height < last.since + PATIENCE_BLOCKS) return undefined;
  const again: readonly VolatileEffect[] =
    (env.height - (last?.since ?? 0)) % PATIENCE_BLOCKS === 0
      ? [...saidAgain(waitingFundings(state)), ...saidAgain(closingsOf(state).map(closing))]
      : [];
  const isLate = last !== undefined && isSimpleClose(env.features) && isAgreeable(state) && !isOffered(state);
  const feerate = isLate ? affordable(env, state) : undefined;
  if (feerate === undefined) return again.length === 0 ? undefined : stay(...again);
  return offerClose(env, { ...state, close: { ...state.close, feerate } }, again);
}

const closing = (tx: Tx) => ({ tx, why: "mutual_close" }) as const;

/** The estimator's rate, if it would replace what is out and leave us nearly all that is ours. */
function affordable(env: ChannelEnv, state: Agreeing): SatPerKw | undefined {
  const { feerate, policy } = env;
  if (feerate === undefined || feerate > policy.feerateMax) return undefined;
  const wanted = proposalBy(env, state, { ...state.close, feerate });
  const share = (toSatFloor(state.commitments.balance.local) * FEE_SHARE_PPM_MAX) / 1_000_000n;
  return wanted !== undefined && wanted.fee <= share && wanted.fee >= leastFee(env, state) ? feerate : undefined;
}

/** What nobody relays has not to be replaced: a peer that proposes a dear one for a later day holds nothing up. */
function leastFee(env: ChannelEnv, state: Agreeing): bigint {
  const fees = [
    ...closingsOf(state)
      .filter((tx) => isMinable(env, state, tx))
      .map((tx) => closingFeeOf(state, tx)),
    ...state.simple.offered.map(({ fee }) => fee),
  ];
  return fees.length === 0 ? 0n : replacementFee(state, fees);
}
function feerateFor(state: Agreeing, fee: bigint): SatPerKw {
  const { local, remote } = scriptsOf(state);
  const weight = closingWeight([local, remote]);
  const feerate = satPerKw(Number((fee * 1_000n + BigInt(weight) - 1n) / BigInt(weight)));
  assert(feeForWeightCeil(feerate, weight) >= fee, "the feerate that is named suffices");
  return feerate;
}
const isConfirmed = (state: Agreeing): boolean => state.tag === "Closing" && state.confirmed !== undefined;
const isOffered = ({ link }: Agreeing): boolean => link.tag === "online" && link.closeOffered !== undefined;
const isAgreeable = ({ link }: Agreeing): boolean =>
  link.tag === "online" && link.shutdownSent && link.shutdownReceived;
