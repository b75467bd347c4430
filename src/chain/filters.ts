import type { BlockHash, FilterHeader } from "../base/ids.ts";
import { err, ok, present, type Result } from "../base/result.ts";
import { BASIC_FILTER, basicFilter, filterHashOf, filterHeaderOf, NO_FILTER_HEADER } from "../bitcoin/filter.ts";
import { CHECKPOINT_BLOCKS, FILTER_HASHES_MAX, FILTERS_MAX, type FilterRange } from "../bitcoin/filter-messages.ts";
import type { BitcoinMessageOf } from "../bitcoin/messages.ts";
import { type Chain, readBlock } from "./chain.ts";
import type { FilterEntry, FilterStorage } from "./filter-storage.ts";
import { ancestorAt, forkOf, type HeaderNode, type HeaderTree, isAncestor } from "./headers.ts";

/**
 * The basic filters of the best chain, computed as it grows and never when somebody asks: small answers must not cost
 * large blocks. BIP 157 §Node Operation. Mutable.
 */
export interface FilterIndex {
  readonly storage: FilterStorage;
  readonly tree: HeaderTree;
  /** The last block with a filter; undefined before genesis has one. */
  tip: HeaderNode | undefined;
  /** Filter headers of the tip's chain at heights 1,000, 2,000 and so on. */
  readonly checkpoints: FilterHeader[];
}

/**
 * The index as its storage holds it.
 * @param below  where to look for the last block with a filter when the header tree does not know the stored tip: filters
 *               may outlive a crash that their blocks did not. Without it the index begins anew.
 */
export function openFilters(tree: HeaderTree, storage: FilterStorage, below?: HeaderNode): FilterIndex {
  const stored = storage.tip();
  let tip = stored === undefined ? undefined : tree.nodes.get(stored);
  if (stored !== undefined && tip === undefined)
    for (tip = below; tip !== undefined && storage.header(tip.hash) === undefined; ) tip = tip.previous;
  const index: FilterIndex = { storage, tree, tip, checkpoints: [] };
  if (tip !== undefined) noteCheckpoints(index, tip);
  return index;
}

/** Appends the checkpoints up to `tip`, of whose chain those that are there already must be. */
function noteCheckpoints({ storage, checkpoints }: FilterIndex, tip: HeaderNode): void {
  for (let height = (checkpoints.length + 1) * CHECKPOINT_BLOCKS; height <= tip.height; height += CHECKPOINT_BLOCKS) {
    const node = present(ancestorAt(tip, height), "heights up to the tip");
    checkpoints.push(present(storage.header(node.hash), "blocks up to the tip have filters").header);
  }
}

/**
 * Follows the chain: back to the fork after a reorganisation, then forward by at most `limit` blocks. What a branch left
 * behind keeps its filters, and is followed without computing them again should it come back.
 * It ends below a block that is not kept any more, and cannot go on.
 * @returns whether there is nothing left to do: most often as the index has come up with the chain
 */
export function followFilters(index: FilterIndex, chain: Chain, limit: number): boolean {
  const { storage } = index;
  const from = index.tip === undefined ? undefined : forkOf(index.tip, chain.tip);
  const entries: (FilterEntry & { readonly block: BlockHash })[] = [];
  let tip = from;
  let isStuck = false;
  let previous = from === undefined ? NO_FILTER_HEADER : headerOf(index, from);
  for (let left = limit; left > 0 && tip !== chain.tip; left--) {
    const node = present(ancestorAt(chain.tip, tip === undefined ? 0 : tip.height + 1), "the chain goes on to its tip");
    const known = storage.header(node.hash);
    const entry = known === undefined ? entryOf(chain, node, previous) : undefined;
    if (known === undefined && entry === undefined) {
      isStuck = true;
      break;
    }
    if (entry !== undefined) entries.push({ block: node.hash, ...entry });
    previous = (known ?? present(entry, "what was not known is computed")).header;
    tip = node;
  }
  if (tip !== undefined && tip !== index.tip) {
    storage.commit({ entries, tip: tip.hash });
    index.tip = tip;
    index.checkpoints.length = Math.min(index.checkpoints.length, Math.floor((from?.height ?? 0) / CHECKPOINT_BLOCKS));
    noteCheckpoints(index, tip);
  }
  return isStuck || index.tip === chain.tip;
}

