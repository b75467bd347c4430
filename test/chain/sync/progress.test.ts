import { expect } from "chai";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import { invalidate } from "../../../src/chain/brain.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import type { Peer, Sync } from "../../../src/chain/sync/peer.ts";
import { lightProgress, syncProgress } from "../../../src/chain/sync/progress.ts";
import { type Bench, bench, grow, NOW } from "../builder.ts";
import { alone, NOW_MS } from "./wire.ts";

/** A node whose peer says to have so many blocks, and is waited for. */
function waiting(height: number, chain: Bench = bench()): { sync: Sync; peer: Peer; chain: Bench } {
  const { sync, peer } = alone(chain);
  if (peer.version !== undefined) peer.version = { ...peer.version, start_height: height };
  peer.headersAsked = NOW_MS;
  return { sync, peer, chain };
}
/** The same on a network whose blocks keep a pace. */
function paced(height: number, params: ChainParams): { sync: Sync; peer: Peer } {
  const { sync, peer } = waiting(height);
  const { brain } = sync;
  return { sync: { ...sync, brain: { ...brain, chain: { ...brain.chain, params } } }, peer };
}
/** A first pass through a long chain that has come so far. */
const inFirstPass = (peer: Peer, height: number, time: number): void => {
  peer.presync = { run: { height, time } } as unknown as NonNullable<Peer["presync"]>;
};
const HOUR_S = 3_600;
const GENESIS_S = CHAINS.regtest.genesis.header.time;
const DAYS = 10;
const at = (days: number): number => (GENESIS_S + days * 24 * HOUR_S) * 1000;

describe("how far a sync is", () => {
  it("is nothing to tell of a node in step, nor of one that only asks", () => {
    const { sync } = alone(bench());
    expect(syncProgress(sync, NOW_MS)).to.equal(undefined);
    expect(syncProgress(waiting(0).sync, NOW_MS)).to.equal(undefined);
  });
  it("counts headers up to what the peer says where blocks keep no pace", () => {
    expect(syncProgress(waiting(3_000).sync, NOW_MS)).to.deep.equal({ stage: "headers", done: 0, total: 3_000 });
  });
  it("counts headers up to what time and spacing make likely, whatever a peer says", () => {
    const ten = { stage: "headers", done: 0, total: DAYS * 144 };
    expect(syncProgress(paced(200, CHAINS.mainnet).sync, at(DAYS))).to.deep.equal(ten);
    expect(syncProgress(paced(2 ** 31 - 1, CHAINS.mainnet).sync, at(DAYS))).to.deep.equal(ten);
    const often = { stage: "headers", done: 0, total: DAYS * 2_880 };
    expect(syncProgress(paced(200, CHAINS.sluicenet).sync, at(DAYS))).to.deep.equal(often);
  });
  it("calls a day's worth of headers a matter of moments, and time that runs backwards none", () => {
    expect(syncProgress(paced(2 ** 31 - 1, CHAINS.mainnet).sync, at(1) - 1)).to.equal(undefined);
    expect(syncProgress(paced(2 ** 31 - 1, CHAINS.mainnet).sync, at(-1))).to.equal(undefined);
    expect(syncProgress(waiting(143).sync, NOW_MS)).to.equal(undefined);
  });
  it("asks nothing of peers that are not waited for", () => {
    const { sync, peer } = waiting(3_000);
    peer.headersAsked = undefined;
    expect(syncProgress(sync, NOW_MS)).to.equal(undefined);
  });
  it("takes the first pass through a long chain for half of the way", () => {
    const { sync, peer } = paced(1_000, CHAINS.mainnet);
    inFirstPass(peer, 720, GENESIS_S + 4 * 24 * HOUR_S);
    const total = 720 + 6 * 144;
    expect(syncProgress(sync, at(DAYS))).to.deep.equal({ stage: "headers", done: 360, total });
  });

  it("counts blocks of the best known headers that are connected", () => {
    const { sync, chain } = waiting(0);
    grow(chain, 12);
    const [tip, fork] = [chain.brain.chain.tip, ancestorAt(chain.brain.chain.tip, 5) as HeaderNode];
    const behind: Sync = { ...sync, brain: { ...sync.brain, chain: { ...sync.brain.chain, tip: fork } } };
    expect(syncProgress(behind, NOW_MS)).to.deep.equal({ stage: "blocks", done: 5, total: 12 });
    expect(syncProgress({ ...behind, brain: { ...sync.brain, chain: { ...sync.brain.chain, tip } } }, NOW_MS)).to.equal(
      undefined,
    );
  });
  it("counts filters of a light client up to its best header", () => {
    const { sync, chain } = waiting(0);
    grow(chain, 12);
    const { tip } = chain.brain.chain;
    const fifth = ancestorAt(tip, 5) as HeaderNode;
    expect(lightProgress(sync, fifth, NOW_MS)).to.deep.equal({ stage: "filters", done: 5, total: 12 });
    expect(lightProgress(sync, tip, NOW_MS)).to.equal(undefined);
    const { sync: asking } = waiting(3_000);
    const headers = { stage: "headers", done: 0, total: 3_000 };
    expect(lightProgress(asking, asking.brain.chain.tip, NOW_MS)).to.deep.equal(headers);
  });
  it("counts in a reorganisation from the fork", () => {
    const { sync, chain } = waiting(0);
    grow(chain, 12);
    const left = chain.brain.chain.tip;
    invalidate(chain.brain, ancestorAt(left, 8) as HeaderNode, NOW);
    grow(chain, 6);
    const behind: Sync = { ...sync, brain: { ...sync.brain, chain: { ...sync.brain.chain, tip: left } } };
    expect(syncProgress(behind, NOW_MS)).to.deep.equal({ stage: "blocks", done: 7, total: 13 });
  });
});
