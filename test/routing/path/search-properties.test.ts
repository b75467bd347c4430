import { expect } from "chai";
import fc from "fast-check";
import type { Graph } from "../../../routing/graph/graph.ts";
import { checkForward, directionFrom } from "../../../routing/index.ts";
import type { LocalChannel, Route } from "../../../routing/path/route.ts";
import { findRoute, type RouteRequest } from "../../../routing/path/search.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, cltvExpiry, msat } from "../../../src/base/units.ts";
import { type Channel, network, node, type Side, scid } from "./networks.ts";

/** We are node 1; the payee is node 2. */
const NODE_COUNT = 6;
const arbitrarySide = (limits: boolean): fc.Arbitrary<Side> =>
  fc.record({
    base: fc.nat(3_000),
    ppm: fc.nat(200_000),
    delta: fc.integer({ min: 0, max: 200 }),
    maximum: limits ? fc.bigInt({ min: 1n, max: 1_000_000n }) : fc.constant(1_000_000_000n),
    minimum: limits ? fc.bigInt({ min: 0n, max: 5_000n }) : fc.constant(0n),
    disabled: fc.boolean().map((coin) => limits && coin),
  });
const arbitraryChannels = (limits: boolean): fc.Arbitrary<readonly Channel[]> =>
  fc
    .array(
      fc.tuple(
        fc.integer({ min: 1, max: NODE_COUNT }),
        fc.integer({ min: 1, max: NODE_COUNT }),
        arbitrarySide(limits),
        arbitrarySide(limits),
      ),
      { minLength: 3, maxLength: 11 },
    )
    .map((drawn) =>
      drawn
        .filter(([a, b]) => a !== b)
        .map(([a, b, first, second], index) => ({ id: index + 1, between: [a, b], sides: [first, second] })),
    );

/** Every channel of ours can send everything. */
const ownChannels = (channels: readonly Channel[], spendable = 10n ** 12n): readonly LocalChannel[] =>
  channels
    .filter(({ between }) => between.includes(1))
    .map(({ id, between }) => ({
      shortChannelId: scid(id),
      peer: node(between[0] === 1 ? between[1] : between[0]),
      spendable: msat(spendable),
      htlcMinimum: msat(0n),
    }));
const request = (channels: readonly Channel[], amount: bigint): RouteRequest => ({
  source: node(1),
  target: node(2),
  amount: msat(amount),
  finalExpiry: cltvExpiry(100),
  maxFee: msat(10n ** 12n),
  localChannels: ownChannels(channels),
});

/** The lowest fee of all ways without a loop, by trying each: backwards from the payee. */
function cheapestFee(channels: readonly Channel[], amount: bigint): bigint | undefined {
  let cheapest: bigint | undefined;
  const walk = (at: number, carried: bigint, visited: readonly number[]): void => {
    if (channels.some(({ between }) => between.includes(1) && between.includes(at))) {
      const fee = carried - amount;
      if (cheapest === undefined || fee < cheapest) cheapest = fee;
    }
    for (const channel of channels) {
      const index = channel.between.indexOf(at);
      if (index < 0) continue;
      const from = channel.between[1 - index] as number;
      const side = channel.sides[1 - index];
      if (from === 1 || visited.includes(from) || side === undefined || side.disabled) continue;
      if (carried < (side.minimum ?? 0n) || carried > (side.maximum ?? 0n)) continue;
      const fee = BigInt(side.base ?? 0) + (carried * BigInt(side.ppm ?? 0)) / 1_000_000n;
      walk(from, carried + fee, [...visited, from]);
    }
  };
  walk(2, amount, [2]);
  return cheapest;
}

