import { satPerKw } from "../base/units.ts";
import type { LabNode } from "./lab-node.ts";
import { ends, hasFailed, isActive, mine, stateAt } from "./settle.ts";
import { answered, type Edge, idOf } from "./setup.ts";
import { spliceOne } from "./storm-splices.ts";
import { CRASHES_AT_WRITE, type World } from "./world.ts";

/** How often more is offered for a close before a block comes. */
const RAISE_PERCENT = 40;
const FEERATE = { min: 500, max: 20_000 };
/** Closings that were begun and lost with a crash are begun again. */
const CLOSING_ROUNDS_MAX = 14;
const ROUND_MS = 15_000;
/** How often the channel is spliced before, and how far that may have come by then. */
const SPLICED_PERCENT = 20;
const SPLICE_MS_MAX = 600;
/** What a channel answers that has something else to do first. */
const TOO_EARLY: readonly string[] = ["splice pending", "quiescing"];

/** Closes every channel by agreement that still can be, over connections that break and nodes that die now and then. */
export async function closeAll(world: World, all: readonly Edge[]): Promise<boolean> {
  const edges = all.filter((edge) => !ends(edge).some((node) => hasFailed(node, edge)));
  for (let round = 0; round < CLOSING_ROUNDS_MAX; round++) {
    for (const edge of edges) if (isOpen(edge)) await close(world, edge, round === 0);
    await world.until(() => edges.every((edge) => ends(edge).every((node) => isSigned(node, edge))), ROUND_MS);
    await world.pass(500);
    mine(world, 1);
    const isConfirmed = await world.until(
      () => edges.every((edge) => ends(edge).every((node) => isOver(node, edge))),
      5_000,
    );
    if (isConfirmed) {
      await world.pass(1_000);
      return world.violations.length === 0;
    }
  }
  if (world.violations.length === 0) {
    const states = edges.flatMap((edge) => ends(edge).map((node) => `${node.name} ${stateAt(node, edge)?.tag}`));
    world.report("liveness", "", `not closed: ${states.join(", ")}`);
  }
  return false;
}
/** Both ends are up, connected and know of no wish to close. */
const isOpen = (edge: Edge): boolean =>
  ends(edge).every((node) => isActive(node, edge) && stateAt(node, edge)?.tag === "Normal");

async function close(world: World, edge: Edge, isStormy: boolean): Promise<void> {
  const { chance } = world;
  const [closer, other] = chance.percent(50) ? ends(edge) : [edge.accepter, edge.opener];
  if (isStormy && chance.percent(SPLICED_PERCENT)) {
    await spliceBefore(world, edge);
    if (!isOpen(edge)) return;
  }
  if (isStormy && chance.percent(30)) world.crashAtWrite(chance.pick([closer, other]), chance.pick(CRASHES_AT_WRITE));
  const closed = await answered(world, closer.node.closeChannel({ id: idOf(edge) }), 3_000);
  if (closed !== undefined && !closed.ok) {
    // One thing after the other.
    const isEarly = TOO_EARLY.some((reason) => closed.error.detail.startsWith(reason));
    if (closed.error.code === "channel_busy" || isEarly) return;
    return world.report("liveness", closer.name, `does not close: ${closed.error.detail}`);
  }
  if (!isStormy) return;
  if (chance.percent(RAISE_PERCENT)) raise(world, edge);
  if (!chance.percent(30)) return;
  if (world.network.cut(closer.name, other.name) > 0) {
    world.fault("connection_cut", `${closer.name} ${other.name} while closing`);
  }
}
/** Somebody wants a splice in the last moment, which comes first, and perhaps has just begun. */
async function spliceBefore(world: World, edge: Edge): Promise<void> {
  const node = world.chance.pick(ends(edge));
  const channel = node.isUp ? node.node.channels().find(({ id }) => id === edge.id) : undefined;
  if (channel !== undefined) spliceOne(world, node, channel);
  await world.pass(world.chance.between(0, SPLICE_MS_MAX));
}

/** One end wants the close to be mined sooner, which is refused where that makes no difference. */
function raise(world: World, edge: Edge): void {
  const node = world.chance.pick(ends(edge));
  if (!node.isUp) return;
  const feerate = satPerKw(world.chance.between(FEERATE.min, FEERATE.max));
  world.fault("close_raised", `${node.name} to ${feerate} sat per 1,000 weight units`);
  void node.node.closeChannel({ id: idOf(edge), feerate });
}
const isSigned = (node: LabNode, edge: Edge): boolean => stateAt(node, edge)?.tag === "Closing";
const isOver = (node: LabNode, edge: Edge): boolean => {
  const state = stateAt(node, edge);
  return state?.tag === "Closing" && state.confirmed !== undefined;
};
