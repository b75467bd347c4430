import { expect } from "chai";
import { batchesOf, readBatch } from "../../../src/adapters/chain/embedded/script-batch.ts";
import { ScriptThreads } from "../../../src/adapters/chain/embedded/script-threads.ts";
import { consensusFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { verifyScripts } from "../../../src/chain/scripts.ts";
import { scriptsOf, signedCheck, unsigned } from "./signed-block.ts";

const GOOD = [1, 2, 3].map((index) => signedCheck(index, 70));

describe("batches of scripts", () => {
  it("hold every input once and in order, with all that its transaction spends and the flags", () => {
    const flags = consensusFlags(1, CHAINS.mainnet);
    const batches = [...batchesOf({ ...scriptsOf(GOOD), flags })].map(readBatch);
    const ranges = batches.flatMap((batch) => batch.ranges);
    expect(ranges.map(({ index, from, end }) => [index, from, end])).to.deep.equal([
      [1, 0, 64],
      [1, 64, 70],
      [2, 0, 58],
      [2, 58, 70],
      [3, 0, 52],
      [3, 52, 70],
    ]);
    for (const { index, tx, spent } of ranges) expect({ index, tx, spent }).to.deep.equal(GOOD[index - 1]);
    expect(batches.map((batch) => batch.flags)).to.deep.equal(batches.map(() => flags));
  });
});

describe("threads that verify scripts", function () {
  this.timeout(60_000);
  const threads = new ScriptThreads(2);
  after(() => threads.close());

  it("find nothing wrong with what is right, block after block", async () => {
    for (const checks of [GOOD, GOOD.slice(1), []])
      expect(await threads.verify(scriptsOf(checks))).to.deep.equal({ tag: "Judged", fault: undefined });
  });
  it("name the first fault of the block, as one thread alone does, wherever there are more", async () => {
    const [a, b, c] = GOOD as [(typeof GOOD)[0], (typeof GOOD)[0], (typeof GOOD)[0]];
    for (const checks of [
      [a, unsigned(b, 3), c],
      [unsigned(a, 69), unsigned(b, 0), unsigned(c, 0)],
      [a, b, unsigned(unsigned(c, 68), 5)],
    ]) {
      const fault = verifyScripts(scriptsOf(checks));
      expect(fault).to.not.equal(undefined);
      expect(await threads.verify(scriptsOf(checks))).to.deep.equal({ tag: "Judged", fault });
    }
  });
  it("B18: drop what they were at for another block, and nothing of it gets into the next verdict", async () => {
    const bad = scriptsOf(GOOD.map((check) => unsigned(check, 30)));
    for (let round = 0; round < 10; round++) {
      const given = threads.verify(bad);
      const next = threads.verify(scriptsOf(GOOD));
      expect([await given, await next]).to.deep.equal([{ tag: "GivenUp" }, { tag: "Judged", fault: undefined }]);
    }
  });
  it("B18: answer nothing when they are stopped in the middle, nor afterwards", async () => {
    const stopping = new ScriptThreads(2);
    const given = stopping.verify(scriptsOf(GOOD));
    await stopping.close();
    expect([await given, await stopping.verify(scriptsOf(GOOD))]).to.deep.equal([
      { tag: "GivenUp" },
      { tag: "GivenUp" },
    ]);
  });
});