/** Each node on the way would forward by what it has advertised. */
function expectForwarded(graph: Graph, route: Route): void {
  for (let index = 0; index + 1 < route.hops.length; index++) {
    const incoming = present(route.hops[index], "a hop");
    const outgoing = present(route.hops[index + 1], "a hop");
    const channel = present(graph.channels.get(outgoing.shortChannelId), "a channel of the graph");
    const direction = present(directionFrom(channel, incoming.nodeId), "a direction from the node");
    const policy = present(channel.policies[direction], "a policy");
    const advertised = {
      feeBaseMsat: policy.feeBaseMsat,
      feeProportionalMillionths: policy.feeProportionalMillionths,
      cltvExpiryDelta: policy.cltvExpiryDelta,
      htlcMinimum: msat(policy.htlcMinimumMsat),
      htlcMaximum: msat(policy.htlcMaximumMsat),
      enabled: !policy.disabled,
    };
    expect(checkForward(advertised, incoming, outgoing, blockHeight(0))).to.deep.equal({ ok: true, value: undefined });
    expect(channel.nodes.map(({ id }) => id)).to.include.members([incoming.nodeId, outgoing.nodeId]);
  }
}

describe("findRoute on small networks", () => {
  it("costs never more than the best of all ways, where only fees count", () => {
    let found = 0;
    fc.assert(
      fc.property(arbitraryChannels(false), fc.bigInt({ min: 1n, max: 100_000n }), (channels, amount) => {
        const free = channels.map((channel) => ({
          ...channel,
          sides: channel.sides.map((side) => ({ ...side, delta: 0 })) as [Side, Side],
        }));
        const route = findRoute(network(free), request(free, amount));
        expect(route.ok ? route.value.fee : undefined).to.equal(cheapestFee(free, amount));
        if (route.ok) found++;
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(found).to.be.greaterThan(100);
  });
  it("finds only ways that every node on them forwards, within all limits", () => {
    let longer = 0;
    fc.assert(
      fc.property(arbitraryChannels(true), fc.bigInt({ min: 1n, max: 20_000n }), (channels, amount) => {
        const graph = network(channels);
        const asked = request(channels, amount);
        const route = findRoute(graph, asked);
        if (!route.ok) return;
        const { hops, fee } = route.value;
        expectForwarded(graph, route.value);
        const [first] = hops;
        const last = hops[hops.length - 1];
        expect(asked.localChannels.map((own) => own.shortChannelId)).to.include(first?.shortChannelId);
        expect([last?.nodeId, last?.amount, last?.expiry]).to.deep.equal([node(2), amount, 100]);
        expect(first?.amount).to.equal(amount + fee);
        expect(new Set(hops.map((hop) => hop.nodeId)).size).to.equal(hops.length);
        if (hops.length > 2) longer++;
      }),
      { seed: 2, numRuns: 1500 },
    );
    expect(longer).to.be.greaterThan(20);
  });
  it("finds a way whenever there is one that the limits of expiry and fee allow", () => {
    fc.assert(
      fc.property(arbitraryChannels(false), fc.bigInt({ min: 1n, max: 100_000n }), (channels, amount) => {
        const graph = network(channels);
        const way = findRoute(graph, request(channels, amount));
        if (!way.ok) return;
        const [first] = way.value.hops;
        const limits = { maxFee: way.value.fee, maxExpiry: present(first, "a hop").expiry };
        expect(findRoute(graph, { ...request(channels, amount), ...limits }).ok).to.equal(true);
        const fee = present(cheapestFee(channels, amount), "a way");
        expect(findRoute(graph, { ...request(channels, amount), maxFee: msat(fee) }).ok).to.equal(true);
      }),
      { seed: 3, numRuns: 200 },
    );
  });
  it("gives the same route for the same arguments, in whatever order the graph was learnt", () => {
    fc.assert(
      fc.property(arbitraryChannels(false), fc.nat(10), (channels, turn) => {
        const turned = [...channels.slice(turn), ...channels.slice(0, turn)].reverse();
        expect(findRoute(network(turned), request(turned, 5_000n))).to.deep.equal(
          findRoute(network(channels), request(channels, 5_000n)),
        );
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
