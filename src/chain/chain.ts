import type { BlockHash } from "../base/ids.ts";
import { assert, err, ok, present, type Result } from "../base/result.ts";
import type { BlockHeader } from "../bitcoin/block.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { type Ahead, checkAndBegin, dropAhead, type ScriptVerifier, takeAhead } from "./ahead.ts";
import {
  type BlockIndex,
  blockIndex,
  nextReorganisation,
  noteBlock,
  noteHeader,
  noteInvalid,
  type Reorganisation,
  wayBetween,
} from "./block-index.ts";
import { type BlockUndo, disconnectCoins, totalsAfter } from "./coins.ts";
import { type ConnectedBlock, connectBlock } from "./connect-block.ts";
import { type BlockFault, isMutation } from "./faults.ts";
import { type HashedBlock, type HashedClaim, hashBlock } from "./hashed-block.ts";
import { addHeader, type HeaderFault, type HeaderNode, headerTree, insertHeader } from "./headers.ts";
import { BlockPruned } from "./pruned.ts";
import { type VerifiedScripts, verifyScripts } from "./scripts.ts";
import type { ChainStorage } from "./storage.ts";

/** The best valid chain and everything known beside it. Mutable; only the functions below change it. */
export interface Chain {
  readonly params: ChainParams;
  readonly index: BlockIndex;
  readonly storage: ChainStorage;
  readonly verified: VerifiedScripts;
  /** The last connected block. */
  tip: HeaderNode;
  /**
   * A block with more inputs to verify than this waits for the verdict of whoever runs the chain, who may verify them at the same
   * time in several threads. With no limit every script is verified at once, as nobody else may have to.
   */
  inputsAtOnce: number;
  /** Who verifies beside the chain what waits. */
  verifier: ScriptVerifier | undefined;
  /** Of the block that is just being taken in. */
  ahead: Ahead | undefined;
  /** The next block to connect, on the tip, while its scripts are verified elsewhere. */
  waiting: WaitingBlock | undefined;
}
export interface WaitingBlock {
  readonly node: HeaderNode;
  readonly block: HashedBlock;
  /** Against the coins after the tip, which do not change while it waits. */
  readonly connected: ConnectedBlock;
}

/** What changed by one call, for those who follow the chain. */
export interface ChainUpdate {
  /** Newest first. */
  readonly disconnected: readonly HashedBlock[];
  /** Oldest first. */
  readonly connected: readonly HashedBlock[];
  /** Blocks that turned out to be invalid. */
  readonly rejected: readonly { readonly hash: BlockHash; readonly fault: BlockFault }[];
}
export type BlockRefusal = HeaderFault | BlockFault;

/** The chain as its storage holds it, and on to the best one if a crash came in the middle of a reorganisation. */
export function openChain(params: ChainParams, storage: ChainStorage, verified: VerifiedScripts): Chain {
  const tree = headerTree(params);
  const index = blockIndex(tree);
  for (const { hash, header, state } of storage.headers()) {
    const parent = present(tree.nodes.get(header.previous), "stored headers come after their parents");
    const node = insertHeader(tree, header, hash, parent);
    noteHeader(index, node);
    if (state === "held") noteBlock(index, node);
    if (state === "invalid") noteInvalid(index, node);
  }
  const stored = storage.tip();
  const tip = stored === undefined ? tree.genesis : present(tree.nodes.get(stored), "the tip's header is stored");
  const inputsAtOnce = Number.POSITIVE_INFINITY;
  const begun = { verifier: undefined, ahead: undefined, waiting: undefined };
  const chain: Chain = { params, index, storage, verified, tip, inputsAtOnce, ...begun };
  activateBest(chain);
  return chain;
}

/**
 * Takes headers in, in order, up to the first that is refused.
 * @param now  seconds since 1970-01-01 UTC
 */
