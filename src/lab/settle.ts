import type { FundedState } from "../../channels/index.ts";
import { present } from "../base/result.ts";
import { auditPair, isQuiet } from "./books.ts";
import type { LabNode } from "./lab-node.ts";
import { answered, type Edge, idOf } from "./setup.ts";
import type { World } from "./world.ts";

/** How long a world may take, undisturbed, until everything that was begun has ended. In virtual ms. */
const PATIENCE_MS = 240_000;
const CLOSING_BLOCKS_MAX = 6;

/** The state of a channel as one end has it on disk. */
export function stateAt(node: LabNode, edge: Edge): FundedState | undefined {
  const state = node.recorder.durable.channels.get(idOf(edge));
  return state !== undefined && "commitments" in state ? state : undefined;
}
const ends = ({ opener, accepter }: Edge): readonly [LabNode, LabNode] => [opener, accepter];

/** Whenever both ends of a channel are quiet on disk, they must agree. */
export function auditQuietChannels(world: World, edges: readonly Edge[]): void {
  for (const edge of edges) {
    const [a, b] = ends(edge).map((node) => stateAt(node, edge));
    if (a === undefined || b === undefined || !isQuiet(a) || !isQuiet(b)) continue;
    for (const { rule, detail } of auditPair(a, b)) world.report(rule, edge.opener.name, detail);
  }
}

/** The storm is over: everybody is up and connected, and sees the whole chain. */
export async function calm(world: World, edges: readonly Edge[]): Promise<void> {
  for (const { opener, accepter } of edges) world.network.heal(opener.name, accepter.name);
  for (const node of world.nodes) {
    world.disarm(node);
    world.slowDisk(node, 0);
    world.chain.setLag(node.name, 0);
    if (!node.isUp) await node.start();
  }
}

/** Waits until no payment is under way and no HTLC is left anywhere. */
export async function comeToRest(world: World, edges: readonly Edge[]): Promise<boolean> {
  const isAtRest = (): boolean =>
    world.nodes.every((node) => node.recorder.pending === 0 && unfinished(node).length === 0) &&
    edges.every((edge) => ends(edge).every((node) => isEmpty(stateAt(node, edge)) && isActive(node, edge)));
  const rested = await world.until(isAtRest, PATIENCE_MS);
  if (!rested && world.violations.length === 0) world.report("liveness", "", `not at rest: ${unrest(world, edges)}`);
  return rested;
}
const isEmpty = (state: FundedState | undefined): boolean =>
  state !== undefined && isQuiet(state) && state.commitments.htlcs.length === 0;
const isActive = (node: LabNode, edge: Edge): boolean =>
  node.isUp && node.node.channels().some(({ id, active }) => id === edge.id && active);
/** Payments without an end and forwards that are not cleared away. */
const unfinished = ({ recorder: { ends: seen, durable } }: LabNode): readonly string[] => [
  ...[...seen.started].filter((hash) => !seen.payments.has(hash)).map((hash) => `payment ${hash.slice(0, 8)}`),
  ...[...durable.circuits.keys()].map((key) => `circuit ${key.slice(0, 6)}…${key.slice(64)}`),
];
function unrest(world: World, edges: readonly Edge[]): string {
  const left = world.nodes.flatMap((node) => unfinished(node).map((what) => `${node.name} ${what}`));
  for (const edge of edges) {
    for (const node of ends(edge)) {
      const state = stateAt(node, edge);
      const htlcs = state?.commitments.htlcs.map(({ side, id, step }) => `${side} ${id} ${step}`).join(", ") ?? "";
      if (!isEmpty(state) || !isActive(node, edge)) {
        const link = isActive(node, edge) ? "active" : "inactive";
        left.push(`${node.name} channel ${idOf(edge).slice(0, 6)} ${state?.tag} ${link} [${htlcs}]`);
      }
    }
  }
  return left.join("; ");
}

/** Closes every channel by agreement, now and then over a broken connection, and buries the closing transactions. */
export async function closeAll(world: World, edges: readonly Edge[]): Promise<boolean> {
  const { chance } = world;
  for (const edge of edges) {
    const closer = chance.pick(ends(edge));
    const closed = await answered(world, closer.node.closeChannel({ id: idOf(edge) }));
    if (closed !== undefined && !closed.ok) {
      world.report("liveness", closer.name, `does not close: ${closed.error.detail}`);
      return false;
    }
    if (chance.percent(30) && world.network.cut(edge.opener.name, edge.accepter.name) > 0) {
      world.fault("connection_cut", `${edge.opener.name} ${edge.accepter.name} while closing`);
    }
  }
  const isConfirmed = (): boolean => edges.every((edge) => ends(edge).every((node) => isOver(node, edge)));
  for (let block = 0; block < CLOSING_BLOCKS_MAX; block++) {
    await world.until(() => edges.every((edge) => ends(edge).every((node) => isSigned(node, edge))), 30_000);
    await world.pass(500);
    world.chain.mine(1);
    world.tally.blocks++;
    if (await world.until(isConfirmed, 5_000)) return world.pass(1_000).then(() => true);
  }
  if (world.violations.length === 0) {
    const states = edges.flatMap((edge) => ends(edge).map((node) => `${node.name} ${stateAt(node, edge)?.tag}`));
    world.report("liveness", "", `not closed: ${states.join(", ")}`);
  }
  return false;
}
const isSigned = (node: LabNode, edge: Edge): boolean => stateAt(node, edge)?.tag === "Closing";
const isOver = (node: LabNode, edge: Edge): boolean => {
  const state = stateAt(node, edge);
  return state?.tag === "Closing" && state.confirmed !== undefined;
};
export const closingOf = (node: LabNode, edge: Edge): Extract<FundedState, { tag: "Closing" }> => {
  const state = present(stateAt(node, edge), "a channel that closes is on disk");
  return state as Extract<FundedState, { tag: "Closing" }>;
};
