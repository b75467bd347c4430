import { expect } from "chai";
import { INVENTORY_MAX } from "../../../src/bitcoin/messages.ts";
import { type Tx, txidOf, wtxidOf } from "../../../src/bitcoin/tx.ts";
import { takeTx } from "../../../src/chain/brain.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { serveNext } from "../../../src/chain/sync/receive.ts";
import { announceTx } from "../../../src/chain/sync/transactions.ts";
import { bench, buildBlock, COIN, fakeOutpoint, give, matured, NOW, outpointOf, output, spend } from "../builder.ts";

import { alone, NOW_MS, names, tx, Wire } from "./wire.ts";

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
  it("carries what takes the place of another, and the peer gives the other up as well", () => {
    const a = matured(1);
    const b = bench();
    const wire = new Wire(b, a).run();
    const [poor, rich, poorer] = [1000n, 5000n, 3000n].map((fee) => tx(a.coins[0] as never, fee)) as [Tx, Tx, Tx];
    for (const each of [poor, rich]) {
      expect(takeTx(a.brain, each, NOW)).to.deep.equal({ ok: true, value: { txid: txidOf(each), fresh: true } });
      wire.perform(1, announceTx(wire.sides[1].sync, txidOf(each)));
      wire.run();
      expect([...b.brain.pool.entries.keys()]).to.deep.equal([txidOf(each)]);
    }
    expect(takeTx(b.brain, poorer, NOW)).to.deep.equal({ ok: false, error: { code: "insufficient fee" } });
  });
  it("passes on to others what it has put in the place of another", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain);
    const { peer: third } = addPeer(sync, { inbound: true, nonce: 3n, now: NOW_MS });
    third.ready = true;
    const told = (fee: bigint) => say({ name: "tx", tx: tx(chain.coins[0] as never, fee) });
    expect(names(told(1000n))).to.deep.equal(["TxTaken", "inv"]);
    expect(told(5000n)).to.deep.equal([
      { tag: "TxTaken" },
      {
        tag: "Send",
        peer: third,
        message: { name: "inv", inventory: [{ kind: "tx", id: txidOf(tx(chain.coins[0] as never, 5000n)) }] },
      },
    ]);
    expect(told(5001n)).to.deep.equal([]);
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
      known: 5000,
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
  it("B14: parts with who sends ten bad witnesses that nobody asked for, each another one", () => {
    const chain = matured(1);
    const { say, peer } = alone(chain, "wtxid");
    const good = tx(chain.coins[0] as never, 1000n);
    const spoilt = (byte: number): Tx => ({
      ...good,
      inputs: good.inputs.map((each) => ({ ...each, witness: [Uint8Array.of(byte), ...each.witness] })),
    });
    const answers = Array.from({ length: 10 }, (_, index) => say({ name: "tx", tx: spoilt(index + 1) }));
    expect(answers.slice(0, 9).flat()).to.deep.equal([]);
    expect(answers[9]).to.deep.equal([{ tag: "Disconnect", peer, reason: "bad scripts unasked", misbehaved: true }]);
  });
  it("names transactions by wtxid to a peer that wants it, asks it so, and answers so", () => {
    const chain = matured(3);
    const { say, sync, peer } = alone(chain, "wtxid");
    const [first, second, unasked] = chain.coins.map((coin) => tx(coin, 1000n)) as [Tx, Tx, Tx];
    takeTx(sync.brain, first, NOW);
    const wtx = (each: Tx) => ({ kind: "wtx", id: wtxidOf(each) }) as const;
    const sent = (message: unknown) => [{ tag: "Send", peer, message }];
    expect(announceTx(sync, txidOf(first))).to.deep.equal(sent({ name: "inv", inventory: [wtx(first)] }));
    say({ name: "getdata", inventory: [wtx(first), wtx(second)] });
    expect(serveNext(sync, peer)).to.deep.equal(sent({ name: "tx", tx: first }));
    expect(serveNext(sync, peer)).to.deep.equal(sent({ name: "notfound", inventory: [wtx(second)] }));
    const announced = [wtx(first), wtx(second), { kind: "tx", id: txidOf(second) }] as const;
    expect(say({ name: "inv", inventory: announced })).to.deep.equal(
      sent({ name: "getdata", inventory: [wtx(second)] }),
    );
    say({ name: "notfound", inventory: [wtx(second)] });
    expect(peer.txs.size).to.equal(0);
    say({ name: "tx", tx: second });
    expect(say({ name: "inv", inventory: [wtx(second)] })).to.deep.equal([]);
    expect(names(say({ name: "tx", tx: unasked }))).to.deep.equal(["TxTaken"]);
    for (const each of [second, unasked]) expect(announceTx(sync, txidOf(each))).to.deep.equal([]);
  });
  it("refuses a bad witness by its wtxid, and still asks for the good one, whichever comes first", () => {
    const chain = matured(1);
    const { say, sync } = alone(chain, "wtxid");
    const good = tx(chain.coins[0] as never, 1000n);
    const withWitness = (...witness: readonly Uint8Array[]): Tx => ({
      ...good,
      inputs: good.inputs.map((each) => ({ ...each, witness })),
    });
    const [bad, stripped] = [withWitness(new Uint8Array(1)), withWitness()];
    const asks = (each: Tx) => names(say({ name: "inv", inventory: [{ kind: "wtx", id: wtxidOf(each) }] }));
    for (const each of [bad, stripped]) say({ name: "tx", tx: each });
    expect(asks(bad)).to.deep.equal([]);
    expect(sync.refused.has(txidOf(good))).to.equal(false);
    expect(asks(good)).to.deep.equal(["getdata"]);
    expect(names(say({ name: "tx", tx: good }))).to.deep.equal(["TxTaken"]);
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
