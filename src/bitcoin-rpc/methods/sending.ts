import type { Outpoint } from "../../base/ids.ts";
import { type Sat, sat, ZERO_SAT } from "../../base/units.ts";
import { isUnspendable } from "../../bitcoin/templates.ts";
import { type ClaimedTx, txidOf, vsizeOf, wtxidOf } from "../../bitcoin/tx.ts";
import type { Chain } from "../../chain/chain.ts";
import { reasonOf, wordsOf } from "../../chain/faults.ts";
import type { TxVerdict } from "../../chain/verdict.ts";
import { refuse } from "../fault.ts";
import { coins, type Json, rateOf } from "../json-text.ts";
import { method, type WholeNode } from "../method.ts";
import { amount, optional, transaction, transactions } from "../params.ts";

/** Policy, not protocol, as Bitcoin Core's: 0.10 coins per 1,000 virtual bytes, above which nobody pays on purpose. */
const FEERATE_MAX = sat(10_000_000n);

const sendRawTransaction = method(
  "sendrawtransaction",
  "Takes a transaction into the mempool and tells the peers.",
  { hexstring: transaction, maxfeerate: optional(amount), maxburnamount: optional(amount) },
  async ({ node }, { hexstring: tx, maxfeerate = FEERATE_MAX, maxburnamount = ZERO_SAT }) => {
    const { chain } = node.brain;
    refuseBurning([tx], maxburnamount);
    const judged = await node.testAccept([tx]);
    const verdict = judged.ok ? judged.value.txs[0] : undefined;
    if (verdict === undefined) return refuse("misc", "no verdict");
    if (verdict.tag !== "Known" && isInChain(chain, verdict.txid, tx)) {
      return refuse("alreadyInChain", "Transaction outputs already in utxo set");
    }
    if (verdict.tag === "Taken" && maxfeerate > 0n && verdict.fee * 1000n > maxfeerate * BigInt(verdict.vsize)) {
      return refuse("verify", "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)");
    }
    if (verdict.tag === "Refused" && !KNOWN.has(verdict.code)) {
      return refuse(verdict.code === "bad-txns-inputs-missingorspent" ? "verify" : "verifyRejected", wordsOf(verdict));
    }
    const sent = await node.broadcast(tx);
    return sent.ok ? sent.value : refuse("verifyRejected", sent.error.reason);
  },
);
/** What nobody can ever spend is gone: nobody sends that on purpose, unless it is said. */
function refuseBurning(txs: readonly ClaimedTx[], max: Sat): void {
  const burns = txs.some(({ outputs }) => outputs.some(({ amount, script }) => amount > max && isUnspendable(script)));
  if (burns) refuse("verify", "Unspendable output exceeds maximum configured by user (maxburnamount)");
}
/** Telling again what waits already is no fault, be it with another witness. */
const KNOWN: ReadonlySet<string> = new Set(["txn-already-in-mempool", "txn-same-nonwitness-data-in-mempool"]);
const isInChain = ({ storage }: Chain, wanted: Outpoint["txid"], tx: ClaimedTx): boolean =>
  tx.outputs.some((_, vout) => storage.coin({ txid: wanted, vout }) !== undefined);

