import { err, ok, type Result } from "../base/result.ts";
import { isSat, type Sat, sat } from "../base/units.ts";
import { COINBASE_MATURITY_BLOCKS } from "../bitcoin/block.ts";
import { type ConfirmedAt, hasRelativeLock, type LockPoint, sequenceLocksPassed } from "../bitcoin/locks.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { Coin } from "./coins.ts";
import type { InputFault } from "./faults.ts";
import { ancestorAt, type HeaderNode, medianTimeOf } from "./headers.ts";

/**
 * The fee of a transaction in the block at `height`, or why it cannot stand there: immature coinbase, more out than in.
 * @param coins  what its inputs spend, in their order
 */
export function feeOf(tx: Tx, coins: readonly Coin[], height: number): Result<Sat, InputFault> {
  let paid = 0n;
  for (const coin of coins) {
    if (coin.coinbase && height - coin.height < COINBASE_MATURITY_BLOCKS) {
      return err("bad-txns-premature-spend-of-coinbase");
    }
    paid += coin.output.amount;
    if (!isSat(coin.output.amount) || !isSat(paid)) return err("bad-txns-inputvalues-outofrange");
  }
  const spent = tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  return spent > paid ? err("bad-txns-in-belowout") : ok(sat(paid - spent));
}

/**
 * Whether every relative lock has run out for a block on top of `previous`. BIP 68 §Specification.
 * @param coins  what its inputs spend; a coin of that very block (or of the mempool) has the block's height
 */
export function relativeLocksPassed(tx: Tx, coins: readonly Coin[], previous: HeaderNode): boolean {
  if (!hasRelativeLock(tx)) return true;
  // Medians cost a sort each and few transactions have a lock in time, so they are taken when asked for.
  const at: LockPoint = {
    height: previous.height + 1,
    get time() {
      return medianTimeOf(previous);
    },
  };
  const confirmed: readonly ConfirmedAt[] = coins.map(({ height }) => ({
    height,
    get time() {
      return medianTimeOf(ancestorAt(previous, Math.max(height - 1, 0)) ?? previous);
    },
  }));
  return sequenceLocksPassed(tx, confirmed, at);
}
