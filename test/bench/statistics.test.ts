import { expect } from "chai";
import { showLine } from "../../scripts/bench/line.ts";
import { median, quantile, rounded } from "../../scripts/bench/statistics.ts";

describe("bench: statistics", () => {
  it("takes the middle of an odd number of values and the mean of the two middle ones of an even number", () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(median([7])).to.equal(7);
  });
  it("finds quantiles between neighbours in proportion", () => {
    const values = Array.from({ length: 101 }, (_, at) => at);
    expect(quantile(values, 0.99)).to.equal(99);
    expect(quantile([0, 10], 0.25)).to.equal(2.5);
    expect(quantile([3, 1], 1)).to.equal(3);
  });
  it("has no middle of nothing", () => {
    expect(median([])).to.be.NaN;
  });
  it("keeps four digits that count", () => {
    expect([312.3456, 0.0833333, 16_000_123, 0].map(rounded)).to.deep.equal([312.3, 0.08333, 16_000_000, 0]);
  });
  it("shows a line to people with its unit and what it is compared with", () => {
    expect(showLine({ bench: "crypto.sign.noble", value: 2080, unit: "1/s" })).to.equal(
      "crypto.sign.noble                                 2,080 1/s",
    );
    expect(showLine({ bench: "a.b", value: 2, unit: "ms", against: "a.c", ratio: 0.5 })).to.match(
      /^a\.b +2 ms {3}0\.5 × a\.c$/,
    );
  });
});