const feesJson = (verdict: TxVerdict & { readonly tag: "Taken" }): Json => ({
  base: coins(verdict.fee),
  "effective-feerate": rateOf(verdict.effective.fee, verdict.effective.vsize),
  "effective-includes": [...verdict.effective.wtxids],
});
function acceptJson(verdict: TxVerdict, maxfeerate: bigint): Json {
  const { txid: id, wtxid } = verdict;
  switch (verdict.tag) {
    case "Taken":
      if (maxfeerate > 0n && verdict.fee * 1000n > maxfeerate * BigInt(verdict.vsize)) {
        return { txid: id, wtxid, allowed: false, "reject-reason": "max-fee-exceeded" };
      }
      return { txid: id, wtxid, allowed: true, vsize: verdict.vsize, fees: feesJson(verdict) };
    case "Known":
      return { txid: id, wtxid, allowed: false, "reject-reason": "txn-already-in-mempool" };
    case "OtherWitness":
      return { txid: id, wtxid, allowed: false, "reject-reason": "txn-same-nonwitness-data-in-mempool" };
    case "Refused": {
      const reason = verdict.code === "bad-txns-inputs-missingorspent" ? "missing-inputs" : reasonOf(verdict);
      return { txid: id, wtxid, allowed: false, "reject-reason": reason, "reject-details": wordsOf(verdict) };
    }
    case "Unjudged":
      return { txid: id, wtxid };
  }
}
const testMempoolAccept = method(
  "testmempoolaccept",
  "What the mempool would say, and nothing changed.",
  { rawtxs: transactions, maxfeerate: optional(amount) },
  async ({ node }, { rawtxs, maxfeerate = FEERATE_MAX }) => {
    const judged = await node.testAccept(rawtxs);
    if (!judged.ok) return refuse("misc", judged.error.detail);
    const { fault, txs } = judged.value;
    const whole = fault === undefined || fault === "transaction failed" ? {} : { "package-error": fault };
    return txs.map((verdict) => ({
      ...(acceptJson(verdict, maxfeerate) as { readonly [key: string]: Json }),
      ...whole,
    }));
  },
);

function resultJson(verdict: TxVerdict): Json {
  const id = { txid: verdict.txid };
  switch (verdict.tag) {
    case "Taken":
      return { ...id, vsize: verdict.vsize, fees: feesJson(verdict) };
    case "Known":
      return { ...id, vsize: verdict.vsize, fees: { base: coins(verdict.fee) } };
    case "OtherWitness":
      return { ...id, "other-wtxid": verdict.other };
    case "Refused":
      return { ...id, error: wordsOf(verdict) };
    case "Unjudged":
      return { ...id, error: "package-not-validated" };
  }
}
/** Whether one of a package pays more than so much for its own size. Not where what it spends is not known. */
function paysMore(
  { brain: { chain, pool } }: WholeNode,
  txs: readonly ClaimedTx[],
  tx: ClaimedTx,
  maxfeerate: bigint,
): boolean {
  let fee = -tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  for (const { prevout } of tx.inputs) {
    const parent = txs.find((other) => txidOf(other) === prevout.txid) ?? pool.entries.get(prevout.txid)?.tx;
    const spent = parent?.outputs[prevout.vout] ?? chain.storage.coin(prevout)?.output;
    if (spent === undefined) return false;
    fee += spent.amount;
  }
  return fee * 1000n > maxfeerate * BigInt(vsizeOf(tx));
}
const submitPackage = method(
  "submitpackage",
  "Takes a child with its parents into the mempool, the child last.",
  { package: transactions, maxfeerate: optional(amount), maxburnamount: optional(amount) },
  async ({ node }, { package: txs, maxfeerate = FEERATE_MAX, maxburnamount = ZERO_SAT }) => {
    refuseBurning(txs, maxburnamount);
    const tooDear = new Set(maxfeerate > 0n ? txs.filter((tx) => paysMore(node, txs, tx, maxfeerate)) : []);
    if (tooDear.size > 0) {
      const left = (tx: ClaimedTx): Json => ({
        txid: txidOf(tx),
        error: tooDear.has(tx) ? "max feerate exceeded" : "package-not-validated",
      });
      const results = Object.fromEntries(txs.map((tx) => [wtxidOf(tx), left(tx)]));
      return { package_msg: "transaction failed", "tx-results": results, "replaced-transactions": [] };
    }
    const judged = await node.submitPackage(txs);
    if (!judged.ok) return refuse("misc", judged.error.detail);
    const { fault, txs: verdicts, replaced } = judged.value;
    return {
      package_msg: fault ?? "success",
      "tx-results": Object.fromEntries(verdicts.map((verdict) => [verdict.wtxid, resultJson(verdict)])),
      "replaced-transactions": [...replaced],
    };
  },
);

export const sendingMethods = [sendRawTransaction, testMempoolAccept, submitPackage];
