import { expect } from "chai";
import type { BlockHeader } from "../../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import { workOf } from "../../../src/bitcoin/pow.ts";
import { compactBlock } from "../../../src/chain/compact-block.ts";
import { addHeader, type HeaderNode, headerTree } from "../../../src/chain/headers.ts";
import type { SyncEffect } from "../../../src/chain/sync/peer.ts";
import { type Bench, bench, buildBlock, grow, NOW, solveHeader } from "../builder.ts";
import { alone, names } from "./wire.ts";

const EACH = workOf(CHAINS.regtest.genesis.header.bits);
/** A network whose best chain is known to have the work of so many blocks. */
const demanding = (blocks: number): ChainParams => ({ ...CHAINS.regtest, minimumWork: EACH * BigInt(blocks) });
const { genesis } = headerTree(CHAINS.regtest);

/** So many headers on top of one. `salt` makes them unlike any others. */
function headersOn(from: HeaderNode, count: number, salt: number): readonly BlockHeader[] {
  const tree = headerTree(CHAINS.regtest);
  let tip: HeaderNode = from;
  tree.nodes.set(from.hash, from);
  return Array.from({ length: count }, () => {
    const merkleRoot = new Uint8Array(32).fill(salt);
    const time = tip.header.time + 1;
    const header = solveHeader({ ...tip.header, version: 4, previous: tip.hash, time, merkleRoot });
    const added = addHeader(tree, header, NOW);
    if (!added.ok) throw new Error(added.error.code);
    tip = added.value;
    return header;
  });
}
const known = ({ brain }: Bench): number => brain.chain.index.tree.nodes.size - 1;
/** What the question goes on from. */
const askedFrom = (effects: readonly SyncEffect[]): string | undefined =>
  effects.flatMap((effect) =>
    effect.tag === "Send" && effect.message.name === "getheaders" ? [effect.message.locator[0] as string] : [],
  )[0];
/** A peer that shows headers in messages of 2,000, whatever it is asked. */
function show(say: ReturnType<typeof alone>["say"], headers: readonly BlockHeader[]): readonly SyncEffect[] {
  let answer: readonly SyncEffect[] = [];
  for (let at = 0; at < headers.length; at += 2_000)
    answer = say({ name: "headers", headers: headers.slice(at, at + 2_000) });
  return answer;
}

