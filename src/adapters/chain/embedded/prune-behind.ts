import type { NodeBrain } from "../../../chain/brain.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import { KEPT_BLOCKS } from "../../../chain/pruned.ts";
import type { FilterKeeper } from "./filter-keeper.ts";
import type { ChainFiles } from "./storage.ts";

/** Prunes up to where everybody who reads blocks has come, less what a reorganisation may need. */
export async function pruneBehind(
  { feeds }: NodeBrain,
  horizon: HeaderNode,
  files: Pick<ChainFiles, "prune">,
  filters: Pick<FilterKeeper, "index" | "settled"> | undefined,
): Promise<void> {
  const filtered = filters === undefined ? [] : [filters.index.tip?.height ?? 0];
  const told = Array.from(feeds, ({ told, missed }) => Math.min(told.height, missed.next));
  const needed = Math.min(horizon.height, ...filtered, ...told);
  // Filters that are lost in a crash have to be made again.
  await filters?.settled();
  await files.prune(needed - KEPT_BLOCKS);
}
