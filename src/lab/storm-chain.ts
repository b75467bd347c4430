import { fundingOutpoints } from "../../channels/index.ts";
import { BURIED_DEPTH } from "../../channels/onchain/progress.ts";
import type { Branch } from "../adapters/memory/chain.ts";
import { outpointKey } from "../base/ids.ts";
import { satPerKw } from "../base/units.ts";
import { REORG_DEPTH_MAX } from "./depths.ts";
import { mine } from "./settle.ts";
import type { Storm } from "./storm.ts";
import type { FaultKind } from "./tally.ts";
import type { World } from "./world.ts";

/** Blocks mined between payments: far below any expiry, so that no deadline passes. */
const BLOCKS_MAX = 6;
/** Coins of the first blocks may be spent from here on. */
const OLDEST_FUNDING = 125;
const FEERATE = { min: 253, max: 10_000 };

export function mineBlock(storm: Storm): void {
  if (storm.blocks >= BLOCKS_MAX) return;
  storm.blocks++;
  mine(storm.world, 1);
}
/** Also what the two sides of a closing channel think that a fair fee is. */
export function changeFeerate({ world }: Storm): void {
  const rate = world.chance.between(FEERATE.min, FEERATE.max);
  world.chain.setFeerate(satPerKw(rate));
  world.fault("feerate_change", `to ${rate} sat per 1,000 weight units`);
}
/** The last blocks give way to one more, with the same transactions or with none: those wait to be mined again. */
export function reorganise({ world }: Storm): void {
  takeBack(world, world.chance.between(1, REORG_DEPTH_MAX), world.chance.pick(["same", "none"]));
}
export function takeBack(world: World, depth: number, txs: NonNullable<Branch["txs"]>): void {
  noteWhatGoes(world, depth);
  world.chain.reorganise(depth, { txs });
  world.fault("reorganisation", `of ${depth} blocks`);
}
/** What of channels stood in the blocks that are taken back. */
function noteWhatGoes(world: World, depth: number): void {
  const from = world.chain.brain.chain.tip.height - depth + 1;
  for (const { name, recorder } of world.nodes) {
    for (const [id, state] of recorder.last) {
      const note = (kind: FaultKind): void => {
        if (kind === "closing_reorganised") world.takenBack.add(id);
        world.fault(kind, `${name} ${id.slice(0, 8)}`);
      };
      if ((state.funding.confirmed?.height ?? 0) >= from) note("funding_reorganised");
      const isGone = ({ progress }: (typeof state.commitments.others)[number]): boolean =>
        (progress.confirmed?.height ?? 0) >= from;
      if (state.commitments.others.some(isGone)) note("splice_reorganised");
      if (state.tag === "Closing" && (state.confirmed?.height ?? 0) >= from) note("closing_reorganised");
      if (state.tag !== "Failed") continue;
      for (const { outpoint, height } of state.spends) {
        if (height < from) continue;
        const isFunding = fundingOutpoints(state).some((funding) => outpointKey(funding) === outpointKey(outpoint));
        note(isFunding ? "closing_reorganised" : "claim_reorganised");
      }
    }
  }
}
/** The same amid payments. */
export function reorganiseAtTimes(storm: Storm): void {
  if (storm.blocks >= BLOCKS_MAX) return;
  storm.blocks++;
  reorganise(storm);
}
/**
 * All is closed and nothing is undecided: so much of the chain gives way at once, whatever it holds. Not what is final,
 * and nothing of what a young coinbase paid for.
 */
export async function reorganiseDeeply(world: World): Promise<void> {
  const { chance, chain } = world;
  mine(world, chance.between(1, BURIED_DEPTH / 2));
  await world.pass(500);
  const deepest = Math.min(BURIED_DEPTH - 1, chain.brain.chain.tip.height - OLDEST_FUNDING);
  const depth = chance.between(Math.min(REORG_DEPTH_MAX + 1, deepest), deepest);
  chain.reorganise(depth, { txs: chance.pick(["same", "none"]) });
  world.fault("deep_reorganisation", `of ${depth} blocks`);
  await world.pass(500);
}
export function lagBehind({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  const blocks = world.chance.between(1, 2);
  world.chain.setLag(node.name, blocks);
  world.fault("chain_lag", `${node.name} by ${blocks}`);
  world.clock.after(world.chance.between(500, 5_000), () => world.chain.setLag(node.name, 0));
}
