import { RELAY_FEERATE_MIN } from "../../channels/onchain/fee.ts";
import { closeLost } from "./operators.ts";
import { mine } from "./settle.ts";
import type { World } from "./world.ts";

/** Between two looks at what waits to be mined, in virtual ms. */
const ROUND_MS = 400;
/** Blocks that are mined at once when nothing waits: fewer than any delay and any deadline leaves. */
const BLOCKS_AT_ONCE = 10;
/** Far beyond any expiry, any delay and the depth of what is final. */
const BLOCKS_MAX = 600;

/** When operators look at what is still there, and see channels that no block holds. */
const BLOCKS_PATIENT = 200;

/**
 * Mines until every channel is over, buried and forgotten by both its ends, and nothing waits any more. Blocks are cheap
 * by now: outputs that hold less than a dear day's fee have waited for that.
 */
export async function forgetAll(world: World): Promise<boolean> {
  world.chain.setFeerate(RELAY_FEERATE_MIN);
  const isOver = (): boolean =>
    world.chain.brain.pool.entries.size === 0 &&
    world.nodes.every(({ recorder }) => recorder.pending === 0) &&
    kept(world).length === 0;
  for (let blocks = 0; blocks < BLOCKS_MAX && world.violations.length === 0; ) {
    if (await world.until(isOver, ROUND_MS)) return isClear(world);
    const count = world.chain.brain.pool.entries.size > 0 ? 1 : BLOCKS_AT_ONCE;
    mine(world, count);
    if (blocks < BLOCKS_PATIENT && blocks + count >= BLOCKS_PATIENT) closeLost(world);
    blocks += count;
  }
  if (world.violations.length === 0) world.report("liveness", "", `not forgotten: ${kept(world).join(", ")}`);
  return false;
}
/** But for channels that their opener has forgotten with a crash and never paid for: those go after two weeks. */
const kept = ({ nodes }: World): readonly string[] =>
  nodes.flatMap(({ name, recorder }) =>
    [...recorder.durable.channels]
      .filter(([, state]) => !("funding" in state) || state.ready.local || state.funding.confirmed !== undefined)
      .map(([id, { tag }]) => `${name} ${id.slice(0, 8)} ${tag}`),
  );

/** With its channels everything that hung on them is over as well. */
function isClear(world: World): boolean {
  for (const { name, recorder } of world.nodes) {
    const { circuits } = recorder.durable;
    if (circuits.size > 0) world.report("liveness", name, `${circuits.size} forwards are left behind`);
    const open = [...recorder.ends.started].filter((hash) => !recorder.ends.payments.has(hash));
    if (open.length > 0) world.report("one_end", name, `${open.length} payments have no end`);
  }
  return world.violations.length === 0;
}
