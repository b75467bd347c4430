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
    const shown = [...lines.values()].filter(({ bench }) => !/\.(dust|htlc)\.(?!memory|p50)/.test(bench));
    expect(shown.map(({ bench, unit, against }) => `${bench} ${unit} ${against ?? ""}`.trim()).sort()).to.deep.equal([
      "channel.cpuPerPayment us",
      "channel.fdatasync ms",
      "channel.limit.dust 1/s channel.pipelined.dust",
      "channel.limit.htlc 1/s channel.pipelined.htlc",
      "channel.pipelined.dust 1/s",
      "channel.pipelined.dust.memory 1/s channel.pipelined.dust",
      "channel.pipelined.htlc 1/s",
      "channel.pipelined.htlc.memory 1/s channel.pipelined.htlc",
      "channel.sequential.dust.memory.p50 ms channel.sequential.dust.p50",
      "channel.sequential.dust.p50 ms",
      "channel.sequential.htlc.memory.p50 ms channel.sequential.htlc.p50",
      "channel.sequential.htlc.p50 ms",
      "channel.syncsPerPayment count",
    ]);
    for (const { bench, value, against, ratio } of shown) {
      expect(value, bench).to.be.greaterThan(0);
      if (against !== undefined) expect(ratio, bench).to.be.greaterThan(0);
    }
  });

  it("counts the work of one payment: one onion built and peeled, HTLC signatures only for what has an output", () => {
    expect(value("channel.sequential.dust.ecdhs")).to.equal(2);
    expect(value("channel.pipelined.htlc.ecdhs")).to.equal(2);
    expect(value("channel.sequential.htlc.signs")).to.be.at.least(value("channel.sequential.htlc.commitments") + 2);
    expect(value("channel.sequential.dust.signs")).to.equal(value("channel.sequential.dust.commitments"));
  });

  it("shares commitments and syncs among payments in flight", () => {
    expect(value("channel.pipelined.dust.commitments")).to.be.lessThan(1);
    expect(value("channel.pipelined.dust.syncs")).to.be.lessThan(1);
    expect(value("channel.sequential.dust.commitments")).to.be.greaterThan(2);
    expect(value("channel.sequential.dust.syncs")).to.be.greaterThan(2);
  });
});
