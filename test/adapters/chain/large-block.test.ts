import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import type { Block } from "../../../src/bitcoin/block.ts";
import { ANYONE, buildBlock, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import { settle, stoppedAfterEach, testClock } from "./world.ts";

/** More than are verified at once. */
const INPUTS = 300;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a block of many inputs from a peer", function () {
  this.timeout(60_000);
  const clock = testClock();
  const { folders, nodes, open } = stoppedAfterEach(clock);
  const put = (node: EmbeddedNode, block: Block): void => {
    const taken = node.submit(block);
    if (!taken.ok) throw new Error(taken.error.code);
  };
  /** A node whose newest block spends that many outputs, and another one that dials it. */
  async function pair(): Promise<{ from: EmbeddedNode; to: EmbeddedNode }> {
    const [from, to] = [open(), open()];
    await from.mine(101, ANYONE);
    const { brain } = from;
    const first = from.whole.blockAt(1 as never)?.txs[0];
    const each = output(COIN / BigInt(INPUTS));
    const fund = spend([outpointOf(first as never)], new Array(INPUTS).fill(each));
    const { params } = brain.chain;
    put(from, buildBlock({ brain, params }, { txs: [fund] }));
    const join = spend(
      fund.outputs.map((_, vout) => outpointOf(fund, vout)),
      [output(COIN - (COIN % BigInt(INPUTS)))],
    );
    put(from, buildBlock({ brain, params }, { txs: [join] }));
    const address = await from.listen({ host: "127.0.0.1", port: 0 });
    void to.connect(address);
    return { from, to };
  }
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      clock.run();
      await turn();
    }
  };

  it("waits for its scripts in other threads and is followed then, with all that comes after it", async () => {
    const { from, to } = await pair();
    await until(() => to.brain.chain.waiting !== undefined);
    expect(to.brain.chain.tip.height).to.equal(102);
    await from.mine(1, ANYONE);
    await until(() => to.brain.chain.tip === to.brain.chain.index.bestHeader && to.brain.chain.tip.height === 104);
    await settle(clock, ...nodes);
    expect(to.tip()).to.deep.equal(from.tip());
    expect([...to.files.coins()]).to.deep.equal([...from.files.coins()]);
  });
  it("B18: a node that stops while it waits has it when it starts again", async () => {
    const { from, to } = await pair();
    await until(() => to.brain.chain.waiting !== undefined);
    await to.stop();
    expect(to.brain.chain.tip.height).to.equal(102);
    const again = open({ folder: folders[1] });
    expect(again.brain.chain.tip.hash).to.equal(from.brain.chain.tip.hash);
  });
  it("B18: one that is mined here waits for no thread, and their verdict comes too late", async () => {
    const { to } = await pair();
    await until(() => to.brain.chain.waiting !== undefined);
    const { waiting } = to.brain.chain;
    put(to, buildBlock({ brain: to.brain, params: to.brain.chain.params }, {}));
    expect([to.brain.chain.waiting, to.brain.chain.tip]).to.deep.equal([undefined, waiting?.node]);
    const top = buildBlock({ brain: to.brain, params: to.brain.chain.params }, {});
    put(to, top);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(to.brain.chain.tip.previous).to.equal(waiting?.node);
  });
});
