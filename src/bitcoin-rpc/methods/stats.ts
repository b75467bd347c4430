import { parseBlockHash } from "../../base/ids.ts";
import type { Chain } from "../../chain/chain.ts";
import { ancestorAt, type HeaderNode } from "../../chain/headers.ts";
import { refuse } from "../fault.ts";
import { method } from "../method.ts";
import { anything, list, optional, whole } from "../params.ts";
import { blockStats } from "../views/block-stats.ts";
import { heldBlock, nodeOf } from "./blocks.ts";

function namedBlock(chain: Chain, named: unknown): HeaderNode {
  if (typeof named === "number") {
    whole.read(named, "height");
    if (named < 0) return refuse("parameter", `Target block height ${named} is negative`);
    const after = `Target block height ${named} after current tip ${chain.tip.height}`;
    return ancestorAt(chain.tip, named) ?? refuse("parameter", after);
  }
  const hash = typeof named === "string" ? parseBlockHash(named.toLowerCase()) : undefined;
  return hash === undefined
    ? refuse("parameter", "hash_or_height must be a height or a block hash of length 64")
    : nodeOf(chain, hash);
}

export const statsMethods = [
  method(
    "getblockstats",
    "What a block holds in numbers, in satoshis and bytes; all of it, or what is named.",
    { hash_or_height: anything, stats: optional(list) },
    ({ node }, { hash_or_height, stats }) => {
      const { chain } = node.brain;
      const { node: found, block } = heldBlock(chain, namedBlock(chain, hash_or_height).hash);
      const undo = found.height === 0 ? [] : chain.storage.undo(found.hash);
      if (undo === undefined) return refuse("misc", "Undo data not available: the block is not of the best chain");
      const all = blockStats(chain, found, block, undo);
      if (stats === undefined || stats.length === 0) return all;
      return Object.fromEntries(
        stats.map((name) => {
          if (typeof name === "string" && Object.hasOwn(all, name)) return [name, all[name]];
          return refuse("parameter", `Invalid selected statistic '${String(name).slice(0, 100)}'`);
        }),
      );
    },
  ),
];
