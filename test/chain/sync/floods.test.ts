import { expect } from "chai";
import { INVENTORY_MAX } from "../../../src/bitcoin/messages.ts";
import { takeTx } from "../../../src/chain/brain.ts";
import type { Peer, Sync } from "../../../src/chain/sync/peer.ts";
import { serveNext } from "../../../src/chain/sync/receive.ts";
import { bench, fakeOutpoint, grow, matured, NOW } from "../builder.ts";
import { alone, names, tx } from "./wire.ts";

const ids = (from: number) => Array.from({ length: INVENTORY_MAX }, (_, index) => fakeOutpoint(from + index).txid);
/** How much of everything is remembered because of a peer. */
const held = (sync: Sync, peer: Peer) => ({
  announced: peer.announced.length,
  known: peer.known.size,
  asked: peer.txs.size,
  inFlight: sync.txsInFlight.size,
  served: peer.asked.length,
  blocks: peer.blocks.size,
  headers: sync.brain.chain.index.tree.nodes.size,
});

describe("P2P: floods of announcements", () => {
  it("B10: a thousand inv of 50,000 transactions are remembered as one, and asked for a hundred at a time", () => {
    const { say, sync, peer } = alone(bench(), "wtxid");
    const messages = [1, 100_001].map((from) => ids(from).map((id) => ({ kind: "wtx", id }) as const));
    const first = say({ name: "inv", inventory: messages[0] as never });
    expect(first).to.have.nested.property("[0].message.inventory").with.lengthOf(100);
    say({ name: "inv", inventory: messages[1] as never });
    const after = held(sync, peer);
    for (let count = 2; count < 1000; count++)
      expect(say({ name: "inv", inventory: messages[count % 2] as never })).to.deep.equal([]);
    expect(held(sync, peer)).to.deep.equal(after);
    expect(after).to.include({ announced: 5000, known: 5000, asked: 100, inFlight: 100 });
  }).timeout(120_000);
  it("B15: 50,000 unknown blocks, again and again, lead to one getheaders and nothing that is remembered", () => {
    const { say, sync, peer } = alone(bench());
    const inventory = ids(1).map((id) => ({ kind: "block", id }) as never);
    const before = held(sync, peer);
    expect(names(say({ name: "inv", inventory }))).to.deep.equal(["getheaders"]);
    for (let count = 0; count < 20; count++) expect(say({ name: "inv", inventory })).to.deep.equal([]);
    expect(held(sync, peer)).to.deep.equal(before);
  });
  it("B10: entries of kinds that nobody knows are passed over", () => {
    const { say, sync, peer } = alone(bench());
    const before = held(sync, peer);
    const inventory = ids(1).map((id) => ({ kind: "unknown", type: 99, id }) as const);
    expect(say({ name: "inv", inventory })).to.deep.equal([]);
    expect(held(sync, peer)).to.deep.equal(before);
  });
  it("looks through its mempool once for a peer that asks for the newest block again and again", () => {
    const chain = matured(1);
    const { say, sync, peer } = alone(chain);
    takeTx(chain.brain, tx(chain.coins[0] as never, 1000n), NOW);
    grow(chain, 1);
    const { hash: id } = chain.brain.chain.tip;
    say({ name: "getdata", inventory: Array.from({ length: 3 }, () => ({ kind: "block", id }) as const) });
    const served = [1, 2, 3].map(() => {
      peer.known.clear();
      return names(serveNext(sync, peer) ?? []);
    });
    expect(served).to.deep.equal([["block", "inv"], ["block"], ["block"]]);
  });
  it("tells its whole mempool once to a peer that asks for it", () => {
    const chain = matured(1);
    const { say, peer } = alone(chain);
    takeTx(chain.brain, tx(chain.coins[0] as never, 1000n), NOW);
    expect(names(say({ name: "mempool" }))).to.deep.equal(["inv"]);
    peer.known.clear();
    expect(say({ name: "mempool" })).to.deep.equal([]);
  });
});
