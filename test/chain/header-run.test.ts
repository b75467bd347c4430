import { expect } from "chai";
import fc from "fast-check";
import { fromHex } from "../../src/base/bytes.ts";
import { type BlockHeader, decodeHeader } from "../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { HeaderRun } from "../../src/chain/header-run.ts";
import { addHeader, type HeaderNode, headerTree, requiredBits } from "../../src/chain/headers.ts";
import { loadVectorText } from "../support/vectors.ts";
import { NOW, REAL, solve } from "./builder.ts";

/** The rules of a network over targets of a few hashes, with short intervals. */
const quick = (retargeting: ChainParams["retargeting"]): ChainParams => ({
  ...CHAINS.regtest,
  retargeting,
  pace: { spacingS: 30, retargetBlocks: 6 },
});
/** Seconds after the one before; and what is wrong with it. */
const step = fc.record({
  gap: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 20, max: 300 }), fc.integer({ min: -90, max: 0 })),
  fault: fc.constantFrom("none", "none", "none", "none", "none", "bits", "version", "late", "parent", "work"),
});

function headerFor(params: ChainParams, tip: HeaderNode, { gap, fault }: { gap: number; fault: string }): BlockHeader {
  const time = fault === "late" ? NOW + 7_201 : tip.header.time + gap;
  const bits = fault === "bits" ? 0x1f00ffff : requiredBits(params, tip, time);
  const previous = fault === "parent" ? params.genesisHash.replace(/^../, "ff") : tip.hash;
  const header = { ...tip.header, version: fault === "version" ? 3 : 4, previous, time, bits } as BlockHeader;
  return fault === "work" || fault === "bits" ? header : solve({ header, txs: [] }, params).header;
}

describe("A run of headers", () => {
  for (const retargeting of ["mainnet", "testnet3", "testnet4", "never"] as const) {
    it(`judges each as the tree does, and counts the same work, from wherever it begins: ${retargeting}`, () => {
      const params = quick(retargeting);
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), fc.nat(50), (steps, from) => {
          const tree = headerTree(params);
          let tip = tree.genesis;
          let run: HeaderRun | undefined;
          for (const [index, each] of steps.entries()) {
            if (index >= from) run ??= new HeaderRun(params, tip);
            const header = headerFor(params, tip, each);
            const added = addHeader(tree, header, NOW);
            if (run !== undefined) expect(run.take(header, NOW)).to.deep.equal(added.ok ? undefined : added.error);
            if (added.ok) tip = added.value;
            if (run === undefined) continue;
            expect([run.hash, run.height, run.work]).to.deep.equal([tip.hash, tip.height, tip.work]);
          }
        }),
        { numRuns: 150 },
      );
    });
  }

  it("takes mainnet's first 4,100 over two changes of the target", function () {
    const lines = loadVectorText(REAL.headers)?.trim().split("\n");
    if (lines === undefined) return this.skip();
    const run = new HeaderRun(REAL.params, headerTree(REAL.params).genesis);
    for (const line of lines.slice(1)) {
      const header = decodeHeader(fromHex(line.trim()));
      if (!header.ok) throw header.error;
      expect(run.take(header.value, NOW)).to.equal(undefined);
    }
    expect(run.height).to.equal(lines.length - 1);
  });
});
