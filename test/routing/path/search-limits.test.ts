import { expect } from "chai";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { type Channel, node, scid } from "./networks.ts";
import { chosen, local, SQUARE, with3 } from "./square.ts";

describe("findRoute: when there is no way", () => {
  it("tells the fee of the cheapest way when it is above the limit", () => {
    expect(chosen(SQUARE, { maxFee: msat(9n) })).to.deep.equal({ code: "fee_too_high", fee: 10n });
    expect(chosen(SQUARE, { maxFee: msat(10n) })).to.deep.equal([1, 3]);
  });
  it("takes the way of least fee when that of least risk is above the limit", () => {
    const amount = msat(900_000_000n);
    expect(chosen(SQUARE, { amount, maxFee: msat(19n) })).to.deep.equal([1, 3]);
  });
  it("takes a way that ends in time, when the cheaper one does not", () => {
    expect(chosen(SQUARE, { maxExpiry: cltvExpiry(599) })).to.deep.equal([2, 4]);
    expect(chosen(SQUARE, { maxExpiry: cltvExpiry(505) })).to.deep.equal({ code: "no_route" });
  });
  it("takes the way of shortest lock, where the cheaper end of a way would make the whole of it too long", () => {
    const forked: readonly Channel[] = [
      { id: 10, between: [2, 5], sides: [{ delta: 60 }, {}] },
      { id: 11, between: [5, 4], sides: [{ delta: 100 }, {}] },
      { id: 12, between: [5, 6], sides: [{ base: 5, delta: 10 }, {}] },
      { id: 13, between: [6, 4], sides: [{ delta: 10 }, {}] },
    ];
    const localChannels = [local(1, 2)];
    expect(chosen(forked, { localChannels })).to.deep.equal([1, 10, 11]);
    expect(chosen(forked, { localChannels, maxExpiry: cltvExpiry(620) })).to.deep.equal([1, 10, 12, 13]);
  });
  it("takes the way of fewest hops, where the cheaper end of a way would make the whole of it too long for an onion", () => {
    const forked: readonly Channel[] = [
      { id: 10, between: [2, 5], sides: [{}, {}] },
      { id: 11, between: [5, 4], sides: [{ base: 5, delta: 100 }, {}] },
      { id: 12, between: [5, 6], sides: [{ delta: 10 }, {}] },
      { id: 13, between: [6, 4], sides: [{ delta: 10 }, {}] },
    ];
    const localChannels = [local(1, 2)];
    expect(chosen(forked, { localChannels, hopsMax: 4 })).to.deep.equal([1, 10, 12, 13]);
    expect(chosen(forked, { localChannels, hopsMax: 3 })).to.deep.equal([1, 10, 11]);
    expect(chosen(forked, { localChannels, hopsMax: 2 })).to.deep.equal({ code: "no_route" });
  });
  it("tells what can be sent at most when no channel of ours can send the amount", () => {
    const localChannels = [local(1, 2, 700n), local(2, 3, 900n)];
    expect(chosen(SQUARE, { localChannels })).to.deep.equal({ code: "insufficient_balance", spendable: 900n });
  });
  it("finds no route without channels of our own, to ourselves, or to a stranger", () => {
    for (const changes of [{ localChannels: [] }, { target: node(1) }, { target: node(99) }])
      expect(chosen(SQUARE, changes)).to.deep.equal({ code: "no_route" });
  });
});

describe("RELIABILITY D25: crafted policies and hints", () => {
  it("passes over policies of extreme numbers without a throw", () => {
    const extreme = { base: 2 ** 32 - 1, ppm: 2 ** 32 - 1, delta: 65_535 };
    expect(chosen(with3(extreme))).to.deep.equal([2, 4]);
    expect(chosen(with3({ maximum: 2n ** 64n - 1n, minimum: 2n ** 64n - 1n }))).to.deep.equal([2, 4]);
    const amount = msat(999_000_000n);
    expect(chosen(with3(extreme), { amount, localChannels: [local(1, 2)], maxFee: msat(1n) })).to.have.property("code");
  });
  it("takes a channel whose capacity is exactly the amount", () => {
    const exact = SQUARE.map((channel) => (channel.id === 3 ? { ...channel, capacity: 1n } : channel));
    expect(chosen(exact, { amount: msat(1_000n) })).to.deep.equal([1, 3]);
  });
  it("is not led in circles by hints, nor by hints of any length", () => {
    const hop = (from: number, id: number) => ({
      nodeId: node(from),
      shortChannelId: scid(id),
      feeBaseMsat: 0,
      feeProportionalMillionths: 0,
      cltvExpiryDelta: 65_535,
    });
    const loop = [hop(50, 10), hop(51, 11), hop(50, 12), hop(51, 13)];
    const long = Array.from({ length: 25 }, (_, index) => hop(60 + index, 20 + index));
    const many = Array.from({ length: 500 }, () => loop);
    expect(chosen(SQUARE, { target: node(99), routeHints: [loop, long, ...many] })).to.deep.equal({ code: "no_route" });
  });
});
