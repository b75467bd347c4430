import { toHex } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import type { BlockHeight } from "../../base/units.ts";
import type { AddressType, Branch } from "../../bitcoin/key-path.ts";
import type { StoreRecord } from "../../ports/store.ts";
import type { WalletKeys } from "./public-keys.ts";
import { addressRecord, coinRecord, encodeAddress, encodeCoin, encodeWalletTx, txRecord } from "./records.ts";
import { scriptOfKey } from "./scripts.ts";
import type { WalletAddress, WalletCoin, WalletEffect, WalletState, WalletStep, WalletTx } from "./state.ts";

/**
 * A state under change, within one step: what is set in it becomes the next state, and the records that differ. The
 * state it began with is not touched.
 */
export interface Draft {
  readonly state: () => WalletState;
  setHeight(height: BlockHeight | undefined): void;
  setAddress(address: WalletAddress): void;
  setCoin(coin: WalletCoin): void;
  dropCoin(coin: WalletCoin): void;
  setTx(tx: WalletTx): void;
  dropTx(txid: Txid): void;
  effect(effect: WalletEffect): void;
  finish(): WalletStep;
}

export function draftOf(before: WalletState): Draft {
  let state = before;
  const records = new Map<string, Uint8Array | undefined>();
  const effects: WalletEffect[] = [];
  // Each table is copied once, when it first changes.
  const own = <T extends "addresses" | "coins" | "txs">(table: T): void => {
    if (state[table] === before[table])
      state = { ...state, [table]: new Map(before[table] as ReadonlyMap<unknown, unknown>) };
  };
  return {
    state: () => state,
    setHeight: (height) => {
      state = { ...state, height };
    },
    setAddress: (address) => {
      own("addresses");
      (state.addresses as Map<string, WalletAddress>).set(toHex(address.script), address);
      const { type, branch, index } = address.path;
      state = { ...state, used: { ...state.used, [type]: { ...state.used[type], [branch]: index + 1 } } };
      records.set(addressRecord(address), encodeAddress(address));
    },
    setCoin: (coin) => {
      own("coins");
      (state.coins as Map<string, WalletCoin>).set(outpointKey(coin.outpoint), coin);
      records.set(coinRecord(outpointKey(coin.outpoint)), encodeCoin(coin));
    },
    dropCoin: (coin) => {
      own("coins");
      (state.coins as Map<string, WalletCoin>).delete(outpointKey(coin.outpoint));
      records.set(coinRecord(outpointKey(coin.outpoint)), undefined);
    },
    setTx: (tx) => {
      own("txs");
      (state.txs as Map<Txid, WalletTx>).set(tx.txid, tx);
      records.set(txRecord(tx.txid), encodeWalletTx(tx));
    },
    dropTx: (txid) => {
      own("txs");
      (state.txs as Map<Txid, WalletTx>).delete(txid);
      records.set(txRecord(txid), undefined);
    },
    effect: (effect) => effects.push(effect),
    finish: () => ({
      next: state,
      records: [...records].map(([key, value]): StoreRecord => ({ key, value })),
      effects,
    }),
  };
}

/** Which address is wanted, and what payments to it are called. */
export interface AddressWish {
  readonly type: AddressType;
  readonly branch: Branch;
  readonly label: string;
}
/** The next address of a branch, not yet handed out: it becomes so by `setAddress`. */
export function nextAddress(state: WalletState, keys: WalletKeys, { type, branch, label }: AddressWish): WalletAddress {
  const path = { type, branch, index: state.used[type][branch] };
  return { path, script: scriptOfKey(type, keys.walletKey(path)), label };
}
