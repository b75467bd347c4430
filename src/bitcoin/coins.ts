import { compareBytes } from "../base/bytes.ts";
import { type Outpoint, outpointKey } from "../base/ids.ts";
import { assert, err, ok, type Result } from "../base/result.ts";
import { feeForWeightCeil, lackingSat, type Sat, type SatPerKw, sat, satPerKw, sumSat } from "../base/units.ts";
import { exactly } from "./branch-and-bound.ts";
import { type CoinGroup, groupsOf, poolsOf } from "./coin-groups.ts";
import type { TxOut } from "./tx.ts";

/** An output that can be spent, and what an input that spends it weighs at most. */
export interface Coin {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  /** Weight units, witness included: `P2WPKH_INPUT_WEIGHT` or `P2TR_INPUT_WEIGHT` for wallet coins. */
  readonly weight: number;
  /** What coins are kept apart by; one without is of an address of its own. */
  readonly owner?: CoinOwner;
}
export interface CoinOwner {
  readonly address: string;
  readonly label: string;
  /** Of the script. */
  readonly type: string;
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
  /** What change will cost to be spent, in weight units; that of a key hash unless it is said. */
  readonly changeWeight?: number;
  /** What space in a block costs in the long run: inputs cost what they cost beyond it. */
  readonly longTermFeerate?: SatPerKw;
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

/** Coins of one address that go together: all of a miner's would cost more than they hide. Policy, not protocol. */
const TOGETHER_MAX = 10;
/** How many choices are looked at for one payment, in all pools together and in one at least. Policy, not protocol. */
const TRIES_MAX = 50_000;
const TRIES_MIN = 100;
/** Policy, not protocol: 10 sat for a virtual byte. */
const LONG_TERM_FEERATE = satPerKw(2_500);

/**
 * Chooses coins for a payment. Coins of one address are spent together; coins of several labels, or of several types of
 * script, only where one does not hold enough; and among what tells as little, what wastes least: first of all without
 * change, which tells most. Coins that cost more than they hold are left alone. The fee meets the feerate for the largest
 * size the signed transaction can have; every sat of the coins is accounted for. The same coins give the same choice.
 */
export function selectCoins<C extends Coin>(
  coins: readonly C[],
  spending: Spending,
): Result<Selection<C>, InsufficientFunds> {
  const best = candidates(coins, spending)
    .map((selection) => ({ selection, cost: costOf(selection, spending) }))
    .sort((a, b) => compareCosts(a.cost, b.cost))[0];
  if (best !== undefined) return ok(best.selection);
  const largest = coins
    .filter((coin) => worthOf(coin, spending) > 0n)
    .sort(byAmountDescending)
    .slice(0, INPUTS_MAX);
  return selectGiven(fewest(largest, spending) ?? largest, spending);
}

/**
 * Chooses as little as possible, for one of many transactions that each need coins of their own: the least coin that is
 * enough and leaves change, else the least that is enough, else as few as are. Coins of one address are not spent together:
 * each of them may be the only one that is left for the next.
 */
export function selectLeast<C extends Coin>(
  coins: readonly C[],
  spending: Spending,
): Result<Selection<C>, InsufficientFunds> {
  const largest = coins.filter((coin) => worthOf(coin, spending) > 0n).sort(byAmountDescending);
  const withChange = { ...spending, needsChange: true };
  const one =
    largest.findLast((coin) => isEnough([coin], withChange)) ?? largest.findLast((coin) => isEnough([coin], spending));
  if (one !== undefined) return ok(settle([one], spending, "change"));
  return selectGiven(fewest(largest, spending) ?? largest.slice(0, INPUTS_MAX), spending);
}

/** As `selectCoins`, with exactly these coins. */
export function selectGiven<C extends Coin>(
  coins: readonly C[],
  spending: Spending,
): Result<Selection<C>, InsufficientFunds> {
  const needed = neededFor(coins, spending);
  if (total(coins) >= needed && coins.length <= INPUTS_MAX) return ok(settle(coins, spending, "change"));
  return err({ code: "insufficient_funds", needed: lackingSat(needed), available: total(coins) });
}

/** One or two ways to pay from each pool: with nothing left over, and with as few addresses as possible. */
function candidates<C extends Coin>(coins: readonly C[], spending: Spending): readonly Selection<C>[] {
  const groups = groupsOf(coins, (coin) => worthOf(coin, spending), TOGETHER_MAX);
  const target =
    1000n * leastOf(spending) + BigInt(spending.feerate) * BigInt(weightOf([], spending.outputs) + extra(spending));
  const found: Selection<C>[] = [];
  const pools = poolsOf(groups);
  const slack = 1000n * changeCost(spending);
  const tries = Math.max(TRIES_MIN, Math.floor(TRIES_MAX / (pools.length + 1)));
  for (const pool of pools) {
    const exact = spending.needsChange ? undefined : exactly(pool, target, slack, tries);
    for (const [chosen, rest] of [
      [exact, "no change"],
      [fewestGroups(pool, spending), "change"],
    ] as const) {
      const taken = chosen?.flatMap((group) => group.coins);
      if (taken !== undefined && taken.length <= INPUTS_MAX) found.push(settle(taken, spending, rest));
    }
  }
  return found;
}

/** The group of least worth that is enough alone, else those of most worth until they are. */
function fewestGroups<C extends Coin>(
  groups: readonly CoinGroup<C>[],
  spending: Spending,
): readonly CoinGroup<C>[] | undefined {
  const coinsOf = (chosen: readonly CoinGroup<C>[]): readonly C[] => chosen.flatMap((group) => group.coins);
  const single = groups.filter((group) => isEnough(group.coins, spending)).at(-1);
  if (single !== undefined) return [single];
  const chosen: CoinGroup<C>[] = [];
  let held = 0n;
  const least = 1000n * leastOf(spending);
  for (const group of groups) {
    chosen.push(group);
    held += group.worth;
    // Summing up is dear, and of no use before there is enough without the fee of the frame.
    if (held >= least && isEnough(coinsOf(chosen), spending)) return chosen;
  }
  return undefined;
}
/** As many of the largest coins as are needed, whatever addresses they are of. */
function fewest<C extends Coin>(largest: readonly C[], spending: Spending): readonly C[] | undefined {
  const count = largest.findIndex((_, at) => isEnough(largest.slice(0, at + 1), spending));
  return count === -1 ? undefined : largest.slice(0, count + 1);
}

const total = (coins: readonly Coin[]): Sat => sumSat(coins.map((coin) => coin.amount));
/** What a coin adds beyond the cost of its input, in thousandths of a sat: exact. */
const worthOf = ({ amount, weight }: Coin, { feerate }: Spending): bigint =>
  1000n * amount - BigInt(feerate) * BigInt(weight);
/** Weight units beside coins and outputs. */
const extra = ({ besides, needsChange, changeScript }: Spending): number =>
  (besides?.weight ?? 0) + (needsChange ? outputWeight(changeScript) : 0);
/** What the coins pay besides the fee for the weight, in sat. */
const leastOf = ({ outputs, besides, needsChange, changeMin }: Spending): bigint =>
  outputs.reduce((sum, { amount }) => sum + amount, 0n) + (besides?.fee ?? 0n) + (needsChange ? changeMin : 0n);
const neededFor = (coins: readonly Coin[], spending: Spending): bigint =>
  leastOf(spending) + feeForWeightCeil(spending.feerate, weightOf(coins, spending.outputs) + extra(spending));
const isEnough = (coins: readonly Coin[], spending: Spending): boolean => total(coins) >= neededFor(coins, spending);

const longTerm = ({ feerate, longTermFeerate = LONG_TERM_FEERATE }: Spending): SatPerKw =>
  longTermFeerate < feerate ? longTermFeerate : feerate;
/** What change costs: its output now, and the input that spends it one day; in sat. */
const changeCost = (spending: Spending): bigint =>
  feeForWeightCeil(spending.feerate, outputWeight(spending.changeScript)) +
  feeForWeightCeil(longTerm(spending), spending.changeWeight ?? P2WPKH_INPUT_WEIGHT);

interface Cost {
  readonly labels: number;
  readonly types: number;
  readonly waste: bigint;
  readonly addresses: number;
}
/**
 * How much a selection tells, and what it wastes: what its inputs cost more now than in the long run, and what change
 * costs, or what goes to the fee for want of change. In sat.
 */
export function costOf<C extends Coin>({ coins, change, fee, outputs }: Selection<C>, spending: Spending): Cost {
  const count = (of: (coin: C) => string): number => new Set(coins.map(of)).size;
  const weight = coins.reduce((sum, coin) => sum + coin.weight, 0);
  const early = feeForWeightCeil(spending.feerate, weight) - feeForWeightCeil(longTerm(spending), weight);
  const needed = feeForWeightCeil(spending.feerate, weightOf(coins, outputs) + (spending.besides?.weight ?? 0));
  const rest = change === undefined ? fee - needed - (spending.besides?.fee ?? 0n) : changeCost(spending);
  return {
    labels: count(({ owner }) => owner?.label ?? ""),
    types: count(({ owner }) => owner?.type ?? ""),
    waste: early + rest,
    addresses: count(({ owner, outpoint }) => owner?.address ?? outpointKey(outpoint)),
  };
}
function compareCosts(a: Cost, b: Cost): number {
  if (a.labels !== b.labels) return a.labels - b.labels;
  if (a.types !== b.types) return a.types - b.types;
  if (a.waste !== b.waste) return a.waste < b.waste ? -1 : 1;
  return a.addresses - b.addresses;
}

function settle<C extends Coin>(coins: readonly C[], spending: Spending, rests: "change" | "no change"): Selection<C> {
  const { outputs, feerate, changeScript, changeMin, besides } = spending;
  const { weight: beside, fee: owed } = besides ?? { weight: 0, fee: 0n };
  const rest = total(coins) - sumSat(outputs.map((output) => output.amount));
  const withChange = weightOf(coins, outputs) + outputWeight(changeScript) + beside;
  const left = rest - owed - feeForWeightCeil(feerate, withChange);
  const change = rests === "change" && left >= changeMin && left > 0n ? sat(left) : undefined;
  const all = change === undefined ? outputs : [...outputs, { amount: change, script: changeScript }];
  const fee = sat(rest - (change ?? 0n));
  assert(fee >= owed + feeForWeightCeil(feerate, weightOf(coins, all) + beside), "the fee meets the feerate");
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
