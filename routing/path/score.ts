import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import type { UnixMs } from "../../src/base/units.ts";
import type { Blame } from "./blame.ts";
import type { Edge } from "./route.ts";

/**
 * What failed attempts have taught: for each edge or node the last failure and how long it counts. A value: `learn` gives a
 * new one. Rebuilt from nothing after a start.
 */
export interface Scores {
  readonly edges: ReadonlyMap<string, Failed>;
  readonly nodes: ReadonlyMap<NodeId, Failed>;
}
interface Failed {
  readonly at: UnixMs;
  readonly permanent: boolean;
}

/** Policy, not protocol: the price of an edge that has just failed, in msat; it halves with time. */
const FAILURE_MSAT = 5_000_000n;
const HALF_LIFE_MS = 10 * 60_000;
const PERMANENT_HALF_LIFE_MS = 24 * 60 * 60_000;
/** Remembered failures, of each kind. The oldest is forgotten for the newest. */
const FAILURES_MAX = 10_000;

export const NO_SCORES: Scores = { edges: new Map(), nodes: new Map() };

const edgeKey = (from: NodeId, shortChannelId: ShortChannelId): string => `${shortChannelId}/${from}`;

/** The scores after an attempt that failed. */
export function learn(scores: Scores, blame: Blame, now: UnixMs): Scores {
  switch (blame.tag) {
    case "Edge": {
      const key = edgeKey(blame.edge.from, blame.edge.shortChannelId);
      return { ...scores, edges: remember(scores.edges, key, { at: now, permanent: blame.permanent }) };
    }
    case "Node":
      return { ...scores, nodes: remember(scores.nodes, blame.nodeId, { at: now, permanent: blame.permanent }) };
    case "Payee":
    case "Unknown":
      return scores;
  }
}

/** The scores after an attempt that reached its payee: what it used works. */
export function forgive(scores: Scores, used: readonly Edge[]): Scores {
  const edges = new Map(scores.edges);
  for (const { from, shortChannelId } of used) edges.delete(edgeKey(from, shortChannelId));
  return edges.size === scores.edges.size ? scores : { ...scores, edges };
}

function remember<K>(failures: ReadonlyMap<K, Failed>, key: K, failed: Failed): ReadonlyMap<K, Failed> {
  const next = new Map(failures);
  next.delete(key);
  next.set(key, failed);
  if (next.size > FAILURES_MAX) {
    const [oldest] = next.keys();
    next.delete(oldest as K);
  }
  return next;
}

/** The price, in msat, that past failures put on forwarding over this edge. */
export function penalty(scores: Scores, from: NodeId, shortChannelId: ShortChannelId, now: UnixMs): bigint {
  if (scores.edges.size === 0 && scores.nodes.size === 0) return 0n;
  return decayed(scores.edges.get(edgeKey(from, shortChannelId)), now) + decayed(scores.nodes.get(from), now);
}

/** Halved for each half-life that has passed, and evenly in between. */
function decayed(failed: Failed | undefined, now: UnixMs): bigint {
  if (failed === undefined) return 0n;
  const halfLife = failed.permanent ? PERMANENT_HALF_LIFE_MS : HALF_LIFE_MS;
  const age = Math.max(0, now - failed.at);
  const halvings = Math.floor(age / halfLife);
  if (halvings > 40) return 0n;
  const atStart = FAILURE_MSAT >> BigInt(halvings);
  return atStart - (atStart * BigInt(age - halvings * halfLife)) / BigInt(2 * halfLife);
}
