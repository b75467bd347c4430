import { noteBlock, noteReconsidered, wayBetween } from "./block-index.ts";
import { activateBest, type Chain, type ChainUpdate, follow, markInvalid, nothingDone } from "./chain.ts";
import { type HeaderNode, isAncestor } from "./headers.ts";

/** What people decide about blocks, whatever the rules say. */

/** A block and all on top of it are invalid from now on. Genesis cannot be. */
export function invalidateBlock(chain: Chain, node: HeaderNode): ChainUpdate {
  markInvalid(chain, node);
  return activateBest(chain);
}

/**
 * Takes back that a block is invalid, by hand or by the rules, for all below it and on top of it as well. What breaks a
 * rule will be found out again.
 */
export function reconsiderBlock(chain: Chain, node: HeaderNode): ChainUpdate {
  const { index, storage } = chain;
  const freed = noteReconsidered(index, node);
  for (const each of freed) if (!index.held.has(each) && storage.block(each.hash) !== undefined) noteBlock(index, each);
  const [held, bare] = [freed.filter((each) => index.held.has(each)), freed.filter((each) => !index.held.has(each))];
  storage.commit({ tag: "Reconsidered", held, bare });
  return activateBest(chain);
}

/**
 * Follows a block as if it had come before every other with the same work. Nothing changes where another chain has more, or blocks
 * on the way are missing or invalid.
 */
export function preferBlock(chain: Chain, node: HeaderNode): ChainUpdate {
  const { index, tip } = chain;
  const done = nothingDone();
  const isRival = index.linked.has(node) && !index.invalid.has(node) && !isAncestor(node, tip);
  if (!isRival || node.work < tip.work) return done;
  chain.waiting = undefined;
  follow(chain, wayBetween(tip, node), done, { mayWait: () => false });
  // Where it turned out to be invalid, this leads back.
  return activateBest(chain, undefined, done);
}
