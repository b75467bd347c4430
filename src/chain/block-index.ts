import { assert, present } from "../base/result.ts";
import { forkOf, type HeaderNode, type HeaderTree, isAncestor, isBetter } from "./headers.ts";

/**
 * What is known of the blocks behind the headers, and from that which chain is best: the one with the most work among
 * those whose blocks are all held and none of them invalid. Mutable; it holds no block itself.
 */
export interface BlockIndex {
  readonly tree: HeaderTree;
  /** Blocks whose data is held. */
  readonly held: Set<HeaderNode>;
  /** Held, as is every ancestor: could be connected. */
  readonly linked: Set<HeaderNode>;
  /** Held, under a parent that is not linked yet. */
  readonly waiting: Map<HeaderNode, readonly HeaderNode[]>;
  /** Broke a rule that no other block with the same hash could keep, or has such an ancestor. */
  readonly invalid: Set<HeaderNode>;
  /** Linked and valid, with no such child: the ends of all chains that could be followed. */
  readonly ends: Set<HeaderNode>;
  /** Headers on which no other stands: the ends of everything that is known. */
  readonly leaves: Set<HeaderNode>;
  /** The header with most work that is not invalid: how far there is something to fetch. */
  bestHeader: HeaderNode;
}

/** How to get from one tip to another. */
export interface Reorganisation {
  /** Newest first. */
  readonly disconnect: readonly HeaderNode[];
  /** Oldest first. */
  readonly connect: readonly HeaderNode[];
}

export function blockIndex(tree: HeaderTree): BlockIndex {
  const only = [tree.genesis];
  return {
    tree,
    held: new Set(only),
    linked: new Set(only),
    waiting: new Map(),
    invalid: new Set(),
    ends: new Set(only),
    leaves: new Set(only),
    bestHeader: tree.genesis,
  };
}

/** A header that was put into the tree. Under an invalid parent it is invalid. */
export function noteHeader(index: BlockIndex, node: HeaderNode): void {
  index.leaves.add(node);
  if (node.previous !== undefined) index.leaves.delete(node.previous);
  if (node.previous !== undefined && index.invalid.has(node.previous)) index.invalid.add(node);
  else if (isBetter(node, index.bestHeader)) index.bestHeader = node;
}

/** The block of this header is held now. */
export function noteBlock(index: BlockIndex, node: HeaderNode): void {
  const parent = present(node.previous, "the genesis block is always held");
  if (index.held.has(node)) return;
  index.held.add(node);
  if (!index.linked.has(parent)) index.waiting.set(parent, [...(index.waiting.get(parent) ?? []), node]);
  else link(index, node);
}

function link(index: BlockIndex, first: HeaderNode): void {
  const ready = [first];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    index.linked.add(node);
    if (!index.invalid.has(node)) {
      index.ends.add(node);
      if (node.previous !== undefined) index.ends.delete(node.previous);
    }
    ready.push(...(index.waiting.get(node) ?? []));
    index.waiting.delete(node);
  }
}

/** The block can never be part of the chain, nor can anything on top of it. */
export function noteInvalid(index: BlockIndex, node: HeaderNode): void {
  assert(node !== index.tree.genesis, "the genesis block is valid");
  for (const other of index.tree.nodes.values()) {
    if (other.height < node.height || !isAncestor(node, other)) continue;
    index.invalid.add(other);
    index.ends.delete(other);
  }
  const parent = present(node.previous, "only genesis has no parent");
  if (index.linked.has(parent) && !index.invalid.has(parent) && !hasLinkedChild(index, parent)) index.ends.add(parent);
  if (index.invalid.has(index.bestHeader)) index.bestHeader = bestOf(index.tree.nodes.values(), index.invalid);
}
/** The block, with what it stands on and what stands on it, is no longer called invalid. Answers which blocks that were. */
export function noteReconsidered(index: BlockIndex, node: HeaderNode): readonly HeaderNode[] {
  const isOfIt = (other: HeaderNode): boolean => isAncestor(other, node) || isAncestor(node, other);
  const freed = [...index.invalid].filter(isOfIt);
  for (const each of freed) index.invalid.delete(each);
  for (const each of freed) if (index.linked.has(each)) index.ends.add(each);
  for (const each of freed) if (each.previous !== undefined && index.linked.has(each)) index.ends.delete(each.previous);
  for (const each of freed) if (isBetter(each, index.bestHeader)) index.bestHeader = each;
  return freed;
}
function hasLinkedChild(index: BlockIndex, parent: HeaderNode): boolean {
  for (const end of index.ends) if (end !== parent && isAncestor(parent, end)) return true;
  return false;
}
function bestOf(nodes: Iterable<HeaderNode>, invalid: ReadonlySet<HeaderNode>): HeaderNode {
  let best: HeaderNode | undefined;
  for (const node of nodes) if (!invalid.has(node) && (best === undefined || isBetter(node, best))) best = node;
  return present(best, "the genesis block is valid");
}

/**
 * The way from `tip` to the best chain, or undefined when `tip` is its end already. Of chains with equal work the one
 * that is followed stays.
 */
export function nextReorganisation(index: BlockIndex, tip: HeaderNode): Reorganisation | undefined {
  const best = bestOf([...index.ends, tip], index.invalid);
  if (best.work <= tip.work && !index.invalid.has(tip)) return undefined;
  return wayBetween(tip, best);
}

export function wayBetween(from: HeaderNode, to: HeaderNode): Reorganisation {
  const fork = forkOf(from, to);
  return { disconnect: branch(from, fork), connect: branch(to, fork).reverse() };
}
function branch(tip: HeaderNode, fork: HeaderNode): HeaderNode[] {
  const nodes: HeaderNode[] = [];
  for (let node = tip; node !== fork; node = present(node.previous, "the fork lies below")) nodes.push(node);
  return nodes;
}
