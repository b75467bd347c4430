import { expect } from "chai";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { type Tx, txidOf, wtxidOf } from "../../../src/bitcoin/tx.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import type { Peer, Sync } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer } from "../../../src/chain/sync/receive.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { buildBlock, COIN, fakeOutpoint, grow, matured, outpointOf, output, spend } from "../builder.ts";
import { ask } from "../pool-bench.ts";
import { copyOf } from "./copies.ts";
import { Crowd } from "./crowd.ts";
import { alone, NOW_MS, names, tx } from "./wire.ts";

/** A transaction and one that spends of it. */
function family(coin: Parameters<typeof tx>[0], fees = { parent: 1000n, child: 3000n }): readonly [Tx, Tx] {
  const parent = tx(coin, fees.parent);
  return [parent, spend([outpointOf(parent)], [output(COIN - fees.parent - fees.child)])];
}
/** One that spends of a transaction which never comes. */
const lost = (index: number): Tx => spend([fakeOutpoint(index + 1)], [output(1000n)]);
const another = (sync: Sync): Peer => {
  const { peer } = addPeer(sync, { inbound: true, nonce: BigInt(sync.peers.size + 20), now: NOW_MS });
  peer.ready = true;
  peer.byWtxid = true;
  return peer;
};
const waiting = ({ orphans }: Sync): readonly string[] => [...orphans.byWtxid.keys()];

describe("P2P: a transaction whose parents have not come", () => {
  it("is kept while they are asked for by txid, and taken once they have come", () => {
    const chain = matured(1);
    const { say, sync, peer } = alone(chain, "wtxid");
    const [parent, child] = family(chain.coins[0] as never);
    const inventory = [{ kind: "witness_tx", id: txidOf(parent) }];
    expect(say({ name: "tx", tx: child })).to.deep.equal([
      { tag: "Send", peer, message: { name: "getdata", inventory } },
    ]);
    expect(waiting(sync)).to.deep.equal([wtxidOf(child)]);
    expect(names(say({ name: "tx", tx: parent }))).to.deep.equal(["TxTaken", "TxTaken"]);
    expect([...chain.brain.pool.entries.keys()]).to.deep.equal([parent, child].map(txidOf));
    expect({ ...sync.orphans }).to.deep.equal({
      byWtxid: new Map(),
      byParent: new Map(),
      shares: new Map(),
      ready: new Set(),
      weight: 0,
    });
  });
  it("is taken when a block confirms them, and forgotten when a block has it or spends its coins", () => {
    const chain = matured(3);
    const { say, sync } = alone(chain, "wtxid");
    const families = chain.coins.map((coin) => family(coin));
    for (const [, child] of families) say({ name: "tx", tx: child });
    const [[a, childOfA], [b, childOfB], [c]] = families as [[Tx, Tx], [Tx, Tx], [Tx, Tx]];
    const rival = spend([outpointOf(c)], [output(COIN - 9000n)]);
    say({ name: "block", block: buildBlock(chain, { txs: [a, b, childOfB, c, rival] }) });
    tick(sync, NOW_MS + 1000, 0n);
    expect([...chain.brain.pool.entries.keys()]).to.deep.equal([txidOf(childOfA)]);
    expect(waiting(sync)).to.deep.equal([]);
  });
  it("is passed over with a parent that was refused, or that was mined of late and is spent", () => {
    const chain = matured(2);
    const { say, sync } = alone(chain, "wtxid");
    const dust = spend([chain.coins[0] as never], [output(1n)]);
    say({ name: "tx", tx: dust });
    expect(say({ name: "tx", tx: spend([outpointOf(dust)], [output(1n)]) })).to.deep.equal([]);
    const [parent, child] = family(chain.coins[1] as never);
    say({ name: "block", block: buildBlock(chain, { txs: [parent, child] }) });
    const late = spend([outpointOf(parent)], [output(COIN - 50_000n)]);
    expect(say({ name: "tx", tx: late })).to.deep.equal([]);
    expect(waiting(sync)).to.deep.equal([]);
  });
  it("is kept though somebody has sent the parent with a witness that made it too costly", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain, "wtxid");
    const [parent, child] = family(chain.coins[0] as never);
    const costly = new Uint8Array(1_000).fill(OP.CHECKMULTISIG);
    const spoilt = { ...parent, inputs: parent.inputs.map((each) => ({ ...each, witness: [costly] })) };
    expect(names(say({ name: "tx", tx: spoilt }))).to.deep.equal([]);
    expect([spoilt, parent].map((each) => sync.refused.has(wtxidOf(each)))).to.deep.equal([true, false]);
    expect(names(say({ name: "tx", tx: child }))).to.deep.equal(["getdata"]);
    expect(names(say({ name: "tx", tx: parent }))).to.deep.equal(["TxTaken", "TxTaken"]);
  });
  it("is not asked for again by those who tell of it as well, and stays when the first of them is gone", () => {
    const chain = matured(1);
    const { say, sync, peer } = alone(chain, "wtxid");
    const [parent, child] = family(chain.coins[0] as never);
    const second = another(sync);
    say({ name: "tx", tx: child });
    const told = { name: "inv", inventory: [{ kind: "wtx", id: wtxidOf(child) }] } as const;
    expect(receive(sync, second, told, NOW_MS)).to.deep.equal([]);
    removePeer(sync, peer, NOW_MS);
    expect(waiting(sync)).to.deep.equal([wtxidOf(child)]);
    expect(names(receive(sync, second, { name: "tx", tx: parent }, NOW_MS))).to.deep.equal(["TxTaken", "TxTaken"]);
    const orphan = lost(1);
    receive(sync, second, { name: "tx", tx: orphan }, NOW_MS);
    removePeer(sync, second, NOW_MS);
    expect(waiting(sync)).to.deep.equal([]);
  });
  it("is forgotten after 20 minutes", () => {
    const { say, sync } = alone(matured(1), "wtxid");
    say({ name: "tx", tx: lost(1) });
    tick(sync, NOW_MS + 1_199_999, 0n);
    expect(waiting(sync)).to.have.lengthOf(1);
    tick(sync, NOW_MS + 1_200_000, 0n);
    expect(waiting(sync)).to.deep.equal([]);
  });
});

