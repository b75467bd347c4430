import { assert, err, ok, present, type Result } from "../base/result.ts";
import { addMsat, type Msat, subMsat, ZERO_MSAT } from "../base/units.ts";
import type { Codec } from "../codec/codec.ts";
import { struct } from "../codec/codec.ts";
import { amountMsat } from "../codec/primitives.ts";

/**
 * A limit on all that a token or stream may ever spend, fees included. What an HTLC may cost is held in the group that
 * dispatches it; when it ends, what it did cost is spent and the rest is given back. So no crash and no two payments at
 * once can go beyond the limit.
 */
export interface Budget {
  readonly limit: Msat;
  readonly spent: Msat;
  /** For HTLCs on their way. */
  readonly held: Msat;
}
export interface BudgetExceeded {
  readonly code: "quota_exceeded";
  readonly left: Msat;
  readonly requested: Msat;
}

export const newBudget = (limit: Msat): Budget => ({ limit, spent: ZERO_MSAT, held: ZERO_MSAT });
/** What may still be dispatched. Zero when the limit was lowered below what is spent. */
export const budgetLeft = ({ limit, spent, held }: Budget): Msat => subMsat(limit, addMsat(spent, held)) ?? ZERO_MSAT;

/** Holds the most that a payment may cost: its amount and the limit of its fee. */
export function charge(budget: Budget, most: Msat): Result<Budget, BudgetExceeded> {
  const left = budgetLeft(budget);
  if (most > left) return err({ code: "quota_exceeded", left, requested: most });
  return ok({ ...budget, held: addMsat(budget.held, most) });
}
/** The payment that held `most` succeeded and has cost `cost`. */
export function spend(budget: Budget, most: Msat, cost: Msat): Budget {
  assert(cost <= most, "a payment never costs more than was held for it");
  return { ...giveBack(budget, most), spent: addMsat(budget.spent, cost) };
}
/** The payment that held `most` failed. */
export function giveBack(budget: Budget, most: Msat): Budget {
  return { ...budget, held: present(subMsat(budget.held, most), "what is given back was held") };
}
/** Another limit, higher or lower; what is spent and held stays. */
export const setLimit = (budget: Budget, limit: Msat): Budget => ({ ...budget, limit });

export const budgetCodec: Codec<Budget> = struct({ limit: amountMsat, spent: amountMsat, held: amountMsat });
