import { type Outpoint, outpointKey } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type Sat, sumSat } from "../../base/units.ts";
import { draftOf } from "./draft.ts";
import { spendable } from "./spend.ts";
import { isLost, statusOf, type WalletState, type WalletStep } from "./state.ts";

/** Why a coin is not locked: it is none that could be spent otherwise, or what is left would be less than must stay. */
export type LockFault =
  | { readonly code: "no_coin" }
  | { readonly code: "needed"; readonly keep: Sat; readonly left: Sat };

/**
 * Keeps a coin out of everything, over restarts and reorganisations: payments, channels and the fees of closing them.
 * @param keep  what must be left to spend, in sat: with less of it a closing channel could lose money
 */
export function lock(state: WalletState, outpoint: Outpoint, keep: Sat): Result<WalletStep, LockFault> {
  const coin = state.coins.get(outpointKey(outpoint));
  if (coin === undefined || isLost(state, coin)) return err({ code: "no_coin" });
  const status = statusOf(state, coin);
  if (status === "spent" || status === "reserved") return err({ code: "no_coin" });
  const draft = draftOf(state);
  if (status === "locked") return ok(draft.finish());
  draft.setCoin({ ...coin, locked: true });
  const left = sumSat(spendable(draft.state()).map(({ amount }) => amount));
  const before = sumSat(spendable(state).map(({ amount }) => amount));
  if (left < keep && left < before) return err({ code: "needed", keep, left });
  return ok(draft.finish());
}

/** A coin, and whether it is to be kept back. */
export interface CoinLock {
  readonly outpoint: Outpoint;
  readonly locked: boolean;
}
/** Several at once, or none: `at` says which one is refused. */
export function setLocks(
  state: WalletState,
  wanted: readonly CoinLock[],
  keep: Sat,
): Result<WalletStep, { readonly at: number; readonly fault: LockFault }> {
  let step: WalletStep = draftOf(state).finish();
  for (const [at, { outpoint, locked }] of wanted.entries()) {
    const set = locked ? lock(step.next, outpoint, keep) : unlock(step.next, outpoint);
    if (!set.ok) return err({ at, fault: set.error });
    step = { ...set.value, records: [...step.records, ...set.value.records] };
  }
  return ok(step);
}

/** Takes a lock off. Nothing happens to a coin that has none. */
export function unlock(state: WalletState, outpoint: Outpoint): Result<WalletStep, LockFault> {
  const coin = state.coins.get(outpointKey(outpoint));
  if (coin === undefined) return err({ code: "no_coin" });
  const draft = draftOf(state);
  if (coin.locked) {
    if (isLost(state, coin) && coin.spent === undefined) draft.dropCoin(coin);
    else draft.setCoin({ ...coin, locked: false });
  }
  return ok(draft.finish());
}
