import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { present } from "../../../src/base/result.ts";
import { frameMessage } from "../../../src/bitcoin/frames.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { sha256d } from "../../../src/crypto/hash.ts";
import type { ChainEvent } from "../../../src/ports/chain-source.ts";
import type { Address, Connection } from "../../../src/ports/network.ts";
import { ANYONE, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import { answer } from "../../support/answer.ts";
import { openNode, removeFolder, reorganise, settle, stoppedAfterEach, tempFolder, testClock } from "./world.ts";

const HERE: Address = { host: "127.0.0.1", port: 0 };
const rewardOf = (node: EmbeddedNode, height: number) =>
  outpointOf(node.whole.blockAt(height as never)?.txs[0] as never);

describe("base nodes and their peers", () => {
  const clock = testClock();
  const { network, nodes, open } = stoppedAfterEach(clock);
  const quiet = (): Promise<void> => settle(clock, ...nodes);
  /** Both ends connected and greeted. */
  const join = async (from: EmbeddedNode, to: EmbeddedNode): Promise<Address> => {
    const address = await to.listen(HERE);
    const connected = from.connect(address);
    await quiet();
    expect(await connected).to.deep.equal({ ok: true, value: undefined });
    return address;
  };

  it("agree on blocks and transactions, whoever has them first", async () => {
    const [a, b] = [open(), open()];
    await a.mine(101, ANYONE);
    await join(b, a);
    await quiet();
    expect(b.tip()).to.deep.equal(a.tip());
    const tx = spend([rewardOf(a, 1)], [output(COIN - 1000n)]);
    await b.broadcast(tx);
    await quiet();
    expect(a.whole.mempool().map(({ txid }) => txid)).to.deep.equal([txidOf(tx)]);
    await b.mine(1, ANYONE);
    await quiet();
    expect(a.tip()).to.deep.equal(b.tip());
    expect(a.whole.transaction(txidOf(tx))?.confirmed).to.deep.equal({ block: b.tip(), index: 1 });
    expect([...a.files.coins()]).to.deep.equal([...b.files.coins()]);
    const [[ofA, ...none], [ofB]] = [await answer(a.peers()), await answer(b.peers())];
    const { address, since, bytesReceived, bytesSent, ...shown } = present(ofA, "a peer");
    expect(none).to.deep.equal([]);
    expect(shown).to.deep.equal({
      inbound: true,
      agent: "/Sluice:0.1.0/",
      height: 102,
      services: 0x49n,
      pingMs: undefined,
    });
    expect(since).to.equal(ofB?.since);
    expect([bytesReceived, bytesSent]).to.deep.equal([ofB?.bytesSent, ofB?.bytesReceived]);
    expect(bytesReceived).to.be.greaterThan(1000);
    expect(await answer(a.info())).to.include({ peers: 1, synced: true });
  });
  it("are in step only with as much work as the chain is known to have", async () => {
    const node = open({ params: { ...CHAINS.regtest, minimumWork: 8n } });
    await node.mine(2, ANYONE);
    expect([node.synced(), (await answer(node.info())).synced]).to.deep.equal([false, false]);
    await node.mine(1, ANYONE);
    expect([node.synced(), (await answer(node.info())).synced]).to.deep.equal([true, true]);
  });
  it("tell of a watched coin's spend that comes from a peer", async () => {
    const [a, b] = [open(), open()];
    await a.mine(101, ANYONE);
    await join(b, a);
    await quiet();
    const coin = rewardOf(a, 1);
    const events: ChainEvent[] = [];
    a.start(a.tip(), (each) => void events.push(...each));
    a.watch([{ tag: "Outpoint", outpoint: coin, script: ANYONE, from: a.tip().height }]);
    const tx = spend([coin], [output(COIN - 1000n)]);
    await b.broadcast(tx);
    await quiet();
    expect(events).to.deep.equal([{ tag: "SpendSeen", outpoint: coin, tx }]);
  });
  it("follow a reorganisation of the other", async () => {
    const [a, b] = [open(), open()];
    await a.mine(5, ANYONE);
    await join(b, a);
    await quiet();
    reorganise(a, 3);
    await quiet();
    expect(b.tip()).to.deep.equal(a.tip());
    expect(b.tip().height).to.equal(6);
  });
  it("pass on over a third what two do not tell each other", async () => {
    const [a, b, c] = [open(), open(), open()];
    await join(a, b);
    await join(c, b);
    await a.mine(3, ANYONE);
    await quiet();
    expect(c.tip()).to.deep.equal(a.tip());
  });
  it("are dialled again after they were away", async () => {
    const [a, b] = [open(), open()];
    const address = await join(a, b);
    await b.stop();
    await quiet();
    expect(await answer(a.peers())).to.deep.equal([]);
    clock.pass(1000);
    await quiet();
    const c = open();
    await c.mine(1, ANYONE);
    await c.listen(address);
    clock.pass(2000);
    await quiet();
    expect(await answer(a.peers())).to.have.lengthOf(1);
    expect(a.tip()).to.deep.equal(c.tip());
  });
  it("tell when nobody answers, or somebody else", async () => {
    const a = open();
    const first = a.connect({ ...HERE, port: 1 });
    await quiet();
    expect(await first).to.deep.equal({
      ok: false,
      error: { code: "unreachable", reason: "ECONNREFUSED: 127.0.0.1:1" },
    });
    expect(await a.connect({ ...HERE, port: 1 })).to.have.nested.property("error.code", "refused");
    const own = await a.listen(HERE);
    const itself = a.connect(own);
    await quiet();
    expect(await itself).to.have.nested.property("error.code", "refused");
  });

  describe("hostile ones", () => {
    const visit = async (node: EmbeddedNode): Promise<{ connection: Connection; ended: () => boolean }> => {
      const dialled = network.dial(await node.listen(HERE));
      await quiet();
      const connection = await dialled;
      let over = false;
      connection.attach({
        data: () => undefined,
        closed: () => {
          over = true;
        },
      });
      return { connection, ended: () => over };
    };
    const { magic } = CHAINS.regtest;
    const ping = frameMessage(magic, { name: "ping", nonce: 1n });
    const patched = (at: number, ...bytes: readonly number[]): Uint8Array => {
      const changed = ping.slice();
      changed.set(bytes, at);
      return changed;
    };
    const attacks: readonly (readonly [string, Uint8Array])[] = [
      ["another network's magic", frameMessage(CHAINS.mainnet.magic, { name: "verack" })],
      ["a command that is no text", patched(4, 0xff)],
      ["a length of four gigabytes", patched(16, 0xff, 0xff, 0xff, 0xff)],
      ["a wrong checksum", patched(20, 1, 2, 3, 4)],
      ["a payload that breaks off", frameOf("version", new Uint8Array(3))],
      ["no protocol at all", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ];
    for (const [what, bytes] of attacks) {
      it(`are parted with for ${what}`, async () => {
        const node = open();
        const { connection, ended } = await visit(node);
        connection.send(bytes);
        await quiet();
        expect(ended()).to.equal(true);
        await node.mine(1, ANYONE);
        expect(node.tip().height).to.equal(1);
      });
    }
    it("are not accepted beyond 125", async () => {
      const node = open();
      const address = await node.listen(HERE);
      let refused = 0;
      for (let i = 0; i < 130; i++) {
        const dialled = network.dial(address);
        clock.run();
        const connection = await dialled;
        connection.attach({ data: () => undefined, closed: () => refused++ });
      }
      await quiet();
      expect(refused).to.equal(5);
    });
  });
});

function frameOf(command: string, payload: Uint8Array): Uint8Array {
  const framed = frameMessage(CHAINS.regtest.magic, { name: "verack" });
  const digest = sha256d(payload);
  const bytes = new Uint8Array(24 + payload.length);
  bytes.set(framed.subarray(0, 4));
  bytes.set(new TextEncoder().encode(command), 4);
  bytes.set([payload.length], 16);
  bytes.set(digest.subarray(0, 4), 20);
  bytes.set(payload, 24);
  return bytes;
}

/** Waits for real sockets; fails loudly when they take ten seconds. */
async function until(done: () => boolean): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    if (turns > 5000) throw new Error("it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe("base nodes over TCP", () => {
  it("sync, relay and reorganise to the most work", async () => {
    const folders = [tempFolder(), tempFolder()];
    const [a, b] = folders.map((folder) => openNode(folder, systemClock, tcpNetwork)) as [EmbeddedNode, EmbeddedNode];
    try {
      await a.mine(110, ANYONE);
      await b.mine(3, ANYONE);
      expect(await b.connect(await a.listen(HERE))).to.deep.equal({ ok: true, value: undefined });
      const bothAt = (height: number): Promise<void> =>
        until(() => a.tip().height === height && a.tip().hash === b.tip().hash);
      await bothAt(110);
      await b.broadcast(spend([rewardOf(b, 1)], [output(COIN - 1000n)]));
      await until(() => a.whole.mempool().length === 1);
      await a.mine(1, ANYONE);
      await bothAt(111);
      reorganise(b, 4);
      await bothAt(112);
      expect([...a.files.coins()]).to.deep.equal([...b.files.coins()]);
      expect(a.whole.utxoTotal().total).to.equal(112n * COIN);
    } finally {
      await b.stop();
      await a.stop();
      folders.forEach(removeFolder);
    }
  });
});
