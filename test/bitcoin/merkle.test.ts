import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { merkleBranch, merkleRoot, rootOfBranch } from "../../src/bitcoin/merkle.ts";
import { describeVectors } from "../support/vectors.ts";

interface Cases {
  readonly cases: readonly { readonly leaves: readonly string[]; readonly root: string }[];
  readonly mutated: readonly { readonly leaves: readonly string[]; readonly root: string }[];
}
const rootOf = (leaves: readonly string[]): readonly [string, boolean] => {
  const { root, mutated } = merkleRoot(leaves.map(fromHex));
  return [toHex(root), mutated];
};
describeVectors<Cases>("merkle roots", "bitcoin/blocks/merkle-cases.json", ({ cases, mutated }) => {
  for (const { leaves, root } of cases) {
    it(`of ${leaves.length} leaves`, () => expect(rootOf(leaves)).to.deep.equal([root, false]));
  }
  for (const { leaves, root } of mutated) {
    it(`of ${leaves.length} leaves with a repeated tail are the same, and flagged`, () =>
      expect(rootOf(leaves)).to.deep.equal([root, true]));
  }
});

describe("merkle branches", () => {
  it("prove every leaf of a tree of any size, and nothing else", () => {
    const leaves = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
      minLength: 1,
      maxLength: 20,
      selector: toHex,
    });
    fc.assert(
      fc.property(leaves, (list) => {
        const { root } = merkleRoot(list);
        list.forEach((leaf, index) => {
          const branch = merkleBranch(list, index);
          expect(rootOfBranch(leaf, index, branch)).to.deep.equal(root);
          expect(
            rootOfBranch(
              leaf.map((byte) => byte ^ 1),
              index,
              branch,
            ),
          ).to.not.deep.equal(root);
        });
      }),
      { seed: 1, numRuns: 50 },
    );
  });
  it("flags equal neighbours anywhere in a row", () => {
    const [a, b, c] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array];
    const lists = [
      [a, a, b, c],
      [a, b, c, c],
      [a, b, a, b],
      [a, a],
      [a, b, b, c],
      [a, b, c, a],
    ];
    expect(lists.map((list) => merkleRoot(list).mutated)).to.deep.equal([true, true, true, true, false, false]);
  });
  it("gives zeros for no leaves at all", () => {
    expect(merkleRoot([])).to.deep.equal({ root: new Uint8Array(32), mutated: false });
  });
});