function entryOf(chain: Chain, node: HeaderNode, previous: FilterHeader): FilterEntry | undefined {
  const coins = node.previous === undefined ? [] : chain.storage.undo(node.hash);
  if (coins === undefined || (node.previous !== undefined && chain.storage.block(node.hash) === undefined))
    return undefined;
  const spent = coins.map(({ output }) => output.script);
  const filter = basicFilter(node.hash, readBlock(chain, node).txs, spent);
  const hash = filterHashOf(filter);
  return { filter, hash, header: filterHeaderOf(hash, previous) };
}
const headerOf = ({ storage }: FilterIndex, node: HeaderNode): FilterHeader =>
  present(storage.header(node.hash), "blocks up to the tip have filters").header;

/** Why a question about filters gets no answer. An honest peer asks none of these but `not_indexed`. */
export type FilterRequestFault = "unsupported_filter_type" | "unknown_block" | "bad_range" | "not_indexed";

/** The blocks of a range, oldest first, all with filters. */
function nodesOf(
  index: FilterIndex,
  { filter_type, start_height, stop_hash }: FilterRange,
  limit: number,
): Result<readonly HeaderNode[], FilterRequestFault> {
  const stop = stopOf(index, { filter_type, stop_hash });
  if (!stop.ok) return stop;
  const count = stop.value.height - start_height + 1;
  if (count < 1 || count > limit) return err("bad_range");
  return ok(
    Array.from({ length: count }, (_, at) => present(ancestorAt(stop.value, start_height + at), "heights up to stop")),
  );
}
function stopOf(
  { tree, storage }: FilterIndex,
  { filter_type, stop_hash }: Pick<FilterRange, "filter_type" | "stop_hash">,
): Result<HeaderNode, FilterRequestFault> {
  if (filter_type !== BASIC_FILTER) return err("unsupported_filter_type");
  const node = tree.nodes.get(stop_hash);
  if (node === undefined) return err("unknown_block");
  return storage.header(stop_hash) === undefined ? err("not_indexed") : ok(node);
}

/** The blocks whose filters answer a `getcfilters`: one `cfilter` each, in this order, as `filterMessage` makes it. */
export const answerFilters = (
  index: FilterIndex,
  message: FilterRange,
): Result<readonly BlockHash[], FilterRequestFault> => {
  const nodes = nodesOf(index, message, FILTERS_MAX);
  return nodes.ok ? ok(nodes.value.map(({ hash }) => hash)) : nodes;
};
/** The `cfilter` of a block; undefined when it has none. */
export function filterMessage({ storage }: FilterIndex, block: BlockHash): BitcoinMessageOf<"cfilter"> | undefined {
  const entry = storage.entry(block);
  if (entry === undefined) return undefined;
  return { name: "cfilter", filter_type: BASIC_FILTER, block_hash: block, filter: entry.filter };
}

/** The answer to a `getcfheaders`. */
export function answerFilterHeaders(
  index: FilterIndex,
  message: FilterRange,
): Result<BitcoinMessageOf<"cfheaders">, FilterRequestFault> {
  const nodes = nodesOf(index, message, FILTER_HASHES_MAX);
  if (!nodes.ok) return nodes;
  const before = nodes.value[0]?.previous;
  return ok({
    name: "cfheaders",
    filter_type: BASIC_FILTER,
    stop_hash: message.stop_hash,
    previous_filter_header: before === undefined ? NO_FILTER_HEADER : headerOf(index, before),
    filter_hashes: nodes.value.map(({ hash }) => present(index.storage.header(hash), "below stop all have one").hash),
  });
}

/** The answer to a `getcfcheckpt`, for the most part out of memory. */
export function answerCheckpoints(
  index: FilterIndex,
  message: Pick<FilterRange, "filter_type" | "stop_hash">,
): Result<BitcoinMessageOf<"cfcheckpt">, FilterRequestFault> {
  const stop = stopOf(index, message);
  if (!stop.ok) return stop;
  const { tip, checkpoints } = index;
  const filter_headers: FilterHeader[] = [];
  for (let height = CHECKPOINT_BLOCKS; height <= stop.value.height; height += CHECKPOINT_BLOCKS) {
    const node = present(ancestorAt(stop.value, height), "heights up to stop");
    const held = tip !== undefined && isAncestor(node, tip) ? checkpoints[height / CHECKPOINT_BLOCKS - 1] : undefined;
    filter_headers.push(held ?? headerOf(index, node));
  }
  return ok({ name: "cfcheckpt", filter_type: BASIC_FILTER, stop_hash: message.stop_hash, filter_headers });
}
