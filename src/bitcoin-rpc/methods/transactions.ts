import { toHex } from "../../base/bytes.ts";
import type { Outpoint } from "../../base/ids.ts";
import { type Sat, sat, ZERO_SAT } from "../../base/units.ts";
import { addressOf, scriptOfAddress } from "../../bitcoin/address.ts";
import { isUnspendable, p2shOf, p2wshOf, witnessProgramOf } from "../../bitcoin/templates.ts";
import { type ClaimedTx, encodeTx, txidOf as idOf, isCoinbase, type Tx } from "../../bitcoin/tx.ts";
import type { Chain } from "../../chain/chain.ts";
import { readBlock } from "../../chain/chain.ts";
import type { Coin } from "../../chain/coins.ts";
import { reasonOf, wordsOf } from "../../chain/faults.ts";
import { isAncestor } from "../../chain/headers.ts";
import { spenderOf } from "../../chain/mempool.ts";
import type { TxVerdict } from "../../chain/verdict.ts";
import { refuse } from "../fault.ts";
import { coins, type Json, rateOf } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import {
  amount,
  blockHash,
  bytes,
  flag,
  optional,
  text,
  transaction,
  transactions,
  txid,
  verbosity,
  whole,
} from "../params.ts";
import { confirmationsOf, spentBy } from "../views/block.ts";
import { scriptJson, scriptType, scriptWords } from "../views/script.ts";
import { txJson } from "../views/tx.ts";
import { nodeOf } from "./blocks.ts";

/** Policy, not protocol, as Bitcoin Core's: 0.10 coins per 1,000 virtual bytes, above which nobody pays on purpose. */
const FEERATE_MAX = sat(10_000_000n);

/** What a transaction of a connected block, or of the mempool, spends. */
function spentOf(
  { node }: RpcContext,
  tx: Tx,
  place: { readonly block: Chain["tip"]; readonly index: number } | undefined,
) {
  const { chain, pool } = node.brain;
  if (isCoinbase(tx)) return undefined;
  if (place !== undefined) {
    const undo = chain.storage.undo(place.block.hash);
    return undo && spentBy(readBlock(chain, place.block).txs, undo)[place.index];
  }
  return tx.inputs.map(({ prevout }): Coin | undefined => {
    const parent = pool.entries.get(prevout.txid)?.tx.outputs[prevout.vout];
    if (parent !== undefined) return { output: parent, height: chain.tip.height + 1, coinbase: false };
    return chain.storage.coin(prevout);
  });
}

const getRawTransaction = method(
  "getrawtransaction",
  "A transaction of the mempool or the best chain, or of the block that is named.",
  { txid, verbosity: optional(verbosity), blockhash: optional(blockHash) },
  (context, { txid: wanted, verbosity: detail = 0, blockhash }) => {
    const { chain } = context.node.brain;
    if (wanted === txidOfGenesis(chain)) {
      return refuse(
        "notFound",
        "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved",
      );
    }
    const found = findIn(context, wanted, blockhash);
    if (detail <= 0) return toHex(encodeTx(found.tx));
    const spent = detail >= 2 ? spentOf(context, found.tx, found.place) : undefined;
    const node = found.place?.block;
    return {
      in_active_chain: blockhash === undefined || node === undefined ? undefined : isAncestor(node, chain.tip),
      ...txJson(found.tx, chain.params, { spent, prevouts: detail >= 2 }),
      ...(node && {
        blockhash: node.hash,
        confirmations: Math.max(confirmationsOf(chain, node), 0),
        time: node.header.time,
        blocktime: node.header.time,
      }),
    };
  },
);
const txidOfGenesis = ({ params }: Chain) => toHex(params.genesis.header.merkleRoot.slice().reverse());

