import { expect } from "chai";
import type { KnownBlock } from "../../../src/web/chain/answers.ts";
import { laned } from "../../../src/web/chain/lanes.ts";

const block = (hash: string, previous: string, height: number, state: KnownBlock["state"] = "held"): KnownBlock => ({
  hash,
  previous,
  height,
  state,
  time: "2026-01-01T00:00:00Z",
});
const best = ["m1", "m2", "m3", "m4", "m5"].map((hash, at) => block(hash, `m${at}`, at + 1, "best"));
const lanesOf = (blocks: readonly KnownBlock[]): Readonly<Record<string, number>> =>
  Object.fromEntries(laned(blocks).map(({ hash, lane }) => [hash, lane]));

describe("branches of the chain, drawn", () => {
  it("leave lane 0 to the best chain", () => {
    expect(lanesOf(best)).to.deep.equal({ m1: 0, m2: 0, m3: 0, m4: 0, m5: 0 });
  });
  it("run side by side where they overlap", () => {
    const branches = [block("a3", "m2", 3), block("a4", "a3", 4), block("b3", "m2", 3)];
    expect(lanesOf([...best, ...branches])).to.include({ a3: 1, a4: 1, b3: 2 });
  });
  it("share a lane where they do not", () => {
    const branches = [block("a2", "m1", 2), block("b5", "m4", 5)];
    expect(lanesOf([...best, ...branches])).to.include({ a2: 1, b5: 1 });
  });
  it("keep apart where one ends below the other's fork", () => {
    const branches = [block("a3", "m2", 3), block("b4", "m3", 4)];
    expect(lanesOf([...best, ...branches])).to.include({ b4: 1, a3: 2 });
  });
  it("fork from branches", () => {
    const branches = [block("a3", "m2", 3), block("a4", "a3", 4), block("b4", "a3", 4), block("b5", "b4", 5)];
    expect(lanesOf([...best, ...branches])).to.include({ a3: 1, b4: 1, b5: 1, a4: 2 });
  });
  it("may begin below the picture", () => {
    expect(lanesOf([...best.slice(2), block("a3", "a2", 3), block("a4", "a3", 4)])).to.include({ a3: 1, a4: 1 });
  });
});
