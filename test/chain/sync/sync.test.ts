import { expect } from "chai";
import fc from "fast-check";
import type { Txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { frameMessage, frameParser } from "../../../src/bitcoin/frames.ts";
import { type BitcoinMessage, INVENTORY_MAX } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { takeTx } from "../../../src/chain/brain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { announceTip } from "../../../src/chain/sync/blocks.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type Peer, type Sync, type SyncEffect, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer, serveNext } from "../../../src/chain/sync/receive.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { announceTx } from "../../../src/chain/sync/transactions.ts";
import {
  type Bench,
  bench,
  buildBlock,
  COIN,
  coinSet,
  fakeOutpoint,
  give,
  grow,
  matured,
  NOW,
  outpointOf,
  output,
  spend,
} from "../builder.ts";

const NOW_MS = NOW * 1000;
/** Two nodes and the wire between them; every message crosses it as bytes. */
class Wire {
  readonly sides: readonly [Side, Side];
  now = NOW_MS;
  readonly gone: string[] = [];
  readonly log: string[] = [];
  constructor(dialler: Bench, listener: Bench) {
    const left = side(dialler, false, 1n, this.now);
    const right = side(listener, true, 2n, this.now);
    this.sides = [left, right];
    this.perform(0, left.first);
  }
  perform(from: 0 | 1, effects: readonly SyncEffect[]): void {
    const { peer, queue } = this.sides[from];
    for (const effect of effects) {
      if (effect.tag === "Send" && effect.peer === peer) queue.push(effect.message);
      if (effect.tag === "Disconnect") {
        this.gone.push(effect.reason);
        removePeer(this.sides[from].sync, effect.peer, this.now);
      }
    }
  }
  /** Until neither has anything to say. */
  run(): this {
    for (let from: 0 | 1 = 0, idle = 0; idle < 2; from = from === 0 ? 1 : 0) {
      const { queue, sync, peer } = this.sides[from];
      for (let more = serveNext(sync, peer); more !== undefined; more = serveNext(sync, peer)) this.perform(from, more);
      const message = queue.shift();
      if (message === undefined) idle++;
      else {
        idle = 0;
        this.deliver(from, message);
      }
    }
    return this;
  }
  deliver(from: 0 | 1, message: BitcoinMessage): void {
    const to = from === 0 ? 1 : 0;
    const { sync, peer, parser } = this.sides[to];
    this.log.push(`${from}:${message.name}`);
    const { messages, fault } = parser.feed(frameMessage(CHAINS.regtest.magic, message));
    expect(fault).to.equal(undefined);
    for (const each of messages) if (sync.peers.has(peer)) this.perform(to, receive(sync, peer, each, this.now));
  }
}
interface Side {
  readonly sync: Sync;
  readonly peer: Peer;
  readonly first: readonly SyncEffect[];
  readonly queue: BitcoinMessage[];
  readonly parser: ReturnType<typeof frameParser>;
}
function side({ brain }: Bench, inbound: boolean, nonce: bigint, now: number): Side {
  const sync = syncOf(brain);
  const { peer, effects } = addPeer(sync, { inbound, nonce, now });
  return { sync, peer, first: effects, queue: [], parser: frameParser(CHAINS.regtest.magic) };
}
/** One node whose peer is the test; the handshake is done. */
function alone(chain: Bench): { sync: Sync; peer: Peer; say: (message: BitcoinMessage) => readonly SyncEffect[] } {
  const wire = new Wire(bench(), chain).run();
  const { sync, peer } = wire.sides[1];
  return { sync, peer, say: (message) => receive(sync, peer, message, NOW_MS) };
}
const names = (effects: readonly SyncEffect[]): readonly string[] =>
  effects.map((effect) => (effect.tag === "Send" ? effect.message.name : effect.tag));
const tx = (coin: Parameters<typeof spend>[0][0], fee: bigint): Tx => spend([coin], [output(COIN - fee)]);

