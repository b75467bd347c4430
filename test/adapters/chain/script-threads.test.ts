import { Worker } from "node:worker_threads";
import { expect } from "chai";
import {
  flagsOf,
  type PackedScripts,
  packScripts,
  ScriptTurns,
  takeNoMore,
} from "../../../src/adapters/chain/embedded/script-batch.ts";
import { ScriptThreads } from "../../../src/adapters/chain/embedded/script-threads.ts";
import { startThread } from "../../../src/adapters/worker-thread.ts";
import { present } from "../../../src/base/result.ts";
import { SAT_MAX, sat } from "../../../src/base/units.ts";
import { consensusFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { sighashesOf } from "../../../src/bitcoin/sighash.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { type InputRange, verifyScripts } from "../../../src/chain/scripts.ts";
import { scriptsOf, signedCheck, unsigned } from "./signed-block.ts";

const EVERY_BYTE = new Uint8Array(256).map((_, at) => at);
const GOOD = [1, 2, 3].map((index) => signedCheck(index, 70));

/** What two threads take of packed scripts in turn. */
function takenBy(scripts: PackedScripts): readonly InputRange[] {
  const threads = [new ScriptTurns(scripts), new ScriptTurns(scripts)];
  const taken: InputRange[] = [];
  for (let turn = 0; ; turn++) {
    const ranges = threads[turn % 2]?.take();
    if (ranges === undefined) return taken;
    taken.push(...ranges);
  }
}

describe("packed scripts", () => {
  it("are taken by turns, every input once and in order, with all that its transaction signs and spends", () => {
    const taken = takenBy(packScripts(scriptsOf(GOOD)));
    expect(taken.map(({ index, from, end }) => [index, from, end])).to.deep.equal([
      ...[0, 16, 32, 48, 64].map((from) => [1, from, Math.min(from + 16, 70)]),
      ...[0, 10, 26, 42, 58].map((from) => [2, from, from === 0 ? 10 : Math.min(from + 16, 70)]),
      ...[0, 4, 20, 36, 52, 68].map((from) => [3, from, from === 0 ? 4 : Math.min(from + 16, 70)]),
    ]);
    for (const { index, sighashes } of taken) {
      const { tx, spent } = present(GOOD[index - 1], "a check");
      const inputs = tx.inputs.map(({ prevout: _, ...rest }) => rest);
      expect(sighashes.spent).to.deep.equal(spent);
      expect(sighashes.tx).to.deep.equal({ ...tx, inputs });
      expect(sighashes.legacy(1, EVERY_BYTE, 1)).to.deep.equal(sighashesOf(tx).legacy(1, EVERY_BYTE, 1));
    }
  });
  it("hold any transaction, with the flags", () => {
    const flags = consensusFlags(1, CHAINS.mainnet);
    const [input, other] = GOOD[0]?.tx.inputs ?? [];
    const long = new Uint8Array(70_000).map((_, at) => at);
    const tx: Tx = {
      version: -7,
      locktime: 0xffff_fffe,
      inputs: [
        { ...present(input, "one"), witness: [], scriptSig: long },
        { ...present(other, "another"), sequence: 0, witness: [EVERY_BYTE, new Uint8Array(0), long] },
      ],
      outputs: [
        { amount: sat(SAT_MAX), script: EVERY_BYTE },
        { amount: sat(0n), script: new Uint8Array(0) },
      ],
    };
    const spent = tx.outputs.toReversed();
    const packed = packScripts({ flags, checks: [{ index: 70_000, tx, spent }], inputs: 2 });
    const { sighashes, ...range } = present(takenBy(packed)[0], "a range");
    expect(range).to.deep.equal({ index: 70_000, from: 0, end: 2 });
    expect(flagsOf(packed.flags)).to.deep.equal(flags);
    expect(sighashes.spent).to.deep.equal(spent);
    expect(sighashes.tx).to.deep.equal({ ...tx, inputs: tx.inputs.map(({ prevout: _, ...rest }) => rest) });
    expect(sighashes.legacy(0, EVERY_BYTE, 1)).to.deep.equal(sighashesOf(tx).legacy(0, EVERY_BYTE, 1));
  });
  it("are taken no more when somebody says so", () => {
    const packed = packScripts(scriptsOf(GOOD));
    const turns = new ScriptTurns(packed);
    expect(turns.take()).to.have.lengthOf(1);
    takeNoMore(packed);
    expect([turns.take(), new ScriptTurns(packed).take()]).to.deep.equal([undefined, undefined]);
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
  it("begin once with what they are asked for again, and have one answer to it", async () => {
    const scripts = scriptsOf(GOOD.map((check) => unsigned(check, 30)));
    const first = threads.verify(scripts);
    expect(threads.verify(scripts)).to.equal(first);
    const verdict = await first;
    expect(await threads.verify(scripts)).to.equal(verdict);
    expect(verdict).to.deep.equal({ tag: "Judged", fault: verifyScripts(scripts) });
  });
  it("leave the verdict to this one when one of them dies, and begin anew with the next block", async () => {
    let starts = 0;
    const dying = new ScriptThreads(2, () =>
      starts++ === 1
        ? new Worker('require("node:worker_threads").parentPort.on("message", () => { throw new Error("dies"); })', {
            eval: true,
          })
        : startThread(new URL("../../../src/adapters/chain/embedded/mining.ts", import.meta.url).href, "script-worker"),
    );
    for (const checks of [GOOD.map((check) => unsigned(check, 30)), GOOD]) {
      const scripts = scriptsOf(checks);
      expect(await dying.verify(scripts)).to.deep.equal({ tag: "Judged", fault: verifyScripts(scripts) });
    }
    expect(starts).to.equal(4);
    await dying.close();
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
