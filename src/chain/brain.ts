import type { Outpoint, Txid } from "../base/ids.ts";
import { err, ok, present, type Result } from "../base/result.ts";
import type { SatPerKw } from "../base/units.ts";
import type { Block } from "../bitcoin/block.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { type ClaimedTx, type Tx, txidOf } from "../bitcoin/tx.ts";
import { acceptTx } from "./accept-tx.ts";
import { invalidateBlock, preferBlock, reconsiderBlock } from "./by-hand.ts";
import {
  acceptBlock,
  type BlockRefusal,
  type Chain,
  type ChainUpdate,
  openChain,
  settleWaiting,
  type WaitingBlock,
} from "./chain.ts";
import type { BlockRef, Watch } from "./events.ts";
import type { BlockFault } from "./faults.ts";
import { type Feed, feedAfter, noteWaiting, watchFrom } from "./feed.ts";
import { estimateFeerate, type FeeCare, type FeeMemory, feeMemory, rememberFees } from "./fees.ts";
import { followChain } from "./follow.ts";
import type { HashedBlock, HashedClaim } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";
import { isAncestor } from "./headers.ts";
import { noteChange } from "./journal.ts";
import { judgePackage } from "./judge-package.ts";
import { DEFAULT_POLICY, entryOf, type Mempool, type MempoolPolicy, mempool, spenderOf } from "./mempool.ts";
import type { MempoolFault } from "./mempool-fault.ts";
import { blockTemplate } from "./miner.ts";
import { acceptPackage } from "./package.ts";
import { holdTx, ripePending } from "./pending.ts";
import { verifyScripts } from "./scripts.ts";
import type { ChainStorage } from "./storage.ts";
import type { PackageVerdict } from "./verdict.ts";

/** Chain, mempool and memory of fees of one node, kept in step. Mutable; its hosts bring blocks, transactions and time. */
export interface NodeBrain {
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly fees: FeeMemory;
  /** Of those who listen now. */
  readonly feeds: Set<Feed>;
}

export const nodeBrain = (
  params: ChainParams,
  storage: ChainStorage,
  policy: MempoolPolicy = DEFAULT_POLICY,
): NodeBrain => ({
  chain: openChain(params, storage, new Set()),
  pool: mempool(policy),
  fees: feeMemory(),
  feeds: new Set(),
});

/** A feed that hears of blocks after `cursor` and of what comes into the mempool, until it is deleted from `feeds`. */
export function openFeed(
  brain: NodeBrain,
  cursor: BlockRef | undefined,
  watches: readonly Watch[],
  spender?: (outpoint: Outpoint) => Tx | undefined,
): Feed {
  const feed = feedAfter(brain.chain.index.tree, cursor);
  brain.feeds.add(feed);
  setWatches(brain, feed, watches, spender);
  return feed;
}
/** @param spender  what waits and spends an outpoint, where that is not in the mempool */
export function setWatches(
  { chain, pool }: NodeBrain,
  feed: Feed,
  watches: readonly Watch[],
  spender: (outpoint: Outpoint) => Tx | undefined = (outpoint) => spenderOf(pool, outpoint),
): void {
  const told = isAncestor(feed.told, chain.tip);
  const isUnspent = (outpoint: Outpoint): boolean => told && chain.storage.coin(outpoint) !== undefined;
  watchFrom(feed, watches, spender, isUnspent);
}

/**
 * A block from a peer or miner.
 * @param now  seconds since 1970-01-01 UTC
 */
export function takeBlock(brain: NodeBrain, block: HashedClaim, now: number): Result<ChainUpdate, BlockRefusal> {
  const update = acceptBlock(brain.chain, block, now);
  if (update.ok) keepInStep(brain, update.value, now);
  return update;
}
/**
 * The verdict on the scripts of a block that waited for it: see `settleWaiting`.
 * @param now  seconds since 1970-01-01 UTC
 */
