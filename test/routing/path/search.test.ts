import { expect } from "chai";
import { addChannel, applyUpdate, markSpent } from "../../../routing/graph/apply.ts";
import { forwardingFee } from "../../../routing/path/cost.ts";
import { HOPS_MAX, type LocalChannel } from "../../../routing/path/route.ts";
import { learn, NO_SCORES } from "../../../routing/path/score.ts";
import { findRoute } from "../../../routing/path/search.ts";
import { formatShortChannelId, parseShortChannelId, unpackShortChannelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, cltvExpiry, msat, sat, unixMs } from "../../../src/base/units.ts";
import { describeVectors } from "../../support/vectors.ts";
import { announcement, type Channel, network, node, scid, update } from "./networks.ts";
import { chosen, local, REQUEST, SQUARE, with3 } from "./square.ts";

interface RoutingVector {
  readonly nodes: Readonly<
    Record<string, { cltv_expiry_delta: number; fee_base_msat: number; fee_proportional_millionths: number }>
  >;
  readonly channels: readonly string[];
  readonly final: { node: string; amount_msat: number; min_final_cltv_expiry_delta: number; shadow_offset: number };
  readonly cases: readonly {
    readonly route: readonly string[];
    readonly fee_msat?: number;
    readonly first_htlc: { amount_msat: number; cltv: number };
  }[];
  readonly scid: readonly { readonly string: string; readonly hex: string }[];
}

describeVectors<RoutingVector>("BOLT 7 §Routing Example", "bolts/bolt07/routing-fees-and-scid.json", (vector) => {
  const names = Object.keys(vector.nodes);
  const numberOf = (name: string): number => names.indexOf(name) + 1;
  const sideOf = (name: string) => {
    const policy = vector.nodes[name];
    return {
      base: policy?.fee_base_msat ?? 0,
      ppm: policy?.fee_proportional_millionths ?? 0,
      delta: policy?.cltv_expiry_delta ?? 0,
    };
  };
  const channels = vector.channels.map((pair, index): Channel => {
    const [a, b] = pair.split("-") as [string, string];
    return { id: index + 1, between: [numberOf(a), numberOf(b)], sides: [sideOf(a), sideOf(b)] };
  });
  const { final } = vector;
  const finalExpiry = cltvExpiry(final.min_final_cltv_expiry_delta + final.shadow_offset);
  for (const { route, fee_msat, first_htlc } of vector.cases)
    it(`${route.join(" → ")}: the first HTLC carries ${first_htlc.amount_msat} msat until ${first_htlc.cltv}`, () => {
      const source = numberOf(route[0] as string);
      const localChannels = channels
        .filter(({ between }) => between.includes(source))
        .map(
          ({ id, between }): LocalChannel => ({
            shortChannelId: scid(id),
            peer: node(between[0] === source ? between[1] : between[0]),
            spendable: msat(10n ** 9n),
            htlcMinimum: msat(0n),
          }),
        );
      const off = names.filter((name) => !route.includes(name)).map((name) => node(numberOf(name)));
      const found = findRoute(network(channels), {
        source: node(source),
        target: node(numberOf(final.node)),
        amount: msat(BigInt(final.amount_msat)),
        finalExpiry,
        maxFee: msat(10n ** 9n),
        localChannels,
        excluded: { edges: [], nodes: off },
      });
      if (!found.ok) throw new Error(found.error.code);
      const [first] = found.value.hops;
      const last = found.value.hops[route.length - 2];
      expect({
        route: [node(source), ...found.value.hops.map((hop) => hop.nodeId)],
        fee: found.value.fee,
        first: [first?.amount, first?.expiry],
        last: [last?.amount, last?.expiry],
      }).to.deep.equal({
        route: route.map((name) => node(numberOf(name))),
        fee: BigInt(fee_msat ?? 0),
        first: [BigInt(first_htlc.amount_msat), first_htlc.cltv],
        last: [BigInt(final.amount_msat), finalExpiry],
      });
    });
  for (const { string, hex } of vector.scid)
    it(`writes the short channel id ${hex} as ${string}`, () => {
      expect(formatShortChannelId(unpackShortChannelId(BigInt(`0x${hex}`)))).to.equal(string);
      expect(parseShortChannelId(string)).to.equal(BigInt(`0x${hex}`));
    });
});

