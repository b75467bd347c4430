import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import {
  type CltvExpiry,
  cltvExpiry,
  isMsat,
  type Msat,
  msat,
  type UnixMs,
  unixMs,
  ZERO_MSAT,
} from "../../src/base/units.ts";
import type { Graph } from "../graph/graph.ts";
import { lockRisk, rawFee, SPENT_RISK } from "./cost.ts";
import { edgesInto, type HintEdges, hintEdges, type SearchEdge } from "./edges.ts";
import { Heap } from "./heap.ts";
import {
  canCarry,
  type Exclusions,
  HOPS_MAX,
  type LocalChannel,
  type Route,
  type RouteHintHop,
  type RouteHop,
} from "./route.ts";
import { NO_SCORES, penalty, type Scores } from "./score.ts";

/** What is to be sent, from where and to whom, and within which limits. */
export interface RouteRequest {
  /** Our own node. */
  readonly source: NodeId;
  readonly target: NodeId;
  /** What the payee is to receive. */
  readonly amount: Msat;
  /** When the last HTLC ends: our height, the payee's delta, and what is added against guessing. BOLT 7 §Recommendations for Routing. */
  readonly finalExpiry: CltvExpiry;
  readonly maxFee: Msat;
  /** The latest end of the first HTLC; without it no limit. */
  readonly maxExpiry?: CltvExpiry;
  /** Fewer than 20 where the payee is told much, as all hops share an onion. */
  readonly hopsMax?: number | undefined;
  readonly localChannels: readonly LocalChannel[];
  readonly routeHints?: readonly (readonly RouteHintHop[])[];
  readonly excluded?: Exclusions;
  readonly scores?: Scores;
  /** For the age of scores. */
  readonly now?: UnixMs;
}
/** A way to the payee, and what its nodes keep in total. */
export interface FoundRoute extends Route {
  readonly fee: Msat;
}
export type NoRoute =
  | { readonly code: "no_route" }
  /** The cheapest way found costs this much. */
  | { readonly code: "fee_too_high"; readonly fee: Msat }
  /** No channel of ours can send the amount alone; the best can send this much. */
  | { readonly code: "insufficient_balance"; readonly spendable: Msat };

/** The best way known from a node to the payee. */
interface Label {
  readonly node: NodeId;
  /** What we minimise, in msat. */
  readonly cost: bigint;
  /** What must arrive at the node. */
  readonly amount: bigint;
  /** When the HTLC that arrives there must end. */
  readonly expiry: number;
  readonly hops: number;
  /** The channel over which the node sends on, and where that leads; undefined at the payee. */
  readonly via: { readonly shortChannelId: ShortChannelId; readonly next: Label } | undefined;
}
/** What one more edge costs, in msat. */
type Weight = (edge: SearchEdge, amount: bigint, fee: bigint) => bigint;

interface Search {
  readonly graph: Graph;
  readonly request: RouteRequest;
  readonly hints: HintEdges;
  readonly excludedNodes: ReadonlySet<NodeId>;
  readonly excludedEdges: ReadonlyMap<ShortChannelId, readonly NodeId[]>;
}

/**
 * The cheapest way from us to the payee that the advertised policies allow: backwards from the payee, as the amount grows
 * by each node's fee. Cost is fees, the risk of long locks, and the price of past failures; where the way of least cost
 * breaks a limit, the ways of least fee, of shortest lock and of fewest hops are tried. The same arguments always
 * give the same route. A quote is the same call.
 *
 * @returns the route with the HTLC of every hop, or why there is none
 *
 * Source: BOLT 7 §HTLC Fees, BOLT 7 §Recommendations for Routing.
 */
export function findRoute(graph: Graph, request: RouteRequest): Result<FoundRoute, NoRoute> {
  const search = prepare(graph, request);
  const own = request.localChannels.filter((channel) => !isExcluded(search, request.source, channel.shortChannelId));
  let spendable = ZERO_MSAT;
  for (const channel of own) if (channel.spendable > spendable) spendable = channel.spendable;
  if (own.length > 0 && spendable < request.amount) return err({ code: "insufficient_balance", spendable });
  let cheapest: FoundRoute | undefined;
  for (const weight of weights(request)) {
    const found = dijkstra(search, own, weight);
    if (found === undefined) continue;
    const route = routeOf(request, found);
    if (route.fee <= request.maxFee) return ok(route);
    if (cheapest === undefined || route.fee < cheapest.fee) cheapest = route;
  }
  return cheapest === undefined ? err({ code: "no_route" }) : err({ code: "fee_too_high", fee: cheapest.fee });
}

function prepare(graph: Graph, request: RouteRequest): Search {
  const excludedEdges = new Map<ShortChannelId, NodeId[]>();
  for (const { from, shortChannelId } of request.excluded?.edges ?? []) {
    const froms = excludedEdges.get(shortChannelId);
    if (froms === undefined) excludedEdges.set(shortChannelId, [from]);
    else froms.push(from);
  }
  return {
    graph,
    request,
    hints: hintEdges(request.routeHints ?? [], request.target),
    excludedNodes: new Set(request.excluded?.nodes),
    excludedEdges,
  };
}

