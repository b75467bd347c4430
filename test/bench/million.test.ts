import { expect } from "chai";
import type { BenchLine } from "../../scripts/bench/line.ts";
import { millionBench } from "../../scripts/bench/million.ts";

/** Whether it measures what it says, never how fast: that depends on the machine. */
describe("bench: a channel over many updates", function () {
  this.timeout(120_000);
  it("tells what its records and its memory grew by, and how long a payment takes before and after", async () => {
    const lines: BenchLine[] = [];
    for await (const line of millionBench(4_000)) lines.push(line);
    expect(lines.map(({ bench, unit }) => `${bench} ${unit}`)).to.deep.equal([
      "channel.million.growth bytes",
      "channel.million.memory bytes",
      "channel.million.p50.first ms",
      "channel.million.p50.last ms",
    ]);
    const [growth] = lines;
    // Records do not grow with updates but by the secrets of a few more heights of the tree. BOLT 3 §Efficient Per-commitment Secret Storage.
    expect(growth?.value).to.be.within(0, 2_000);
  });
});
