import { expect } from "chai";
import { Subscriber } from "zeromq";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { type Notifications, publishChanges } from "../../../src/adapters/chain/zmq/notifications.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { type Block, encodeBlock } from "../../../src/bitcoin/block.ts";
import { encodeTx, type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ANYONE, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import {
  noLog,
  openNode,
  removeFolder,
  reorganise,
  type TestClock,
  tempFolder,
  testClock,
  testNetwork,
} from "./world.ts";

/** Topic, body in hex, number. */
type Told = readonly [topic: string, body: string, number: number];

/** libzmq itself is the subscriber. */
describe("ZeroMQ: what Bitcoin Core publishes", function () {
  this.timeout(30_000);
  let clock: TestClock;
  let folder: string;
  let node: EmbeddedNode;
  let notifications: Notifications;
  let stranger: Subscriber;
  /** Blocks since somebody could listen. */
  let mined: number;
  beforeEach(async () => {
    clock = testClock();
    folder = tempFolder();
    node = openNode(folder, clock, testNetwork(clock));
    await node.mine(101, ANYONE);
    const address = { host: "127.0.0.1", port: 0 };
    notifications = await publishChanges({ node, clock, log: noLog, network: tcpNetwork, address });
    stranger = new Subscriber();
    mined = 0;
  });
  afterEach(async () => {
    stranger.close();
    await notifications.close();
    await node.stop();
    removeFolder(folder);
  });

  const next = async (): Promise<Told> => {
    const [topic, body, number] = await stranger.receive();
    return [String(topic), toHex(body as Buffer), (number as Buffer).readUInt32LE()];
  };
  const toldUntil = async (topic: string, body: string): Promise<Told[]> => {
    const told: Told[] = [];
    do told.push(await next());
    while (told.at(-1)?.[0] !== topic || told.at(-1)?.[1] !== body);
    return told;
  };
  const tipHex = (): string => toHex(encodeBlock(node.whole.blockAt(node.brain.chain.tip.height as never) as never));
  const mine = async (): Promise<void> => {
    await node.mine(1, ANYONE);
    mined++;
  };
  /** Subscribes, and mines until all topics that are asked for have come. Answers the last number of each. */
  const listen = async (prefixes: readonly string[], topics: number): Promise<Map<string, number>> => {
    stranger.connect(notifications.published[0]?.address as string);
    stranger.subscribe(...prefixes);
    let isHeard = false;
    const hearing = next().then(() => {
      isHeard = true;
    });
    while (!isHeard) await mine();
    await hearing;
    for (;;) {
      await mine();
      const told = await toldUntil("rawblock", tipHex());
      const numbers = new Map(told.map(([topic, , number]) => [topic, number]));
      if (numbers.size === topics) return numbers;
    }
  };
  const txsTold = (...txs: readonly Tx[]) =>
    txs.flatMap((tx) => [
      ["hashtx", txidOf(tx)],
      ["rawtx", toHex(encodeTx(tx))],
    ]);
  const u64 = (value: bigint): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes.toString("hex");
  };
  const label = (hash: string, letter: string, sequence?: bigint) => [
    "sequence",
    hash + toHex(Buffer.from(letter)) + (sequence === undefined ? "" : u64(sequence)),
  ];

  it("tells of transactions that come and go, of blocks that come and go, and of tips, and numbers each topic", async () => {
    const coin = outpointOf(node.whole.blockAt(1 as never)?.txs[0] as Tx);
    const numbers = await listen(["raw", "hash", "sequence"], 5);
    expect(numbers.get("hashblock"), "blocks of which nobody heard are counted").to.equal(mined - 1);
    const before = node.brain.pool.sequence;
    const poor = spend([coin], [output(COIN - 1_000n)]);
    const rich = spend([coin], [output(COIN - 9_000n)]);
    for (const tx of [poor, rich]) expect(await node.broadcast(tx)).to.have.property("ok", true);
    const fork = node.brain.chain.tip.height;
    await node.mine(1, ANYONE);
    const left = hashBlock(node.whole.blockAt((fork + 1) as never) as Block);
    const leftHex = tipHex();
    reorganise(node, 1);
    const [one, two] = [1, 2].map((height) => hashBlock(node.whole.blockAt((fork + height) as never) as Block)) as [
      typeof left,
      typeof left,
    ];
    const told = await toldUntil("rawblock", tipHex());
    expect(told.map(([topic, body]) => [topic, body])).to.deep.equal([
      ...txsTold(poor),
      label(txidOf(poor), "A", before),
      // It left first, and so it is numbered.
      label(txidOf(poor), "R", before + 1n),
      ...txsTold(rich),
      label(txidOf(rich), "A", before + 2n),
      ...txsTold(...left.block.txs),
      label(left.hash, "C"),
      ["hashblock", left.hash],
      ["rawblock", leftHex],
      ...txsTold(...left.block.txs),
      label(left.hash, "D"),
      ...txsTold(...one.block.txs),
      label(one.hash, "C"),
      ...txsTold(...two.block.txs),
      label(two.hash, "C"),
      ...txsTold(rich),
      // Its number before was that of leaving with a block, of which nobody is told.
      label(txidOf(rich), "A", before + 4n),
      ["hashblock", two.hash],
      ["rawblock", tipHex()],
    ]);
    for (const [topic, , number] of told) {
      expect([topic, number]).to.deep.equal([topic, (numbers.get(topic) ?? -1) + 1]);
      numbers.set(topic, number);
    }
  });
  it("tells each subscriber what it asked for, and finds one that comes back", async () => {
    await listen(["rawblock"], 1);
    await mine();
    expect((await next()).slice(0, 2)).to.deep.equal(["rawblock", tipHex()]);
    stranger.close();
    stranger = new Subscriber();
    const numbers = await listen(["rawblock"], 1);
    expect(numbers.get("rawblock")).to.equal(mined - 1);
  });
  it("tells of no tip whose block is older than a day while the chain is still being fetched", async () => {
    clock.pass(48 * 60 * 60 * 1_000);
    const tips: string[] = [];
    const stop = node.onChanges((changes) => tips.push(...changes.map(({ tag }) => tag)));
    reorganise(node, 0);
    stop();
    expect(tips).to.deep.equal(["BlockConnected", "TipChanged"]);
    const numbers = await listen(["raw"], 2);
    // The transaction of the old block was told of, its tip was not.
    expect(Object.fromEntries(numbers)).to.deep.equal({ rawtx: mined, rawblock: mined - 1 });
  });
});
