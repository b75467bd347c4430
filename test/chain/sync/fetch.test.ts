import { expect } from "chai";
import type { Block } from "../../../src/bitcoin/block.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { compactBlock } from "../../../src/chain/compact-block.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import type { Peer } from "../../../src/chain/sync/peer.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { type Bench, bench, buildBlock, give, grow } from "../builder.ts";
import { blocksOf, copyOf } from "./copies.ts";
import { Crowd } from "./crowd.ts";
import { among, NOW_MS, said } from "./wire.ts";

const BODIES: ReadonlySet<BitcoinMessage["name"]> = new Set(["block", "cmpctblock", "blocktxn"]);
const noBodies = ({ name }: BitcoinMessage): boolean => BODIES.has(name);
/** Everyone has the newest block; only the last one to tell of it sends it. */
function eight(whether: { readonly dialled: boolean }) {
  const old = bench();
  grow(old, 3);
  const node = copyOf(old);
  const crowd = new Crowd(node);
  const names = Array.from({ length: 8 }, (_, index) => `peer ${index}`);
  const chains = names.map(() => copyOf(old));
  grow(old, 1);
  const [newest] = blocksOf(old).slice(-1) as [Block];
  names.forEach((name, index) => {
    const withholds = index === 7 ? () => false : noBodies;
    crowd.join(name, { chain: chains[index] as Bench, dialled: whether.dialled, withholds });
  });
  for (const [index, name] of names.entries()) {
    give(chains[index] as Bench, newest);
    crowd.announce(name);
  }
  const hash = old.brain.chain.tip.hash;
  return { crowd, hash, here: () => node.brain.chain.tip.hash === hash };
}

describe("P2P: blocks from several peers", () => {
  it("B16: the newest block is here within 30 seconds with one honest peer of eight, whether they dialled us or we them", () => {
    for (const dialled of [true, false]) {
      const { crowd, here } = eight({ dialled });
      expect(here(), "the first who told of it withholds it").to.equal(false);
      expect(crowd.pass(60_000, here), `dialled: ${dialled}`).to.be.at.most(30_000);
    }
  });
  it("B16: one block is asked of three peers at once at most, of two when we dialled none of them", () => {
    for (const [dialled, most] of [
      [true, 3],
      [false, 2],
    ] as const) {
      const { crowd, hash } = eight({ dialled });
      const fresh = () =>
        [...crowd.sync.peers].filter(({ blocks }) => crowd.now - (blocks.get(hash) ?? 0) < 6000).length;
      const seen = new Set([fresh()]);
      crowd.pass(20_000, () => seen.add(fresh()) === undefined);
      expect(Math.max(...seen)).to.equal(most);
    }
  });
  it("B16: whoever withholds a block that it was asked for is parted with after 30 seconds", () => {
    const { crowd, here } = eight({ dialled: true });
    crowd.pass(60_000);
    expect(here()).to.equal(true);
    expect(crowd.gone).to.include("peer 0: no block").and.not.include("peer 7: no block");
  });
  it("fetches a long chain from all who have it, and each block once", () => {
    const old = bench();
    grow(old, 200);
    const node = bench();
    const crowd = new Crowd(node);
    for (const name of ["a", "b", "c"]) crowd.join(name, { chain: copyOf(old) });
    crowd.pass(3000);
    expect(node.brain.chain.tip.hash).to.equal(old.brain.chain.tip.hash);
    const brought = crowd.log.flatMap(({ from, message }) => (from === "them" && message.name === "block" ? [1] : []));
    expect(brought).to.have.lengthOf(200);
  });
  it("parts with all who withhold blocks at the same time, and then the honest one brings the whole chain", () => {
    const old = bench();
    grow(old, 200);
    const node = bench();
    const crowd = new Crowd(node);
    for (let index = 0; index < 7; index++) crowd.join(`liar ${index}`, { chain: copyOf(old), withholds: noBodies });
    crowd.join("honest", { chain: old });
    expect(crowd.pass(120_000, () => node.brain.chain.tip.height === 200)).to.equal(30_000);
    expect(crowd.gone).to.deep.equal(Array.from({ length: 7 }, (_, index) => `liar ${index}: no block`));
  });
  it("parts within seconds with the one that holds up the window of 1,024 blocks, and fetches its blocks from another", () => {
    const old = bench();
    grow(old, 1100);
    const node = bench();
    const crowd = new Crowd(node);
    const { hash } = hashBlock(blocksOf(old)[0] as Block);
    const slow = (message: BitcoinMessage) => message.name === "block" && hashBlock(message.block).hash === hash;
    crowd.join("slow", { chain: copyOf(old), withholds: slow });
    crowd.join("quick", { chain: old });
    expect(crowd.pass(60_000, () => node.brain.chain.tip.height === 1100)).to.be.at.most(4000);
    expect(crowd.gone).to.deep.equal(["slow: holds up the others"]);
  });
  it("waits longer after each that it had to part with, as its own line may be slow, and less with each block", () => {
    const old = bench();
    grow(old, 100);
    const crowd = new Crowd(bench());
    for (const waited of [30_000, 60_000, 120_000]) {
      crowd.join("slow", { chain: old, withholds: noBodies });
      expect(crowd.pass(600_000, () => crowd.sync.peers.size === 0)).to.equal(waited);
    }
    expect(crowd.sync.patience).to.equal(8);
    crowd.join("quick", { chain: old });
    expect(crowd.sync.patience).to.equal(1);
  });
  it("gives no new time to who tells of the same block again", () => {
    const { chain, sync, peers } = among(1);
    const [peer] = peers as [Peer];
    const block = buildBlock(chain);
    said(sync, peer, { name: "headers", headers: [block.header] });
    give(chain, buildBlock(chain));
    const told = { name: "cmpctblock", ...compactBlock(block, 5n) } as const;
    expect(said(sync, peer, told, NOW_MS + 29_000)).to.deep.equal(["getdata"]);
    expect(tick(sync, NOW_MS + 30_000, 1n)).to.deep.equal([{ tag: "Disconnect", peer, reason: "no block" }]);
  });
  it("blames nobody for the time in which it did not look itself", () => {
    const old = bench();
    grow(old, 60);
    const crowd = new Crowd(bench());
    crowd.join("slow", { chain: old, withholds: noBodies });
    crowd.pass(1000);
    crowd.now += 3_600_000;
    expect(crowd.pass(60_000, () => crowd.sync.peers.size === 0)).to.equal(31_000);
  });
});
