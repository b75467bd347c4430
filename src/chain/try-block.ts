import type { Block } from "../bitcoin/block.ts";
import { gatherScripts } from "./ahead.ts";
import type { Chain } from "./chain.ts";
import { checkBlock, checkBlockInContext } from "./check-block.ts";
import { connectBlock } from "./connect-block.ts";
import type { BlockFault } from "./faults.ts";
import { hashBlock } from "./hashed-block.ts";
import { verifyScripts } from "./scripts.ts";

/** What would be wrong with a block on the tip once it has its proof of work. Nothing is taken in. */
export function faultOnTip({ tip, params, storage, verified }: Chain, block: Block): BlockFault | undefined {
  const checked = checkBlock(hashBlock(block));
  if (!checked.ok) return checked.error;
  const misplaced = checkBlockInContext(block, tip, params);
  if (misplaced !== undefined) return misplaced;
  const place = { previous: tip, params, storage, verified };
  const connected = connectBlock(checked.value, { ...place, gathered: gatherScripts(checked.value, place) });
  return connected.ok ? verifyScripts(connected.value.scripts) : connected.error;
}
