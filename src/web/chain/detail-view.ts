import { part } from "../dom.ts";
import type { Block, Input, Output, Transaction } from "./answers.ts";
import { grouped, hashesText, short, whenText } from "./words.ts";

/** Ids that are listed at once. */
const LISTED_MAX = 50;

export function blockDetail(block: Block): readonly Node[] {
  const { confirmations } = block;
  const shown = block.transactions.slice(0, LISTED_MAX);
  const more = block.transactions.length - shown.length;
  return [
    part("h2", {}, `Block ${grouped(block.height)}`),
    facts({
      hash: block.hash,
      "stands on": link("block", block.previous),
      time: whenText(block.time),
      confirmations: confirmations === 0 ? "not in the best chain" : grouped(confirmations),
      "no hash above": block.target,
      "work of its chain": `${hashesText(block.work)} hashes`,
      size: `${grouped(block.bytes)} bytes, weight ${grouped(block.weight)}`,
      "merkle root": block.merkleRoot,
    }),
    part(
      "h3",
      {},
      `${grouped(block.transactions.length)} ${block.transactions.length === 1 ? "transaction" : "transactions"}`,
    ),
    txList(shown),
    ...(more > 0 ? [part("p", { class: "note" }, `and ${grouped(more)} more`)] : []),
  ];
}
export const txList = (txids: readonly string[]): HTMLElement =>
  part("ul", { class: "list" }, ...txids.map((txid) => part("li", {}, link("tx", txid, txid))));

export function transactionDetail(tx: Transaction): readonly Node[] {
  const { block, feeSat, weight } = tx;
  return [
    part("h2", {}, "Transaction"),
    facts({
      txid: tx.txid,
      block:
        block === null
          ? "waits to be mined"
          : link("block", block.hash, `${grouped(block.height)}, ${short(block.hash)}`),
      confirmations: grouped(block?.confirmations ?? 0),
      fee: feeSat === null ? "none: newly mined, or what it spends is not known here" : `${grouped(feeSat)} sat`,
      weight: grouped(weight),
    }),
    part("div", { class: "sides" }, side("Spends", tx.inputs.map(inputRow)), side("Makes", tx.outputs.map(outputRow))),
    part("h3", {}, "Where its coins come from"),
  ];
}

const side = (title: string, rows: readonly HTMLElement[]): HTMLElement =>
  part("div", {}, part("h3", {}, title), part("ul", { class: "list" }, ...rows));

function inputRow({ outpoint, spent }: Input): HTMLElement {
  if (outpoint === null) return part("li", {}, "newly mined coins");
  const [txid = "", vout = ""] = outpoint.split(":");
  const amount = spent === null ? "unknown" : `${grouped(spent.amountSat)} sat`;
  return part("li", {}, amountText(amount), link("tx", txid, `${short(txid)}:${vout}`), owner(spent));
}
const outputRow = (output: Output): HTMLElement =>
  part("li", {}, amountText(`${grouped(output.amountSat)} sat`), owner(output));
const amountText = (text: string): HTMLElement => part("span", { class: "amount" }, text);
const owner = (output: Output | null): HTMLElement =>
  part("span", { class: "owner" }, output?.address ?? output?.script.slice(0, 80) ?? "");

function facts(all: Readonly<Record<string, string | Node>>): HTMLElement {
  const rows = Object.entries(all).flatMap(([name, value]) => [part("dt", {}, name), part("dd", {}, value)]);
  return part("dl", {}, ...rows);
}
const link = (kind: "block" | "tx", id: string, text = id): HTMLElement => part("a", { href: `#${kind}/${id}` }, text);
