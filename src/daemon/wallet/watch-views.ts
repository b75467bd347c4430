import { toHex } from "../../base/bytes.ts";
import type { Outpoint, Txid } from "../../base/ids.ts";
import { addSat, type BlockHeight, type Sat, ZERO_SAT } from "../../base/units.ts";
import { addressOf } from "../../bitcoin/address.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import type { WalletState } from "./state.ts";
import { isImmature, type WatchedDescriptor, type WatchState, watchedOnly, watchesOf } from "./watch-state.ts";

/** What people are shown of what is watched. */
export interface WatchInfo {
  readonly id: string;
  readonly descriptor: string;
  readonly label: string;
  readonly gap: number;
  readonly from: BlockHeight;
  /** Whether everything from there on has been looked at. */
  readonly scanned: boolean;
  /** How many scripts are looked for, and the first number behind all that were paid. */
  readonly scripts: number;
  readonly used: number;
  /** What stands unspent in the best chain on its scripts, those of this wallet left out. */
  readonly amount: Sat;
}
export interface WatchedUtxo {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  /** Undefined for a script that has none. */
  readonly address: string | undefined;
  readonly height: BlockHeight;
  readonly immature: boolean;
  /** The descriptor that it was first watched for. */
  readonly watch: string;
}
export interface WatchedTransaction {
  readonly txid: Txid;
  /** Received minus spent on watched scripts, also where those are of this wallet. */
  readonly deltaSat: bigint;
  readonly height: BlockHeight;
}

export const watchInfo = (state: WatchState, ours: WalletState, watch: WatchedDescriptor): WatchInfo => {
  const { id, descriptor, label, gap, from, scanned, scripts, used } = watch;
  const amount = watchedOnly(state, ours)
    .filter(({ script }) => scripts.has(toHex(script)))
    .reduce((sum, coin) => addSat(sum, coin.amount), ZERO_SAT);
  return { id, descriptor, label, gap, from, scanned, scripts: scripts.size, used, amount };
};

/** Every coin that is watched only and not spent, oldest first. */
export const watchedUtxos = (state: WatchState, ours: WalletState, params: ChainParams): readonly WatchedUtxo[] =>
  watchedOnly(state, ours)
    .map((coin) => ({
      outpoint: coin.outpoint,
      amount: coin.amount,
      address: addressOf(coin.script, params),
      height: coin.paidIn.height,
      immature: isImmature(state, coin),
      watch: watchesOf(state, coin.script)[0]?.id ?? "",
    }))
    .sort((a, b) => a.height - b.height);

/** Every transaction of the best chain that moved watched coins, oldest first. */
export function watchedTransactions({ coins }: WatchState): readonly WatchedTransaction[] {
  const moved = new Map<Txid, WatchedTransaction>();
  const add = (txid: Txid, height: BlockHeight, sat: bigint): void => {
    moved.set(txid, { txid, height, deltaSat: (moved.get(txid)?.deltaSat ?? 0n) + sat });
  };
  for (const { outpoint, amount, paidIn, spent } of coins.values()) {
    add(outpoint.txid, paidIn.height, amount);
    if (spent !== undefined) add(spent.txid, spent.block.height, -amount);
  }
  return [...moved.values()].sort((a, b) => a.height - b.height);
}
