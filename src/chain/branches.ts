import { present } from "../base/result.ts";
import type { BlockHeight } from "../base/units.ts";
import type { Chain } from "./chain.ts";
import { ancestorAt, forkOf, type HeaderNode, isAncestor } from "./headers.ts";

/** `best`: in the best chain. `held`: the block is here, beside it. `header`: only its header is. */
export type BlockState = "best" | "held" | "header" | "invalid";
/** A header of any chain. */
export interface KnownHeader {
  readonly node: HeaderNode;
  readonly state: BlockState;
}
/** Policy, not protocol: branches are easy to make where work is cheap. */
const KNOWN_HEADERS_MAX = 2000;

/**
 * All headers of so many heights up to `to`, or up to the highest that is known: the best chain first, then what stands beside
 * it, the highest first. At most 2,000.
 */
export function knownHeaders(chain: Chain, heights: number, to?: BlockHeight): readonly KnownHeader[] {
  const { tip, index } = chain;
  const highest = Math.max(tip.height, index.bestHeader.height);
  const last = Math.min(to ?? highest, highest);
  const first = Math.max(0, last - heights + 1);
  const found: KnownHeader[] = [];
  const seen = new Set<HeaderNode>();
  const walk = (from: HeaderNode | undefined, until: number): void => {
    for (let node = from; node !== undefined && node.height >= until && !seen.has(node); node = node.previous) {
      if (found.length >= KNOWN_HEADERS_MAX) return;
      seen.add(node);
      found.push({ node, state: stateOf(chain, node) });
    }
  };
  walk(ancestorAt(tip, Math.min(last, tip.height)), first);
  const leaves = [...index.leaves].filter(({ height }) => height >= first).sort((a, b) => b.height - a.height);
  for (const leaf of leaves) {
    const fork = forkOf(leaf, tip).height;
    if (fork < last) walk(ancestorAt(leaf, Math.min(last, leaf.height)), Math.max(first, fork + 1));
  }
  return found;
}
function stateOf({ tip, index }: Chain, node: HeaderNode): BlockState {
  if (isAncestor(node, tip)) return "best";
  if (index.invalid.has(node)) return "invalid";
  return index.held.has(node) ? "held" : "header";
}

/** Policy, not protocol: of a long chain only every so many intervals are looked at. */
const STEPS_MAX = 1000;
/**
 * The headers of the best chain from which on another difficulty holds. The first block comes first, not genesis, which a network
 * may have had long before anybody mined. What networks of play money allow
 * within an interval (blocks that are easy because they come late) is left out.
 */
export function difficultySteps({ params, tip }: Chain): readonly HeaderNode[] {
  const steps = [present(ancestorAt(tip, Math.min(1, tip.height)), "the best chain has every height up to its own")];
  if (params.retargeting === "never") return steps;
  const { retargetBlocks } = params.pace;
  const intervals = Math.floor(tip.height / retargetBlocks);
  const stride = Math.max(1, Math.ceil(intervals / STEPS_MAX));
  for (let interval = stride; interval <= intervals; interval += stride) {
    const node = present(ancestorAt(tip, interval * retargetBlocks), "the best chain has every height up to its own");
    if (node.header.bits !== steps.at(-1)?.header.bits) steps.push(node);
  }
  return steps;
}
