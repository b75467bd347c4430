import { type FilterHash, outpointKey } from "../../base/ids.ts";
import { filterHashOf } from "../../bitcoin/filter.ts";
import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import { judge, settle, type Verdict } from "../filter-sync.ts";
import type { HashedBlock } from "../hashed-block.ts";
import type { HeaderNode } from "../headers.ts";
import { type Peer, type SyncEffect, send } from "../sync/peer.ts";
import { ANSWER_MS, type Dispute, expose, type Light, rangeOf } from "./light.ts";

/** Peers that name different filters for a block: the block shows who lies. */

export const beginDispute = (
  node: HeaderNode,
  sides: ReadonlyMap<FilterHash, readonly Peer[]>,
  agreed: FilterHash | undefined,
): Dispute => ({ node, sides, agreed, filters: new Map(), asked: new Map() });

/** How a dispute ended. */
export interface Outcome {
  readonly node: HeaderNode;
  readonly effects: readonly SyncEffect[];
  /** `agreed` stands, or is false; or there was none, and the next comparison goes on, or takes `filter` undecided. */
  readonly end: "stands" | "false" | "goes on" | "undecided";
  readonly filter: FilterHash | undefined;
}

/** Asks for what is missing to decide; an outcome once nothing is. */
export function pursue(light: Light, dispute: Dispute, now: number): readonly SyncEffect[] | Outcome {
  const { node, sides, agreed, filters, asked } = dispute;
  const present = [...sides].map(([hash, peers]) => [hash, peers.filter((peer) => light.peers.has(peer))] as const);
  const held = present.filter(([hash, peers]) => peers.length > 0 || hash === agreed);
  if (held.length < 2) {
    // Who differed is gone.
    return { node, effects: [], end: agreed === undefined ? "goes on" : "stands", filter: undefined };
  }
  light.wanted.add(node);
  const effects: SyncEffect[] = [];
  let isWaiting = false;
  for (const [hash, peers] of held) {
    if (filters.has(hash) || peers.length === 0) continue;
    isWaiting = true;
    if (peers.some((peer) => asked.has(peer))) continue;
    const peer = peers[0] as Peer;
    asked.set(peer, now + ANSWER_MS);
    effects.push(send(peer, { name: "getcfilters", ...rangeOf({ start: node.height, stop: node }) }));
  }
  const block = light.blocks.get(node.hash);
  return isWaiting || block === undefined ? effects : decide(light, dispute, block, new Map(held));
}

function decide(
  light: Light,
  { node, agreed, filters }: Dispute,
  block: HashedBlock,
  sides: ReadonlyMap<FilterHash, readonly Peer[]>,
): Outcome {
  const claimed = new Map([...sides.keys()].map((hash) => [hash, filters.get(hash)]));
  // Of two that were said one is false: then what it pays to is not known.
  const judged = judge(block, claimed, (outpoint) => {
    const [script, ...others] = light.scripts.get(outpointKey(outpoint)) ?? [];
    return others.length === 0 ? script : undefined;
  });
  const verdicts = new Map<FilterHash, Verdict>(judged);
  // Nobody is here to show the filter that was agreed on: that says nothing against it.
  if (agreed !== undefined && verdicts.get(agreed) === "withheld") verdicts.set(agreed, "possible");
  const { liars, accepted } = settle({ height: node.height, sides }, verdicts);
  const lieOf = (peer: Peer): string =>
    [...sides].flatMap(([hash, peers]) => (peers.includes(peer) ? [verdicts.get(hash) ?? ""] : []))[0] ?? "";
  const effects = liars.map((peer) => expose(peer, lieOf(peer)));
  const isPossible = (hash: FilterHash): boolean => ["right", "possible"].includes(verdicts.get(hash) ?? "");
  const left = [...sides.keys()].filter(isPossible);
  if (agreed !== undefined && !left.includes(agreed)) return { node, effects, end: "false", filter: undefined };
  if (left.length > 1) {
    const [most] = left.sort((a, b) => (sides.get(b)?.length ?? 0) - (sides.get(a)?.length ?? 0));
    return { node, effects, end: "undecided", filter: agreed ?? most };
  }
  return { node, effects, end: agreed === undefined ? "goes on" : "stands", filter: accepted };
}

/** A filter may be one that was asked for in a dispute. Who sends another than it named speaks for nobody else who has named the same. */
export function noteDisputedFilter(
  { dispute }: Light,
  peer: Peer,
  { block_hash, filter }: BitcoinMessageOf<"cfilter">,
): readonly SyncEffect[] {
  if (dispute?.node.hash !== block_hash || !dispute.asked.has(peer)) return [];
  const [named] = [...dispute.sides].find(([, peers]) => peers.includes(peer)) ?? [];
  if (named === undefined) return [];
  if (filterHashOf(filter) !== named) return [expose(peer, "sends another filter than it named")];
  dispute.asked.set(peer, Number.POSITIVE_INFINITY);
  dispute.filters.set(named, filter);
  return [];
}
