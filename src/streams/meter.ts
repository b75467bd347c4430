import { atMostAll, type Msat, msat } from "../base/units.ts";
import { type Budget, budgetLeft } from "../payments/budget.ts";
import type { Account, StreamTerms, TickOffer } from "./session.ts";

/** What both sides see of a session at any time, exact to the millisatoshi. */
export interface Meter {
  readonly pricePerUnit: Msat;
  /** Units paid for, and what they cost. */
  readonly units: number;
  readonly paid: Msat;
  /** To routers, on top. */
  readonly fees: Msat;
  /** For units asked for and not yet paid, with what is on its way. */
  readonly owed: Msat;
  /** On its way in one HTLC: lost to miners at most, if a channel closes right now and it is too small for an output. */
  readonly atRisk: Msat;
  /** The most that may ever be spent, fees included, and what is left of it. */
  readonly cap: Msat;
  readonly left: Msat;
  /** The most units in one tick. */
  readonly windowUnits: number;
}
export function meterOf(
  terms: StreamTerms,
  account: Account,
  budget: Budget,
  maxUnpaid: Msat,
  pending: { readonly tick: TickOffer | undefined; readonly wanted: number },
): Meter {
  const atRisk = pending.tick?.amount ?? 0n;
  return {
    pricePerUnit: terms.pricePerUnit,
    units: account.units,
    paid: account.paid,
    fees: msat(budget.spent - account.paid),
    owed: atMostAll(terms.pricePerUnit * BigInt(pending.wanted) + atRisk),
    atRisk: msat(atRisk),
    cap: budget.limit,
    left: budgetLeft(budget),
    windowUnits: windowUnits(terms, maxUnpaid),
  };
}

/** Units that one tick may pay for: as many as the site offers, within what the payer lets be unpaid. May be none. */
export function windowUnits({ windowUnits: offered, pricePerUnit }: StreamTerms, maxUnpaid: Msat): number {
  if (pricePerUnit === 0n) return offered;
  const affordable = maxUnpaid / pricePerUnit;
  return affordable < BigInt(offered) ? Number(affordable) : offered;
}
