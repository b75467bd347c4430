import { expect } from "chai";
import type { Txid } from "../../src/base/ids.ts";
import { blockHeight } from "../../src/base/units.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { gatherScripts } from "../../src/chain/ahead.ts";
import { connectBlock } from "../../src/chain/connect-block.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { assembleBlock } from "../../src/chain/miner.ts";
import { ANYONE, bench, NOW, output } from "./builder.ts";

const { mainnet } = CHAINS;
const { genesis } = bench(mainnet).brain.chain.index.tree;
const INTERVAL = 210_000;
const LAST = 64;
/** Every height at which the subsidy changes or could, and the one before it. */
const HEIGHTS = Array.from({ length: LAST + 2 }, (_, at) => (at + 1) * INTERVAL).flatMap((height) => [
  height - 1,
  height,
]);

/** A block of mainnet at any height, as if the chain up to there had been, whose coinbase claims so much. */
function claiming(height: number, claim: bigint): string {
  const mined = assembleBlock([], {
    params: mainnet,
    previous: genesis,
    script: ANYONE,
    now: NOW,
    extraNonce: Uint8Array.of(1),
  });
  const [coinbase, ...rest] = mined.txs as [Block["txs"][0]];
  const block = hashBlock({ ...mined, txs: [{ ...coinbase, outputs: [output(claim)] }, ...rest] });
  const previous = { ...genesis, height: blockHeight(height - 1) };
  const storage = { coin: () => undefined, place: () => undefined };
  const place = { previous, params: mainnet, storage, verified: new Set<Txid>() };
  const connected = connectBlock(block, { ...place, gathered: gatherScripts(block, place) });
  return connected.ok ? "connected" : connected.error.code;
}
/** What a block at each height may claim, found by what the rules of blocks allow. */
const allowedAt = (height: number, claim: bigint): readonly string[] => [
  claiming(height, claim),
  claiming(height, claim + 1n),
];

describe("halvings of mainnet", () => {
  it("leave half of it, rounded down, at 210,000 and each later one, to the block and to the satoshi", () => {
    for (const height of HEIGHTS) {
      const halvings = Math.floor(height / INTERVAL);
      const subsidy = 5_000_000_000n / 2n ** BigInt(halvings);
      expect(allowedAt(height, subsidy), `height ${height}`).to.deep.equal(["connected", "bad-cb-amount"]);
    }
  });
});
