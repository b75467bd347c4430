import { expect } from "chai";
import { type SimulatedChain, simulatedChain } from "../../../src/adapters/memory/chain.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { ChainEvent } from "../../../src/ports/chain-source.ts";
import { ANYONE, COIN, NOW, outpointOf, output, spend } from "../../chain/builder.ts";
import { chainSourceContract } from "../../contract/chain-source.ts";

/** A simulated chain whose tasks run when told to, in order. */
function world(): { chain: SimulatedChain; run: () => void; waiting: string[] } {
  const tasks: { name: string; task: () => void }[] = [];
  const chain = simulatedChain({ schedule: (name, task) => tasks.push({ name, task }), now: () => NOW });
  return {
    chain,
    run: () => {
      for (let next = tasks.shift(); next !== undefined; next = tasks.shift()) next.task();
    },
    get waiting() {
      return tasks.map(({ name }) => name);
    },
  };
}

chainSourceContract("memory", () => {
  const { chain, run } = world();
  return {
    open: () => chain.source("alice"),
    reorganise: (depth) => void chain.reorganise(depth),
    quiet: async () => run(),
    close: async () => undefined,
  };
});

describe("simulated chain", () => {
  const firstReward = ({ brain }: SimulatedChain, index: number) => {
    const hash = [...brain.chain.index.tree.nodes.keys()][index + 1];
    const tx = brain.chain.storage.block(hash as never)?.txs[0];
    return outpointOf(tx as never);
  };
  it("shows each node as much of the chain as its lag allows", () => {
    const { chain, run } = world();
    const heights = { near: [] as number[], far: [] as number[] };
    for (const name of ["near", "far"] as const) {
      chain.source(name).start(undefined, (events) => {
        for (const event of events) if (event.tag === "BlockConnected") heights[name].push(event.block.height);
      });
    }
    chain.setLag("far", 2);
    chain.mine(4);
    run();
    expect(heights).to.deep.equal({ near: [1, 2, 3, 4], far: [1, 2] });
    expect(chain.source("far").tip().height).to.equal(2);
    chain.setLag("far", 0);
    run();
    expect(heights.far).to.deep.equal([1, 2, 3, 4]);
  });
  it("keeps the transactions of a replaced branch, replaces or forgets them, as it is told", () => {
    for (const [txs, place] of [
      ["same", "mined"],
      ["none", "waiting"],
    ] as const) {
      const { chain } = world();
      chain.mine(101, ANYONE);
      const tx = spend([firstReward(chain, 0)], [output(COIN - 500n)]);
      void chain.source("alice").broadcast(tx);
      chain.mine(1);
      chain.reorganise(1, { txs });
      const found = chain.whole.transaction(txidOf(tx));
      expect(found?.confirmed === undefined ? "waiting" : "mined").to.equal(place);
    }
    const { chain } = world();
    chain.mine(101, ANYONE);
    const [tx, rival] = [500n, 900n].map((fee) => spend([firstReward(chain, 0)], [output(COIN - fee)]));
    void chain.source("alice").broadcast(tx as never);
    chain.mine(1);
    chain.reorganise(1, { txs: [rival as never] });
    expect(chain.whole.transaction(txidOf(tx as never))).to.equal(undefined);
    expect(chain.whole.utxoTotal().total).to.equal(103n * COIN);
  });
  it("leaves out of a branch what its locks forbid there", () => {
    const { chain } = world();
    chain.mine(102, ANYONE);
    const parent = spend([firstReward(chain, 0)], [output(COIN - 500n)]);
    const locked = (tx: Tx, sequence: number, locktime: number): Tx => ({
      ...tx,
      inputs: tx.inputs.map((each) => ({ ...each, sequence })),
      locktime,
    });
    const child = locked(spend([outpointOf(parent)], [output(COIN - 900n)]), 1, 0);
    const later = locked(spend([firstReward(chain, 1)], [output(COIN - 500n)]), 0, 103);
    const { broadcast } = chain.source("alice");
    void broadcast(parent);
    chain.mine(1);
    void broadcast(child);
    void broadcast(later);
    chain.mine(1);
    const mined = (): readonly boolean[] =>
      [parent, child, later].map((tx) => chain.whole.transaction(txidOf(tx))?.confirmed !== undefined);
    expect(mined()).to.deep.equal([true, true, true]);
    chain.reorganise(2, { txs: "same" });
    expect(mined()).to.deep.equal([true, false, false]);
  });
  it("leaves out of a branch what spends a coinbase that is too young there", () => {
    const { chain } = world();
    chain.mine(101, ANYONE);
    const old = spend([firstReward(chain, 0)], [output(COIN - 500n)]);
    const young = spend([firstReward(chain, 1)], [output(COIN - 500n)]);
    const { broadcast } = chain.source("alice");
    void broadcast(old);
    chain.mine(1);
    void broadcast(young);
    chain.mine(1);
    chain.reorganise(3, { txs: "same" });
    expect([old, young].map((tx) => chain.whole.transaction(txidOf(tx))?.confirmed !== undefined)).to.deep.equal([
      true,
      false,
    ]);
  });
  it("tells every node that watches of what one of them has sent", async () => {
    const { chain, run } = world();
    chain.mine(101, ANYONE);
    const coin = firstReward(chain, 0);
    const tx = spend([coin], [output(COIN - 500n)]);
    const events: ChainEvent[] = [];
    const bob = chain.source("bob");
    bob.start(bob.tip(), (each) => void events.push(...each));
    bob.watch([{ tag: "Outpoint", outpoint: coin, script: ANYONE, from: blockHeight(0) }]);
    run();
    await chain.source("alice").broadcast(tx);
    run();
    expect(events).to.deep.equal([{ tag: "SpendSeen", outpoint: coin, tx }]);
  });
  it("tells a stopped source nothing more", async () => {
    const { chain, run } = world();
    const source = chain.source("alice");
    let told = 0;
    source.start(undefined, () => void told++);
    chain.mine(1);
    await source.stop();
    chain.mine(1);
    run();
    expect(told).to.equal(0);
    expect(chain.brain.feeds).to.deep.equal(new Set());
  });
  it("answers the feerate that it was given", () => {
    const { chain } = world();
    chain.setFeerate(satPerKw(2500));
    expect(chain.source("alice").feerate(6)).to.equal(2500);
  });
});
