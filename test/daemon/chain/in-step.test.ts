import { expect } from "chai";
import { ok } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { CHAINS, type NetworkName } from "../../../src/bitcoin/params.ts";
import { InStep } from "../../../src/daemon/chain/in-step.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import type { BlockRef } from "../../../src/ports/chain-source.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 1, 12);
const cursor: BlockRef = { height: blockHeight(100), hash: "ab".repeat(32) as BlockRef["hash"] };

/** A node that has heard of block 100, whose time is so many hours ago, where the chain is known to have `tip` blocks. */
function bench(hours: number, network: NetworkName = "mainnet", header = true) {
  const state = { now: NOW, height: 100, tip: 100, warnings: 0 };
  const time = Math.floor((NOW - hours * HOUR_MS) / 1_000);
  const ctx = {
    chain: {
      tip: () => ({ ...cursor, height: blockHeight(state.tip) }),
      header: async () => ok(header ? { header: { time } } : undefined),
    },
    clock: { now: () => state.now },
    log: { warn: () => void state.warnings++ },
    params: CHAINS[network],
  };
  const inStep = new InStep(ctx as unknown as NodeContext, () => blockHeight(state.height));
  const block = (height: number, at: number): void => {
    state.height = height;
    const time = Math.floor(at / 1_000);
    inStep.chainEvent({
      tag: "BlockConnected",
      block: { ...cursor, height: blockHeight(height) },
      previous: cursor.hash,
      time,
    });
  };
  return { inStep, state, block };
}

describe("Whether HTLCs can be judged by the height that was heard last", () => {
  it("is so after a start soon after the last block, and not after one long after, until a new one is heard", async () => {
    const soon = bench(1);
    await soon.inStep.start(cursor);
    expect(soon.inStep.isBehind()).to.equal(false);
    const late = bench(3);
    await late.inStep.start(cursor);
    expect(late.inStep.isBehind()).to.equal(true);
    late.block(101, NOW - 2.5 * HOUR_MS);
    expect(late.inStep.isBehind()).to.equal(true);
    late.block(118, NOW - 60_000);
    expect(late.inStep.isBehind()).to.equal(false);
  });
  it("is not so while blocks that are known of are not heard yet", async () => {
    const { inStep, state, block } = bench(0);
    await inStep.start(cursor);
    state.tip = 103;
    expect(inStep.isBehind()).to.equal(false);
    state.tip = 104;
    expect(inStep.isBehind()).to.equal(true);
    block(101, NOW);
    expect(inStep.isBehind()).to.equal(false);
  });
  it("is not so when a machine wakes after hours", async () => {
    const { inStep, state } = bench(0);
    await inStep.start(cursor);
    state.now += 3 * HOUR_MS;
    expect(inStep.isBehind()).to.equal(true);
  });
  it("is not so where the chain does not know that block any more", async () => {
    const { inStep } = bench(0, "mainnet", false);
    await inStep.start(cursor);
    expect(inStep.isBehind()).to.equal(true);
  });
  it("is asked of no time where nobody mines for money", () => {
    const { inStep } = bench(100, "regtest");
    expect(inStep.start(cursor)).to.equal(undefined);
    expect(inStep.isBehind()).to.equal(false);
  });
  it("is said in the log once each time", async () => {
    const { inStep, state } = bench(0);
    await inStep.start(cursor);
    for (const tip of [100, 200, 200, 100, 200]) {
      state.tip = tip;
      inStep.isBehind();
    }
    expect(state.warnings).to.equal(2);
  });
});
