import { expect } from "chai";
import { open } from "lmdb";
import { type EmbeddedNode, openBaseNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { unixMs } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import { ANYONE, COIN, NOW, outpointOf, output, spend } from "../../chain/builder.ts";
import { chainSourceContract } from "../../contract/chain-source.ts";
import { answer } from "../../support/answer.ts";
import { noLog, openNode, removeFolder, reorganise, settle, tempFolder, testClock, testNetwork } from "./world.ts";

chainSourceContract("embedded", () => {
  const folder = tempFolder();
  const clock = testClock();
  let node: EmbeddedNode;
  return {
    open: () => {
      node = openNode(folder, clock, testNetwork(clock));
      return node;
    },
    reorganise: async (depth) => {
      reorganise(node, depth);
      await settle(clock, node);
    },
    quiet: () => settle(clock, node),
    close: async () => {
      await node.stop();
      removeFolder(folder);
    },
  };
});

describe("embedded base node: files", () => {
  let folder: string;
  const clock = testClock();
  const network = testNetwork(clock);
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => removeFolder(folder));

  it("opens with the chain, coins and places that it was closed with", async () => {
    let node = openNode(folder, clock, network);
    await node.mine(101, ANYONE);
    const coin = outpointOf(node.whole.blockAt(1 as never)?.txs[0] as never);
    const tx = spend([coin], [output(COIN - 1000n)]);
    await node.broadcast(tx);
    await node.mine(1, ANYONE);
    const before = {
      tip: node.tip(),
      coins: [...node.files.coins()],
      total: node.whole.utxoTotal(),
      tx: node.whole.transaction(coin.txid),
    };
    await node.stop();
    node = openNode(folder, clock, network);
    const after = {
      tip: node.tip(),
      coins: [...node.files.coins()],
      total: node.whole.utxoTotal(),
      tx: node.whole.transaction(coin.txid),
    };
    expect(after).to.deep.equal(before);
    expect(
      after.coins.reduce(
        (
          sum,
          [
            ,
            {
              output: { amount },
            },
          ],
        ) => sum + amount,
        0n,
      ),
    ).to.equal(102n * COIN);
    await node.stop();
  });
  it("has in its mempool what waited when it was stopped", async () => {
    let node = openNode(folder, clock, network);
    await node.mine(101, ANYONE);
    const coin = outpointOf(node.whole.blockAt(1 as never)?.txs[0] as never);
    const tx = spend([coin], [output(COIN - 1000n)]);
    await node.broadcast(tx);
    await node.stop();
    node = openNode(folder, clock, network);
    expect(node.whole.mempool().map(({ txid }) => txid)).to.deep.equal([txidOf(tx)]);
    await node.stop();
  });
  it("refuses a folder that holds another chain, with a sentence that names it", async () => {
    const node = openNode(folder, clock, network);
    await node.stop();
    const open = (): unknown =>
      openBaseNode({ folder, params: CHAINS.testnet4, clock, random: systemRandom, network, log: noLog });
    expect(open).to.throw(`${folder} holds another chain`);
  });
  it("refuses a chain in the format that it had before, with a sentence that says what to do", async () => {
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    const env = open<Uint8Array, Uint8Array>({ path: folder, ...binary });
    const meta = env.openDB<Uint8Array, Uint8Array>({ name: "meta", ...binary });
    await meta.put(utf8("chain"), utf8(`2:regtest:${CHAINS.regtest.genesisHash}`));
    await env.close();
    expect(() => openNode(folder, clock, network)).to.throw(
      `${folder} holds another chain or an older format (2:regtest:${CHAINS.regtest.genesisHash}); ` +
        "move it away and the chain will be fetched again.",
    );
  });
  it("mines for one caller after the other, and for nobody after it stopped", async () => {
    const node = openNode(folder, clock, network);
    const [first, second] = await Promise.all([answer(node.mine(2, ANYONE)), answer(node.mine(1, ANYONE))]);
    expect([...first, ...second]).to.deep.equal(
      [1, 2, 3].map((height) => ancestorAt(node.brain.chain.tip, height)?.hash),
    );
    const never = node.mine(1000, ANYONE);
    await node.stop();
    expect(
      await never.then(
        () => "mined",
        (error: Error) => error.message,
      ),
    ).to.equal("the miner is stopped");
  });
  it("says so when its clock stands hours behind the chain", async () => {
    let node = openNode(folder, clock, network);
    await node.mine(20, ANYONE);
    await node.stop();
    const slow = { now: () => unixMs((NOW - 8000) * 1000), after: clock.after };
    node = openNode(folder, slow, network);
    expect(
      await node.mine(1, ANYONE).then(
        () => "mined",
        (error: Error) => error.message,
      ),
    ).to.equal("our own block was refused: time-too-new");
    await node.stop();
  });
  it("gives blocks the time of its clock", async () => {
    const node = openNode(folder, clock, network);
    await node.mine(1, ANYONE);
    expect((await answer(node.info())).time).to.equal(NOW);
    await node.stop();
  });
});