describe("BOLT 7 §HTLC Fees", () => {
  it("rounds the proportional part down", () => {
    const policy = { feeBaseMsat: 1000, feeProportionalMillionths: 1 };
    expect([0n, 999_999n, 1_000_000n, 1_999_999n].map((amount) => forwardingFee(policy, msat(amount)))).to.deep.equal([
      1000n,
      1000n,
      1001n,
      1001n,
    ]);
  });
});

describe("findRoute: what it chooses", () => {
  it("gives each hop's HTLC: channel, amount and expiry", () => {
    expect(findRoute(network(SQUARE), REQUEST)).to.deep.equal({
      ok: true,
      value: {
        fee: 10n,
        hops: [
          { nodeId: node(2), shortChannelId: scid(1), amount: 1_010n, expiry: 600 },
          { nodeId: node(4), shortChannelId: scid(3), amount: 1_000n, expiry: 500 },
        ],
      },
    });
  });
  it("takes a direct channel for nothing", () => {
    expect(chosen(SQUARE, { target: node(3) })).to.deep.equal([2]);
  });
  it("weighs long locks: a cheaper way with a delta of 100 blocks loses for a large amount", () => {
    const amount = msat(900_000_000n);
    expect(chosen(SQUARE, { amount })).to.deep.equal([2, 4]);
  });
  it("uses a channel of ours only up to what it can send with the fee, and from its minimum on", () => {
    expect(chosen(SQUARE, { localChannels: [local(1, 2, 1_010n), local(2, 3)] })).to.deep.equal([1, 3]);
    expect(chosen(SQUARE, { localChannels: [local(1, 2, 1_009n), local(2, 3)] })).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, { localChannels: [local(1, 2, 10n ** 9n, 1_011n), local(2, 3)] })).to.deep.equal([2, 4]);
  });
  it("uses a channel of ours for what is dust only up to what is left there for dust", () => {
    const limited = (below: bigint, spendable: bigint): LocalChannel => ({
      ...local(1, 2),
      dust: { below: msat(below), spendable: msat(spendable) },
    });
    expect(chosen(SQUARE, { localChannels: [limited(1_011n, 1_010n), local(2, 3)] })).to.deep.equal([1, 3]);
    expect(chosen(SQUARE, { localChannels: [limited(1_011n, 1_009n), local(2, 3)] })).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, { localChannels: [limited(1_010n, 0n), local(2, 3)] })).to.deep.equal([1, 3]);
  });
  it("takes of several channels with one peer the one that can send most, then the oldest", () => {
    const localChannels = [local(7, 2, 5_000n), local(6, 2, 9_000n), local(5, 2, 9_000n)];
    expect(chosen(SQUARE, { localChannels })).to.deep.equal([5, 3]);
  });
  it("goes over the channels of a route hint to a payee that the graph does not know", () => {
    const hint = {
      nodeId: node(4),
      shortChannelId: scid(9),
      feeBaseMsat: 5,
      feeProportionalMillionths: 0,
      cltvExpiryDelta: 7,
    };
    const found = findRoute(network(SQUARE), { ...REQUEST, target: node(99), routeHints: [[hint]] });
    expect(found.ok && found.value).to.deep.equal({
      fee: 15n,
      hops: [
        { nodeId: node(2), shortChannelId: scid(1), amount: 1_015n, expiry: 607 },
        { nodeId: node(4), shortChannelId: scid(3), amount: 1_005n, expiry: 507 },
        { nodeId: node(99), shortChannelId: scid(9), amount: 1_000n, expiry: 500 },
      ],
    });
  });
  it("chooses the same way in whatever order the channels were announced", () => {
    const even = SQUARE.map((channel) => ({ ...channel, sides: [{ base: 10 }, { base: 10 }] as const }));
    expect(chosen(even)).to.deep.equal(chosen([...even].reverse(), { localChannels: [local(2, 3), local(1, 2)] }));
  });
});