describe("P2P: a parent that pays too little for a mempool that is full", () => {
  const dear = () => {
    const chain = matured(2);
    ask(chain, 5000n);
    return { chain, ...alone(chain, "wtxid"), both: family(chain.coins[0] as never, { parent: 300n, child: 9000n }) };
  };
  it("is taken together with the child that pays for it, whichever comes first", () => {
    const before = dear();
    const [parent, child] = before.both;
    expect(before.say({ name: "tx", tx: parent })).to.deep.equal([]);
    expect(before.say({ name: "inv", inventory: [{ kind: "wtx", id: wtxidOf(parent) }] })).to.deep.equal([]);
    expect(names(before.say({ name: "tx", tx: child })), "the parent is asked for once more").to.deep.equal([
      "getdata",
    ]);
    expect(names(before.say({ name: "tx", tx: parent }))).to.deep.equal(["TxTaken", "TxTaken"]);
    expect([...before.chain.brain.pool.entries.keys()]).to.deep.equal([parent, child].map(txidOf));
    const after = dear();
    after.say({ name: "tx", tx: after.both[1] });
    expect(names(after.say({ name: "tx", tx: after.both[0] }))).to.deep.equal(["TxTaken", "TxTaken"]);
  });
  it("is not asked for again when its child pays too little as well, until the tip changes", () => {
    const { chain, say, sync } = dear();
    const [parent, child] = family(chain.coins[0] as never, { parent: 300n, child: 301n });
    say({ name: "tx", tx: child });
    expect(say({ name: "tx", tx: parent })).to.deep.equal([]);
    const both = [parent, child].map((each) => ({ kind: "wtx", id: wtxidOf(each) }) as const);
    expect([say({ name: "inv", inventory: both }), waiting(sync)]).to.deep.equal([[], []]);
    say({ name: "block", block: buildBlock(chain) });
    expect(names(say({ name: "inv", inventory: both }))).to.deep.equal(["getdata"]);
  });
});

describe("P2P: what is remembered of transactions", () => {
  it("does not ask for what the last blocks hold, by txid or wtxid, unless they are taken back", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain, "wtxid");
    const mined = tx(chain.coins[0] as never, 1000n);
    const { tip } = chain.brain.chain;
    say({ name: "block", block: buildBlock(chain, { txs: [mined] }) });
    const told = { name: "inv", inventory: [{ kind: "wtx", id: wtxidOf(mined) }] } as const;
    expect(say(told)).to.deep.equal([]);
    for (const id of [txidOf(mined), wtxidOf(mined)]) expect(sync.mined.has(id)).to.equal(true);
    const rival = buildBlock(chain, { previous: tip });
    say({ name: "block", block: rival });
    const node = chain.brain.chain.index.tree.nodes.get(chain.brain.chain.tip.hash);
    say({
      name: "block",
      block: buildBlock(chain, { previous: [...chain.brain.chain.index.tree.nodes.values()].at(-1) as never }),
    });
    expect(chain.brain.chain.tip, "another chain").not.to.equal(node);
    expect(sync.mined.has(wtxidOf(mined))).to.equal(false);
  });
  it("asks another peer for a transaction that the first one told of and does not bring", () => {
    const chain = matured(1);
    const { say, sync, peer } = alone(chain, "wtxid");
    const second = another(sync);
    const inventory = [{ kind: "wtx", id: wtxidOf(tx(chain.coins[0] as never, 1000n)) }] as const;
    expect(names(say({ name: "inv", inventory }))).to.deep.equal(["getdata"]);
    expect(receive(sync, second, { name: "inv", inventory }, NOW_MS)).to.deep.equal([]);
    const asked = (effects: readonly object[]) => effects.filter((each) => "peer" in each && each.peer === second);
    const getdata = [{ tag: "Send", peer: second, message: { name: "getdata", inventory } }];
    expect(asked(tick(sync, NOW_MS + 59_000, 0n))).to.deep.equal([]);
    expect(asked(tick(sync, NOW_MS + 60_000, 0n))).to.deep.equal(getdata);
    removePeer(sync, second, NOW_MS);
    expect([peer.txs.size, sync.txsInFlight.size]).to.deep.equal([0, 0]);
  });
});