describe("P2P: handshake", () => {
  it("is version and verack from both sides, and then each asks for headers", () => {
    const wire = new Wire(bench(), bench()).run();
    expect(wire.log.slice(0, 4)).to.deep.equal(["0:version", "1:version", "0:verack", "1:verack"]);
    expect(wire.sides.map(({ peer }) => peer.ready)).to.deep.equal([true, true]);
    expect(wire.log).to.include.members(["0:getheaders", "1:getheaders", "0:sendheaders", "1:feefilter"]);
    expect(wire.gone).to.deep.equal([]);
  });
  it("ends when a node has called itself", () => {
    const chain = bench();
    const sync = syncOf(chain.brain);
    const out = addPeer(sync, { inbound: false, nonce: 7n, now: NOW_MS });
    const into = addPeer(sync, { inbound: true, nonce: 8n, now: NOW_MS });
    const [hello] = out.effects;
    const effects = receive(sync, into.peer, (hello as { message: BitcoinMessage }).message, NOW_MS);
    expect(effects).to.deep.equal([{ tag: "Disconnect", peer: into.peer, reason: "connected to ourselves" }]);
  });
  it("ends with a second version, an old one, or a dialled peer that serves no witnesses", () => {
    const [hello] = addPeer(syncOf(bench().brain), { inbound: false, nonce: 7n, now: NOW_MS }).effects;
    const version = (hello as { message: BitcoinMessage & { name: "version" } }).message;
    const fresh = (inbound: boolean) => {
      const sync = syncOf(bench().brain);
      const { peer } = addPeer(sync, { inbound, nonce: 9n, now: NOW_MS });
      return (message: BitcoinMessage) => names(receive(sync, peer, message, NOW_MS));
    };
    const twice = fresh(true);
    expect(twice(version)).to.deep.equal(["version", "verack"]);
    expect(twice(version)).to.deep.equal(["Disconnect"]);
    expect(fresh(true)({ ...version, version: 70_000 })).to.deep.equal(["Disconnect"]);
    expect(fresh(false)({ ...version, services: 1n })).to.deep.equal(["Disconnect"]);
  });
  it("hears nothing else before it is over", () => {
    const { sync, peer } = side(bench(), true, 1n, NOW_MS);
    const block = buildBlock(bench());
    expect(receive(sync, peer, { name: "block", block }, NOW_MS)).to.deep.equal([]);
    expect(receive(sync, peer, { name: "verack" }, NOW_MS)).to.deep.equal([]);
    expect(sync.brain.chain.tip.height).to.equal(0);
  });
});

