import { expect } from "chai";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { takeTx } from "../../src/chain/brain.ts";
import { buildBlock, COIN, give, grow, input, matured, NOW, output } from "./builder.ts";
import { coinOf, type Mature, paying, template, waiting, withPolicy } from "./pool-bench.ts";

const DAY_S = 24 * 60 * 60;
/** A mempool that lets what is not final wait. */
const patient = (coins = 1): Mature => withPolicy(matured(coins), { sequenceReplacement: true });
/** Valid `blocks` blocks after the tip's next, with this sequence, paying so much. */
const later = (chain: Mature, sequence: number, { blocks = 3, fee = 1000n, version = 1 } = {}): Tx => ({
  version,
  inputs: [input(coinOf(chain), { sequence })],
  outputs: [output(COIN - fee)],
  locktime: chain.brain.chain.tip.height + blocks,
});
const give1 = ({ brain }: Mature, tx: Tx, now = NOW): string => {
  const taken = takeTx(brain, tx, now);
  return taken.ok ? (taken.value.fresh ? "taken" : "known") : taken.error.code;
};
const held = ({ brain }: Mature): readonly string[] => [...brain.pool.pending.txs.keys()];

describe("replacement by sequence", () => {
  it("is a policy: elsewhere nothing that is not final waits", () => {
    const chain = matured(1);
    expect(give1(chain, later(chain, 1))).to.equal("non-final");
    expect(give1(patient(), later(patient(), 1, { version: 2 }))).to.equal("non-final");
  });
  it("lets one wait apart, and a higher sequence take its place whatever it pays", () => {
    const chain = patient();
    const [first, second] = [later(chain, 1, { fee: 9000n }), later(chain, 2, { fee: 1000n })];
    expect([give1(chain, first), give1(chain, first), give1(chain, second)]).to.deep.equal(["taken", "known", "taken"]);
    expect([held(chain), waiting(chain)]).to.deep.equal([[txidOf(second)], []]);
    expect(template(chain).txs).to.have.lengthOf(1);
    expect([give1(chain, first), give1(chain, later(chain, 2, { fee: 9000n }))]).to.deep.equal([
      "sequence too low",
      "sequence too low",
    ]);
  });
  it("compares by the lowest of the sequences that differ", () => {
    const chain = patient(2);
    const both = (a: number, b: number): Tx => ({
      ...later(chain, 0),
      inputs: [a, b].map((sequence, at) => input(coinOf(chain, at), { sequence })),
      outputs: [output(2n * COIN - 1000n)],
    });
    expect([both(5, 5), both(4, 9), both(6, 5), both(5, 9)].map((tx) => give1(chain, tx))).to.deep.equal([
      "taken",
      "sequence too low",
      "taken",
      "sequence too low",
    ]);
    expect(give1(chain, later(chain, 100))).to.equal("sequence too low");
  });
  it("ends with the last word: a final one comes into the mempool at once, and what waited goes", () => {
    const chain = patient();
    const last = later(chain, 0xffff_ffff);
    expect([give1(chain, later(chain, 5)), give1(chain, last)]).to.deep.equal(["taken", "taken"]);
    expect([held(chain), waiting(chain)]).to.deep.equal([[], [txidOf(last)]]);
    expect(give1(chain, later(chain, 6))).to.equal("sequence too low");
  });
  it("ends with time: the highest is mined, and a lower one is refused though it is final as well and pays more", () => {
    const chain = patient();
    const [old, last] = [later(chain, 3, { fee: 90_000n }), later(chain, 5)];
    expect([give1(chain, old), give1(chain, last)]).to.deep.equal(["taken", "taken"]);
    grow(chain, 2);
    expect(waiting(chain)).to.deep.equal([]);
    grow(chain, 1);
    expect([held(chain), waiting(chain)]).to.deep.equal([[], [txidOf(last)]]);
    expect(give1(chain, old)).to.equal("sequence too low");
    expect(give(chain, template(chain)))
      .to.have.property("connected")
      .with.lengthOf(1);
    expect(waiting(chain)).to.deep.equal([]);
  });
  it("is over when a block spends the coin otherwise", () => {
    const chain = patient();
    expect(give1(chain, later(chain, 3))).to.equal("taken");
    give(chain, buildBlock(chain, { txs: [paying(coinOf(chain), 500n)], fees: 500n }));
    expect(held(chain)).to.deep.equal([]);
  });
  it("is bounded in age and by number, and asks for the fee of relay once", () => {
    const chain = patient();
    expect(give1(chain, later(chain, 1, { fee: 1n, blocks: 50 }))).to.equal("min relay fee not met");
    expect(give1(chain, later(chain, 1, { blocks: 50 }), NOW - 14 * DAY_S - 1)).to.equal("taken");
    expect(give1(chain, later(chain, 2, { blocks: 50 }))).to.equal("taken");
    grow(chain, 1);
    expect(held(chain)).to.deep.equal([]);
    expect(give1(chain, later(chain, 1, { blocks: 50 }))).to.equal("taken");
    const [last] = chain.brain.pool.pending.txs.values();
    Object.assign(last as object, { replacements: 20_000 });
    expect(give1(chain, later(chain, 2, { blocks: 50 }))).to.equal("replaced too often");
    chain.brain.pool.pending.vsize = 1_000_000;
    Object.assign(last as object, { replacements: 0 });
    expect(
      give1(chain, { ...later(chain, 2, { blocks: 50 }), outputs: [output(1n * COIN - 900_000n), output(1000n)] }),
    ).to.equal("no room for what is not final");
  });
  it("looks at signatures before it lets anything wait, or go", () => {
    const chain = patient();
    expect(give1(chain, later(chain, 1))).to.equal("taken");
    const bad = { ...later(chain, 2), inputs: [input(coinOf(chain), { sequence: 2, witness: [Uint8Array.of(0)] })] };
    expect(give1(chain, bad)).to.equal("mempool-script-verify-flag-failed");
    expect(held(chain)).to.deep.equal([txidOf(later(chain, 1))]);
  });
});
