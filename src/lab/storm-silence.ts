import type { ChannelId } from "../base/ids.ts";
import { holdCourt } from "./court.ts";
import type { LabNode } from "./lab-node.ts";
import { hasFailed, mine, reunite } from "./settle.ts";
import { type Edge, idOf } from "./setup.ts";
import type { Storm } from "./storm.ts";
import { drawChannel, isBusy, separate, whenBusy } from "./storm-closes.ts";

/** While the nearest deadline is farther away than this, several blocks come at once: nothing happens at any of them. */
const FAR_BLOCKS = 36;
const BLOCKS_AT_ONCE = 8;
const PATIENCE_MS = 6_000;
/** Until HTLCs are met with. */
const TRIES_MAX = 8;

/** Two peers never hear of each other again while HTLCs are between them: their deadlines pass. */
export async function fallSilent(storm: Storm): Promise<void> {
  const { world } = storm;
  for (let tries = 0; tries < TRIES_MAX && world.violations.length === 0; tries++) {
    const [edge] = drawChannel(storm) ?? [];
    if (edge === undefined) return;
    let isDecided = false;
    whenBusy(storm, edge, () => {
      isDecided = true;
      if (!isBusy(edge)) return;
      for (const id of channelsOf(edge)) world.plan(id, "silence");
      separate(world, edge, undefined);
      world.fault("silent_peer", `${edge.opener.name} ${edge.accepter.name}`);
    });
    await world.until(() => isDecided, PATIENCE_MS);
    if (world.planned.has(idOf(edge))) return letDeadlinesPass(storm, edge);
  }
}
/** All channels that the two have with each other, those too that the storm itself has opened: none of them is heard of again. */
function channelsOf({ opener, accepter }: Edge): ReadonlySet<ChannelId> {
  const idsOf = (node: LabNode, peer: LabNode): readonly ChannelId[] =>
    [...node.recorder.last].filter(([, { params }]) => params.remoteNodeId === peer.id).map(([id]) => id);
  return new Set([...idsOf(opener, accepter), ...idsOf(accepter, opener)]);
}
async function letDeadlinesPass(storm: Storm, edge: Edge): Promise<void> {
  const { world } = storm;
  while (world.violations.length === 0 && nextDeadline(storm) - world.chain.brain.chain.tip.height > FAR_BLOCKS) {
    await reunite(world, storm.edges);
    mine(world, BLOCKS_AT_ONCE);
    await world.pass(400);
  }
  await holdCourt(storm, 0, () => isOpen(edge));
}
/** HTLCs are left, and both ends still hope. */
const isOpen = (edge: Edge): boolean =>
  isBusy(edge) && ![edge.opener, edge.accepter].every((node) => hasFailed(node, edge));

/** The earliest expiry in any channel; 0 when nothing is pending. */
function nextDeadline({ edges }: Storm): number {
  const htlcs = edges.flatMap((edge) =>
    [edge.opener, edge.accepter].flatMap(({ recorder }) => recorder.last.get(idOf(edge))?.commitments.htlcs ?? []),
  );
  return htlcs.reduce((earliest, { expiry }) => Math.min(earliest || expiry, expiry), 0);
}