const isExcluded = (search: Search, from: NodeId, shortChannelId: ShortChannelId): boolean =>
  search.excludedEdges.size > 0 && (search.excludedEdges.get(shortChannelId)?.includes(from) ?? false);

/** What is tried to be small, in turn. */
function weights(request: RouteRequest): readonly Weight[] {
  const scores = request.scores ?? NO_SCORES;
  const now = request.now ?? unixMs(0);
  return [
    (edge, amount, fee) =>
      fee +
      lockRisk(amount, edge.cltvExpiryDelta) +
      (edge.isSpent ? SPENT_RISK : 0n) +
      penalty(scores, edge.from, edge.shortChannelId, now),
    (_edge, _amount, fee) => fee,
    (edge) => BigInt(edge.cltvExpiryDelta),
    () => 1n,
  ];
}

/** Smaller cost first, then fewer hops, then the older channel: never the order in which gossip came. */
function before(a: Label, b: Label): boolean {
  if (a.cost !== b.cost) return a.cost < b.cost;
  if (a.hops !== b.hops) return a.hops < b.hops;
  return (a.via?.shortChannelId ?? 0n) < (b.via?.shortChannelId ?? 0n);
}

function dijkstra(search: Search, own: readonly LocalChannel[], weight: Weight): Label | undefined {
  const { request } = search;
  const heap = new Heap<Label>(before);
  const best = new Map<NodeId, Label>();
  const settled = new Set<NodeId>();
  const offer = (label: Label): void => {
    const known = best.get(label.node);
    if (known !== undefined && !before(label, known)) return;
    best.set(label.node, label);
    heap.push(label);
  };
  if (request.source === request.target || search.excludedNodes.has(request.target)) return undefined;
  offer({
    node: request.target,
    cost: 0n,
    amount: request.amount,
    expiry: request.finalExpiry,
    hops: 0,
    via: undefined,
  });
  for (let label = heap.pop(); label !== undefined; label = heap.pop()) {
    if (settled.has(label.node)) continue;
    settled.add(label.node);
    if (label.node === request.source) return label;
    const first = firstHop(own, label);
    if (first !== undefined) offer(first(request.source));
    for (const edge of edgesInto(search.graph, search.hints, label.node)) {
      if (settled.has(edge.from) || edge.from === request.source) continue;
      const extended = extend(search, edge, label, weight);
      if (extended !== undefined) offer(extended);
    }
  }
  return undefined;
}

/** The label of the node at which the edge begins, if the HTLC may pass over it. */
function extend(search: Search, edge: SearchEdge, next: Label, weight: Weight): Label | undefined {
  const { amount } = next;
  if (amount < edge.htlcMinimumMsat || amount > edge.htlcMaximumMsat) return undefined;
  if (next.hops + 2 > (search.request.hopsMax ?? HOPS_MAX)) return undefined;
  if (search.excludedNodes.has(edge.from) || isExcluded(search, edge.from, edge.shortChannelId)) return undefined;
  const expiry = next.expiry + edge.cltvExpiryDelta;
  if (expiry > (search.request.maxExpiry ?? Number.MAX_SAFE_INTEGER)) return undefined;
  const fee = rawFee(edge, amount);
  if (!isMsat(amount + fee)) return undefined;
  return {
    node: edge.from,
    cost: next.cost + weight(edge, amount, fee),
    amount: amount + fee,
    expiry,
    hops: next.hops + 1,
    via: { shortChannelId: edge.shortChannelId, next },
  };
}

/** Over a channel of ours: of those that can carry the amount the one that can send most, then the oldest. */
function firstHop(own: readonly LocalChannel[], next: Label): ((source: NodeId) => Label) | undefined {
  let chosen: LocalChannel | undefined;
  for (const channel of own) {
    if (channel.peer !== next.node || !canCarry(channel, next.amount)) continue;
    if (
      chosen === undefined ||
      channel.spendable > chosen.spendable ||
      (channel.spendable === chosen.spendable && channel.shortChannelId < chosen.shortChannelId)
    )
      chosen = channel;
  }
  if (chosen === undefined) return undefined;
  const { shortChannelId } = chosen;
  return (source) => ({ ...next, node: source, hops: next.hops + 1, via: { shortChannelId, next } });
}

function routeOf(request: RouteRequest, start: Label): FoundRoute {
  const hops: RouteHop[] = [];
  for (let { via } = start; via !== undefined; via = via.next.via) {
    const { node, amount, expiry } = via.next;
    hops.push({
      nodeId: node,
      shortChannelId: via.shortChannelId,
      amount: msat(amount),
      expiry: cltvExpiry(expiry),
    });
  }
  return { hops, fee: msat(start.amount - request.amount) };
}
