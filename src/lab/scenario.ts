import { msat, sat, toMsat } from "../base/units.ts";
import type { Store } from "../ports/store.ts";
import { auditPayments } from "./account.ts";
import { forgetAll } from "./bury.ts";
import { auditChain } from "./chain-account.ts";
import { closeAll } from "./close-all.ts";
import { lockSplices } from "./lock-splices.ts";
import { auditQuietChannels, calm, cameToNothing, comeToRest, decideOpenings } from "./settle.ts";
import { bury, coinsOf, drawTopology, type Edge, setUp } from "./setup.ts";
import { capacityAtOpening } from "./splices.ts";
import { type Opening, rage } from "./storm.ts";
import { reorganiseDeeply } from "./storm-chain.ts";
import type { Tally } from "./tally.ts";
import { isTakenBack, themeOf } from "./theme.ts";
import type { Violation } from "./violation.ts";
import { createWorld, type World } from "./world.ts";

export interface ScenarioOptions {
  readonly seed: number;
  /** Nodes of the world; 3 to 5 by lot unless told. */
  readonly nodes?: number;
  readonly traceLines?: number;
  readonly plant?: (store: Store, name: string) => Store;
  /** Called when the channels are open and quiet, before the storm. */
  readonly opened?: (world: World, edges: readonly Edge[]) => void;
}
/** How a world ended. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
  /** Equal for two runs exactly when everything happened alike. */
  readonly traceHash: string;
  /** The newest lines of what happened. */
  readonly tail: readonly string[];
}

/** What every seed must have seen at least. */
export const EVENTS_MIN = 500;
export const PAYMENTS_MIN = 20;
/** The storm alone brings as much. */
const STORM = { events: 500, payments: 22 };
const NODES = { min: 3, max: 5 };

/** What each adds to a channel that is opened without anything pushed. */
const CONTRIBUTION = sat(60_000n);

/** One seed from the first block to the last: open, pay in a storm, come to rest, close, bury, and settle the account. */
export async function runScenario(options: ScenarioOptions): Promise<Outcome> {
  const { seed, nodes = NODES.min + (seed % (NODES.max - NODES.min + 1)) } = options;
  const { traceLines, plant, opened } = options;
  const world = createWorld({
    seed,
    nodes,
    // Both kinds of closing, between whoever comes to be neighbours.
    channelPolicy: (node) => ({ simpleClose: (seed + node) % 3 !== 0, contribution: CONTRIBUTION }),
    acceptKeysend: () => true,
    ...(traceLines === undefined ? {} : { traceLines }),
    ...(plant === undefined ? {} : { plant }),
  });
  const edges = drawTopology(world);
  try {
    await live(world, edges, opened ?? (() => undefined));
  } catch (error) {
    world.report("no_halt", "", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await Promise.all(world.nodes.map((node) => node.crash(0)));
  const { violations, tally, trace } = world;
  return { seed, violations, tally, traceHash: trace.hash, tail: trace.tail };
}

async function live(
  world: World,
  edges: readonly Edge[],
  opened: NonNullable<ScenarioOptions["opened"]>,
): Promise<void> {
  if (!(await setUp(world, edges)) || !(await comeToRest(world, edges))) return;
  opened(world, edges);
  const openings = await rage(world, edges, { ...STORM, theme: themeOf(world.seed) });
  if (world.violations.length > 0) return;
  await calm(world, edges);
  if (!(await comeToRest(world, edges))) return;
  await bury(world);
  await decideOpenings(world);
  const begun = [...edges, ...adopt(openings)];
  if (!(await comeToRest(world, begun))) return;
  const all = begun.filter((edge) => !cameToNothing(edge));
  if (!(await lockSplices(world, all))) return;
  // Long enough for peers to ask whether somebody is still there.
  if (world.chance.percent(25)) await world.pass(70_000);
  auditQuietChannels(world, all);
  if (world.violations.length > 0 || !(await closeAll(world, all))) return;
  if (isTakenBack(world.seed)) await reorganiseDeeply(world);
  if (!(await forgetAll(world))) return;
  auditPayments(world, all);
  auditChain(world, all, (node) => coinsOf(node, edges));
}

/** Of the channels that were begun in the storm those that came to be: the opener has them on its disk. */
function adopt(openings: readonly Opening[]): readonly Edge[] {
  return openings.flatMap((opening) => {
    for (const [id, state] of opening.opener.recorder.durable.channels) {
      if (!("commitments" in state)) continue;
      const { opener, remoteNodeId } = state.params;
      const capacity = capacityAtOpening(opening.opener.recorder.splices.of(id), state);
      const added = opening.push === 0n ? CONTRIBUTION : 0n;
      const isAsked = capacity === opening.capacity || capacity === opening.capacity + added;
      if (isAsked && opener === "local" && remoteNodeId === opening.accepter.id) {
        // What the accepter begins with, whoever put it in.
        const push = msat(opening.push + toMsat(sat(capacity - opening.capacity)));
        return [{ ...opening, capacity, push, id }];
      }
    }
    return [];
  });
}