describe("P2P: blocks", () => {
  it("brings a new node to the tip of an old one, headers first, over more than one window", () => {
    const old = bench();
    grow(old, 2100);
    const young = bench();
    const wire = new Wire(young, old).run();
    expect(young.brain.chain.tip.hash).to.equal(old.brain.chain.tip.hash);
    expect(coinSet(young)).to.deep.equal(coinSet(old));
    expect(wire.log.filter((line) => line === "0:getheaders")).to.have.lengthOf(2);
  });
  it("announces new blocks by headers, and the peer fetches them", () => {
    const [a, b] = [bench(), bench()];
    const wire = new Wire(a, b).run();
    wire.log.length = 0;
    grow(a, 1);
    wire.perform(0, announceTip(wire.sides[0].sync));
    wire.run();
    expect(wire.log).to.deep.equal(["0:headers", "1:getdata", "0:block"]);
    expect(b.brain.chain.tip).to.have.property("hash", a.brain.chain.tip.hash);
    expect(announceTip(wire.sides[0].sync)).to.deep.equal([]);
    expect(announceTip(wire.sides[1].sync)).to.deep.equal([]);
  });
  it("brings both of two diverged nodes to the chain with more work", () => {
    const [a, b] = [bench(), bench()];
    grow(a, 12);
    grow(b, 15);
    new Wire(a, b).run();
    expect(a.brain.chain.tip.hash).to.equal(b.brain.chain.tip.hash);
    expect(a.brain.chain.tip.height).to.equal(15);
    expect(coinSet(a)).to.deep.equal(coinSet(b));
  });
  it("asks for at most 16 blocks at once, and the same block of one peer only", () => {
    const old = bench();
    grow(old, 40);
    const sync = syncOf(bench().brain);
    const headers = [...old.brain.chain.index.tree.nodes.values()].slice(1).map(({ header }) => header);
    const asked: string[] = [];
    for (const nonce of [1n, 2n]) {
      const { peer } = addPeer(sync, { inbound: true, nonce, now: NOW_MS });
      peer.ready = true;
      for (const effect of receive(sync, peer, { name: "headers", headers }, NOW_MS)) {
        if (effect.tag === "Send" && effect.message.name === "getdata")
          asked.push(...effect.message.inventory.map(({ id }) => id));
      }
    }
    expect(asked).to.deep.equal(headers.slice(0, 32).map((header) => hashBlock({ header, txs: [] }).hash));
  });
  it("gives a silent peer's blocks to another one after 30 seconds", () => {
    const old = bench();
    grow(old, 3);
    const headers = [...old.brain.chain.index.tree.nodes.values()].slice(1).map(({ header }) => header);
    const sync = syncOf(bench().brain);
    const [silent, other] = [1n, 2n].map((nonce) => {
      const { peer } = addPeer(sync, { inbound: true, nonce, now: NOW_MS });
      peer.ready = true;
      receive(sync, peer, { name: "headers", headers }, NOW_MS);
      return peer;
    }) as [Peer, Peer];
    expect(tick(sync, NOW_MS + 29_999, 5n)).to.deep.equal([]);
    const effects = tick(sync, NOW_MS + 30_000, 5n);
    expect(effects).to.deep.equal([{ tag: "Disconnect", peer: silent, reason: "no block" }]);
    expect(names(removePeer(sync, silent, NOW_MS + 30_000))).to.deep.equal(["getdata"]);
    expect(other.blocks.size).to.equal(3);
  });
  it("asks once for headers, however many unknown blocks are announced", () => {
    const { say } = alone(bench());
    const inventory = Array.from(
      { length: 500 },
      (_, index) => ({ kind: "block", id: fakeOutpoint(index + 1).txid as never }) as const,
    );
    expect(names(say({ name: "inv", inventory }))).to.deep.equal(["getheaders"]);
    expect(names(say({ name: "inv", inventory }))).to.deep.equal([]);
  });
  it("parts with a peer that sends an invalid header or block, or lacks what it announced", () => {
    const chain = matured(1);
    const bad = buildBlock(chain, { txs: [spend(chain.coins, [output(COIN + 1n)])] });
    expect(names(alone(chain).say({ name: "block", block: bad }))).to.deep.equal(["Disconnect"]);
    const { header } = buildBlock(chain, {});
    const easy = { ...header, bits: 0x207ffffe };
    expect(names(alone(chain).say({ name: "headers", headers: [easy] }))[0]).to.equal("Disconnect");
    const { say, peer } = alone(chain);
    const next = buildBlock(chain, {});
    expect(names(say({ name: "headers", headers: [next.header] }))).to.deep.equal(["getdata"]);
    const inventory = [{ kind: "witness_block", id: hashBlock(next).hash } as const];
    expect(names(say({ name: "notfound", inventory }))).to.deep.equal(["Disconnect"]);
    expect(peer.blocks.size).to.equal(1);
  });
  it("asks for the way to a block whose parent it does not know", () => {
    const far = bench();
    grow(far, 3);
    const { say } = alone(bench());
    const block = buildBlock(far);
    expect(names(say({ name: "block", block }))).to.deep.equal(["getheaders"]);
  });
  it("parts with a peer whose headers never fit anywhere", () => {
    const far = bench();
    grow(far, 3);
    const { say } = alone(bench());
    const { header } = buildBlock(far);
    const answers = Array.from({ length: 11 }, () => names(say({ name: "headers", headers: [header] })).at(-1));
    expect(answers).to.deep.equal([...Array.from({ length: 10 }, () => "getheaders"), "Disconnect"]);
  });
  it("answers getheaders and getblocks from the fork on, and blocks it has; the rest is not found", () => {
    const chain = bench();
    grow(chain, 5);
    const { say, sync, peer } = alone(chain);
    const hashes = [...chain.brain.chain.index.tree.nodes.keys()];
    const question = {
      version: 70_016,
      locator: [fakeOutpoint(9).txid as never, hashes[2] as never],
      stop: hashes[4] as never,
    };
    const [answer] = say({ name: "getheaders", ...question });
    expect(answer).to.have.nested.property("message.headers").with.lengthOf(2);
    expect(say({ name: "getblocks", ...question })[0]).to.have.nested.property("message.inventory[1].id", hashes[4]);
    say({
      name: "getdata",
      inventory: [
        { kind: "block", id: hashes[5] as never },
        { kind: "block", id: fakeOutpoint(9).txid as never },
      ],
    });
    expect(
      [serveNext(sync, peer), serveNext(sync, peer), serveNext(sync, peer)].map(
        (effects) => effects && names(effects)[0],
      ),
    ).to.deep.equal(["block", "notfound", undefined]);
  });
});

