import { mine, reunite } from "./settle.ts";
import type { Storm } from "./storm.ts";
import { changeFeerate, lagBehind, reorganise } from "./storm-chain.ts";
import { crashAtWrite, crashNow, cutConnection, slowDisk } from "./storm-hosts.ts";
import { payOnce } from "./storm-payments.ts";
import { spliceSome } from "./storm-splices.ts";

/** Between two blocks, in virtual ms: long enough for a node that died to come back in a few. */
const BLOCK_MS = { min: 250, max: 1_200 };
/** How often something happens between two blocks besides. */
const MISHAP_PERCENT = 30;
type Mishap = (storm: Storm) => void;
const MISHAPS: readonly Mishap[] = [
  changeFeerate,
  changeFeerate,
  crashAtWrite,
  crashAtWrite,
  crashNow,
  slowDisk,
  cutConnection,
  lagBehind,
  payOnce,
  spliceSome,
  reorganise,
  reorganise,
];

/** Channels that have failed are claimed, block by block, while mishaps go on. At least so many days, and as long as asked. */
export async function holdCourt(storm: Storm, days: number, isOpen: () => boolean = () => false): Promise<void> {
  const { world } = storm;
  for (let day = 0; (day < days || isOpen()) && world.violations.length === 0; day++) {
    await reunite(world, storm.edges);
    mine(world, 1);
    await world.pass(world.chance.between(BLOCK_MS.min, BLOCK_MS.max));
    if (world.chance.percent(MISHAP_PERCENT)) world.chance.pick(MISHAPS)(storm);
  }
}
