import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { script } from "../../src/bitcoin/script.ts";
import { gatherScripts } from "../../src/chain/ahead.ts";
import { takeVerdict } from "../../src/chain/brain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { type BlockScripts, verifyScripts } from "../../src/chain/scripts.ts";
import { buildBlock, COIN, coinSet, give, input, matured, NOW, outpointOf, output, spend } from "./builder.ts";

type Mature = ReturnType<typeof matured>;
/** A chain on which every block with a script waits, and what its verifier is told. */
function watched(count: number) {
  const chain = matured(count);
  const told: (BlockScripts | "give up")[] = [];
  chain.brain.chain.inputsAtOnce = 0;
  chain.brain.chain.verifier = {
    begin: (scripts) => told.push(scripts),
    giveUp: () => told.push("give up"),
  };
  return { chain, told };
}
const coin = (chain: Mature, index: number) => present(chain.coins[index], "a coin");
const spending = (chain: Mature, index: number, previous = chain.brain.chain.tip): Block =>
  buildBlock(chain, { previous, txs: [spend([coin(chain, index)], [output(COIN)])] });

describe("scripts of a block that is still being checked", () => {
  it("are begun with once, and what waits for a verdict are those very scripts", () => {
    const { chain, told } = watched(1);
    give(chain, spending(chain, 0));
    const waiting = present(chain.brain.chain.waiting, "a block that waits");
    expect(told).to.have.lengthOf(1);
    expect(told[0]).to.equal(waiting.connected.scripts);
    expect(waiting.connected.scripts.checks).to.deep.equal([
      { index: 1, tx: waiting.block.block.txs[1], spent: [chain.storage.coin(coin(chain, 0))?.output] },
    ]);
    expect(chain.brain.chain.ahead).to.equal(undefined);
  });
  it("are those of what the block itself creates as well", () => {
    const { chain, told } = watched(1);
    const first = spend([coin(chain, 0)], [output(COIN)]);
    const second = spend([outpointOf(first)], [output(COIN)]);
    const block = buildBlock(chain, { txs: [first, second] });
    give(chain, block);
    const [scripts] = told as BlockScripts[];
    expect(scripts?.checks.map(({ index, spent }) => [index, spent])).to.deep.equal([
      [1, [chain.storage.coin(coin(chain, 0))?.output]],
      [2, [first.outputs[0]]],
    ]);
    expect(scripts?.inputs).to.equal(2);
  });
  it("are given up when the block turns out to be broken otherwise, and not begun with when its header has other ones", () => {
    const { chain, told } = watched(1);
    const before = coinSet(chain);
    const txs = [spend([coin(chain, 0)], [output(COIN)])];
    const good = buildBlock(chain, { txs });
    const early = { ...spend([coin(chain, 0)], [output(COIN)]), locktime: 400_000_000 };
    for (const [block, fault, last] of [
      [{ ...good, txs: good.txs.slice(0, 1) }, "bad-txnmrklroot", undefined],
      [
        buildBlock(chain, { txs: [{ ...early, inputs: [input(coin(chain, 0), { sequence: 0 })] }] }),
        "bad-txns-nonfinal",
        "give up",
      ],
      [buildBlock(chain, { txs, fees: 1n }), "bad-cb-amount", "give up"],
      [buildBlock(chain, { txs: [...txs, ...txs] }), "bad-txns-inputs-missingorspent", "give up"],
    ] as const) {
      told.length = 0;
      expect(JSON.stringify(give(chain, block))).to.contain(fault);
      expect(told.at(-1), fault).to.equal(last);
      const { ahead, waiting } = chain.brain.chain;
      expect([ahead, waiting, coinSet(chain)], fault).to.deep.equal([undefined, undefined, before]);
    }
  });
  it("are nobody's when a coin is missing", () => {
    const { chain, told } = watched(1);
    const txs = [{ ...spend([], [output(COIN)]), inputs: [input({ txid: coin(chain, 0).txid, vout: 7 })] }];
    const block = buildBlock(chain, { txs });
    const { tip, params, verified, storage } = chain.brain.chain;
    const place = { previous: tip, params, verified, storage };
    expect(gatherScripts(hashBlock(block), place)).to.equal(undefined);
    expect(give(chain, block)).to.have.nested.property("rejected[0].fault.code", "bad-txns-inputs-missingorspent");
    expect(told.filter((each) => each !== "give up")).to.deep.equal([]);
  });
  it("of a rival are not begun with while another block waits, whose verdict still counts", () => {
    const { chain, told } = watched(2);
    const fork = chain.brain.chain.tip;
    give(chain, spending(chain, 0));
    give(chain, spending(chain, 1, fork));
    expect(told).to.have.lengthOf(1);
    const waiting = present(chain.brain.chain.waiting, "a block that waits");
    const update = takeVerdict(chain.brain, waiting, verifyScripts(waiting.connected.scripts), NOW);
    expect(update.connected).to.have.lengthOf(1);
  });
  it("of a block that was held already are begun with when its turn comes", () => {
    const { chain, told } = watched(2);
    const first = spending(chain, 0);
    give(chain, first);
    const node = present(chain.brain.chain.index.tree.nodes.get(hashBlock(first).hash), "known");
    give(chain, spending(chain, 1, node));
    expect(told).to.have.lengthOf(1);
    const waiting = present(chain.brain.chain.waiting, "a block that waits");
    takeVerdict(chain.brain, waiting, undefined, NOW);
    expect(told).to.have.lengthOf(2);
    expect(told[1]).to.equal(chain.brain.chain.waiting?.connected.scripts);
  });
  it("are verified here and now, and by nobody else, where they need not wait", () => {
    const { chain, told } = watched(1);
    chain.brain.chain.inputsAtOnce = 1;
    const bad = { ...spend([], [output(COIN)]), inputs: [input(coin(chain, 0), { witness: [script(0n)] })] };
    expect(give(chain, buildBlock(chain, { txs: [bad] }))).to.have.nested.property("rejected[0].fault.detail");
    expect(told).to.deep.equal([]);
  });
});
