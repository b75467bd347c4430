import type { FundedState } from "../../channels/index.ts";
import { satPerKw } from "../base/units.ts";
import { auditPair, isQuiet } from "./books.ts";
import type { LabNode } from "./lab-node.ts";
import { answered, type Edge, idOf } from "./setup.ts";
import { CRASHES_AT_WRITE, type World } from "./world.ts";

/** Between two blocks that a world waits for, and how many it waits for at most: beyond any expiry. */
const BLOCK_MS = 600;
const BLOCKS_TO_REST_MAX = 400;
/** Longer than the longest pause between two attempts to dial a peer. */
const REUNION_MS_MAX = 40_000;
/** How long a world may take, undisturbed, until everything that was begun has ended. In virtual ms. */
const PATIENCE_MS = 240_000;
/** How often more is offered for a close before a block comes. */
const RAISE_PERCENT = 40;
const FEERATE = { min: 500, max: 20_000 };
/** Closings that were begun and lost with a crash are begun again. */
const CLOSING_ROUNDS_MAX = 8;
const ROUND_MS = 15_000;

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
    auditTxids(world, edge, a, b);
    auditTxids(world, edge, b, a);
  }
}

/** What one side holds for the other's commitment is what the other would publish, to the last byte. */
function auditTxids(world: World, { opener, accepter }: Edge, from: FundedState, of: FundedState): void {
  const owner = of.params.opener === "local" ? opener : accepter;
  const own = owner.recorder.commitmentTxid(of);
  if (from.commitments.remote.txid === own) return;
  world.report("commitments_equal", owner.name, `holds ${own}, its peer has signed ${from.commitments.remote.txid}`);
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

/**
 * Waits until no payment is under way and no HTLC is left anywhere but in channels that have failed. What those still
 * owe to others the chain has to decide, so blocks go on as long as there is one.
 */
export async function comeToRest(world: World, edges: readonly Edge[]): Promise<boolean> {
  const isAtRest = (): boolean =>
    world.nodes.every((node) => node.recorder.pending === 0 && unfinished(node).length === 0) &&
    edges.every(
      (edge) =>
        cameToNothing(edge) ||
        ends(edge).every((node) => hasFailed(node, edge)) ||
        ends(edge).every((node) => isEmpty(stateAt(node, edge)) && isActive(node, edge)),
    );
  // Those who fell silent can hear of each other again by now, where nothing made them part for good.
  const isBack = (edge: Edge): boolean => ends(edge).every((node) => isActive(node, edge));
  const hasEnded = (edge: Edge): boolean => ends(edge).some((node) => hasFailed(node, edge));
  await world.until(() => edges.every((edge) => isBack(edge) || hasEnded(edge)), REUNION_MS_MAX);
  const needsBlocks = (): boolean => edges.some((edge) => ends(edge).some((node) => hasFailed(node, edge)));
  for (let blocks = 0; blocks <= BLOCKS_TO_REST_MAX; blocks++) {
    await world.until(() => isAtRest() || needsBlocks(), PATIENCE_MS);
    if (await world.until(isAtRest, BLOCK_MS)) return true;
    if (!needsBlocks() || world.violations.length > 0) break;
    await reunite(world, edges);
    mine(world, 1);
  }
  if (world.violations.length === 0) world.report("liveness", "", `not at rest: ${unrest(world, edges)}`);
  return false;
}
/** Time passes until peers whose channels are sound have found each other: blocks come more slowly than that. */
export async function reunite(world: World, edges: readonly Edge[]): Promise<void> {
  const isSilent = (edge: Edge): boolean => world.planned.get(idOf(edge))?.has("silence") ?? false;
  const isSound = (edge: Edge): boolean => !isSilent(edge) && !ends(edge).some((node) => hasFailed(node, edge));
  const isTogether = (edge: Edge): boolean => !isSound(edge) || ends(edge).every((node) => isActive(node, edge));
  await world.until(() => edges.every(isTogether), REUNION_MS_MAX);
}
export function mine(world: World, blocks: number): void {
  world.chain.mine(blocks);
  world.tally.blocks += blocks;
}
/** Given up by this end, whether or not it has forgotten it since. */
export const hasFailed = (node: LabNode, edge: Edge): boolean =>
  edge.id !== undefined && node.recorder.last.get(edge.id)?.tag === "Failed";
/**
 * Its opener has forgotten it before any block held it: the coins have gone another way, for good. Nothing is at stake, and the
 * other end waits for two weeks.
 */
export const cameToNothing = ({ opener, id }: Edge): boolean =>
  id !== undefined &&
  !opener.recorder.durable.channels.has(id) &&
  opener.recorder.last.get(id)?.funding.confirmed === undefined;
const isEmpty = (state: FundedState | undefined): boolean =>
  state !== undefined && isQuiet(state) && state.commitments.htlcs.length === 0;
const isActive = (node: LabNode, edge: Edge): boolean =>
  node.isUp && node.node.channels().some(({ id, active }) => id === edge.id && active);
/** Payments without an end and forwards that are not cleared away. */
const unfinished = ({ recorder: { ends: seen, durable, last } }: LabNode): readonly string[] => [
  ...[...seen.started].filter((hash) => !seen.payments.has(hash)).map((hash) => `payment ${hash.slice(0, 8)}`),
  // One that came in by a channel that has failed is kept until that is buried, as its HTLC is.
  ...[...durable.circuits]
    .filter(([, { incoming, status }]) => status.tag === "Offered" || last.get(incoming.channelId)?.tag !== "Failed")
    .map(([key]) => `circuit ${key.slice(0, 6)}…${key.slice(64)}`),
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
  if (isStormy && chance.percent(30)) world.crashAtWrite(chance.pick([closer, other]), chance.pick(CRASHES_AT_WRITE));
  const closed = await answered(world, closer.node.closeChannel({ id: idOf(edge) }), 3_000);
  if (closed !== undefined && !closed.ok) {
    return world.report("liveness", closer.name, `does not close: ${closed.error.detail}`);
  }
  if (!isStormy) return;
  if (chance.percent(RAISE_PERCENT)) raise(world, edge);
  if (!chance.percent(30)) return;
  if (world.network.cut(closer.name, other.name) > 0) {
    world.fault("connection_cut", `${closer.name} ${other.name} while closing`);
  }
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