describe("P2P: hostile transactions", () => {
  it("10,000 orphans of one peer take the room of a hundred, and only its own", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain, "wtxid");
    const honest = another(sync);
    const [parent, child] = family(chain.coins[0] as never);
    receive(sync, honest, { name: "tx", tx: child }, NOW_MS);
    for (let index = 0; index < 10_000; index++) say({ name: "tx", tx: lost(index) });
    expect(sync.orphans.byWtxid.size).to.equal(101);
    expect(sync.orphans.byParent.size).to.equal(101);
    expect(names(receive(sync, honest, { name: "tx", tx: parent }, NOW_MS))).to.include("TxTaken");
    expect(chain.brain.pool.entries.has(txidOf(child))).to.equal(true);
  });
  it("orphans of many peers are bounded together, and the greediest gives way", () => {
    const { sync } = alone(matured(1), "wtxid");
    const modest = another(sync);
    receive(sync, modest, { name: "tx", tx: lost(0) }, NOW_MS);
    for (let index = 1; index < 2000; index++) {
      if (index % 100 === 1) another(sync);
      receive(sync, [...sync.peers].at(-1) as Peer, { name: "tx", tx: lost(index) }, NOW_MS);
    }
    expect(sync.orphans.byWtxid.size).to.equal(1000);
    expect(waiting(sync)[0]).to.equal(wtxidOf(lost(0)));
  });
  it("B14: of 100 orphans that become ready at once ten are tried for one message, the rest in the next seconds", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain, "wtxid");
    const many = Array.from({ length: 100 }, () => output(COIN / 100n - 1000n));
    const parent = spend([chain.coins[0] as never], many);
    for (let vout = 0; vout < 100; vout++) {
      const child = spend([outpointOf(parent, vout)], [output(COIN / 100n - 5000n)]);
      // A witness that no script takes: it is looked at, and refused.
      say({ name: "tx", tx: { ...child, inputs: child.inputs.map((each) => ({ ...each, witness: [] })) } });
    }
    expect(names(say({ name: "tx", tx: parent }))).to.deep.equal(["TxTaken"]);
    const left = [sync.orphans.byWtxid.size];
    for (let second = 1; second <= 9; second++) {
      tick(sync, NOW_MS + 1000 * second, 0n);
      left.push(sync.orphans.byWtxid.size);
    }
    expect(left).to.deep.equal([90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
  });
  it("B14: a transaction that was refused is not judged again, however often it comes", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain, "wtxid");
    const good = tx(chain.coins[0] as never, 1000n);
    const bad = { ...good, inputs: good.inputs.map((each) => ({ ...each, witness: [new Uint8Array(1)] })) };
    say({ name: "tx", tx: bad });
    let judged = 0;
    const coin = chain.storage.coin;
    Object.assign(chain.brain.chain.storage, {
      coin: (...args: Parameters<typeof coin>) => {
        judged++;
        return coin(...args);
      },
    });
    for (let times = 0; times < 100; times++) say({ name: "tx", tx: bad });
    expect([judged, sync.refused.has(wtxidOf(bad))]).to.deep.equal([0, true]);
  });
  it("while 10,000 orphans come, the sync with an honest peer goes on", () => {
    const old = matured(1);
    const node = copyOf(old);
    const crowd = new Crowd(node);
    const liar = crowd.join("liar", { chain: copyOf(old) });
    const honest = copyOf(old);
    crowd.join("honest", { chain: honest });
    for (let block = 0; block < 100; block++) {
      for (let index = 0; index < 100; index++)
        receive(crowd.sync, liar, { name: "tx", tx: lost(block * 100 + index) }, crowd.now);
      grow(honest, 1);
      crowd.announce("honest");
    }
    crowd.pass(3000);
    expect(node.brain.chain.tip.hash).to.equal(honest.brain.chain.tip.hash);
    expect(crowd.sync.orphans.byWtxid.size).to.equal(100);
  });
});
