import { expect } from "chai";
import { forgive, learn, NO_SCORES, penalty, type Scores } from "../../../routing/path/score.ts";
import { unixMs } from "../../../src/base/units.ts";
import { node, scid } from "./networks.ts";

const START = 1_000_000_000;
const MINUTE = 60_000;
const EDGE = { from: node(1), shortChannelId: scid(1) };
const costs = (scores: Scores, ms: number, from = EDGE.from, id = EDGE.shortChannelId): bigint =>
  penalty(scores, from, id, unixMs(START + ms));
const failed = (permanent: boolean): Scores => learn(NO_SCORES, { tag: "Edge", edge: EDGE, permanent }, unixMs(START));

describe("what failures cost in later searches", () => {
  it("nothing, for what has not failed", () => {
    expect(costs(NO_SCORES, 0)).to.equal(0n);
    expect(costs(failed(false), 0, node(2))).to.equal(0n);
    expect(costs(failed(false), 0, node(1), scid(2))).to.equal(0n);
  });
  it("halves in 10 minutes, evenly in between, and is gone in the end", () => {
    expect([0, 5, 10, 15, 20, 500].map((minutes) => costs(failed(false), minutes * MINUTE))).to.deep.equal([
      5_000_000n,
      3_750_000n,
      2_500_000n,
      1_875_000n,
      1_250_000n,
      0n,
    ]);
  });
  it("halves in a day when the failure was permanent", () => {
    expect([0, 24, 48].map((hours) => costs(failed(true), hours * 60 * MINUTE))).to.deep.equal([
      5_000_000n,
      2_500_000n,
      1_250_000n,
    ]);
  });
  it("falls on every edge from a node that has failed", () => {
    const scores = learn(failed(false), { tag: "Node", nodeId: node(1), permanent: false }, unixMs(START));
    expect([costs(scores, 0), costs(scores, 0, node(1), scid(9))]).to.deep.equal([10_000_000n, 5_000_000n]);
  });
  it("falls on nobody when the payee answered or nobody is known", () => {
    for (const tag of ["Payee", "Unknown"] as const)
      expect(learn(NO_SCORES, { tag }, unixMs(START))).to.equal(NO_SCORES);
  });
  it("is forgiven to edges that have carried a payment", () => {
    expect(costs(forgive(failed(true), [EDGE]), 0)).to.equal(0n);
    const scores = failed(true);
    expect(forgive(scores, [{ from: node(2), shortChannelId: scid(2) }])).to.equal(scores);
  });
  it("does not change when the clock goes backwards", () => {
    expect(costs(failed(false), -MINUTE)).to.equal(5_000_000n);
  });
  it("is remembered for 10,000 edges, the newest", () => {
    let scores = NO_SCORES;
    const edges = new Map<string, { at: ReturnType<typeof unixMs>; permanent: boolean }>();
    for (let index = 0; index < 10_000; index++) edges.set(`${index}`, { at: unixMs(START), permanent: false });
    scores = learn({ ...scores, edges }, { tag: "Edge", edge: EDGE, permanent: false }, unixMs(START));
    expect([scores.edges.size, scores.edges.has("0"), scores.edges.has("1"), costs(scores, 0)]).to.deep.equal([
      10_000,
      false,
      true,
      5_000_000n,
    ]);
  });
});