describe("P2P: transactions", () => {
  it("carries a transaction to the other mempool, and a child after its parent", () => {
    const a = matured(1);
    const b = bench();
    const wire = new Wire(b, a).run();
    const parent = tx(a.coins[0] as never, 1000n);
    const child = spend([outpointOf(parent)], [output(COIN - 3000n)]);
    for (const each of [parent, child]) {
      takeTx(a.brain, each, NOW);
      wire.perform(1, announceTx(wire.sides[1].sync, txidOf(each)));
    }
    wire.run();
    expect([...b.brain.pool.entries.keys()]).to.deep.equal([parent, child].map(txidOf));
    expect(wire.log.filter((line) => line.endsWith(":tx"))).to.deep.equal(["1:tx", "1:tx"]);
  });
  it("tells a new peer what waits already", () => {
    const a = matured(2);
    for (const coin of a.coins) takeTx(a.brain, tx(coin, 1000n), NOW);
    const b = bench();
    const wire = new Wire(b, a).run();
    expect(b.brain.pool.entries.size).to.equal(2);
    expect(wire.log.lastIndexOf("1:block")).to.be.lessThan(wire.log.indexOf("1:inv"));
    const abreast = bench();
    for (const { hash } of [...b.brain.chain.index.tree.nodes.values()].slice(1))
      give(abreast, b.storage.block(hash) as never);
    new Wire(abreast, a).run();
    expect(abreast.brain.pool.entries.size).to.equal(2);
  });
  it("asks for at most 100 at once and for the rest as they come", () => {
    const { say, peer } = alone(bench());
    const inventory = Array.from(
      { length: 250 },
      (_, index) => ({ kind: "tx", id: fakeOutpoint(index + 1).txid }) as const,
    );
    expect(say({ name: "inv", inventory }))
      .to.have.nested.property("[0].message.inventory")
      .with.lengthOf(100);
    expect(peer.announced).to.have.lengthOf(150);
    const answer = say({
      name: "notfound",
      inventory: inventory.slice(0, 10).map(({ id }) => ({ kind: "witness_tx", id }) as const),
    });
    expect(answer).to.have.nested.property("[0].message.inventory").with.lengthOf(10);
  });
  it("remembers a bounded number of announcements, and parts with who asks for too much", () => {
    const { say, peer } = alone(bench());
    const many = (count: number, kind: "tx" | "witness_tx") =>
      Array.from({ length: count }, (_, index) => ({ kind, id: fakeOutpoint(index + 1).txid }) as const);
    say({ name: "inv", inventory: many(50_000, "tx") });
    expect({ announced: peer.announced.length, asked: peer.txs.size, known: peer.known.size }).to.deep.equal({
      announced: 4900,
      asked: 100,
      known: 20_000,
    });
    expect(say({ name: "getdata", inventory: many(INVENTORY_MAX, "witness_tx") })).to.deep.equal([]);
    expect(names(say({ name: "getdata", inventory: many(1, "witness_tx") }))).to.deep.equal(["Disconnect"]);
  });
  it("does not ask again for what it refused, until the tip changes; a bad witness is no refusal", () => {
    const chain = matured(2);
    const { say, sync } = alone(chain);
    const dust = spend([chain.coins[0] as never], [output(1n)]);
    const inventory = [{ kind: "tx", id: txidOf(dust) } as const];
    expect(names(say({ name: "inv", inventory }))).to.deep.equal(["getdata"]);
    say({ name: "tx", tx: dust });
    expect(names(say({ name: "inv", inventory }))).to.deep.equal([]);
    say({ name: "block", block: buildBlock(chain) });
    expect(names(say({ name: "inv", inventory }))).to.deep.equal(["getdata"]);
    const good = tx(chain.coins[1] as never, 1000n);
    say({
      name: "tx",
      tx: { ...good, inputs: good.inputs.map((each) => ({ ...each, witness: [new Uint8Array(1)] })) },
    });
    expect(sync.refused.has(txidOf(good))).to.equal(false);
  });
  it("tells a peer nothing below its fee filter", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain);
    say({ name: "feefilter", feerate: 1_000_000n });
    const cheap = tx(chain.coins[0] as never, 1000n);
    takeTx(sync.brain, cheap, NOW);
    expect(announceTx(sync, txidOf(cheap))).to.deep.equal([]);
    say({ name: "feefilter", feerate: 1000n });
    expect(names(announceTx(sync, txidOf(cheap)))).to.deep.equal(["inv"]);
  });
});

