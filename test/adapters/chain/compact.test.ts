import { expect } from "chai";
import { type CompactNode, openCompactNode } from "../../../src/adapters/chain/compact/compact-node.ts";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { BaseNode } from "../../../src/ports/base-node.ts";
import type { Address, Network } from "../../../src/ports/network.ts";
import type { Clock } from "../../../src/ports/world.ts";
import { ANYONE, fakeOutpoint, output, spend } from "../../chain/builder.ts";
import { chainSourceContract } from "../../contract/chain-source.ts";
import {
  noLog,
  openNode,
  removeFolder,
  reorganise,
  settle,
  type TestClock,
  tempFolder,
  testClock,
  testNetwork,
} from "./world.ts";

const HERE: Address = { host: "127.0.0.1", port: 0 };
const openLight = (folder: string, clock: Clock, network: Network): CompactNode =>
  openCompactNode({
    folder,
    params: CHAINS.regtest,
    fallbackFeerate: satPerKw(2_500),
    clock,
    random: systemRandom,
    network,
    log: noLog,
  });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets time run until there is an answer. */
async function during<T>(clock: TestClock, asked: Promise<T>): Promise<T> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  asked.then(over, over);
  while (!isOver) {
    clock.run();
    await turn();
  }
  return asked;
}

/** A light client whose peers are embedded nodes. */
async function stage(peers: number) {
  const clock: TestClock = testClock();
  const network = testNetwork(clock);
  const folders = Array.from({ length: peers + 1 }, tempFolder);
  const nodes: EmbeddedNode[] = [];
  const addresses: Address[] = [];
  for (const folder of folders.slice(1)) {
    const node = openNode(folder, clock, network);
    nodes.push(node);
    addresses.push(await node.listen(HERE));
  }
  const [first] = nodes as [EmbeddedNode];
  for (const node of nodes.slice(1)) void node.connect(addresses[0] as Address);
  let light: CompactNode | undefined;
  const quiet = async (): Promise<void> => {
    for (let calm = 0; calm < 3; calm++) {
      await settle(clock, ...nodes);
      if (light === undefined || !nodes.some((node) => node.tip().hash !== light?.tip().hash)) continue;
      calm = Math.min(calm, 0);
      await turn();
    }
  };
  const open = async (): Promise<CompactNode> => {
    light = openLight(folders[0] as string, clock, network);
    for (const address of addresses) void light.connect(address);
    await settle(clock, ...nodes);
    return light;
  };
  return {
    clock,
    network,
    first,
    nodes,
    addresses,
    open,
    quiet,
    stop: async () => {
      await light?.stop();
      light = undefined;
    },
    close: async () => {
      await light?.stop();
      for (const node of nodes) await node.stop();
      folders.forEach(removeFolder);
    },
  };
}

/** A light client as a chain source, with a whole node beside it that mines and is asked what a light one cannot know. */
chainSourceContract(
  "compact",
  async () => {
    const { clock, first, open, quiet, close } = await stage(2);
    return {
      open: async (): Promise<BaseNode> => {
        const light = await open();
        return {
          tip: () => light.tip(),
          start: (cursor, deliver) => light.start(cursor, deliver),
          watch: (watches) => light.watch(watches),
          unspent: (outpoint) => during(clock, light.unspent(outpoint)),
          txidAt: (height, index) => during(clock, light.txidAt(height, index)),
          broadcast: async (tx) => {
            const answered = await light.broadcast(tx);
            await quiet();
            return answered;
          },
          feerate: (blocks) => light.feerate(blocks),
          stop: () => light.stop(),
          synced: () => light.synced(),
          progress: light.progress,
          staleSince: light.staleSince,
          onProgress: light.onProgress,
          info: () => first.info(),
          mine: (count, script) => first.mine(count, script),
          header: first.header,
          branches: first.branches,
          difficulty: first.difficulty,
          block: first.block,
          blockAt: first.blockAt,
          transaction: first.transaction,
          utxoTotal: first.utxoTotal,
          mempool: first.mempool,
          submitPackage: (txs) => first.submitPackage(txs),
          testAccept: (txs) => first.testAccept(txs),
          peers: () => first.peers(),
          connect: (address) => first.connect(address),
        };
      },
      reorganise: async (depth) => {
        reorganise(first, depth);
        await quiet();
      },
      quiet,
      close,
    };
  },
  "nothing",
);

describe("light client: what it answers", () => {
  it("says what it does not know, and why", async () => {
    const { first, open, quiet, close } = await stage(1);
    const light = await open();
    await first.mine(3, ANYONE);
    await quiet();
    expect(await light.info()).to.deep.equal({
      ok: true,
      value: {
        source: "compact",
        network: "regtest",
        tip: first.tip(),
        time: first.brain.chain.tip.header.time,
        headers: 3,
        synced: true,
        mempool: { transactions: 0, bytes: 0 },
        utxos: undefined,
        peers: 1,
        address: undefined,
        filters: { headers: 3, scanned: 3 },
      },
    });
    const codes = [await light.mine(), await light.utxoTotal(), await light.mempool(), await light.testAccept()].map(
      (answered) => !answered.ok && answered.error.code,
    );
    expect(codes).to.deep.equal(Array(4).fill("not_offered"));
    const { txid } = fakeOutpoint(1);
    expect(await light.transaction(txid)).to.have.nested.property("error.code", "not_held");
    const refusal = await light.unspent({ txid, vout: 0 }).then(String, String);
    expect(refusal).to.contain("was not told in which block the output is");
    await close();
  });
  it("tells how far it has come with filters, up to the end", async () => {
    const { first, open, quiet, close } = await stage(1);
    const light = await open();
    const told: unknown[] = [];
    light.onProgress(() => told.push(light.progress()));
    await first.mine(3, ANYONE);
    await quiet();
    expect(told.find((progress) => progress !== undefined)).to.deep.include({ stage: "filters", done: 0 });
    expect([told.at(-1), light.tip()]).to.deep.equal([undefined, first.tip()]);
    await close();
  });
  it("fetches a block that is asked for, and finds transactions that it has seen", async () => {
    const { clock, first, open, quiet, close } = await stage(1);
    const light = await open();
    await first.mine(2, ANYONE);
    await quiet();
    const asked = light.blockAt(blockHeight(2));
    await quiet();
    const block = first.whole.blockAt(blockHeight(2));
    expect(await asked).to.deep.equal({ ok: true, value: block });
    const own = spend([fakeOutpoint(3)], [output(1_000n)]);
    const sent = await light.broadcast(own);
    expect(await light.transaction(sent.ok ? sent.value : ("" as never))).to.deep.equal({
      ok: true,
      value: { tx: own, confirmed: undefined },
    });
    clock.run();
    await close();
  });
  it("answers that nobody does when no peer brings a block in time", async () => {
    const { clock, first, nodes, open, quiet, close } = await stage(1);
    const light = await open();
    await first.mine(2, ANYONE);
    await quiet();
    await nodes[0]?.stop();
    const asked = light.blockAt(blockHeight(1));
    clock.pass(90_000);
    expect(await asked).to.have.nested.property("error.code", "unavailable");
    await close();
  });
  it("pays no less than its peers relay, and says nothing of fees otherwise", async () => {
    const { first, open, quiet, close } = await stage(1);
    const light = await open();
    await quiet();
    expect(light.feerate(6)).to.equal(undefined);
    for (const peer of light.light.peers.keys()) peer.feeFilter = 40_001n;
    expect(light.feerate(6)).to.equal(10_001);
    expect(first.tip().height).to.equal(0);
    await close();
  });
});
