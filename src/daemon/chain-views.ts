import type { BlockHash, Outpoint, Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { type BlockHeight, sat } from "../base/units.ts";
import { addressOf } from "../bitcoin/address.ts";
import { type BlockHeader, blockHashOf, blockWeight, encodeBlock } from "../bitcoin/block.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { isCoinbase, type Tx, type TxOut, txidOf, weightOf, wtxidOf } from "../bitcoin/tx.ts";
import { proveTx, type TxProof } from "../chain/spv.ts";
import type { BaseNode } from "../ports/base-node.ts";
import type { BlockRef } from "../ports/chain-source.ts";

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
export function blockView(chain: BaseNode, place: BlockHash | BlockHeight): BlockView | undefined {
  const block = typeof place === "number" ? chain.blockAt(place) : chain.block(place);
  if (block === undefined) return undefined;
  const hash = blockHashOf(block.header);
  const { header, height, confirmations, work } = present(chain.header(hash), "blocks that are held have a header");
  const sizes = { bytes: encodeBlock(block).length, weight: blockWeight(block) };
  return { hash, height, header, confirmations, work, ...sizes, txids: block.txs.map(txidOf) };
}

/** Undefined for a transaction that neither the best chain nor the mempool holds. */
export function transactionView(chain: BaseNode, params: ChainParams, txid: Txid): TransactionView | undefined {
  const found = chain.transaction(txid);
  if (found === undefined) return undefined;
  const { tx, confirmed } = found;
  const spent = isCoinbase(tx) ? tx.inputs.map(() => undefined) : spentBy(chain, tx);
  const block = confirmed && {
    ...confirmed.block,
    confirmations: chain.tip().height - confirmed.block.height + 1,
  };
  const show = (output: TxOut | undefined): OutputView | undefined => output && outputView(output, params);
  return {
    tx,
    txid,
    wtxid: wtxidOf(tx),
    weight: weightOf(tx),
    fee: feeOf(tx, spent),
    spent: spent.map(show),
    outputs: tx.outputs.map((output) => outputView(output, params)),
    block,
  };
}
const outputView = (output: TxOut, params: ChainParams): OutputView => ({
  ...output,
  address: addressOf(output.script, params),
});
/** Each transaction is looked up once, however many of its outputs are spent. */
function spentBy(chain: BaseNode, tx: Tx): readonly (TxOut | undefined)[] {
  const known = new Map<Txid, Tx | undefined>();
  return tx.inputs.map(({ prevout: { txid, vout } }) => {
    if (!known.has(txid)) known.set(txid, chain.transaction(txid)?.tx);
    return known.get(txid)?.outputs[vout];
  });
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
export function transactionProof(chain: BaseNode, txid: Txid): TransactionProof | undefined {
  const confirmed = chain.transaction(txid)?.confirmed;
  const block = confirmed && chain.block(confirmed.block.hash);
  if (confirmed === undefined || block === undefined) return undefined;
  return { proof: proveTx(block, confirmed.index), network: chain.info().network, block: confirmed.block };
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
): Promise<UnspentView | undefined> {
  const found = await chain.unspent(outpoint);
  if (found === undefined) return undefined;
  const { amount, script, block, coinbase } = found;
  const confirmations = chain.tip().height - block.height + 1;
  return { outpoint, output: outputView({ amount: sat(amount), script }, params), block, confirmations, coinbase };
}
