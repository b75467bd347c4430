import { toHex } from "../../base/bytes.ts";
import type { Outpoint } from "../../base/ids.ts";
import { addressOf, scriptOfAddress } from "../../bitcoin/address.ts";
import { p2shOf, p2wshOf, witnessProgramOf } from "../../bitcoin/templates.ts";
import { encodeTx, txidOf as idOf, isCoinbase, type Tx } from "../../bitcoin/tx.ts";
import type { Chain } from "../../chain/chain.ts";
import { readBlock } from "../../chain/chain.ts";
import type { Coin } from "../../chain/coins.ts";
import { isAncestor } from "../../chain/headers.ts";
import { spenderOf } from "../../chain/mempool.ts";
import { refuse } from "../fault.ts";
import { coins } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { blockHash, bytes, flag, optional, text, transaction, txid, verbosity, whole } from "../params.ts";
import { confirmationsOf, spentBy } from "../views/block.ts";
import { scriptJson, scriptType, scriptWords } from "../views/script.ts";
import { txJson } from "../views/tx.ts";
import { nodeOf } from "./blocks.ts";
import { sendingMethods } from "./sending.ts";

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

export const transactionMethods = [
  getRawTransaction,
  getTxOut,
  ...sendingMethods,
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