describe("findRoute: what it leaves out", () => {
  it("a direction that is disabled, has no policy, or whose limits the amount breaks", () => {
    for (const side of [{ disabled: true }, { minimum: 1_001n }, { maximum: 999n }])
      expect(chosen(with3(side))).to.deep.equal([2, 4]);
    const without = SQUARE.map((channel) =>
      channel.id === 3 ? { ...channel, sides: [undefined, {}] as const } : channel,
    );
    expect(chosen(without)).to.deep.equal([2, 4]);
  });
  it("a channel smaller than the amount", () => {
    const small = SQUARE.map((channel) => (channel.id === 3 ? { ...channel, capacity: 1n } : channel));
    expect(chosen(small)).to.deep.equal([1, 3]);
    expect(chosen(small, { amount: msat(1_001n) })).to.deep.equal([2, 4]);
  });
  it("a direction whose update claims more than the channel holds", () => {
    expect(chosen(with3({ maximum: 1_000_000_001n }))).to.deep.equal([2, 4]);
    expect(chosen(with3({ maximum: 1_000_000_000n }))).to.deep.equal([1, 3]);
  });
  it("a channel, or a node, that requires what we do not have", () => {
    const graph = network(SQUARE.filter(({ id }) => id !== 3));
    const [channel] = SQUARE.filter(({ id }) => id === 3) as [Channel];
    const announced = announcement(channel);
    const message = { ...announced.message, features: Uint8Array.of(1) };
    addChannel(graph, { ...announced, message }, sat(1_000_000n), 0);
    applyUpdate(graph, update(channel, 0, { base: 10 }));
    const found = findRoute(graph, REQUEST);
    expect(found.ok && found.value.hops.map((hop) => hop.shortChannelId)).to.deep.equal([scid(2), scid(4)]);
    const strange = network(SQUARE);
    const two = present(strange.nodes.get(node(2)), "node 2");
    two.announcement = {
      timestamp: 1,
      features: Uint8Array.of(1),
      unsupported: true,
      alias: new Uint8Array(32),
      color: new Uint8Array(3),
      addresses: [],
      bytes: new Uint8Array(0),
    };
    const around = findRoute(strange, REQUEST);
    expect(around.ok && around.value.hops.map((hop) => hop.shortChannelId)).to.deep.equal([scid(2), scid(4)]);
  });
  it("a channel whose funding output is spent, while there is another way: it may be closed, or spliced", () => {
    const graph = network(SQUARE);
    markSpent(graph, scid(3), blockHeight(700));
    const around = findRoute(graph, REQUEST);
    expect(around.ok && around.value.hops.map((hop) => hop.shortChannelId)).to.deep.equal([scid(2), scid(4)]);
    const over = findRoute(graph, { ...REQUEST, localChannels: [local(1, 2)] });
    expect(over.ok && over.value.hops.map((hop) => hop.shortChannelId)).to.deep.equal([scid(1), scid(3)]);
  });
  it("what the payment excludes: an edge in one direction, a node, a first hop", () => {
    const excluded = (edges: [number, number][], nodes: number[] = []) => ({
      excluded: {
        edges: edges.map(([from, id]) => ({ from: node(from), shortChannelId: scid(id) })),
        nodes: nodes.map(node),
      },
    });
    expect(chosen(SQUARE, excluded([[2, 3]]))).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, excluded([[4, 3]]))).to.deep.equal([1, 3]);
    expect(chosen(SQUARE, excluded([[1, 1]]))).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, excluded([], [2]))).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, excluded([], [2, 3]))).to.deep.equal({ code: "no_route" });
  });
  it("an edge that failed lately, as long as that counts more than its lower fee", () => {
    const now = unixMs(1_000_000);
    const edge = { from: node(2), shortChannelId: scid(3) };
    const scores = learn(NO_SCORES, { tag: "Edge", edge, permanent: false }, now);
    expect(chosen(SQUARE, { scores, now })).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, { scores, now: unixMs(now + 24 * 3_600_000) })).to.deep.equal([1, 3]);
  });
  it("a route of more than 20 hops", () => {
    const line = (length: number): Channel[] =>
      Array.from({ length: length - 1 }, (_, index) => ({
        id: index + 2,
        between: [index + 2, index + 3],
        sides: [{}, {}],
      }));
    const request = (hops: number) => ({ target: node(hops + 1), localChannels: [local(1, 2)] });
    expect(chosen(line(HOPS_MAX), request(HOPS_MAX))).to.have.length(HOPS_MAX);
    expect(chosen(line(HOPS_MAX + 1), request(HOPS_MAX + 1))).to.deep.equal({ code: "no_route" });
  });
});
