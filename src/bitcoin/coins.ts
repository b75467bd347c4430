import { compareBytes } from "../base/bytes.ts";
import { type Outpoint, outpointKey } from "../base/ids.ts";
import { assert, err, ok, type Result } from "../base/result.ts";
import { feeForWeightCeil, type Sat, type SatPerKw, sat, sumSat } from "../base/units.ts";
import type { TxOut } from "./tx.ts";

/** An output that can be spent, and what an input that spends it weighs at most. */
export interface Coin {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  /** Weight units, witness included: `P2WPKH_INPUT_WEIGHT` or `P2TR_INPUT_WEIGHT` for wallet coins. */
  readonly weight: number;
}
/** What is to be paid. */
export interface Spending {
  readonly outputs: readonly TxOut[];
  readonly feerate: SatPerKw;
  /** Where the rest goes, if there is enough of it. */
  readonly changeScript: Uint8Array;
  /** The least change worth an output, in sat. */
  readonly changeMin: Sat;
  /** What else the transaction holds and the coins pay for: weight units, and sat of fee that are owed beyond them. */
  readonly besides?: { readonly weight: number; readonly fee: Sat };
  /** Whether there must be change: the transaction has no other output. */
  readonly needsChange?: boolean;
}
export interface Selection<C extends Coin> {
  /** In the order of the inputs. BIP 69 §Transaction Inputs. */
  readonly coins: readonly C[];
  /** In the order of the transaction. BIP 69 §Transaction Outputs. */
  readonly outputs: readonly TxOut[];
  /** Undefined when the rest is too small for an output; it is then part of the fee. */
  readonly change: Sat | undefined;
  /** Exactly what the coins hold more than the outputs, in sat. */
  readonly fee: Sat;
}
export interface InsufficientFunds {
  readonly code: "insufficient_funds";
  /** The outputs and the fee of spending every coin worth spending, and what has to be kept; in sat. */
  readonly needed: Sat;
  /** All that those coins hold, in sat. */
  readonly available: Sat;
}

/** Outpoint, empty scriptSig and sequence; then a witness of two elements, a signature of at most 72 bytes and a key. BIP 141 §P2WPKH. */
export const P2WPKH_INPUT_WEIGHT = 4 * 41 + 1 + 1 + 72 + 1 + 33;
/** The same with a witness of one Schnorr signature. BIP 341 §Script validation rules. */
export const P2TR_INPUT_WEIGHT = 4 * 41 + 1 + 1 + 64;
/** Version, locktime, both counts (up to 252 each), marker and flag. BIP 144 §Serialization. */
const FRAME_WEIGHT = 4 * (4 + 1 + 1 + 4) + 2;
/** Counts of up to 252 take one byte each. */
const INPUTS_MAX = 252;

const outputWeight = (script: Uint8Array): number => 4 * (8 + 1 + script.length);
const weightOf = (coins: readonly Coin[], outputs: readonly TxOut[]): number =>
  coins.reduce((weight, coin) => weight + coin.weight, FRAME_WEIGHT) +
  outputs.reduce((weight, { script }) => weight + outputWeight(script), 0);

/**
 * Chooses coins for a payment: the smallest single coin that is enough, else the largest ones until they are. Coins that
 * cost more than they hold are left alone. The fee meets the feerate for the largest size the signed transaction can
 * have; every sat of the coins is accounted for.
 */
export function selectCoins<C extends Coin>(
  coins: readonly C[],
  spending: Spending,
): Result<Selection<C>, InsufficientFunds> {
  const { outputs, feerate, besides, changeMin, changeScript } = spending;
  const worth = coins
    .filter((coin) => coin.amount > feeForWeightCeil(feerate, coin.weight))
    .sort(byAmountDescending)
    .slice(0, INPUTS_MAX);
  const target = sumSat(outputs.map((output) => output.amount));
  const fixed = (besides?.weight ?? 0) + (spending.needsChange ? outputWeight(changeScript) : 0);
  const least = target + (besides?.fee ?? 0n) + (spending.needsChange ? changeMin : 0n);
  const needs = (chosen: readonly C[]): bigint => least + feeForWeightCeil(feerate, weightOf(chosen, outputs) + fixed);
  const enough = (chosen: readonly C[]): boolean => total(chosen) >= needs(chosen);
  const single = worth.filter((coin) => enough([coin])).at(-1);
  if (single !== undefined) return ok(settle([single], spending));
  const chosen: C[] = [];
  for (const coin of worth) {
    chosen.push(coin);
    if (enough(chosen)) return ok(settle(chosen, spending));
  }
  return err({ code: "insufficient_funds", needed: sat(needs(worth)), available: total(worth) });
}

const total = (coins: readonly Coin[]): Sat => sumSat(coins.map((coin) => coin.amount));

function settle<C extends Coin>(coins: readonly C[], spending: Spending): Selection<C> {
  const { outputs, feerate, changeScript, changeMin, besides } = spending;
  const { weight: extra, fee: owed } = besides ?? { weight: 0, fee: 0n };
  const rest = total(coins) - sumSat(outputs.map((output) => output.amount));
  const withChange = weightOf(coins, outputs) + outputWeight(changeScript) + extra;
  const left = rest - owed - feeForWeightCeil(feerate, withChange);
  const change = left >= changeMin && left > 0n ? sat(left) : undefined;
  const all = change === undefined ? outputs : [...outputs, { amount: change, script: changeScript }];
  const fee = sat(rest - (change ?? 0n));
  assert(fee >= owed + feeForWeightCeil(feerate, weightOf(coins, all) + extra), "the fee meets the feerate");
  assert(!spending.needsChange || change !== undefined, "there is change where there must be");
  assert(total(coins) === sumSat(all.map((output) => output.amount)) + fee, "every sat is accounted for");
  return { coins: [...coins].sort(byOutpoint), outputs: [...all].sort(compareTxOuts), change, fee };
}

/** Lesser value first, then lesser script. BIP 69 §Transaction Outputs. */
export const compareTxOuts = (a: TxOut, b: TxOut): number =>
  a.amount === b.amount ? compareBytes(a.script, b.script) : a.amount < b.amount ? -1 : 1;

/** Lesser txid as shown first, then lesser index. BIP 69 §Transaction Inputs. */
function byOutpoint(a: Coin, b: Coin): number {
  if (a.outpoint.txid !== b.outpoint.txid) return a.outpoint.txid < b.outpoint.txid ? -1 : 1;
  return a.outpoint.vout - b.outpoint.vout;
}
/** Equal amounts in a fixed order, so that the same coins give the same choice. */
function byAmountDescending(a: Coin, b: Coin): number {
  if (a.amount !== b.amount) return a.amount > b.amount ? -1 : 1;
  return outpointKey(a.outpoint) < outpointKey(b.outpoint) ? -1 : 1;
}
