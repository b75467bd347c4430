import { outpointKey } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isSat, SAT_MAX } from "../base/units.ts";
import { BLOCK_WEIGHT_MAX, WITNESS_SCALE_FACTOR } from "./block.ts";
import { type ClaimedTx, COINBASE_VOUT, isCoinbase, strippedSize, type Tx } from "./tx.ts";

/** What is wrong with a transaction wherever it stands; the words are Bitcoin Core's. */
export type TxFault =
  | "bad-txns-vin-empty"
  | "bad-txns-vout-empty"
  | "bad-txns-oversize"
  | "bad-txns-vout-negative"
  | "bad-txns-vout-toolarge"
  | "bad-txns-txouttotal-toolarge"
  | "bad-txns-inputs-duplicate"
  | "bad-cb-length"
  | "bad-txns-prevout-null";

/** What can be judged of a transaction without any other: shapes, sizes and amounts. It is the same value that comes back. */
export function checkTransaction(tx: ClaimedTx): Result<Tx, TxFault> {
  if (tx.inputs.length === 0) return err("bad-txns-vin-empty");
  if (tx.outputs.length === 0) return err("bad-txns-vout-empty");
  if (strippedSize(tx) * WITNESS_SCALE_FACTOR > BLOCK_WEIGHT_MAX) return err("bad-txns-oversize");
  const amounts = amountFault(tx);
  if (amounts !== undefined) return err(amounts);
  // An outpoint spent twice by one transaction would create coins (CVE-2018-17144).
  if (spendsTwice(tx)) return err("bad-txns-inputs-duplicate");
  if (isCoinbase(tx)) {
    const size = tx.inputs[0]?.scriptSig.length ?? 0;
    return size < 2 || size > 100 ? err("bad-cb-length") : ok(tx as Tx);
  }
  return tx.inputs.some(({ prevout }) => isNull(prevout.txid, prevout.vout))
    ? err("bad-txns-prevout-null")
    : ok(tx as Tx);
}
/** The first output that gives less than nothing or more than there can be (CVE-2010-5139). */
function amountFault({ outputs }: ClaimedTx): TxFault | undefined {
  let total = 0n;
  for (const { amount } of outputs) {
    if (amount < 0n) return "bad-txns-vout-negative";
    if (!isSat(amount)) return "bad-txns-vout-toolarge";
    total += amount;
    if (total > SAT_MAX) return "bad-txns-txouttotal-toolarge";
  }
  return undefined;
}
const ZEROS = "0".repeat(64);
const isNull = (txid: string, vout: number): boolean => vout === COINBASE_VOUT && txid === ZEROS;

/** Up to so many inputs it is quicker to compare them all with each other than to make keys of their outpoints. */
const FEW = 8;
function spendsTwice({ inputs }: ClaimedTx): boolean {
  if (inputs.length > FEW) return new Set(inputs.map(({ prevout }) => outpointKey(prevout))).size !== inputs.length;
  for (const [at, { prevout }] of inputs.entries()) {
    for (let before = 0; before < at; before++) {
      const other = inputs[before]?.prevout;
      if (other?.vout === prevout.vout && other.txid === prevout.txid) return true;
    }
  }
  return false;
}