export function acceptHeaders(
  chain: Chain,
  headers: readonly BlockHeader[],
  now: number,
): { readonly last: HeaderNode | undefined; readonly fault: HeaderFault | undefined } {
  const fresh: HeaderNode[] = [];
  let last: HeaderNode | undefined;
  let fault: HeaderFault | undefined;
  for (const header of headers) {
    const taken = takeHeader(chain, header, now, fresh);
    if (!taken.ok) {
      fault = taken.error;
      break;
    }
    last = taken.value;
  }
  if (fresh.length > 0) chain.storage.commit({ tag: "Headers", nodes: fresh });
  return { last, fault };
}

function takeHeader(
  chain: Chain,
  header: BlockHeader,
  now: number,
  fresh: HeaderNode[],
): Result<HeaderNode, HeaderFault> {
  const { tree, invalid } = chain.index;
  const before = tree.nodes.size;
  const parent = tree.nodes.get(header.previous);
  if (parent !== undefined && invalid.has(parent)) return err({ code: "bad-prevblk" });
  const added = addHeader(tree, header, now);
  if (!added.ok) return added;
  if (tree.nodes.size > before) {
    noteHeader(chain.index, added.value);
    fresh.push(added.value);
  }
  return invalid.has(added.value) ? err({ code: "bad-prevblk" }) : added;
}

/** Takes a block in and follows the best chain from then on. A block that is held already changes nothing. */
export function acceptBlock(chain: Chain, claimed: HashedClaim, now: number): Result<ChainUpdate, BlockRefusal> {
  const fresh: HeaderNode[] = [];
  const taken = takeHeader(chain, claimed.block.header, now, fresh);
  if (!taken.ok) return taken;
  const node = taken.value;
  if (chain.index.held.has(node)) return ok({ disconnected: [], connected: [], rejected: [] });
  const parent = present(node.previous, "the genesis block is always held");
  const checked = checkAndBegin(chain, claimed, parent);
  if (!checked.ok) {
    dropAhead(chain);
    if (fresh.length > 0) chain.storage.commit({ tag: "Headers", nodes: fresh });
    if (!isMutation(checked.error)) markInvalid(chain, node);
    return checked;
  }
  const hashed = checked.value;
  chain.storage.commit({ tag: "Block", node, block: hashed.block });
  noteBlock(chain.index, node);
  const update = activateBest(chain, hashed);
  dropAhead(chain);
  return ok(update);
}

/**
 * Goes on with the verdict on the scripts of the block that waited. A verdict on one that waits no more, because a better chain
 * leads elsewhere, changes nothing.
 * @param fault  why they are invalid
 */
export function settleWaiting(chain: Chain, waiting: WaitingBlock, fault: BlockFault | undefined): ChainUpdate {
  const done = nothingDone();
  if (chain.waiting !== waiting) return done;
  chain.waiting = undefined;
  const { node, block, connected } = waiting;
  if (fault === undefined) {
    becomeTip(chain, node, block, connected);
    done.connected.push(block);
  } else reject(chain, node, fault, done);
  return activateBest(chain, undefined, done);
}

/** What `activateBest` has done so far. */
export interface Progress {
  readonly disconnected: HashedBlock[];
  readonly connected: HashedBlock[];
  readonly rejected: { readonly hash: BlockHash; readonly fault: BlockFault }[];
}
export const nothingDone = (): Progress => ({ disconnected: [], connected: [], rejected: [] });
/**
 * Takes and gives back blocks until the best chain is connected, or one of them has to wait. `fresh` spares reading the newest
 * one again.
 */
