import { expect } from "chai";
import { freePorts } from "../../scripts/demo/daemon.ts";
import { type EmbeddedNode, openBaseNode } from "../../src/adapters/chain/embedded/base-node.ts";
import { systemClock, systemRandom } from "../../src/adapters/system.ts";
import { tcpNetwork } from "../../src/adapters/tcp.ts";
import { toHex } from "../../src/base/bytes.ts";
import { blockHeight, sat } from "../../src/base/units.ts";
import { type Block, blockHashOf, encodeBlock } from "../../src/bitcoin/block.ts";
import { regtestWithSegwitFrom } from "../../src/bitcoin/params.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { noLog, removeFolder, tempFolder } from "../adapters/chain/world.ts";
import { ANYONE, outpointOf, output, spend } from "../chain/builder.ts";
import { answer } from "../support/answer.ts";
import { type Bcoin, isBcoinHere, startBcoin } from "./bcoin.ts";

/** bcoin's regtest counts three times 144 blocks that signal segwit before it is active. */
const SEGWIT_HEIGHT = 432;
const PATIENCE_MS = 60_000;
const LOOK_MS = 25;

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

describe("bcoin, a stranger's Bitcoin node, as a peer of the base node", function () {
  this.timeout(180_000);
  let bcoin: Bcoin;
  let node: EmbeddedNode;
  const folder = tempFolder();
  const params = regtestWithSegwitFrom(SEGWIT_HEIGHT);
  const open = (): EmbeddedNode =>
    openBaseNode({ folder, params, clock: systemClock, random: systemRandom, network: tcpNetwork, log: noLog });
  const dial = async (): Promise<void> => {
    expect(await node.connect({ host: "127.0.0.1", port: bcoin.port })).to.deep.equal({ ok: true, value: undefined });
  };
  const areOne = async (): Promise<boolean> => (await bcoin.tip()).hash === node.tip().hash;
  const rewardAt = (height: number): Tx => node.whole.blockAt(blockHeight(height))?.txs[0] as Tx;

  before(async function () {
    if (!isBcoinHere()) return this.skip();
    const [port] = await freePorts(1);
    bcoin = await startBcoin(port as number);
    node = open();
  });
  after(async () => {
    await node?.stop();
    await bcoin?.stop();
    removeFolder(folder);
  });

  it("its chain is fetched headers first, over the height from which it has witnesses", async () => {
    await bcoin.mine(SEGWIT_HEIGHT + 8);
    await dial();
    await until("its chain is ours", areOne);
    for (const height of [1, SEGWIT_HEIGHT - 1, SEGWIT_HEIGHT, SEGWIT_HEIGHT + 8]) {
      const ours = node.whole.blockAt(blockHeight(height));
      expect(ours && toHex(encodeBlock(ours)), `block ${height}`).to.equal(await bcoin.block(height));
    }
  });
  it("a block of its own reaches us, and ours reach it, with what we have mined", async () => {
    await bcoin.mine(1);
    await until("its block is ours", areOne);
    await node.mine(101, ANYONE);
    await until("our blocks are its", areOne);
    expect((await bcoin.tip()).height).to.equal(SEGWIT_HEIGHT + 8 + 1 + 101);
  });
  it("a transaction of ours with a witness is in its mempool, and it mines it", async () => {
    const first = SEGWIT_HEIGHT + 8 + 2;
    const reward = rewardAt(first);
    const tx = spend([outpointOf(reward)], [output((reward.outputs[0]?.amount ?? 0n) - 5_000n)]);
    expect((await node.broadcast(tx)).ok).to.equal(true);
    await until("it has our transaction", async () => (await bcoin.mempool()).includes(txidOf(tx)));
    await bcoin.mine(1);
    await until("its block is ours", areOne);
    expect(node.whole.transaction(txidOf(tx))?.confirmed?.block.hash).to.equal(node.tip().hash);
  });
  it("a transaction of its own is in our mempool, and we mine it", async () => {
    const txid = await bcoin.pay({ height: 1, script: toHex(ANYONE), fee: 10_000 });
    await until("we have its transaction", () => node.whole.mempool().some((waiting) => waiting.txid === txid));
    await node.mine(1, ANYONE);
    await until("our block is its", areOne);
    expect(await bcoin.mempool()).to.deep.equal([]);
    expect(node.whole.mempool()).to.deep.equal([]);
  });
  it("whoever has more work wins the other over: its branch over ours, then ours over its", async () => {
    for (const [longer, ours, its] of [
      ["bcoin", 3, 5],
      ["we", 6, 2],
    ] as const) {
      await node.stop();
      node = open();
      await node.mine(ours, ANYONE);
      await bcoin.mine(its);
      const [mine, theirs] = [node.tip(), await bcoin.tip()];
      expect(mine.hash).to.not.equal(theirs.hash);
      await dial();
      // bcoin asks nobody who has dialled it for headers: the next block tells it of our branch.
      if (longer === "we") await node.mine(1, ANYONE);
      await until(`${longer} wins`, areOne);
      const below = blockHeight(node.tip().height - (longer === "we" ? 1 : 0));
      expect(blockHashOf((node.whole.blockAt(below) as Block).header)).to.equal(
        longer === "we" ? mine.hash : theirs.hash,
      );
    }
    const { count, total } = node.whole.utxoTotal();
    expect([count > 0, total > sat(0n)]).to.deep.equal([true, true]);
  });
  it("nobody has parted with the other over a message", async () => {
    expect([await bcoin.peers(), (await answer(node.peers())).length]).to.deep.equal([1, 1]);
    expect((await answer(node.peers()))[0]?.agent).to.match(/bcoin/);
  });
});
