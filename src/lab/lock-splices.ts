import { giveUpSplices } from "./operators.ts";
import { hasFailed, mine, reunite, stateAt } from "./settle.ts";
import { type Edge, idOf } from "./setup.ts";
import type { World } from "./world.ts";

/** For both ends to hear of a block and to tell each other, in virtual ms. */
const BLOCK_MS = 1_000;
const BLOCKS_MAX = 40;
/** When operators see that one will not come. */
const BLOCKS_PATIENT = 20;

/** Mines until no splice waits any more in the channels that are sound: one that waits keeps a channel from being closed by agreement. */
export async function lockSplices(world: World, edges: readonly Edge[]): Promise<boolean> {
  const waiting = (): readonly string[] =>
    edges.flatMap((edge) => {
      const ends = [edge.opener, edge.accepter];
      if (ends.some((node) => hasFailed(node, edge))) return [];
      return ends.flatMap((node) =>
        (stateAt(node, edge)?.commitments.others ?? [])
          .filter(({ role }) => role !== "past")
          .map(
            ({ role, terms }) =>
              `${node.name} channel ${idOf(edge).slice(0, 6)} ${role} ${terms.outpoint.txid.slice(0, 8)}`,
          ),
      );
    });
  for (let blocks = 0; blocks < BLOCKS_MAX; blocks++) {
    if (await world.until(() => waiting().length === 0, BLOCK_MS)) return true;
    if (world.violations.length > 0) return false;
    await reunite(world, edges);
    mine(world, 1);
    if (blocks === BLOCKS_PATIENT) giveUpSplices(world);
  }
  world.report("liveness", "", `splices are not locked: ${waiting().join(", ")}`);
  return false;
}
