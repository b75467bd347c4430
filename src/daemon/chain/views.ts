import type { BlockHash, Outpoint, Txid } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type BlockHeight, sat } from "../../base/units.ts";
import { addressOf } from "../../bitcoin/address.ts";
import { type BlockHeader, blockHashOf, blockWeight, encodeBlock } from "../../bitcoin/block.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { isCoinbase, type Tx, type TxOut, txidOf, weightOf, wtxidOf } from "../../bitcoin/tx.ts";
import { proveTx, type TxProof } from "../../chain/spv.ts";
import type { Asked, BaseNode, ChainFault } from "../../ports/base-node.ts";
import type { BlockRef } from "../../ports/chain-source.ts";
import { type CommandFault, fromChain } from "../command-fault.ts";
import type { ChainInfo } from "../views.ts";
import type { SteadyMining } from "./steady-miner.ts";

/** A block as people look at it. */
export interface BlockView {
  readonly hash: BlockHash;
  readonly height: BlockHeight;
  readonly header: BlockHeader;
  /** Blocks of the best chain that stand on it, itself counted; 0 when it is not in the best chain. */
  readonly confirmations: number;
  /** Expected hashes of its whole chain. */
  readonly work: bigint;
  readonly bytes: number;
  readonly weight: number;
  readonly txids: readonly Txid[];
}
export interface OutputView extends TxOut {
  /** Undefined when the script has no address. */
  readonly address: string | undefined;
}
/** A transaction as people look at it: with what its inputs spend, where this node knows it. */
export interface TransactionView {
  readonly tx: Tx;
  readonly txid: Txid;
  readonly wtxid: Txid;
  readonly weight: number;
  /** Sat; undefined for a coinbase, and when an output that it spends is not known. */
  readonly fee: bigint | undefined;
  readonly spent: readonly (OutputView | undefined)[];
  readonly outputs: readonly OutputView[];
  /** Undefined while it waits in the mempool. */
  readonly block: (BlockRef & { readonly confirmations: number }) | undefined;
}
/** A proof for somebody with headers alone, and where the block stands. */
export interface TransactionProof {
  readonly proof: TxProof;
  readonly network: string;
  readonly block: BlockRef;
}

/** By its hash or the height in the best chain. Undefined for a block that is not known, or whose data is not held. */
export async function blockView(chain: BaseNode, place: BlockHash | BlockHeight): Asked<BlockView | undefined> {
  const found = await (typeof place === "number" ? chain.blockAt(place) : chain.block(place));
  if (!found.ok || found.value === undefined) return found as Result<undefined, ChainFault>;
  const block = found.value;
  const hash = blockHashOf(block.header);
  const placed = await chain.header(hash);
  if (!placed.ok || placed.value === undefined) return placed as Result<undefined, ChainFault>;
  const { header, height, confirmations, work } = placed.value;
  const sizes = { bytes: encodeBlock(block).length, weight: blockWeight(block) };
  return ok({ hash, height, header, confirmations, work, ...sizes, txids: block.txs.map(txidOf) });
}

/** Undefined for a transaction that neither the best chain nor the mempool holds. */
export async function transactionView(
  chain: BaseNode,
  params: ChainParams,
  txid: Txid,
): Asked<TransactionView | undefined> {
  const found = await chain.transaction(txid);
  if (!found.ok || found.value === undefined) return found as Result<undefined, ChainFault>;
  const { tx, confirmed } = found.value;
  const spent = isCoinbase(tx) ? tx.inputs.map(() => undefined) : await spentBy(chain, tx);
  const block = confirmed && {
    ...confirmed.block,
    confirmations: chain.tip().height - confirmed.block.height + 1,
  };
  const show = (output: TxOut | undefined): OutputView | undefined => output && outputView(output, params);
  return ok({
    tx,
    txid,
    wtxid: wtxidOf(tx),
    weight: weightOf(tx),
    fee: feeOf(tx, spent),
    spent: spent.map(show),
    outputs: tx.outputs.map((output) => outputView(output, params)),
    block,
  });
}
const outputView = (output: TxOut, params: ChainParams): OutputView => ({
  ...output,
  address: addressOf(output.script, params),
});
/** Each transaction is looked up once, however many of its outputs are spent. One that cannot be had is as one unknown. */
async function spentBy(chain: BaseNode, tx: Tx): Promise<readonly (TxOut | undefined)[]> {
  const known = new Map<Txid, Tx | undefined>();
  for (const txid of new Set(tx.inputs.map(({ prevout }) => prevout.txid))) {
    const found = await chain.transaction(txid);
    known.set(txid, found.ok ? found.value?.tx : undefined);
  }
  return tx.inputs.map(({ prevout: { txid, vout } }) => known.get(txid)?.outputs[vout]);
}
function feeOf(tx: Tx, spent: readonly (TxOut | undefined)[]): bigint | undefined {
  let fee = 0n;
  for (const output of spent) {
    if (output === undefined) return undefined;
    fee += output.amount;
  }
  return tx.outputs.reduce((rest, { amount }) => rest - amount, fee);
}

/** Undefined for what is not in the best chain. */
export async function transactionProof(
  chain: BaseNode,
  { network }: ChainParams,
  txid: Txid,
): Asked<TransactionProof | undefined> {
  const found = await chain.transaction(txid);
  if (!found.ok) return found;
  const confirmed = found.value?.confirmed;
  if (confirmed === undefined) return ok(undefined);
  const block = await chain.block(confirmed.block.hash);
  if (!block.ok || block.value === undefined) return block as Result<undefined, ChainFault>;
  return ok({ proof: proveTx(block.value, confirmed.index), network, block: confirmed.block });
}

/** An output of the best chain that is not spent. */
export interface UnspentView {
  readonly outpoint: Outpoint;
  readonly output: OutputView;
  readonly block: BlockRef;
  readonly confirmations: number;
  readonly coinbase: boolean;
}
export async function unspentView(
  chain: BaseNode,
  params: ChainParams,
  outpoint: Outpoint,
): Asked<UnspentView | undefined> {
  const asked = await chain.unspent(outpoint).then(ok, NO_ANSWER);
  if (!asked.ok || asked.value === undefined) return asked as Result<undefined, ChainFault>;
  const found = asked.value;
  const { amount, script, block, coinbase } = found;
  const confirmations = chain.tip().height - block.height + 1;
  return ok({ outpoint, output: outputView({ amount: sat(amount), script }, params), block, confirmations, coinbase });
}
/** A chain source rejects when it gets no answer. */
const NO_ANSWER = (error: unknown): Result<never, ChainFault> =>
  err({ code: "unavailable", detail: `The Bitcoin node does not answer: ${String(error)}` });

/** The best chain, the mempool and the node's peers, at a glance. */
export async function chainInfo(
  chain: BaseNode,
  mining: SteadyMining | undefined,
): Promise<Result<ChainInfo, CommandFault>> {
  const [info, peers] = [await chain.info(), await chain.peers()];
  if (!info.ok) return fromChain(info);
  if (!peers.ok) return fromChain(peers);
  const { source, network, tip, time, headers, filters, mempool, utxos, address } = info.value;
  const at = address === undefined ? undefined : `${address.host}:${address.port}`;
  const addresses = peers.value.map((peer) => peer.address);
  const best = { height: tip.height, hash: tip.hash, time, headers, filters };
  return ok({ source, network, ...best, mempool, utxos, peers: addresses, address: at, mining });
}
