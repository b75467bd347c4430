import { expect } from "chai";
import fc from "fast-check";
import { fromHex } from "../../src/base/bytes.ts";
import { decodeHeader } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { decodeCompact } from "../../src/bitcoin/pow.ts";
import {
  addHeader,
  ancestorAt,
  forkOf,
  type HeaderNode,
  type HeaderTree,
  headerTree,
  insertHeader,
  isAncestor,
  isBetter,
  locatorOf,
  medianTimeOf,
  requiredBits,
} from "../../src/chain/headers.ts";
import { loadVectors, loadVectorText } from "../support/vectors.ts";
import { bench, buildBlock, grow, NOW, REAL, solve, solveHeader } from "./builder.ts";

/** A tree of the given shape: each number says which earlier node is the parent of the next. */
function treeOf(parents: readonly number[]): { readonly tree: HeaderTree; readonly nodes: readonly HeaderNode[] } {
  const tree = headerTree(CHAINS.regtest);
  const nodes = [tree.genesis];
  parents.forEach((choice, nonce) => {
    const parent = nodes[choice % nodes.length] as HeaderNode;
    const header = { ...parent.header, previous: parent.hash, nonce };
    nodes.push(insertHeader(tree, header, `${nonce}`.padStart(64, "0") as HeaderNode["hash"], parent));
  });
  return { tree, nodes };
}
const pathOf = (node: HeaderNode): readonly HeaderNode[] =>
  node.previous === undefined ? [node] : [...pathOf(node.previous), node];
const shape = fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 });

