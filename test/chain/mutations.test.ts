import { expect } from "chai";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { blockHashOf, decodeClaimedBlock } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { wtxidOf } from "../../src/bitcoin/tx.ts";
import { takeBlock } from "../../src/chain/brain.ts";
import { acceptHeaders } from "../../src/chain/chain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { BY_A_MINER, minedFrom } from "./mutations/by-a-miner.ts";
import { type Mutation, ON_THE_WAY } from "./mutations/on-the-way.ts";
import { easy, type Placed, placed, type RealBlock, realBlocks, stateOf } from "./mutations/placed.ts";

/** So many of each real block: half of them made on the way, half by a miner where it is known what the block spends. */
const MUTATIONS = 1_000;

/** In one word how a node takes a block. */
function taken(node: Placed, block: Mutation["block"], now: number): string {
  node.written.length = 0;
  const done = takeBlock(node.brain, hashBlock(block), now);
  if (!done.ok) return done.error.code;
  return done.value.rejected[0]?.fault.code ?? (done.value.connected.length === 1 ? "connected" : "kept");
}
/** Counts what came of each kind, so that none is missing unnoticed. */
function counted(kinds: Map<string, number>, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}

/** Changed on its way, a block is refused and nothing of it is kept: it may yet come whole. */
function itIsRefusedChanged(real: RealBlock, count: number): void {
  it(`${real.name}: refuses ${count} changes made on the way and keeps nothing of them; then it takes the block`, function () {
    this.timeout(120_000);
    const { block } = real;
    const node = placed(real, CHAINS[real.network]);
    const now = block.header.time;
    expect(acceptHeaders(node.brain.chain, [block.header], now).fault).to.equal(undefined);
    const before = stateOf(node);
    const random = seededRandom(`on the way/${real.name}`);
    const kinds = new Map<string, number>();
    for (let done = 0, at = 0; done < count; at++) {
      const change = ON_THE_WAY[at % ON_THE_WAY.length]?.(random, block, node.params);
      if (change === undefined) continue;
      done++;
      counted(kinds, change.kind);
      if ("bytes" in change) {
        expect(decodeClaimedBlock(change.bytes).ok, change.kind).to.equal(false);
        continue;
      }
      expect(taken(node, change.block, now), change.kind).to.equal(change.expected);
      expect(node.written, change.kind).to.deep.equal([]);
      expect(stateOf(node), change.kind).to.deep.equal(before);
    }
    expect(kinds.size).to.be.at.least(8);
    const end = real.prevouts === undefined ? "bad-txns-inputs-missingorspent" : "connected";
    expect(taken(node, block, now)).to.equal(end);
  });
}

/** What Bitcoin Core says of a block that it may call invalid for good. The others it has to be able to take again. */
const OF_THE_HEADER = ["bad-diffbits", "time-too-old", "time-too-new", "prev-blk-not-found", "bad-version"];
const OF_THE_DATA = ["bad-txns-duplicate", "bad-blk-length", "bad-cb-missing", "bad-witness-merkle-match"];
const WITH_THE_COINS = [
  "bad-txns-inputs-missingorspent",
  "bad-txns-in-belowout",
  "bad-cb-amount",
  "block-script-verify-flag-failed",
];
/** The writes that a refusal may lead to. */
function writesOf(code: string): readonly string[] {
  if (OF_THE_HEADER.includes(code)) return [];
  if (OF_THE_DATA.includes(code)) return ["Headers"];
  return WITH_THE_COINS.includes(code) ? ["Block", "Invalid"] : ["Headers", "Invalid"];
}
const marks = (code: string): string => {
  if (OF_THE_DATA.includes(code)) return "";
  return WITH_THE_COINS.includes(code) ? "held linked invalid" : "invalid";
};

/** Mined with a fault, a block leaves its header behind and nothing else. */
function itIsRefusedMined(real: RealBlock, count: number): void {
  it(`${real.name}: refuses ${count} changes that a miner made, and of all that it knows only a header is new`, function () {
    this.timeout(180_000);
    const mined = minedFrom(real);
    const params = easy(real.network);
    const now = mined.block.header.time;
    expect(taken(placed(real, params), mined.block, now)).to.equal("connected");
    const node = placed(real, params);
    // Of the real block they are good, as was seen: what is left to verify is what changed.
    for (const tx of mined.block.txs) node.brain.chain.verified.add(wtxidOf(tx));
    const random = seededRandom(`by a miner/${real.name}`);
    const kinds = new Map<string, number>();
    let before = stateOf(node);
    for (let done = 0, at = 0; done < count; at++) {
      const change = BY_A_MINER[at % BY_A_MINER.length]?.(random, mined);
      const hash = change && blockHashOf(change.block.header);
      if (change === undefined || hash === undefined || node.brain.chain.index.tree.nodes.has(hash)) continue;
      done++;
      counted(kinds, change.kind);
      const { kind, expected } = change;
      expect(taken(node, change.block, now), kind).to.equal(expected);
      expect(node.written, kind).to.deep.equal(writesOf(expected));
      const fresh = writesOf(expected).length > 0 ? [`${hash} ${real.height} ${marks(expected)}`] : [];
      // A header whose block may yet come is the best one there is, if it came first.
      const isBest = OF_THE_DATA.includes(expected) && before.best === node.brain.chain.tip.hash;
      before = { ...before, headers: [...before.headers, ...fresh], best: isBest ? hash : before.best };
      expect(stateOf(node), kind).to.deep.equal(before);
    }
    expect(kinds.size).to.be.at.least(20);
    expect(taken(node, mined.block, now)).to.equal("connected");
  });
}

describe("real blocks with something changed", () => {
  for (const real of realBlocks()) {
    itIsRefusedChanged(real, real.prevouts === undefined ? MUTATIONS : MUTATIONS / 2);
    if (real.prevouts !== undefined) itIsRefusedMined(real, MUTATIONS / 2);
  }
});
