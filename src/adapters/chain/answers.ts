import type { BlockHash, Outpoint, Txid } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { type BlockHeight, blockHeight, sat } from "../../base/units.ts";
import type { Block } from "../../bitcoin/block.ts";
import { txidOf } from "../../bitcoin/tx.ts";
import type { NodeBrain } from "../../chain/brain.ts";
import { difficultySteps, knownHeaders } from "../../chain/branches.ts";
import { type Chain, readBlock } from "../../chain/chain.ts";
import { ancestorAt, type HeaderNode, isAncestor } from "../../chain/headers.ts";
import { BlockPruned } from "../../chain/pruned.ts";
import type {
  BaseNode,
  BaseNodeInfo,
  ChainFault,
  DifficultyStep,
  FoundTx,
  KnownBlock,
  MempoolTx,
  PlacedHeader,
  UtxoTotal,
} from "../../ports/base-node.ts";
import type { BlockRef, UnspentOutput } from "../../ports/chain-source.ts";

/** What every node with a whole chain can be asked, read from its brain. */

export const refOf = ({ height, hash }: HeaderNode): BlockRef => ({ height, hash });

/** The node of the best chain at a height, at most that of `horizon`. */
const nodeAt = (horizon: HeaderNode, height: BlockHeight): HeaderNode | undefined => ancestorAt(horizon, height);

export function unspentAt({ chain }: NodeBrain, outpoint: Outpoint): UnspentOutput | undefined {
  const coin = chain.storage.coin(outpoint);
  if (coin === undefined) return undefined;
  const block = present(nodeAt(chain.tip, blockHeight(coin.height)), "coins are of blocks in the best chain");
  const { amount, script } = coin.output;
  return { amount, script, block: refOf(block), coinbase: coin.coinbase };
}

export function blockAtHeight(chain: Chain, horizon: HeaderNode, height: BlockHeight): Block | undefined {
  const node = nodeAt(horizon, height);
  // Of these some may be there still: that is nothing to build on.
  if (height > 0 && height <= chain.storage.prunedTo()) throw new BlockPruned(height);
  return node === undefined ? undefined : readBlock(chain, node);
}

export function placedHeader(chain: Chain, horizon: HeaderNode, hash: BlockHash): PlacedHeader | undefined {
  const node = chain.index.tree.nodes.get(hash);
  if (node === undefined) return undefined;
  const { header, height, work } = node;
  return { header, height, work, confirmations: isAncestor(node, horizon) ? horizon.height - height + 1 : 0 };
}

export function txidAtPlace(chain: Chain, horizon: HeaderNode, height: BlockHeight, index: number): Txid | undefined {
  const tx = blockAtHeight(chain, horizon, height)?.txs[index];
  return tx === undefined ? undefined : txidOf(tx);
}

export function findTx({ chain, pool }: NodeBrain, txid: Txid): FoundTx | undefined {
  const waiting = pool.entries.get(txid);
  if (waiting !== undefined) return { tx: waiting.tx, confirmed: undefined };
  const place = chain.storage.place(txid);
  if (place === undefined) return undefined;
  const node = present(chain.index.tree.nodes.get(place.block), "indexed transactions are in known blocks");
  const tx = present(readBlock(chain, node).txs[place.index], "indexed transactions are in their blocks");
  return { tx, confirmed: { block: refOf(node), index: place.index } };
}

export function coinTotals({ storage }: Chain): UtxoTotal {
  const { count, total } = storage.totals();
  return { count, total: sat(total) };
}

export const waitingTxs = ({ pool }: NodeBrain): readonly MempoolTx[] =>
  [...pool.entries.values()].map(({ txid, fee, vsize }) => ({ txid, fee, vsize }));

export const isSynced = ({ index, tip, params }: Chain): boolean =>
  tip.work >= params.minimumWork && index.bestHeader.work <= tip.work;

/** A whole chain of our own, read at once: what a `BaseNode` with it answers later. */
export interface WholeChain {
  header(hash: BlockHash): PlacedHeader | undefined;
  block(hash: BlockHash): Block | undefined;
  blockAt(height: BlockHeight): Block | undefined;
  transaction(txid: Txid): FoundTx | undefined;
  utxoTotal(): UtxoTotal;
  branches(heights: number, to?: BlockHeight): readonly KnownBlock[];
  difficulty(): readonly DifficultyStep[];
  mempool(): readonly MempoolTx[];
}
/** @param horizon  the block of the best chain up to which it is seen */
export function wholeChain(brain: NodeBrain, horizon: () => HeaderNode): WholeChain {
  const { chain } = brain;
  return {
    header: (hash) => placedHeader(chain, horizon(), hash),
    block: (hash) => {
      const node = chain.index.tree.nodes.get(hash);
      return node === undefined || !chain.index.held.has(node) ? undefined : readBlock(chain, node);
    },
    blockAt: (height) => blockAtHeight(chain, horizon(), height),
    transaction: (txid) => findTx(brain, txid),
    utxoTotal: () => coinTotals(chain),
    branches: (heights, to) =>
      knownHeaders({ ...chain, tip: horizon() }, heights, to).map(({ node: { hash, header, height }, state }) => ({
        hash,
        header,
        height,
        state,
      })),
    difficulty: () => difficultySteps({ ...chain, tip: horizon() }),
    mempool: () => waitingTxs(brain),
  };
}
/** The same as answers of the port. What would need a block that was pruned is `not_held`. */
export abstract class WholeAnswers implements Pick<BaseNode, keyof WholeChain> {
  abstract readonly whole: WholeChain;
  header = async (hash: BlockHash) => ok(this.whole.header(hash));
  block = async (hash: BlockHash) => ifKept(() => this.whole.block(hash));
  blockAt = async (height: BlockHeight) => ifKept(() => this.whole.blockAt(height));
  transaction = async (txid: Txid) => ifKept(() => this.whole.transaction(txid));
  utxoTotal = async () => ok(this.whole.utxoTotal());
  branches = async (heights: number, to?: BlockHeight) => ok(this.whole.branches(heights, to));
  difficulty = async () => ok(this.whole.difficulty());
  mempool = async () => ok(this.whole.mempool());
}
export const answersOf = (whole: WholeChain): Pick<BaseNode, keyof WholeChain> => ({
  header: async (hash) => ok(whole.header(hash)),
  block: async (hash) => ifKept(() => whole.block(hash)),
  blockAt: async (height) => ifKept(() => whole.blockAt(height)),
  transaction: async (txid) => ifKept(() => whole.transaction(txid)),
  utxoTotal: async () => ok(whole.utxoTotal()),
  branches: async (heights, to) => ok(whole.branches(heights, to)),
  difficulty: async () => ok(whole.difficulty()),
  mempool: async () => ok(whole.mempool()),
});

function ifKept<T>(read: () => T): Result<T, ChainFault> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof BlockPruned) return err({ code: "not_held", detail: error.message });
    throw error;
  }
}

/** All of `info` that the brain knows. */
export function brainInfo({ chain, pool }: NodeBrain): Omit<BaseNodeInfo, "peers" | "address"> {
  const { tip, index, params } = chain;
  return {
    source: "embedded",
    network: params.network,
    tip: refOf(tip),
    time: tip.header.time,
    headers: index.bestHeader.height,
    synced: isSynced(chain),
    mempool: { transactions: pool.entries.size, bytes: pool.vsize },
    utxos: coinTotals(chain),
    filters: undefined,
  };
}
