import { feeForWeight, type Msat, type Sat, type SatPerKw, sat, toSatFloor } from "../../src/base/units.ts";
import { ANCHOR_SAT, type CommitmentFormat, type HtlcSide } from "./format.ts";

/** Weight units. BOLT 3 §Expected Weight of HTLC-timeout and HTLC-success Transactions. */
const SECOND_STAGE_WEIGHT: { readonly [F in CommitmentFormat]: { readonly [S in HtlcSide]: number } } = {
  static_remotekey: { offered: 663, received: 703 },
  anchors: { offered: 666, received: 706 },
};
/** Weight units without any HTLC output. BOLT 3 §Expected Weight of the Commitment Transaction. */
const COMMITMENT_WEIGHT: { readonly [F in CommitmentFormat]: number } = { static_remotekey: 724, anchors: 1124 };
const HTLC_OUTPUT_WEIGHT = 172;

/** Below these amounts, in sat, the network does not relay an output of the kind. BOLT 3 §Dust Limits. */
export const DUST_THRESHOLD = {
  p2pkh: sat(546n),
  p2sh: sat(540n),
  p2wpkh: sat(294n),
  p2wsh: sat(330n),
  unknownSegwit: sat(354n),
} as const;

/** What an HTLC-timeout (offered) or HTLC-success (received) transaction weighs once it is signed. */
export const secondStageWeight = (side: HtlcSide, format: CommitmentFormat): number =>
  SECOND_STAGE_WEIGHT[format][side];

/** What a second-stage transaction itself pays, in sat; none with anchors, whose fee is added by who broadcasts. BOLT 3 §Fee Calculation. */
export const secondStageFee = (side: HtlcSide, feerate: SatPerKw, format: CommitmentFormat): Sat =>
  format === "anchors" ? sat(0n) : feeForWeight(feerate, SECOND_STAGE_WEIGHT[format][side]);

/**
 * The smallest HTLC that gets an output of its own on a commitment transaction.
 *
 * Below it the HTLC is *trimmed*: it exists only as a promise, and its value goes to
 * miner fees if the channel is closed while it is pending. Most streamed ticks are trimmed.
 *
 * @param side     seen from the owner of the commitment
 * @param dust     the owner's dust_limit_satoshis, in sat
 * @param feerate  sat per 1000 weight units; ignored with anchors, whose second stages pay no fee
 * @returns        sat; compare with the HTLC amount rounded down to whole sat
 *
 * Source: BOLT 3 §Trimmed Outputs, BOLT 3 §Fee Calculation.
 */
export const trimThreshold = (side: HtlcSide, dust: Sat, feerate: SatPerKw, format: CommitmentFormat): Sat =>
  sat(dust + secondStageFee(side, feerate, format));

/** Whether an HTLC of this amount has no output. BOLT 3 §Trimmed Outputs. */
export const isTrimmed = (
  htlc: { readonly side: HtlcSide; readonly amount: Msat },
  dust: Sat,
  feerate: SatPerKw,
  format: CommitmentFormat,
): boolean => toSatFloor(htlc.amount) < trimThreshold(htlc.side, dust, feerate, format);

/** Weight units of a signed commitment transaction. BOLT 3 §Fee Calculation. */
export const commitmentWeight = (untrimmed: number, format: CommitmentFormat): number =>
  COMMITMENT_WEIGHT[format] + HTLC_OUTPUT_WEIGHT * untrimmed;

/** The fee that the feerate asks of a commitment transaction, rounded down, in sat. BOLT 3 §Fee Calculation. */
export const commitmentFee = (untrimmed: number, feerate: SatPerKw, format: CommitmentFormat): Sat =>
  feeForWeight(feerate, commitmentWeight(untrimmed, format));

/** What the opener alone pays for a commitment, in sat: its fee, and both anchors whether or not they are there. BOLT 3 §Fee Payment. */
export const openerCost = (untrimmed: number, feerate: SatPerKw, format: CommitmentFormat): Sat =>
  sat(commitmentFee(untrimmed, feerate, format) + (format === "anchors" ? 2n * ANCHOR_SAT : 0n));