describe("headers: walking the tree", () => {
  it("finds the ancestor at every height, as walking block by block does", () => {
    fc.assert(
      fc.property(shape, (parents) => {
        for (const node of treeOf(parents).nodes) {
          expect(pathOf(node).map((_, height) => ancestorAt(node, height)?.hash)).to.deep.equal(
            pathOf(node).map(({ hash }) => hash),
          );
          expect(ancestorAt(node, node.height + 1)).to.equal(undefined);
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });
  it("finds the fork of any two chains, as comparing their paths does", () => {
    fc.assert(
      fc.property(shape, fc.nat(), fc.nat(), (parents, i, j) => {
        const { nodes } = treeOf(parents);
        const [a, b] = [nodes[i % nodes.length] as HeaderNode, nodes[j % nodes.length] as HeaderNode];
        const onB = new Set(pathOf(b));
        expect(forkOf(a, b)).to.equal(pathOf(a).findLast((node) => onB.has(node)));
        expect(isAncestor(a, b)).to.equal(onB.has(a));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
  it("names the last ten blocks, then ever fewer, and genesis last", () => {
    const tip = treeOf(Array.from({ length: 40 }, (_, index) => index)).nodes[40] as HeaderNode;
    const heights = locatorOf(tip).map((hash) => pathOf(tip).findIndex((node) => node.hash === hash));
    expect(heights).to.deep.equal([40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 29, 25, 17, 1, 0]);
  });
  it("prefers more work, then the header that came first", () => {
    const { nodes } = treeOf([0, 0, 1]);
    const [, first, second, child] = nodes as [HeaderNode, HeaderNode, HeaderNode, HeaderNode];
    expect([isBetter(second, first), isBetter(first, second), isBetter(child, first)]).to.deep.equal([
      false,
      true,
      true,
    ]);
  });
});

describe("headers: what a header must be", () => {
  const chain = bench();
  grow(chain, 12);
  const { tree } = chain.brain.chain.index;
  const good = buildBlock(chain).header;
  const codeOf = (header: typeof good, now = NOW): string => {
    const added = addHeader(tree, header, now);
    return added.ok ? "accepted" : added.error.code;
  };

  it("refuses one whose hash is above its target", () => {
    let nonce = 0;
    while (codeOf({ ...good, version: 4, nonce }) === "accepted") nonce++;
    expect(codeOf({ ...good, version: 4, nonce })).to.equal("high-hash");
  });
  it("refuses one whose parent is unknown", () => {
    const previous = `${"0".repeat(63)}1` as typeof good.previous;
    expect(codeOf(solveHeader({ ...good, previous }))).to.equal("prev-blk-not-found");
  });
  it("refuses a target other than the chain's", () => {
    expect(codeOf(solveHeader({ ...good, bits: 0x207ffffe }))).to.equal("bad-diffbits");
  });
  it("refuses a time at or before the median of the last eleven", () => {
    const median = medianTimeOf(chain.brain.chain.tip);
    expect(codeOf(solveHeader({ ...good, time: median }))).to.equal("time-too-old");
    expect(codeOf(solveHeader({ ...good, time: median + 1 }))).to.equal("accepted");
  });
  it("refuses a time more than two hours ahead of now", () => {
    expect(codeOf(solveHeader({ ...good, time: NOW + 7201 }))).to.equal("time-too-new");
    expect(codeOf(solveHeader({ ...good, time: NOW + 7200 }))).to.equal("accepted");
  });
  it("refuses versions that BIP 34, 66 and 65 retired", () => {
    for (const version of [-1, 0, 1, 2, 3]) {
      expect(codeOf(solveHeader({ ...good, version, time: NOW + 5 }))).to.equal("bad-version");
    }
    expect(codeOf(solveHeader({ ...good, version: 4, time: NOW + 5 }))).to.equal("accepted");
  });
  it("finds a known header again without judging it, and judges an unknown one", () => {
    const late = solveHeader({ ...good, time: NOW + 6 });
    expect(codeOf(late, NOW - 7200)).to.equal("time-too-new");
    expect(codeOf(late)).to.equal("accepted");
    expect(codeOf(late, NOW - 7200)).to.equal("accepted");
  });
});

describe("headers: a chain that retargets", () => {
  const { pace } = CHAINS.sluicenet;
  /** The rules of sluicenet over targets of two hashes, with two intervals of blocks that come every ten seconds. */
  const params = { ...CHAINS.regtest, retargeting: "testnet4", pace } as const;
  const tree = headerTree(params);
  let tip = tree.genesis;
  const next = (time: number): HeaderNode["header"] => ({
    ...tip.header,
    version: 4,
    previous: tip.hash,
    time,
    bits: requiredBits(params, tip, time),
  });
  const add = (header: HeaderNode["header"]) =>
    addHeader(tree, solve({ header, txs: [] }, params).header, Number.MAX_SAFE_INTEGER);
  while (tip.height + 1 < 2 * pace.retargetBlocks) {
    const added = add(next(NOW + tip.height * 10));
    if (!added.ok) throw new Error(added.error.code);
    tip = added.value;
  }

  it("takes a third of the target after an interval in a third of the time, and nothing but that", () => {
    const time = tip.header.time + 10;
    const { bits } = next(time);
    expect(Number((decodeCompact(bits).target * 1_000n) / params.powLimit)).to.equal(331);
    expect(add({ ...next(time), bits: tip.header.bits })).to.deep.equal({ ok: false, error: { code: "bad-diffbits" } });
    expect(add(next(time)).ok).to.equal(true);
  });
  it("does not let an interval begin earlier than one block's time before the last one ended", () => {
    const { time } = tip.header;
    expect(add(next(time - 31))).to.deep.equal({ ok: false, error: { code: "time-timewarp-attack" } });
    expect(add(next(time - 30)).ok).to.equal(true);
  });
});

describe("headers: a whole chain, mainnet's first 4,100", () => {
  interface Check {
    readonly hashes: Readonly<Record<string, string>>;
    readonly chainwork: Readonly<Record<string, string>>;
    readonly median_time_past: Readonly<Record<string, number>>;
  }
  it("accepts them over two changes of the target, with the hashes, work and median times that others count", function () {
    const text = loadVectorText(REAL.headers);
    const check = loadVectors<Check>(REAL.check);
    if (text === undefined || check === undefined) return this.skip();
    const tree = headerTree(REAL.params);
    let tip = tree.genesis;
    const lines = text.trim().split("\n");
    for (const line of lines.slice(1)) {
      const header = decodeHeader(fromHex(line.trim()));
      if (!header.ok) throw header.error;
      const added = addHeader(tree, header.value, NOW);
      if (!added.ok) throw new Error(`${tip.height + 1}: ${added.error.code}`);
      tip = added.value;
    }
    expect(tip.height).to.equal(lines.length - 1);
    const at = (height: string): HeaderNode => ancestorAt(tip, Number(height)) as HeaderNode;
    const seen = <T>(wanted: Readonly<Record<string, T>>, of: (node: HeaderNode) => T): Record<string, T> =>
      Object.fromEntries(Object.keys(wanted).map((height) => [height, of(at(height))]));
    expect(seen(check.hashes, ({ hash }) => hash)).to.deep.equal(check.hashes);
    expect(seen(check.chainwork, ({ work }) => work.toString(16).padStart(64, "0"))).to.deep.equal(check.chainwork);
    expect(seen(check.median_time_past, medianTimeOf)).to.deep.equal(check.median_time_past);
  });
});
