import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { script } from "../../src/bitcoin/script.ts";
import { takeBlock, takeBlockAtOnce, takeVerdict } from "../../src/chain/brain.ts";
import { acceptHeaders, type WaitingBlock } from "../../src/chain/chain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import type { HeaderNode } from "../../src/chain/headers.ts";
import { verifyScripts } from "../../src/chain/scripts.ts";
import { type Bench, bench, buildBlock, COIN, coinSet, give, input, matured, NOW, output, spend } from "./builder.ts";
import { contents, offer, paying } from "./pool-bench.ts";

type Mature = ReturnType<typeof matured>;
/** A chain on which every block with a script to verify waits for it. */
function patient(count: number): Mature {
  const chain = matured(count);
  chain.brain.chain.inputsAtOnce = 0;
  return chain;
}
const coin = (chain: Mature, index: number) => present(chain.coins[index], "a coin");
const spending = (chain: Mature, index: number, previous = chain.brain.chain.tip): Block =>
  buildBlock(chain, { previous, txs: [spend([coin(chain, index)], [output(COIN)])] });
const denied = (chain: Mature, index: number): Block =>
  buildBlock(chain, {
    txs: [{ ...spend([], [output(COIN)]), inputs: [input(coin(chain, index), { witness: [script(0n)] })] }],
  });
const nodeOf = ({ brain }: Bench, block: Block): HeaderNode =>
  present(brain.chain.index.tree.nodes.get(hashBlock(block).hash), "a known header");
const waiting = ({ brain }: Bench): WaitingBlock => present(brain.chain.waiting, "a block that waits");
/** The true verdict on what waits. */
const settle = (chain: Bench, which = waiting(chain)) =>
  takeVerdict(chain.brain, which, verifyScripts(which.connected.scripts), NOW);
const NOTHING = { disconnected: [], connected: [], rejected: [] };
const stateOf = (chain: Bench) => ({
  tip: chain.brain.chain.tip,
  coins: coinSet(chain),
  totals: chain.storage.totals(),
  pool: contents(chain.brain.pool),
});
const hashesOf = (blocks: readonly { readonly hash: string }[]): readonly string[] => blocks.map(({ hash }) => hash);

describe("a block whose scripts are verified elsewhere", () => {
  it("is held and changes nothing until the verdict comes", () => {
    const chain = patient(1);
    const before = stateOf(chain);
    const block = spending(chain, 0);
    expect(give(chain, block)).to.deep.equal(NOTHING);
    expect(stateOf(chain)).to.deep.equal(before);
    expect(give(chain, block)).to.deep.equal(NOTHING);
    expect(hashesOf(settle(chain).connected)).to.deep.equal([hashBlock(block).hash]);
    expect(chain.brain.chain.tip).to.equal(nodeOf(chain, block));
    expect(chain.brain.chain.waiting).to.equal(undefined);
  });
  it("is the only one that is connected meanwhile: what comes on top of it waits behind it", () => {
    const chain = patient(3);
    const first = spending(chain, 0);
    give(chain, first);
    const same = waiting(chain);
    const second = spending(chain, 1, nodeOf(chain, first));
    expect(give(chain, second)).to.deep.equal(NOTHING);
    const third = spending(chain, 2, nodeOf(chain, second));
    expect(give(chain, third)).to.deep.equal(NOTHING);
    expect(waiting(chain)).to.equal(same);
    const order = [first, second, third].map((block) => hashBlock(block).hash);
    expect(order.map(() => hashesOf(settle(chain).connected))).to.deep.equal(order.map((hash) => [hash]));
  });
  it("does not wait when all its scripts were found good in the mempool, or it has none", () => {
    const chain = patient(1);
    const tx = paying(coin(chain, 0), 1000n);
    expect(offer(chain, tx)).to.equal("accepted");
    expect(give(chain, buildBlock(chain, { txs: [tx], fees: 1000n })))
      .to.have.property("connected")
      .with.lengthOf(1);
    expect(give(chain, buildBlock(chain)))
      .to.have.property("connected")
      .with.lengthOf(1);
  });
  it("is refused by the verdict as it would have been at once, and so is what stands on it", () => {
    const [chain, other] = [patient(1), matured(1)];
    const block = denied(chain, 0);
    const before = stateOf(chain);
    give(chain, block);
    const child = buildBlock(chain, { previous: nodeOf(chain, block) });
    give(chain, child);
    const fault = {
      code: "block-script-verify-flag-failed",
      rule: "Witness program hash mismatch",
      detail: "input 0: WITNESS_PROGRAM_MISMATCH",
      index: 1,
    };
    expect(settle(chain)).to.deep.equal({ ...NOTHING, rejected: [{ hash: hashBlock(block).hash, fault }] });
    expect(stateOf(chain)).to.deep.equal(before);
    expect(give(other, denied(other, 0))).to.have.deep.nested.property("rejected[0].fault", fault);
    expect(chain.brain.chain.index.invalid).to.deep.equal(new Set([nodeOf(chain, block), nodeOf(chain, child)]));
  });
  it("has any other fault told first", () => {
    const chain = patient(1);
    const txs = [{ ...spend([], [output(COIN)]), inputs: [input(coin(chain, 0), { witness: [] })] }];
    expect(give(chain, buildBlock(chain, { txs, fees: 1n }))).to.have.nested.property(
      "rejected[0].fault.code",
      "bad-cb-amount",
    );
  });
  it("is verified here and now when somebody cannot wait", () => {
    const chain = patient(2);
    const first = spending(chain, 0);
    give(chain, first);
    const second = spending(chain, 1, nodeOf(chain, first));
    const taken = takeBlockAtOnce(chain.brain, hashBlock(second), NOW);
    expect(taken.ok && hashesOf(taken.value.connected)).to.deep.equal(
      [first, second].map((each) => hashBlock(each).hash),
    );
  });
});

