import type { KnownBlock } from "./answers.ts";

/** A block where it is drawn: the best chain runs along lane 0, branches beside it. */
export interface LanedBlock extends KnownBlock {
  readonly lane: number;
}

/**
 * Gives each branch the nearest lane that is free from its fork to its end. Longer branches come first, so that the picture
 * of a branch does not move when another one is found.
 * @param blocks  of all chains between two heights
 */
export function laned(blocks: readonly KnownBlock[]): readonly LanedBlock[] {
  const known = new Map(blocks.map((block) => [block.hash, block]));
  const parents = new Set(blocks.map(({ previous }) => previous));
  const lanes = new Map<string, number>(
    blocks.flatMap(({ hash, state }) => (state === "best" ? [[hash, 0] as const] : [])),
  );
  const ends = blocks.filter(({ hash }) => !parents.has(hash) && !lanes.has(hash));
  ends.sort((a, b) => b.height - a.height || (a.hash < b.hash ? -1 : 1));
  const taken: { readonly lane: number; readonly from: number; readonly to: number }[] = [];
  for (const end of ends) {
    const branch = branchOf(end, known, lanes);
    const from = (branch.at(-1)?.height ?? end.height) - 1;
    const lane = freeLane(taken, from, end.height);
    taken.push({ lane, from, to: end.height });
    for (const { hash } of branch) lanes.set(hash, lane);
  }
  return blocks.map((block) => ({ ...block, lane: lanes.get(block.hash) ?? 0 }));
}

/** From the end down to the last block that no other chain has. */
function branchOf(
  end: KnownBlock,
  known: ReadonlyMap<string, KnownBlock>,
  lanes: ReadonlyMap<string, number>,
): readonly KnownBlock[] {
  const branch: KnownBlock[] = [];
  for (let at: KnownBlock | undefined = end; at !== undefined && !lanes.has(at.hash); at = known.get(at.previous)) {
    branch.push(at);
  }
  return branch;
}

function freeLane(
  taken: readonly { readonly lane: number; readonly from: number; readonly to: number }[],
  from: number,
  to: number,
): number {
  for (let lane = 1; ; lane++) {
    if (!taken.some((other) => other.lane === lane && other.from <= to && from <= other.to)) return lane;
  }
}
