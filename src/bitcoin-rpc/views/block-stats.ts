import { type Block, blockHashOf } from "../../bitcoin/block.ts";
import { subsidyAt } from "../../bitcoin/params.ts";
import { isUnspendable } from "../../bitcoin/templates.ts";
import { encodeTx, hasWitness, isCoinbase, type Tx, type TxOut, txOut, weightOf } from "../../bitcoin/tx.ts";
import type { Chain } from "../../chain/chain.ts";
import type { BlockUndo } from "../../chain/coins.ts";
import { type HeaderNode, medianTimeOf } from "../../chain/headers.ts";
import { encode } from "../../codec/codec.ts";
import { Exact, type Json } from "../json-text.ts";
import { spentBy } from "./block.ts";

/** What Bitcoin Core counts for each coin beside its output: 36 bytes of outpoint, 4 of height and coinbase flag. */
const COIN_OVERHEAD = 40;
/** Of the weight of a block: which feerates are told. */
const PERCENTILES = [0.1, 0.25, 0.5, 0.75, 0.9];

const whole = (value: bigint): Exact => new Exact(value.toString());
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
const sumBig = (values: readonly bigint[]): bigint => values.reduce((all, one) => all + one, 0n);
const ordered = (values: readonly bigint[]): readonly bigint[] => [...values].sort((a, b) => (a < b ? -1 : +(a > b)));
const least = (values: readonly bigint[]): bigint => ordered(values)[0] ?? 0n;
const most = (values: readonly bigint[]): bigint => ordered(values).at(-1) ?? 0n;
const mean = (total: bigint, count: number): bigint => (count === 0 ? 0n : total / BigInt(count));
function median(values: readonly bigint[]): bigint {
  const sorted = ordered(values);
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0n, sorted[sorted.length >> 1] ?? 0n];
  return (low + high) / 2n;
}

interface Paid {
  readonly tx: Tx;
  readonly size: number;
  readonly weight: number;
  readonly fee: bigint;
  /** Sat for a virtual byte, rounded down. */
  readonly rate: bigint;
}
function paidBy(tx: Tx, spent: BlockUndo): Paid {
  const weight = weightOf(tx);
  const fee =
    sumBig(spent.map(({ output }) => output.amount)) - sumBig(tx.outputs.map(({ amount }) => amount as bigint));
  return { tx, size: encodeTx(tx).length, weight, fee, rate: (fee * 4n) / BigInt(weight) };
}
/** The feerates at which so much of the weight is reached, the cheapest first. */
function percentiles(paid: readonly Paid[]): readonly bigint[] {
  const sorted = [...paid].sort((a, b) => (a.rate < b.rate ? -1 : +(a.rate > b.rate)));
  const total = sum(paid.map(({ weight }) => weight));
  return PERCENTILES.map((share) => {
    let reached = 0;
    for (const { weight, rate } of sorted) {
      reached += weight;
      if (reached >= total * share) return rate;
    }
    return sorted.at(-1)?.rate ?? 0n;
  });
}
const coinBytes = (outputs: readonly TxOut[]): number =>
  sum(outputs.map((output) => encode(txOut, output).length + COIN_OVERHEAD));

/**
 * What a block holds in numbers, in satoshis and bytes, as Bitcoin Core counts: fees, sizes and weights without the coinbase.
 * What is `actual` leaves out outputs that nobody can ever spend.
 */
export function blockStats(chain: Chain, node: HeaderNode, block: Block, undo: BlockUndo): Record<string, Json> {
  const spent = spentBy(block.txs, undo);
  const paid = block.txs.flatMap((tx, at) => (isCoinbase(tx) ? [] : [paidBy(tx, spent[at] ?? [])]));
  const outputs = block.txs.flatMap((tx) => tx.outputs);
  // The coins of the first block were never given to anybody.
  const lasting = node.height === 0 ? [] : outputs.filter(({ script }) => !isUnspendable(script));
  const gone = undo.map(({ output }) => output);
  const [sizes, fees, rates] = [
    paid.map(({ size }) => BigInt(size)),
    paid.map(({ fee }) => fee),
    paid.map(({ rate }) => rate),
  ];
  const witnesses = paid.filter(({ tx }) => hasWitness(tx));
  const [total, size, weight] = [sumBig(fees), sumBig(sizes), sum(paid.map((one) => one.weight))];
  return {
    avgfee: whole(mean(total, paid.length)),
    avgfeerate: whole(weight === 0 ? 0n : (total * 4n) / BigInt(weight)),
    avgtxsize: whole(mean(size, paid.length)),
    blockhash: blockHashOf(block.header),
    feerate_percentiles: percentiles(paid).map(whole),
    height: node.height,
    ins: gone.length,
    maxfee: whole(most(fees)),
    maxfeerate: whole(most(rates)),
    maxtxsize: whole(most(sizes)),
    medianfee: whole(median(fees)),
    mediantime: medianTimeOf(node),
    mediantxsize: whole(median(sizes)),
    minfee: whole(least(fees)),
    minfeerate: whole(least(rates)),
    mintxsize: whole(least(sizes)),
    outs: outputs.length,
    subsidy: whole(subsidyAt(node.height, chain.params)),
    swtotal_size: sum(witnesses.map((one) => one.size)),
    swtotal_weight: sum(witnesses.map((one) => one.weight)),
    swtxs: witnesses.length,
    time: node.header.time,
    total_out: whole(sumBig(paid.flatMap(({ tx }) => tx.outputs.map(({ amount }) => amount as bigint)))),
    total_size: whole(size),
    total_weight: weight,
    totalfee: whole(total),
    txs: block.txs.length,
    utxo_increase: outputs.length - gone.length,
    utxo_size_inc: coinBytes(outputs) - coinBytes(gone),
    utxo_increase_actual: lasting.length - gone.length,
    utxo_size_inc_actual: coinBytes(lasting) - coinBytes(gone),
  };
}
