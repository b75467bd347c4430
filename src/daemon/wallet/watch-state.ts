import { toHex } from "../../base/bytes.ts";
import type { Outpoint, Txid } from "../../base/ids.ts";
import { addSat, type BlockHeight, type Sat, ZERO_SAT } from "../../base/units.ts";
import type { BlockRef, Watch } from "../../ports/chain-source.ts";
import type { StoreRecord } from "../../ports/store.ts";
import { COINBASE_MATURITY_BLOCKS, type WalletState } from "./state.ts";

/** A descriptor whose coins are looked at, and never touched: somebody else, or a key elsewhere, spends them. */
export interface WatchedDescriptor {
  /** Its checksum: what it is called by. */
  readonly id: string;
  /** As it is written, with the checksum. */
  readonly descriptor: string;
  readonly label: string;
  /** How many scripts are looked for behind the last one that was paid; 0 where there is but one. BIP 44 §Address gap limit. */
  readonly gap: number;
  /** The lowest block that is looked at for it. */
  readonly from: BlockHeight;
  /** The first number behind all that were paid. */
  readonly used: number;
  /** Everything from `from` on has been looked at; from now on only what comes is. */
  readonly scanned: boolean;
  /** By hex of the scriptPubKey its number: all that are looked for. */
  readonly scripts: ReadonlyMap<string, number>;
}

/** An output of the best chain that pays to a watched script. Spent ones are kept: a reorganisation may bring them back. */
export interface WatchedCoin {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly script: Uint8Array;
  readonly coinbase: boolean;
  readonly paidIn: BlockRef;
  readonly spent: { readonly txid: Txid; readonly block: BlockRef } | undefined;
}

/** What is watched without keys. It goes by blocks alone, and no coin of it ever comes to where coins are chosen. */
export interface WatchState {
  /** As in `WalletState`. */
  readonly height: BlockHeight | undefined;
  readonly watches: ReadonlyMap<string, WatchedDescriptor>;
  /** By `outpointKey`. */
  readonly coins: ReadonlyMap<string, WatchedCoin>;
}
export const NOTHING_WATCHED: WatchState = { height: undefined, watches: new Map(), coins: new Map() };

export interface WatchStep {
  readonly next: WatchState;
  readonly records: readonly StoreRecord[];
  /** What is asked of the chain once the records are durable. */
  readonly watches: readonly Watch[];
}

/** The descriptors that a script belongs to, in the order in which they were added. */
export function watchesOf(state: WatchState, script: Uint8Array): readonly WatchedDescriptor[] {
  const key = toHex(script);
  return [...state.watches.values()].filter(({ scripts }) => scripts.has(key));
}

/** Coins that are watched only and stand unspent in the best chain: what is ours as well counts as ours. */
export const watchedOnly = (state: WatchState, ours: WalletState): readonly WatchedCoin[] =>
  [...state.coins.values()].filter(({ spent, script }) => spent === undefined && !ours.addresses.has(toHex(script)));

export const isImmature = ({ height }: WatchState, { coinbase, paidIn }: WatchedCoin): boolean =>
  coinbase && (height ?? -1) + 1 - paidIn.height < COINBASE_MATURITY_BLOCKS;

/** In sat; nothing of it can be spent by this node. */
export interface WatchBalance {
  readonly confirmed: Sat;
  /** What this node itself has sent there and no block holds yet; of what others send nothing is known before. */
  readonly unconfirmed: Sat;
  readonly immature: Sat;
}
export function watchBalance(state: WatchState, ours: WalletState): WatchBalance {
  const total = { confirmed: ZERO_SAT, unconfirmed: ZERO_SAT, immature: ZERO_SAT };
  const add = (kind: keyof WatchBalance, amount: Sat): void => {
    total[kind] = addSat(total[kind], amount);
  };
  for (const coin of watchedOnly(state, ours)) add(isImmature(state, coin) ? "immature" : "confirmed", coin.amount);
  if (state.watches.size === 0) return total;
  for (const { tx, block, status } of ours.txs.values()) {
    if (tx === undefined || block !== undefined || status !== "published") continue;
    for (const { script, amount } of tx.outputs) {
      const isWatched = !ours.addresses.has(toHex(script)) && watchesOf(state, script).length > 0;
      if (isWatched) add("unconfirmed", amount);
    }
  }
  return total;
}