describe("P2P: time", () => {
  it("parts after a minute without a handshake", () => {
    const { sync, peer } = side(bench(), true, 1n, NOW_MS);
    expect(tick(sync, NOW_MS + 59_999, 0n)).to.deep.equal([]);
    expect(tick(sync, NOW_MS + 60_000, 0n)).to.deep.equal([{ tag: "Disconnect", peer, reason: "no handshake" }]);
  });
  it("pings every two minutes and parts with who does not answer in twenty", () => {
    const { sync, peer, say } = alone(bench());
    expect(names(tick(sync, NOW_MS + 120_000, 77n))).to.deep.equal(["ping"]);
    say({ name: "pong", nonce: 77n });
    expect(names(tick(sync, NOW_MS + 240_000, 78n))).to.deep.equal(["ping"]);
    say({ name: "pong", nonce: 77n });
    expect(tick(sync, NOW_MS + 240_000 + 1_200_000, 79n)).to.deep.equal([
      { tag: "Disconnect", peer, reason: "no pong" },
    ]);
    expect(names(say({ name: "ping", nonce: 5n }))).to.deep.equal(["pong"]);
  });
});

describe("P2P: hostile bytes", () => {
  const seeds = (): readonly Uint8Array[] => {
    const chain = matured(1);
    const messages: readonly BitcoinMessage[] = [
      { name: "block", block: buildBlock(chain) },
      { name: "tx", tx: tx(chain.coins[0] as never, sat(500n)) },
      { name: "headers", headers: [buildBlock(chain).header] },
      {
        name: "inv",
        inventory: [
          { kind: "block", id: "11".repeat(32) as never },
          { kind: "tx", id: "22".repeat(32) as Txid },
        ],
      },
      { name: "ping", nonce: 3n },
      { name: "getheaders", version: 1, locator: [chain.brain.chain.tip.hash], stop: "00".repeat(32) as never },
    ];
    return messages.map((message) => frameMessage(CHAINS.regtest.magic, message));
  };
  it("end in a fault or are passed over, whatever they are, and never throw", () => {
    const frames = seeds();
    const change = fc.record({
      frame: fc.nat(frames.length - 1),
      at: fc.nat(400),
      value: fc.nat(255),
      cut: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(change, fc.uint8Array({ maxLength: 80 })), { maxLength: 8 }), (inputs) => {
        const { sync, peer } = alone(bench());
        const parser = frameParser(CHAINS.regtest.magic);
        for (const each of inputs) {
          const bytes = each instanceof Uint8Array ? each : (frames[each.frame] as Uint8Array).slice();
          if (!(each instanceof Uint8Array)) bytes[each.at % bytes.length] = each.value;
          for (const message of parser.feed(bytes).messages) receive(sync, peer, message, NOW_MS);
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });
  it("cannot make the good chain look bad", () => {
    const chain = matured(1);
    const { say } = alone(chain);
    const block = buildBlock(chain, { txs: [tx(chain.coins[0] as never, 0n)] });
    expect(names(say({ name: "block", block: { ...block, txs: block.txs.slice(0, 1) } }))).to.deep.equal([
      "Disconnect",
    ]);
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
  });
});
