import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { takeBlock } from "../../../src/chain/brain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { announceTip } from "../../../src/chain/sync/announce.ts";
import { addPeer } from "../../../src/chain/sync/handshake.ts";
import { type Peer, syncOf } from "../../../src/chain/sync/peer.ts";
import { receive, removePeer, serveNext } from "../../../src/chain/sync/receive.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import {
  type Bench,
  bench,
  buildBlock,
  COIN,
  coinSet,
  fakeOutpoint,
  grow,
  matured,
  output,
  spend,
} from "../builder.ts";

import { alone, NOW_MS, names, Wire } from "./wire.ts";

/** A chain of which one node holds all and another knows `known` headers of blocks; then the first one holds only `held`. */
function withHeadersOnly(held: number, known: number): { readonly old: Bench; readonly young: Bench } {
  const [whole, old, young] = [bench(), bench(), bench()];
  grow(whole, known);
  const nodes = [...whole.brain.chain.index.tree.nodes.values()].slice(1);
  const headers = nodes.map(({ header }) => header);
  const sync = syncOf(young.brain);
  const { peer } = addPeer(sync, { inbound: true, nonce: 1n, now: NOW_MS });
  peer.ready = true;
  receive(sync, peer, { name: "headers", headers }, NOW_MS);
  for (const { hash } of nodes.slice(0, held)) {
    takeBlock(old.brain, hashBlock(present(whole.storage.block(hash), "the chain holds its blocks")), NOW_MS / 1000);
  }
  return { old, young };
}

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
    expect(wire.log).to.deep.equal(["0:headers", "1:getdata", "0:cmpctblock", "1:sendcmpct"]);
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
    grow(old, 12);
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
    expect(other.blocks.size).to.equal(12);
  });
  it("fetches from a new peer the blocks whose headers another one brought, and then was gone", () => {
    for (const held of [3, 4, 5]) {
      const { old, young } = withHeadersOnly(held, 5);
      new Wire(young, old).run();
      expect(young.brain.chain.tip.hash, `the peer holds ${held}`).to.equal(old.brain.chain.tip.hash);
    }
  });
  it("fetches a block that is announced by its hash when another peer brought its header, and then was gone", () => {
    const { old, young } = withHeadersOnly(5, 5);
    const { say } = alone(young);
    const announced = { kind: "block", id: old.brain.chain.tip.hash } as const;
    expect(names(say({ name: "inv", inventory: [announced] }))).to.deep.equal(["getdata"]);
  });
  it("asks for more headers after the last that it got, though another chain has more work", () => {
    const [ours, theirs] = [bench(), bench()];
    grow(ours, 2001);
    grow(theirs, 2000);
    const headers = [...theirs.brain.chain.index.tree.nodes.values()].slice(1).map(({ header }) => header);
    const [question] = alone(ours).say({ name: "headers", headers });
    expect(question).to.have.nested.property("message.locator[0]", theirs.brain.chain.tip.hash);
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
  it("stores no block that it did not ask for on a chain with less work than its own", () => {
    const chain = bench();
    grow(chain, 3);
    const { genesis } = chain.brain.chain.index.tree;
    const stale = buildBlock(chain, { previous: genesis });
    expect(alone(chain).say({ name: "block", block: stale })).to.deep.equal([]);
    expect(chain.storage.block(hashBlock(stale).hash)).to.equal(undefined);
    const rival = buildBlock(chain, { previous: chain.brain.chain.tip.previous as typeof genesis });
    alone(chain).say({ name: "block", block: rival });
    expect(chain.storage.block(hashBlock(rival).hash)).to.deep.equal(rival);
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
