import { feeForWeightCeil, type Sat, type SatPerKw, sat } from "../../src/base/units.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import { commitmentWeight, secondStageWeight } from "../tx/weights.ts";
import { ANCHOR_CLAIM_WEIGHT, FEE_INPUT_WEIGHT } from "./fee.ts";

/** HTLCs of one channel that may have to be claimed at once, each by a transaction of its own. Policy, not protocol. */
const HTLCS_AT_ONCE = 4;

/**
 * What the wallet has to hold back for a channel, so that it can be closed against the other side's will: its
 * commitment lifted through the anchor, and the fees of second stages, which pay none themselves. RELIABILITY O21.
 *
 * @param feerate  of a day on which blocks are dear
 * @returns        sat; nothing where every fee was taken off when it was signed
 */
export const closingReserve = (feerate: SatPerKw, format: CommitmentFormat): Sat =>
  format === "anchors"
    ? feeForWeightCeil(
        feerate,
        commitmentWeight(HTLCS_AT_ONCE, format) +
          ANCHOR_CLAIM_WEIGHT +
          HTLCS_AT_ONCE * (secondStageWeight("received", format) + FEE_INPUT_WEIGHT),
      )
    : sat(0n);
