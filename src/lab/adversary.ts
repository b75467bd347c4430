import type { FundedState } from "../../channels/index.ts";
import type { LabNode } from "./lab-node.ts";
import { calm, comeToRest, mine } from "./settle.ts";
import { answered, type Edge, idOf } from "./setup.ts";
import { liveFundings } from "./splices.ts";
import type { Storm } from "./storm.ts";
import { drawChannel, separate, whenBusy } from "./storm-closes.ts";
import { amidSplice } from "./storm-splices.ts";
import { Thief } from "./thief.ts";

/** How often the thief picks the state in which most is at stake. */
const GREEDY_PERCENT = 70;
const APART_PERCENT = 30;
/** How often the channel is spliced before. */
const SPLICED_PERCENT = 60;
/** How often more payments are waited for until one of the old states holds an HTLC. */
const PATIENCE = 4;
const BLOCKS_AT_ONCE = 8;

/** One end of a channel publishes a state that it has revoked, amid payments; its node knows nothing of it. */
export function cheat(storm: Storm): void {
  const drawn = drawChannel(storm);
  if (drawn === undefined) return;
  const { world } = storm;
  const [edge, thief, victim] = drawn;
  world.plan(idOf(edge), "cheat");
  let patience = PATIENCE;
  const attempt = (): void => {
    const state = draw(storm, edge, thief, victim, patience-- > 0);
    if (state === undefined) return whenBusy(storm, edge, () => void world.clock.after(500, attempt));
    publish(storm, edge, thief, state);
  };
  const soon = (): void => whenBusy(storm, edge, attempt);
  if (world.chance.percent(SPLICED_PERCENT)) amidSplice(storm, edge, soon);
  else soon();
}
/** The same long afterwards, when nothing is under way and the HTLCs of the old state have expired. */
export async function cheatLate(storm: Storm): Promise<void> {
  const { world, edges } = storm;
  await calm(world, edges);
  if (!(await comeToRest(world, edges))) return;
  const [edge, thief, victim] = drawChannel(storm) ?? [];
  if (edge === undefined || thief === undefined || victim === undefined) return;
  if (world.chance.percent(SPLICED_PERCENT))
    await answered(world, new Promise<true>((resolve) => amidSplice(storm, edge, () => resolve(true))));
  const state = draw(storm, edge, thief, victim, false);
  if (state === undefined) return;
  world.plan(idOf(edge), "cheat");
  const last = Math.max(0, ...state.commitments.htlcs.map(({ expiry }) => expiry));
  while (world.chain.brain.chain.tip.height < last) {
    mine(world, BLOCKS_AT_ONCE);
    await world.pass(400);
    // What the storm has still begun meanwhile has its time: no HTLC may come to its end by haste.
    if (!(await comeToRest(world, edges))) return;
  }
  publish(storm, edge, thief, state);
}
function publish(storm: Storm, edge: Edge, thief: LabNode, state: FundedState): void {
  const { world } = storm;
  if (world.chance.percent(APART_PERCENT)) separate(world, edge, world.chance.between(200, 9_000));
  const fundings = [...liveFundings(state)];
  while (fundings.length > 0) {
    const [on] = fundings.splice(world.chance.number(fundings.length), 1);
    const txid = on && new Thief(world, edge, thief, on).publish();
    if (txid === undefined) continue;
    world.breaches.set(idOf(edge), { thief: thief.name, txid });
    for (const { id, opener, accepter } of storm.edges)
      if (id !== undefined && id !== edge.id && (opener === thief || accepter === thief)) world.plan(id, "owed");
    return world.fault("breach", `${thief.name} publishes ${state.commitments.local.number}`);
  }
}

/** One whose secret the victim has on its disk. Undefined while there is none, or for the patient none with an HTLC. */
function draw(
  { world }: Storm,
  edge: Edge,
  thief: LabNode,
  victim: LabNode,
  isPatient: boolean,
): FundedState | undefined {
  const known = victim.recorder.last.get(idOf(edge))?.commitments.remote.number ?? 0n;
  const past = [...(thief.recorder.past.get(idOf(edge))?.values() ?? [])];
  const revoked = past.filter(({ commitments }) => commitments.local.number < known);
  if (revoked.length === 0) return undefined;
  const { chance } = world;
  if (!chance.percent(GREEDY_PERCENT)) return chance.pick(revoked);
  const most = Math.max(...revoked.map(stakes));
  if (most === 0 && isPatient) return undefined;
  return chance.pick(revoked.filter((state) => stakes(state) === most));
}
const stakes = ({ commitments }: FundedState): number => commitments.local.signatures.htlcSignatures.length;