describe("P2P: a long chain of headers must show its work", () => {
  const long = headersOn(genesis, 4_500, 1);

  it("goes through it twice, and keeps nothing before it has shown enough", () => {
    const chain = bench(demanding(4_400));
    const { say } = alone(chain);
    for (const to of [2_000, 4_000]) {
      const answer = say({ name: "headers", headers: long.slice(to - 2_000, to) });
      expect(names(answer)).to.deep.equal(["getheaders"]);
      expect(askedFrom(answer)).to.equal((long[to] as BlockHeader).previous);
      expect(known(chain)).to.equal(0);
    }
    const again = say({ name: "headers", headers: long.slice(4_000) });
    expect([askedFrom(again), known(chain)]).to.deep.equal([genesis.hash, 0]);
    const kept = say({ name: "headers", headers: long.slice(0, 2_000) });
    expect([names(kept), known(chain)]).to.deep.equal([["getheaders", "getdata"], 2_000]);
    say({ name: "headers", headers: long.slice(2_000, 4_000) });
    say({ name: "headers", headers: long.slice(4_000) });
    expect(known(chain)).to.equal(4_500);
  });
  it("RELIABILITY B12: keeps no header of a chain of too little work, however long it is", () => {
    const chain = bench(demanding(1_000_000));
    const { say, peer } = alone(chain);
    expect(names(show(say, long))).to.deep.equal([]);
    expect([known(chain), peer.presync]).to.deep.equal([0, undefined]);
    expect(names(show(say, long.slice(0, 1_999)))).to.deep.equal([]);
    expect(known(chain)).to.equal(0);
  });
  it("RELIABILITY B12: keeps no header of a branch far below its own chain, nor a block", () => {
    const chain = bench();
    grow(chain, 300);
    const before = known(chain);
    const { say } = alone(chain);
    expect(names(say({ name: "headers", headers: headersOn(genesis, 155, 2) }))).to.deep.equal([]);
    expect(known(chain)).to.equal(before);
    expect(names(say({ name: "headers", headers: headersOn(genesis, 156, 2) }))).to.deep.equal([]);
    expect(known(chain)).to.equal(before + 156);
    const poor = bench(demanding(1_000));
    const block = buildBlock(poor);
    expect(names(alone(poor).say({ name: "block", block }))).to.deep.equal([]);
    expect(names(alone(poor).say({ name: "cmpctblock", ...compactBlock(block, 1n) }))).to.deep.equal([]);
    expect(known(poor)).to.equal(0);
  });
  it("RELIABILITY B12: keeps no poor header that stands beside one of its own chain, before or behind it", () => {
    const chain = bench();
    grow(chain, 300);
    const before = known(chain);
    const poor = headersOn(genesis, 100, 6);
    const own = chain.brain.chain.tip.header;
    for (const headers of [
      [...poor, own],
      [own, ...poor],
    ]) {
      expect(names(alone(chain).say({ name: "headers", headers }))).to.deep.equal(["Disconnect"]);
      expect(known(chain)).to.equal(before);
    }
  });
  it("RELIABILITY B12: keeps none in the second pass that does not lead to where the first one led", () => {
    const chain = bench(demanding(4_400));
    const { say } = alone(chain);
    show(say, long);
    const headers = [...headersOn(genesis, 1_999, 7), long[1_999] as BlockHeader];
    expect(names(say({ name: "headers", headers }))).to.deep.equal(["Disconnect"]);
    expect(known(chain)).to.equal(0);
  });
  it("parts with a peer that shows another chain the second time, which is not kept", () => {
    const chain = bench(demanding(4_400));
    const { say } = alone(chain);
    show(say, long);
    expect(names(show(say, headersOn(genesis, 2_000, 3)))).to.deep.equal(["Disconnect"]);
    expect(known(chain)).to.equal(0);
  });
  it("parts with a peer whose headers break a rule in the first pass, or lack the work that they claim", () => {
    const broken = (change: Partial<BlockHeader>): readonly string[] => {
      const { say } = alone(bench(demanding(1_000_000)));
      const [first, ...rest] = headersOn(genesis, 2_000, 4);
      return names(say({ name: "headers", headers: [{ ...(first as BlockHeader), ...change }, ...rest] }));
    };
    expect(broken({ bits: 0x1d00ffff })).to.deep.equal(["Disconnect"]);
    const { say } = alone(bench(demanding(1_000_000)));
    say({ name: "headers", headers: long.slice(0, 2_000) });
    const next = long[2_000] as BlockHeader;
    const late = solveHeader({ ...next, time: genesis.header.time });
    expect(names(say({ name: "headers", headers: [late] }))).to.deep.equal(["Disconnect"]);
  });
  it("begins anew when the peer's chain changes while it is measured", () => {
    const chain = bench(demanding(4_400));
    const { say, peer } = alone(chain);
    say({ name: "headers", headers: long.slice(0, 2_000) });
    expect(names(say({ name: "headers", headers: headersOn(genesis, 10, 5) }))).to.deep.equal([]);
    expect(peer.presync).to.equal(undefined);
    expect(names(show(say, long))).to.deep.equal(["getheaders"]);
  });
  it("is no hindrance to a chain that is worth while from the first message on", () => {
    const chain = bench(demanding(1_500));
    expect(names(alone(chain).say({ name: "headers", headers: long.slice(0, 1_999) }))).to.deep.equal(["getdata"]);
    expect(known(chain)).to.equal(1_999);
  });
});
