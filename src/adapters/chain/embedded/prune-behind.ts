import type { NodeBrain } from "../../../chain/brain.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import { keepFrom } from "../../../chain/pruned.ts";
import type { FilterKeeper } from "./filter-keeper.ts";
import type { ChainFiles } from "./storage.ts";

/** Prunes up to where everybody who reads blocks has durably come, less what a reorganisation may need. */
export async function pruneBehind(
  { feeds }: NodeBrain,
  horizon: HeaderNode,
  files: Pick<ChainFiles, "prune">,
  filters: Pick<FilterKeeper, "index" | "settled"> | undefined,
): Promise<void> {
  const filtered = filters === undefined ? horizon.height : (filters.index.tip?.height ?? 0);
  const from = keepFrom(feeds, Math.min(horizon.height, filtered));
  // Filters that are lost in a crash have to be made again.
  await filters?.settled();
  await files.prune(from);
}
