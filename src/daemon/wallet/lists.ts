import { toHex } from "../../base/bytes.ts";
import type { Txid } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { addressOf } from "../../bitcoin/address.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import type { WalletTransaction, WalletUtxo } from "../views.ts";
import { isLost, statusOf, type WalletCoin, type WalletState } from "./state.ts";

/** Every transaction that changed, or is about to change, what is ours: oldest first, unconfirmed last. */
export function listTransactions(state: WalletState): readonly WalletTransaction[] {
  const deltas = new Map<Txid, bigint>();
  const add = (txid: Txid, sat: bigint): void => void deltas.set(txid, (deltas.get(txid) ?? 0n) + sat);
  for (const { outpoint, amount, spent } of state.coins.values()) {
    add(outpoint.txid, amount);
    if (spent !== undefined) add(spent.txid, -amount);
  }
  const unconfirmed = Number.POSITIVE_INFINITY;
  return [...state.txs.values()]
    .filter(({ status, txid }) => status === "published" && deltas.has(txid))
    .sort((a, b) => (a.block?.height ?? unconfirmed) - (b.block?.height ?? unconfirmed) || 0)
    .map(({ txid, fee, block, label }) => ({
      txid,
      deltaSat: deltas.get(txid) ?? 0n,
      feeSat: fee,
      height: block?.height,
      label,
    }));
}

/** Every output that is ours and not spent by a published transaction. */
export const listUtxos = (state: WalletState, params: ChainParams): readonly WalletUtxo[] =>
  [...state.coins.values()]
    .filter((coin) => !isLost(state, coin))
    .flatMap((coin) => {
      const status = statusOf(state, coin);
      return status === "spent" ? [] : [utxo(state, params, coin, status)];
    });

const utxo = (
  state: WalletState,
  params: ChainParams,
  { outpoint, amount, script, paidIn, spent }: WalletCoin,
  status: WalletUtxo["status"],
): WalletUtxo => ({
  outpoint,
  amount,
  address: present(addressOf(script, params), "a wallet script has an address"),
  label: present(state.addresses.get(toHex(script)), "a coin pays to an address of ours").label,
  height: paidIn?.height,
  status,
  reservedFor: spent === undefined ? undefined : state.txs.get(spent.txid)?.label,
});