describe("B18: a verdict that comes too late", () => {
  it("B18: changes nothing when a better chain has led elsewhere, whatever it says", () => {
    const chain = patient(2);
    const fork = chain.brain.chain.tip;
    give(chain, denied(chain, 0));
    const late = waiting(chain);
    const rival = buildBlock(chain, { previous: fork });
    give(chain, rival);
    const top = spending(chain, 1, nodeOf(chain, rival));
    expect(give(chain, top)).to.have.nested.property("connected[0].hash", hashBlock(rival).hash);
    const before = stateOf(chain);
    for (const fault of [undefined, verifyScripts(late.connected.scripts)]) {
      expect(takeVerdict(chain.brain, late, fault, NOW)).to.deep.equal(NOTHING);
      expect(stateOf(chain)).to.deep.equal(before);
    }
    expect(hashesOf(settle(chain).connected)).to.deep.equal([hashBlock(top).hash]);
  });
  it("B18: is taken once", () => {
    const chain = patient(1);
    give(chain, spending(chain, 0));
    const once = waiting(chain);
    settle(chain, once);
    const before = stateOf(chain);
    const fault = { code: "block-script-verify-flag-failed" } as const;
    expect(takeVerdict(chain.brain, once, fault, NOW)).to.deep.equal(NOTHING);
    expect(stateOf(chain)).to.deep.equal(before);
  });
  it("B18: nobody sees a chain with less work than the one before, while a longer one is verified", () => {
    const chain = patient(3);
    const fork = chain.brain.chain.tip;
    for (const at of [0, 1]) {
      give(chain, spending(chain, at));
      settle(chain);
    }
    const { work } = chain.brain.chain.tip;
    let previous = fork;
    for (const at of [2, 1, 0]) {
      const block = spending(chain, at, previous);
      give(chain, block);
      previous = nodeOf(chain, block);
      expect(chain.brain.chain.tip.work >= work).to.equal(true);
    }
    expect(chain.brain.chain.tip).to.equal(previous);
    expect(chain.brain.chain.waiting).to.equal(undefined);
  });
  it("B18: leads to the coins of a chain that verified all at once, in any order of blocks and verdicts", () => {
    const source = matured(6);
    const fork = source.brain.chain.tip;
    const blocks: Block[] = [];
    for (const branch of [[0, 1, 2], [2, 1, 0, 3], [4]]) {
      let previous = fork;
      for (const at of branch) {
        const block = spending(source, at, previous);
        give(source, block);
        blocks.push(block);
        previous = nodeOf(source, block);
      }
    }
    const history = source.brain.chain.index.tree;
    for (let seed = 1; seed <= 40; seed++) {
      const chain = bench();
      chain.brain.chain.inputsAtOnce = 0;
      for (const node of [...history.nodes.values()].slice(1, fork.height + 1))
        takeBlock(chain.brain, hashBlock(present(source.storage.block(node.hash), "held")), NOW);
      acceptHeaders(
        chain.brain.chain,
        blocks.map(({ header }) => header),
        NOW,
      );
      const left = [...blocks];
      const held: WaitingBlock[] = [];
      for (
        let turn = seed;
        left.length > 0 || chain.brain.chain.waiting !== undefined;
        turn = (turn * 1103 + 12345) % 65_536
      ) {
        if (turn % 3 > 0 && left.length > 0)
          give(chain, present(left.splice(turn % Math.min(left.length, 3), 1)[0], "one"));
        if (chain.brain.chain.waiting !== undefined) held.push(chain.brain.chain.waiting);
        const verdict = held[turn % Math.max(held.length, 1)];
        if (verdict !== undefined && turn % 2 === 0) settle(chain, verdict);
      }
      expect(stateOf(chain).coins).to.deep.equal(coinSet(source));
      expect(chain.brain.chain.tip.hash).to.equal(source.brain.chain.tip.hash);
    }
  });
});
