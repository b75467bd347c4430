import { expect } from "chai";
import { curveOf } from "../../../src/web/chain/difficulty.ts";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const step = (height: number, seconds: number, work: bigint) => ({ height, time: at(seconds), work: work.toString() });

describe("the curve of difficulty", () => {
  it("is a staircase on a scale of powers, from the first block to now", () => {
    const curve = curveOf([step(0, 0, 4n), step(10, 50, 64n), step(20, 75, 16n)], 100_000);
    expect(curve).to.deep.equal({
      least: 4n,
      most: 64n,
      points: [
        { x: 0, y: 0 },
        { x: 0.5, y: 0 },
        { x: 0.5, y: 1 },
        { x: 0.75, y: 1 },
        { x: 0.75, y: 0.5 },
        { x: 1, y: 0.5 },
      ],
    });
  });
  it("is level where the difficulty never changes", () => {
    expect(curveOf([step(0, 0, 2n)], 10_000)?.points).to.deep.equal([
      { x: 0, y: 0.5 },
      { x: 1, y: 0.5 },
    ]);
  });
  it("holds work beyond what numbers hold", () => {
    const curve = curveOf([step(0, 0, 1n << 2000n), step(1, 1, 1n << 2002n), step(2, 2, 1n << 2001n)], 3_000);
    expect(curve?.points.map(({ y }) => y)).to.deep.equal([0, 0, 1, 1, 0.5, 0.5]);
  });
  it("stays in the picture when block times go back", () => {
    const curve = curveOf([step(0, 10, 1n), step(1, 5, 2n)], 8_000);
    expect(curve?.points.map(({ x }) => x)).to.deep.equal([0, 0, 0, 1]);
  });
  it("is nothing without a block", () => {
    expect(curveOf([], 0)).to.equal(undefined);
  });
});
