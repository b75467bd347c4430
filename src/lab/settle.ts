import type { FundedState } from "../../channels/index.ts";
import { outpointKey } from "../base/ids.ts";
import { auditPair, isQuiet } from "./books.ts";
import type { LabNode } from "./lab-node.ts";
import { giveUpUnfunded } from "./operators.ts";
import { type Edge, idOf } from "./setup.ts";
import { liveFundings } from "./splices.ts";
import type { World } from "./world.ts";

/** Between two blocks that a world waits for, and how many it waits for at most: beyond any expiry. */
const BLOCK_MS = 600;
const BLOCKS_TO_REST_MAX = 400;
/** When operators see that a channel will not come. */
const BLOCKS_PATIENT = 150;
/** Longer than the longest pause between two attempts to dial a peer. */
const REUNION_MS_MAX = 40_000;
/** How long a world may take, undisturbed, until everything that was begun has ended. In virtual ms. */
const PATIENCE_MS = 240_000;

/** The state of a channel as one end has it on disk. */
export function stateAt(node: LabNode, edge: Edge): FundedState | undefined {
  const state = node.recorder.durable.channels.get(idOf(edge));
  return state !== undefined && "commitments" in state ? state : undefined;
}
export const ends = ({ opener, accepter }: Edge): readonly [LabNode, LabNode] => [opener, accepter];

/** Whenever both ends of a channel are quiet on disk, they must agree. */
export function auditQuietChannels(world: World, edges: readonly Edge[]): void {
  for (const edge of edges) {
    const [a, b] = ends(edge).map((node) => stateAt(node, edge));
    if (a === undefined || b === undefined || !isQuiet(a) || !isQuiet(b)) continue;
    for (const [mine, theirs] of onSameFundings(a, b)) {
      for (const { rule, detail } of auditPair(mine, theirs)) world.report(rule, edge.opener.name, detail);
      auditTxids(world, edge, mine, theirs);
      auditTxids(world, edge, theirs, mine);
    }
  }
}
/** One end may have signed for a splice, or locked it, before the other has: what both hold is held against each other. */
function onSameFundings(a: FundedState, b: FundedState): readonly (readonly [FundedState, FundedState])[] {
  const theirs = new Map(liveFundings(b).map((on) => [outpointKey(on.params.funding), on]));
  return liveFundings(a).flatMap((on) => {
    const same = theirs.get(outpointKey(on.params.funding));
    return same === undefined ? [] : [[on, same] as const];
  });
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
  const hasEnded = (edge: Edge): boolean => ends(edge).some((node) => hasFailed(node, edge) || isShallow(node, edge));
  await world.until(() => edges.every((edge) => isBack(edge) || hasEnded(edge)), REUNION_MS_MAX);
  const needsBlocks = (): boolean => edges.some(hasEnded);
  for (let blocks = 0; blocks <= BLOCKS_TO_REST_MAX; blocks++) {
    await world.until(() => isAtRest() || needsBlocks(), PATIENCE_MS);
    const waited = needsBlocks();
    if (await world.until(isAtRest, BLOCK_MS)) return true;
    if (!waited || world.violations.length > 0) break;
    // The last one may have been on its way.
    if (!needsBlocks()) continue;
    await reunite(world, edges);
    mine(world, 1);
    if (blocks === BLOCKS_PATIENT) giveUpUnfunded(world);
  }
  if (world.violations.length === 0) world.report("liveness", "", `not at rest: ${unrest(world, edges)}`);
  return false;
}
/** Time passes until peers whose channels are sound have found each other: blocks come more slowly than that. */
export async function reunite(world: World, edges: readonly Edge[]): Promise<void> {
  const isSilent = (edge: Edge): boolean => world.planned.get(idOf(edge))?.has("silence") ?? false;
  const isSound = (edge: Edge): boolean =>
    !isSilent(edge) && !ends(edge).some((node) => hasFailed(node, edge) || isShallow(node, edge));
  const isTogether = (edge: Edge): boolean => !isSound(edge) || ends(edge).every((node) => isActive(node, edge));
  await world.until(() => edges.every(isTogether), REUNION_MS_MAX);
}
/** Those who have signed the commitments of a channel and not its funding hear of each other again: it comes to be, or to nothing. */
export async function decideOpenings(world: World): Promise<void> {
  const isDecided = ({ recorder: { durable } }: LabNode): boolean =>
    [...durable.channels.values()].every(({ tag }) => tag !== "WaitForFundingSignatures");
  await world.until(() => world.nodes.every(isDecided), REUNION_MS_MAX);
}
export function mine(world: World, blocks: number): void {
  world.chain.mine(blocks);
  world.tally.blocks += blocks;
}
/** Given up by this end, whether or not it has forgotten it since. */
export const hasFailed = (node: LabNode, edge: Edge): boolean =>
  edge.id !== undefined && node.recorder.last.get(edge.id)?.tag === "Failed";
/**
 * Its opener has forgotten it, or given it up, before anything went over it, and no block holds it: the coins have gone another
 * way, for good. Nothing is at stake, and the other end waits for two weeks.
 */
export function cameToNothing({ opener, id }: Edge): boolean {
  if (id === undefined) return false;
  const last = opener.recorder.last.get(id);
  const isGivenUp =
    last?.tag === "Failed" && last.commitments.local.number === 0n && last.commitments.remote.number === 0n;
  if (opener.recorder.durable.channels.has(id) && !isGivenUp) return false;
  // A commitment on what it held before a splice may be mined while the splice that it had moved to is not.
  return last?.funding.confirmed === undefined && !(last?.tag === "Failed" && last.spends.length > 0);
}
/** A reorganisation has taken back what funds it: nothing goes over it until it is deep enough again. */
const isShallow = (node: LabNode, edge: Edge): boolean => stateAt(node, edge)?.funding.deep === false;
const isEmpty = (state: FundedState | undefined): boolean =>
  state !== undefined && isQuiet(state) && state.commitments.htlcs.length === 0;
export const isActive = (node: LabNode, edge: Edge): boolean =>
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
