import { present } from "../../../src/base/result.ts";
import type { Block } from "../../../src/bitcoin/block.ts";
import { type Bench, bench, give } from "../builder.ts";

/** The blocks of a chain, oldest first. */
export const blocksOf = (chain: Bench): readonly Block[] =>
  [...chain.brain.chain.index.tree.nodes.values()]
    .slice(1)
    .map(({ hash }) => present(chain.storage.block(hash), "a chain holds its blocks"));

/** Another node with the same blocks. */
export function copyOf(chain: Bench): Bench {
  const copy = bench();
  for (const block of blocksOf(chain)) give(copy, block);
  return copy;
}