function findIn({ node }: RpcContext, wanted: Outpoint["txid"], blockhash: Chain["tip"]["hash"] | undefined) {
  const { chain, pool } = node.brain;
  if (blockhash !== undefined) {
    const block = chain.index.tree.nodes.get(blockhash) ?? refuse("notFound", "Block hash not found");
    if (!chain.index.held.has(block)) return refuse("misc", "Block not available");
    const { txs } = readBlock(chain, block);
    const at = txs.findIndex((tx) => idOf(tx) === wanted);
    const tx =
      txs[at] ??
      refuse(
        "notFound",
        "No such transaction found in the provided block. Use gettransaction for wallet transactions.",
      );
    return { tx, place: { block, index: at } };
  }
  const waiting = pool.entries.get(wanted);
  if (waiting !== undefined) return { tx: waiting.tx, place: undefined };
  const place = chain.storage.place(wanted);
  if (place === undefined) {
    return refuse("notFound", "No such mempool or blockchain transaction. Use gettransaction for wallet transactions.");
  }
  const block = nodeOf(chain, place.block);
  return { tx: readBlock(chain, block).txs[place.index] as Tx, place: { block, index: place.index } };
}

const getTxOut = method(
  "gettxout",
  "An output that stands unspent, or null.",
  { txid, n: whole, include_mempool: optional(flag) },
  ({ node }, { txid: wanted, n, include_mempool = true }) => {
    const { chain, pool } = node.brain;
    const outpoint = { txid: wanted, vout: n };
    if (n < 0 || n > 0xffff_ffff) return null;
    if (include_mempool && spenderOf(pool, outpoint) !== undefined) return null;
    const waiting = include_mempool ? pool.entries.get(wanted)?.tx.outputs[n] : undefined;
    const coin = chain.storage.coin(outpoint);
    const output = coin?.output ?? waiting;
    if (output === undefined) return null;
    return {
      bestblock: chain.tip.hash,
      confirmations: coin === undefined ? 0 : chain.tip.height - coin.height + 1,
      value: coins(output.amount),
      scriptPubKey: scriptJson(output.script, chain.params),
      coinbase: coin?.coinbase ?? false,
    };
  },
);

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
/** Telling again what waits already is no fault. */
const KNOWN: ReadonlySet<string> = new Set(["txn-already-in-mempool"]);
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
const submitPackage = method(
  "submitpackage",
  "Takes a child with its parents into the mempool, the child last.",
  { package: transactions, maxfeerate: optional(amount), maxburnamount: optional(amount) },
  async ({ node }, { package: txs, maxburnamount = ZERO_SAT }) => {
    refuseBurning(txs, maxburnamount);
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

export const transactionMethods = [
  getRawTransaction,
  getTxOut,
  sendRawTransaction,
  testMempoolAccept,
  submitPackage,
  method(
    "decoderawtransaction",
    "What a transaction says.",
    { hexstring: transaction, iswitness: optional(flag) },
    ({ node }, { hexstring }) => {
      const { hex: _, ...fields } = txJson(hexstring, node.brain.chain.params);
      return fields;
    },
  ),
  method(
    "decodescript",
    "What a script says, and the addresses of those that hash it.",
    { hexstring: bytes },
    ({ node }, { hexstring }) => {
      const { params } = node.brain.chain;
      const type = scriptType(hexstring);
      const wraps = type !== "scripthash" && type !== "nulldata" && witnessProgramOf(hexstring) === undefined;
      const segwit = p2wshOf(hexstring);
      return {
        asm: scriptWords(hexstring),
        address: addressOf(hexstring, params),
        type,
        p2sh: wraps ? addressOf(p2shOf(hexstring), params) : undefined,
        segwit: wraps ? { ...scriptJson(segwit, params), "p2sh-segwit": addressOf(p2shOf(segwit), params) } : undefined,
      };
    },
  ),
  method(
    "validateaddress",
    "Whether coins of this chain can be sent to an address.",
    { address: text },
    ({ node }, { address }) => {
      const { params } = node.brain.chain;
      const script = scriptOfAddress(address, params);
      if (!script.ok) return { isvalid: false, error_locations: [], error: "Invalid or unsupported address" };
      const program = witnessProgramOf(script.value);
      return {
        isvalid: true,
        address,
        scriptPubKey: toHex(script.value),
        isscript: ["scripthash", "witness_v0_scripthash", "witness_v1_taproot"].includes(scriptType(script.value)),
        iswitness: program !== undefined,
        witness_version: program?.version,
        witness_program: program && toHex(program.program),
      };
    },
  ),
];