export function takeVerdict(
  brain: NodeBrain,
  waiting: WaitingBlock,
  fault: BlockFault | undefined,
  now: number,
): ChainUpdate {
  const update = settleWaiting(brain.chain, waiting, fault);
  keepInStep(brain, update, now);
  return update;
}
/** As `takeBlock`, but nothing waits: scripts that others are verifying are verified here as well. */
export function takeBlockAtOnce(brain: NodeBrain, block: HashedClaim, now: number): Result<ChainUpdate, BlockRefusal> {
  const taken = takeBlock(brain, block, now);
  return taken.ok ? ok(finish(brain, taken.value, now)) : taken;
}
function finish(brain: NodeBrain, first: ChainUpdate, now: number): ChainUpdate {
  const updates = [first];
  for (let { waiting } = brain.chain; waiting !== undefined; waiting = brain.chain.waiting)
    updates.push(takeVerdict(brain, waiting, verifyScripts(waiting.connected.scripts), now));
  return {
    disconnected: updates.flatMap(({ disconnected }) => disconnected),
    connected: updates.flatMap(({ connected }) => connected),
    rejected: updates.flatMap(({ rejected }) => rejected),
  };
}
function keepInStep(brain: NodeBrain, update: ChainUpdate, now: number): void {
  const { journals } = brain.pool;
  for (const block of update.disconnected) noteChange(journals, { tag: "BlockDisconnected", block });
  for (const block of update.connected) noteChange(journals, { tag: "BlockConnected", block });
  const mined = followChain(brain.pool, brain.chain, update, now);
  if (update.connected.length > 0) rememberFees(brain.fees, mined, brain.chain.tip.height);
  for (const tx of ripePending(brain.pool, brain.chain, update.connected, now)) takeTx(brain, tx, now);
  for (const { block, txids } of update.disconnected) {
    block.txs.forEach((tx, index) => {
      if (brain.pool.entries.has(txids[index] as Txid)) tellWaiting(brain, tx);
    });
  }
  for (const block of newTips(brain.chain, update)) noteChange(journals, { tag: "TipChanged", block });
}
/** Blocks on the way through a reorganisation were never better than the old tip, but for the last. */
function newTips({ index, tip }: Chain, { disconnected, connected }: ChainUpdate): readonly HashedBlock[] {
  const workOf = (block: HashedBlock): bigint => present(index.tree.nodes.get(block.hash), "blocks are known").work;
  const [old] = disconnected;
  const before = old === undefined ? 0n : workOf(old);
  return connected.filter((block) => block.hash === tip.hash || workOf(block) > before);
}
/** By hand: a block, and all on top of it, is invalid from now on. Not genesis. */
export const invalidate = (brain: NodeBrain, node: HeaderNode, now: number): ChainUpdate =>
  byHand(brain, invalidateBlock(brain.chain, node), now);
/** Takes that back. */
export const reconsider = (brain: NodeBrain, node: HeaderNode, now: number): ChainUpdate =>
  byHand(brain, reconsiderBlock(brain.chain, node), now);
/** Follows a block as if it had come before every other with the same work. */
export const prefer = (brain: NodeBrain, node: HeaderNode, now: number): ChainUpdate =>
  byHand(brain, preferBlock(brain.chain, node), now);
function byHand(brain: NodeBrain, update: ChainUpdate, now: number): ChainUpdate {
  keepInStep(brain, update, now);
  return finish(brain, update, now);
}
function tellWaiting({ feeds }: NodeBrain, tx: Tx): void {
  for (const feed of feeds) noteWaiting(feed, tx);
}

/** A transaction from a peer or our own. Fresh ones are to be announced; what is known already is no refusal. */
export function takeTx(
  brain: NodeBrain,
  tx: ClaimedTx,
  now: number,
): Result<{ readonly txid: Txid; readonly fresh: boolean }, MempoolFault> {
  const accepted = acceptTx(brain.pool, brain.chain, tx, { now });
  if (accepted.ok) {
    tellWaiting(brain, accepted.value.entry.tx);
    return ok({ txid: accepted.value.entry.txid, fresh: true });
  }
  const { code } = accepted.error;
  if (code === "non-final") return holdPending(brain, tx, now);
  const known = code === "txn-already-in-mempool" || code === "txn-already-known";
  return known ? ok({ txid: txidOf(tx), fresh: false }) : err(accepted.error);
}

/** One of our own. Where it waits with another witness, that one does under its txid all that it would do. */
export function takeOwnTx(brain: NodeBrain, tx: ClaimedTx, now: number): Result<Txid, MempoolFault> {
  const taken = takeTx(brain, tx, now);
  const waits = taken.ok || taken.error.code === "txn-same-nonwitness-data-in-mempool";
  return waits ? ok(txidOf(tx)) : taken;
}

/** What is not final waits apart, where policy lets it; whoever watches its coins hears of it as of anything that waits. */
function holdPending(
  brain: NodeBrain,
  tx: ClaimedTx,
  now: number,
): Result<{ readonly txid: Txid; readonly fresh: boolean }, MempoolFault> {
  const held = holdTx(brain.pool, brain.chain, tx, now);
  if (held.ok) tellWaiting(brain, held.value.tx);
  else if (held.error.code !== "txn-already-in-mempool") return held;
  return ok({ txid: txidOf(tx), fresh: held.ok });
}

/** A child with parents of its own, the child last: it may pay for them. Those that are `Taken` are to be announced. */
export function takePackage(brain: NodeBrain, txs: readonly ClaimedTx[], now: number): PackageVerdict {
  const verdict = acceptPackage(brain.pool, brain.chain, txs, { now });
  for (const { tag, txid } of verdict.txs) if (tag === "Taken") tellWaiting(brain, entryOf(brain.pool, txid).tx);
  return verdict;
}

/** What `takeTx`, or the mempool of several transactions with parents in front, would say, and nothing changed. */
export const tryTx = ({ pool, chain }: NodeBrain, txs: readonly ClaimedTx[], now: number): PackageVerdict =>
  judgePackage(pool, chain, txs, now);

/** What to mine next. */
export const templateFor = (
  { chain, pool }: NodeBrain,
  { script, now, extraNonce }: { readonly script: Uint8Array; readonly now: number; readonly extraNonce: Uint8Array },
): Block => blockTemplate(pool, { params: chain.params, previous: chain.tip, script, now, extraNonce });

/** What to pay to be mined within so many blocks; undefined while too little is known. */
export const feerateFor = (
  { fees, pool }: NodeBrain,
  question: { readonly blocks: number; readonly care: FeeCare; readonly now: number },
): SatPerKw | undefined => estimateFeerate(fees, pool, question);
