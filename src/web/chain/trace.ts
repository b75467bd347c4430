import type { Transaction } from "./answers.ts";

/** A transaction on the way back from another one to newly mined coins. */
export interface TracedTx {
  readonly txid: string;
  /** Steps back, along the shortest way. */
  readonly depth: number;
  /** Undefined until it has been asked for, `null` when the node does not have it. */
  readonly tx: Transaction | null | undefined;
}
/** In the order in which they were found: nearer ones first. */
export type Trace = ReadonlyMap<string, TracedTx>;

export const traceFrom = (tx: Transaction): Trace => withTx(new Map(), tx.txid, tx);

/** The next transaction to ask for; undefined when all are here that may be. */
export function nextToAsk(trace: Trace, most: number): string | undefined {
  let seen = 0;
  for (const { txid, tx } of trace.values()) {
    if (seen++ >= most) return undefined;
    if (tx === undefined) return txid;
  }
  return undefined;
}

/** With what was found under a txid, and the transactions it spends to be looked at after all others. */
export function withTx(trace: Trace, txid: string, tx: Transaction | null): Trace {
  const next = new Map(trace);
  const depth = trace.get(txid)?.depth ?? 0;
  next.set(txid, { txid, depth, tx });
  for (const parent of tx === null ? [] : parentsOf(tx)) {
    if (!next.has(parent)) next.set(parent, { txid: parent, depth: depth + 1, tx: undefined });
  }
  return next;
}

/** Those whose outputs it spends, each once. */
export const parentsOf = ({ inputs }: Transaction): readonly string[] => [
  ...new Set(inputs.flatMap(({ outpoint }) => (outpoint === null ? [] : [outpoint.slice(0, 64)]))),
];

/** How much of a transaction's inputs comes from another one, in satoshis. */
export function amountFrom(tx: Transaction, parent: string): bigint {
  let sum = 0n;
  for (const { outpoint, spent } of tx.inputs) {
    if (outpoint?.startsWith(parent) === true && spent !== null) sum += BigInt(spent.amountSat);
  }
  return sum;
}

export type TracedKind = "mined" | "spends" | "unknown" | "further";
/** What is at the end of a way back, or that it goes on. */
export function kindOf({ tx }: TracedTx): TracedKind {
  if (tx === undefined) return "further";
  if (tx === null) return "unknown";
  return tx.inputs.every(({ outpoint }) => outpoint === null) ? "mined" : "spends";
}

/** Columns of a picture, the transaction itself first. */
export function columnsOf(trace: Trace): readonly (readonly TracedTx[])[] {
  const columns: TracedTx[][] = [];
  for (const traced of trace.values()) {
    const column = columns[traced.depth] ?? [];
    columns[traced.depth] = column;
    column.push(traced);
  }
  return columns;
}
