import { expect } from "chai";
import { channelBench } from "../../scripts/bench/channel.ts";
import type { BenchLine } from "../../scripts/bench/line.ts";

/** Whether it measures what it says, never how fast: that depends on the machine. */
describe("bench: payments on one channel between two processes", function () {
  this.timeout(120_000);
  const lines = new Map<string, BenchLine>();
  before(async () => {
    for await (const line of channelBench({ rounds: 1, payments: 20 })) lines.set(line.bench, line);
  });
  const value = (bench: string): number => lines.get(bench)?.value ?? Number.NaN;

  it("gives a rate or a latency for each store, amount and shape, compared where there is something to compare with", () => {
    const shown = [...lines.values()].filter(({ bench }) => !/\.(dust|untrimmed)\.(?!memory)/.test(bench));
    expect(shown.map(({ bench, unit, against }) => `${bench} ${unit} ${against ?? ""}`.trim()).sort()).to.deep.equal([
      "channel.fdatasync ms",
      "channel.limit.dust 1/s",
      "channel.limit.untrimmed 1/s",
      "channel.pipelined.dust 1/s channel.limit.dust",
      "channel.pipelined.dust.memory 1/s channel.pipelined.dust",
      "channel.pipelined.untrimmed 1/s channel.limit.untrimmed",
      "channel.pipelined.untrimmed.memory 1/s channel.pipelined.untrimmed",
      "channel.sequential.dust ms",
      "channel.sequential.dust.memory ms channel.sequential.dust",
      "channel.sequential.untrimmed ms",
      "channel.sequential.untrimmed.memory ms channel.sequential.untrimmed",
    ]);
    for (const { bench, value, against, ratio } of shown) {
      expect(value, bench).to.be.greaterThan(0);
      if (against !== undefined) expect(ratio, bench).to.be.greaterThan(0);
    }
  });

  it("counts the work of one payment: one onion built and peeled, HTLC signatures only for what has an output", () => {
    expect(value("channel.sequential.dust.ecdhs")).to.equal(2);
    expect(value("channel.pipelined.untrimmed.ecdhs")).to.equal(2);
    expect(value("channel.sequential.untrimmed.signs")).to.be.at.least(
      value("channel.sequential.untrimmed.commitments") + 2,
    );
    expect(value("channel.sequential.dust.signs")).to.equal(value("channel.sequential.dust.commitments"));
  });

  it("shares commitments and syncs among payments in flight", () => {
    expect(value("channel.pipelined.dust.commitments")).to.be.lessThan(1);
    expect(value("channel.pipelined.dust.syncs")).to.be.lessThan(1);
    expect(value("channel.sequential.dust.commitments")).to.be.greaterThan(2);
    expect(value("channel.sequential.dust.syncs")).to.be.greaterThan(2);
  });
});
