import { parseHex, toHex } from "../../base/bytes.ts";
import { parseTxid, type Txid } from "../../base/ids.ts";
import { sat } from "../../base/units.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import { type Block, blockHashOf, encodeBlock } from "../../bitcoin/block.ts";
import { isRanged } from "../../bitcoin/descriptor.ts";
import { parseDescriptor } from "../../bitcoin/descriptor-parse.ts";
import { scriptOf } from "../../bitcoin/descriptor-script.ts";
import { decodeTx, type Tx, txidOf, wtxidOf } from "../../bitcoin/tx.ts";
import { templateFor } from "../../chain/brain.ts";
import { reasonOf } from "../../chain/faults.ts";
import { assembleBlock, type ChosenTx, searchNonce } from "../../chain/miner.ts";
import { faultOnTip } from "../../chain/try-block.ts";
import { refuse } from "../fault.ts";
import type { Json } from "../json-text.ts";
import { method, type RpcContext } from "../method.ts";
import { flag, list, optional, text, whole } from "../params.ts";

/** Policy, not protocol: so that a slip of the hand keeps no core busy for days. */
const BLOCKS_AT_ONCE_MAX = 10_000;
/** As Bitcoin Core's: nonces that are tried for a block that was put together by hand. */
const TRIES = 1_000_000;
/** Nonces before everything else has its turn. */
const SLICE = 20_000;
const TXS_MAX = 10_000;

const isPlay = ({ node }: RpcContext): boolean => ["regtest", "sluicenet"].includes(node.brain.chain.params.network);

/** Tries nonces one after the other. Undefined when so many were not enough, or nobody waits any more. */
async function withNonce({ node, gone }: RpcContext, block: Block, tries: number): Promise<Block | undefined> {
  for (let from = 0; from < tries && !gone.aborted; from += SLICE) {
    const count = Math.min(SLICE, tries - from);
    const nonce = searchNonce(block.header, node.brain.chain.params, { from, count });
    if (nonce !== undefined) return { ...block, header: { ...block.header, nonce } };
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}
const requestOf = ({ node, clock, random }: RpcContext, script: Uint8Array) => ({
  params: node.brain.chain.params,
  previous: node.brain.chain.tip,
  script,
  now: Math.floor(clock.now() / 1000),
  extraNonce: random.bytes(8),
});

/** As many of so many blocks as so many nonces are good for. */
async function mineWithin(context: RpcContext, count: number, script: Uint8Array, maxtries: number): Promise<Json> {
  const { node } = context;
  const hashes: string[] = [];
  let left = maxtries;
  while (hashes.length < count && left > 0) {
    const mined = await withNonce(context, templateFor(node.brain, requestOf(context, script)), left);
    if (mined === undefined) break;
    left -= mined.header.nonce + 1;
    const taken = node.submit(mined);
    if (taken.ok) hashes.push(taken.value);
  }
  return hashes;
}

/** Who is paid: an address, or a descriptor of one script. */
function payeeOf({ node, derive }: RpcContext, output: string): Uint8Array {
  const { params } = node.brain.chain;
  const parsed = parseDescriptor(output, params);
  if (parsed.ok) {
    if (isRanged(parsed.value))
      return refuse("parameter", "Ranged descriptor not accepted. Maybe pass through deriveaddresses first?");
    return scriptOf(parsed.value, 0, derive());
  }
  const script = scriptOfAddress(output, params);
  return script.ok ? script.value : refuse("notFound", "Error: Invalid address or descriptor");
}

/** A transaction by its txid in the mempool, or itself; with its fee as far as what it spends is known. */
function chosenTx({ node }: RpcContext, given: unknown, before: ReadonlyMap<Txid, Tx>): ChosenTx {
  const { pool, chain } = node.brain;
  if (typeof given !== "string") return refuse("type", "transactions are text: txids, or transactions in hex");
  const txid = parseTxid(given);
  if (txid !== undefined) {
    return pool.entries.get(txid) ?? refuse("notFound", `Transaction ${txid} not in mempool.`);
  }
  const raw = parseHex(given.toLowerCase());
  const decoded = raw && decodeTx(raw);
  if (!decoded?.ok) {
    return refuse("deserialization", "Transaction decode failed. Make sure the tx has at least one input.");
  }
  const tx = decoded.value;
  let fee = -tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  for (const { prevout } of tx.inputs) {
    const spent = before.get(prevout.txid)?.outputs[prevout.vout] ?? chain.storage.coin(prevout)?.output;
    if (spent === undefined) return refuse("verify", "TestBlockValidity failed: bad-txns-inputs-missingorspent");
    fee += spent.amount;
  }
  return fee < 0n
    ? refuse("verify", "TestBlockValidity failed: bad-txns-in-belowout")
    : { tx, wtxid: wtxidOf(tx), fee: sat(fee) };
}

export const generatingMethods = [
  method(
    "generatetoaddress",
    "Mines blocks that pay an address; with so many nonces at most, where they are counted.",
    { nblocks: whole, address: text, maxtries: optional(whole) },
    async (context, { nblocks, address, maxtries }) => {
      const { node } = context;
      const script = scriptOfAddress(address, node.brain.chain.params);
      if (!script.ok) return refuse("notFound", "Error: Invalid address");
      if (nblocks < 0 || nblocks > BLOCKS_AT_ONCE_MAX) {
        return refuse("parameter", `nblocks must be between 0 and ${BLOCKS_AT_ONCE_MAX}`);
      }
      if (maxtries !== undefined) return mineWithin(context, nblocks, script.value, maxtries);
      const mined = await node.mine(nblocks, script.value);
      return mined.ok ? mined.value : refuse("misc", mined.error.detail);
    },
  ),
  method(
    "generateblock",
    "Mines a block with exactly these transactions, of the mempool by txid or in hex, that pays an address or descriptor.",
    { output: text, transactions: list, submit: optional(flag) },
    async (context, { output, transactions, submit = true }) => {
      const { node } = context;
      if (!isPlay(context)) return refuse("misc", "Blocks are put together by hand on play-money networks only");
      if (transactions.length > TXS_MAX) return refuse("parameter", `At most ${TXS_MAX} transactions`);
      const script = payeeOf(context, output);
      const before = new Map<Txid, Tx>();
      const chosen = transactions.map((given) => {
        const one = chosenTx(context, given, before);
        before.set(txidOf(one.tx), one.tx);
        return one;
      });
      const block = assembleBlock(chosen, requestOf(context, script));
      const fault = faultOnTip(node.brain.chain, block);
      if (fault !== undefined) return refuse("verify", `TestBlockValidity failed: ${reasonOf(fault)}`);
      const mined = (await withNonce(context, block, TRIES)) ?? refuse("misc", "Failed to make block.");
      if (!submit) return { hash: blockHashOf(mined.header), hex: toHex(encodeBlock(mined)) };
      const taken = node.submit(mined);
      return taken.ok ? { hash: taken.value } : refuse("verify", `TestBlockValidity failed: ${reasonOf(taken.error)}`);
    },
  ),
];