export function activateBest(chain: Chain, fresh?: HashedBlock, done = nothingDone()): ChainUpdate {
  const before = chain.tip;
  for (let way = nextReorganisation(chain.index, before); way; way = nextReorganisation(chain.index, chain.tip)) {
    if (chain.waiting !== undefined && way.disconnect.length === 0 && way.connect[0] === chain.waiting.node)
      return done;
    chain.waiting = undefined;
    // Nobody is shown a chain with less work than the one before: until it has more, scripts are verified at once.
    follow(chain, way, done, { fresh, mayWait: (tip) => way.disconnect.length === 0 || tip.work > before.work });
    if (chain.waiting !== undefined) return done;
  }
  chain.waiting = undefined;
  // A way to an invalid block may have ended on one that is no better than where it began.
  if (chain.tip.work <= before.work && !chain.index.invalid.has(before))
    follow(chain, wayBetween(chain.tip, before), done, { mayWait: () => false });
  return done;
}
interface Following {
  readonly fresh?: HashedBlock | undefined;
  /** Whether a block on this tip may wait for its scripts. */
  readonly mayWait: (tip: HeaderNode) => boolean;
}
export function follow(chain: Chain, way: Reorganisation, done: Progress, { fresh, mayWait }: Following): void {
  const { disconnected, connected } = done;
  for (const node of way.disconnect) {
    const block = disconnectTip(chain, node);
    // A block that was connected a moment ago, on a way that led to an invalid one, was never there.
    if (connected.at(-1)?.hash === block.hash) connected.pop();
    else disconnected.push(block);
  }
  for (const node of way.connect) {
    const block = fresh?.hash === node.hash ? fresh : hashBlock(readBlock(chain, node));
    const result = connectTip(chain, node, block, mayWait(chain.tip));
    if (!result.ok) return reject(chain, node, result.error, done);
    if (result.value === "waits") return;
    if (disconnected.at(-1)?.hash === block.hash) disconnected.pop();
    else connected.push(block);
  }
}
function reject(chain: Chain, node: HeaderNode, fault: BlockFault, { rejected }: Progress): void {
  rejected.push({ hash: node.hash, fault });
  markInvalid(chain, node);
}

function connectTip(
  chain: Chain,
  node: HeaderNode,
  block: HashedBlock,
  mayWait: boolean,
): Result<"connected" | "waits", BlockFault> {
  const { storage, params, verified } = chain;
  const gathered = takeAhead(chain, block, mayWait);
  const done = connectBlock(block, { previous: chain.tip, params, storage, verified, gathered });
  if (!done.ok) {
    chain.verifier?.giveUp();
    return done;
  }
  const connected = done.value;
  if (mayWait && connected.scripts.inputs > chain.inputsAtOnce) {
    chain.waiting = { node, block, connected };
    return ok("waits");
  }
  const fault = verifyScripts(connected.scripts);
  if (fault !== undefined) return err(fault);
  becomeTip(chain, node, block, connected);
  return ok("connected");
}
function becomeTip(chain: Chain, node: HeaderNode, block: HashedBlock, { coins, undo }: ConnectedBlock): void {
  assert(node.previous === chain.tip, "blocks are connected to the tip");
  const totals = totalsAfter(chain.storage.totals(), coins);
  chain.storage.commit({ tag: "Connect", block, height: node.height, coins, undo, totals });
  chain.tip = node;
}

function disconnectTip(chain: Chain, node: HeaderNode): HashedBlock {
  const { storage } = chain;
  assert(node === chain.tip, "blocks are disconnected from the tip");
  const block = hashBlock(readBlock(chain, node));
  const undo: BlockUndo = present(storage.undo(node.hash), "connected blocks have their undo");
  const coins = disconnectCoins(block.block.txs, block.txids, undo, storage.coin);
  const previous = present(node.previous, "genesis is never disconnected");
  const totals = totalsAfter(storage.totals(), coins);
  storage.commit({ tag: "Disconnect", block, height: node.height, coins, tip: previous.hash, totals });
  chain.tip = previous;
  return block;
}

export function markInvalid(chain: Chain, node: HeaderNode): void {
  noteInvalid(chain.index, node);
  chain.storage.commit({ tag: "Invalid", nodes: [node] });
}

/** The block behind a node that is held; genesis comes from the parameters. Throws `BlockPruned`. */
export function readBlock(chain: Chain, node: HeaderNode): HashedBlock["block"] {
  const block = keptBlock(chain, node);
  if (block === undefined) throw new BlockPruned(node.height);
  return block;
}
/** As `readBlock`; undefined when it has been pruned. */
export function keptBlock(chain: Chain, node: HeaderNode): HashedBlock["block"] | undefined {
  if (node === chain.index.tree.genesis) return chain.params.genesis;
  const block = chain.storage.block(node.hash);
  assert(block !== undefined || node.height <= chain.storage.prunedTo(), "held blocks are in the storage");
  return block;
}
