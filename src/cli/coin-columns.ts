import { grouped } from "./amounts.ts";
import type { Transaction, Utxo } from "./answers.ts";
import type { Column } from "./table.ts";

/** How coins begin in every table of them. */
export const coinColumns: readonly Column<
  Pick<Utxo, "outpoint" | "amountSat" | "height"> & { readonly address: string | null }
>[] = [
  ["OUTPOINT", ({ outpoint }) => outpoint],
  ["SAT", ({ amountSat }) => grouped(amountSat), "right"],
  ["ADDRESS", ({ address }) => address],
  ["HEIGHT", ({ height }) => height, "right"],
];
/** And transactions. */
export const transactionColumns: readonly Column<Pick<Transaction, "txid" | "deltaSat">>[] = [
  ["TXID", ({ txid }) => txid],
  ["SAT", ({ deltaSat }) => grouped(deltaSat), "right"],
];
