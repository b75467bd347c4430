import { type Claim, claimWeight, parentDeficit, RELAY_FEERATE_MIN } from "../../../channels/index.ts";
import type { Txid } from "../../base/ids.ts";
import { feeForWeightCeil, type Sat, type SatPerKw, sat, sumSat, ZERO_SAT } from "../../base/units.ts";
import { builtOn, restingOn } from "../wallet/chained.ts";
import type { WalletState } from "../wallet/state.ts";

/**
 * Claims that are built on each other, where one coin pays for several. Whatever takes the place of one of them throws out all
 * that is built on it, and has to pay as much as they did together: BIP 125 §Implementation Details. So the one that stands
 * last pays what those before it would pay more by now, each by its own feerate; nothing is built on it, and it is replaced alone.
 */
export class ClaimChain {
  /** Of those that are out, by transaction: what each would pay beyond what it does. */
  readonly #lacking = new Map<Txid, Sat>();

  /**
   * What the transaction that takes the place of `txid` is to pay beyond its own feerate, in sat; undefined where none can, and
   * what is built on it pays.
   */
  lift(state: WalletState, claim: Claim, txid: Txid, feerate: SatPerKw): Sat | undefined {
    const weight = claimWeight(claim);
    const due = feeForWeightCeil(feerate, weight) + parentDeficit(claim, feerate);
    const paid = state.txs.get(txid)?.fee ?? ZERO_SAT;
    const above = builtOn(state, txid).map(({ fee = ZERO_SAT }) => fee);
    if (above.length > 0 && due < paid + sumSat(above) + feeForWeightCeil(RELAY_FEERATE_MIN, weight)) {
      this.#lacking.set(txid, sat(due > paid ? due - paid : 0n));
      return undefined;
    }
    this.#lacking.delete(txid);
    return sumSat(restingOn(state, txid).map((below) => this.#lacking.get(below.txid) ?? ZERO_SAT));
  }

  /** Those that are mined or given up lack nothing. */
  forgetGone(isOut: (txid: Txid) => boolean): void {
    for (const txid of this.#lacking.keys()) if (!isOut(txid)) this.#lacking.delete(txid);
  }
}
