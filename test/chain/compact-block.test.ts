import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import type { Txid } from "../../src/base/ids.ts";
import { type Block, blockHashOf, decodeBlock } from "../../src/bitcoin/block.ts";
import type { CompactBlock } from "../../src/bitcoin/compact-messages.ts";
import { txMerkleRoot } from "../../src/bitcoin/merkle.ts";
import { decodePayload, encodePayload } from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { type Tx, wtxidOf } from "../../src/bitcoin/tx.ts";
import {
  type Candidate,
  compactBlock,
  fill,
  type PartialBlock,
  rebuild,
  txsAt,
} from "../../src/chain/compact-block.ts";
import { describeVectors } from "../support/vectors.ts";
import { fakeOutpoint, output, spend } from "./builder.ts";

const candidates = (txs: readonly Tx[]): readonly Candidate[] => txs.map((tx) => ({ tx, wtxid: wtxidOf(tx) }));
const partialOf = (compact: CompactBlock, txs: readonly Tx[]): PartialBlock => {
  const rebuilt = rebuild(compact, candidates(txs));
  return rebuilt.tag === "Missing" ? rebuilt.partial : expect.fail(rebuilt.tag);
};

describeVectors<{ cmpctblock: string; block: string }>(
  "BIP 152 §cmpctblock",
  "bitcoin/blocks/compact-blocks.json",
  ({ cmpctblock, block: hex }) => {
    const decoded = decodeBlock(fromHex(hex));
    const block = decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
    const read = decodePayload("cmpctblock", fromHex(cmpctblock));
    const compact = read.ok && read.value?.name === "cmpctblock" ? read.value : expect.fail(cmpctblock);
    it("is made of a block and a nonce", () => {
      const made = { name: "cmpctblock", ...compactBlock(block, compact.nonce) } as const;
      expect(toHex(encodePayload(made))).to.equal(cmpctblock);
    });
    it("becomes that block with all transactions, also among others", () => {
      expect(rebuild(compact, candidates(block.txs))).to.deep.equal({ tag: "Whole", block });
      const others = Array.from({ length: 50 }, (_, index) => spend([fakeOutpoint(index)], []));
      expect(rebuild(compact, candidates([...others, ...block.txs.toReversed()]))).to.deep.equal({
        tag: "Whole",
        block,
      });
    });
    it("lacks what nobody has, and becomes that block with it", () => {
      const partial = partialOf(compact, block.txs.slice(0, 3));
      const missing = block.txs.map((_, index) => index).slice(3);
      expect(partial.missing).to.deep.equal(missing);
      expect(partial.hash).to.equal(blockHashOf(block.header));
      const answer = txsAt(block, missing) ?? expect.fail("the block has them");
      expect(fill(partial, answer)).to.deep.equal({ tag: "Whole", block });
    });
  },
);

/** A block of some transactions of our own; what they spend does not matter here. */
function blockOf(count: number): Block {
  const txs = Array.from({ length: count }, (_, index) =>
    spend([fakeOutpoint(index + 1)], [output(BigInt(index + 1))]),
  );
  return { header: { ...CHAINS.regtest.genesis.header, merkleRoot: txMerkleRoot(txs).root }, txs };
}
const NONCE = 0x1122_3344_5566_7788n;
const block = blockOf(8);
const compact = compactBlock(block, NONCE);
const spare = spend([fakeOutpoint(99)], []);

const TWINS: readonly Txid[] = [0x60b904, 0x912a68].map((number) => fakeOutpoint(number).txid);
const TWIN_SHORT_ID = 0x8d9e_2d5c_86a9;

describe("rebuilding a compact block", () => {
  it("gives the block, whatever part of it is at hand or prefilled", () => {
    const subset = fc.subarray(block.txs.map((_, index) => index));
    fc.assert(
      fc.property(subset, subset, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (told, known, nonce) => {
        // Prefilled by hand: any transactions may be, not the coinbase alone.
        const all = compactBlock({ ...block, txs: [spare, ...block.txs] }, nonce).short_ids;
        const short_ids = all.filter((_, index) => !told.includes(index));
        const prefilled = told.map((index) => ({ index, tx: block.txs[index] as Tx }));
        const rebuilt = rebuild(
          { header: block.header, nonce, short_ids, prefilled },
          candidates(known.map((index) => block.txs[index] as Tx)),
        );
        const missing = block.txs
          .map((_, index) => index)
          .filter((index) => !told.includes(index) && !known.includes(index));
        expect(rebuilt.tag === "Missing" ? rebuilt.partial.missing : []).to.deep.equal(missing);
        const whole = rebuilt.tag === "Missing" ? fill(rebuilt.partial, txsAt(block, missing) ?? []) : rebuilt;
        expect(whole).to.deep.equal({ tag: "Whole", block });
      }),
      { seed: 1, numRuns: 200 },
    );
  });
  it("calls it a collision, and nobody's fault, when two short ids are equal", () => {
    const [first = 0, , ...rest] = compact.short_ids;
    expect(rebuild({ ...compact, short_ids: [first, first, ...rest] }, [])).to.deep.equal({ tag: "Collision" });
  });
  it("asks for a transaction when two others have its short id, and takes the same one twice for one", () => {
    // Under genesis' header and nonce 0 these two ids, found by search, have the same six bytes.
    const { header } = CHAINS.regtest.genesis;
    const [one, two] = TWINS.map((wtxid, index) => ({ wtxid, tx: block.txs[index] as Tx })) as [Candidate, Candidate];
    const claim = { header, nonce: 0n, short_ids: [TWIN_SHORT_ID, 1], prefilled: [] };
    const missing = (...list: readonly Candidate[]) => {
      const rebuilt = rebuild(claim, list);
      return rebuilt.tag === "Missing" ? rebuilt.partial.missing : expect.fail(rebuilt.tag);
    };
    expect(missing(one)).to.deep.equal([1]);
    expect(missing(two)).to.deep.equal([1]);
    expect(missing(one, one)).to.deep.equal([1]);
    expect(missing(one, two)).to.deep.equal([0, 1]);
    expect(missing(one, two, one)).to.deep.equal([0, 1]);
  });
  it("calls it a collision when the header does not commit to what was put together", () => {
    const known = block.txs.map((tx, index) => ({ wtxid: wtxidOf(tx), tx: index === 3 ? spare : tx }));
    expect(rebuild(compact, known)).to.deep.equal({ tag: "Collision" });
    const partial = partialOf(compact, block.txs.slice(0, 7));
    expect(fill(partial, [spare])).to.deep.equal({ tag: "Collision" });
  });
  it("calls it a collision when transactions are repeated at the end, which the root does not show", () => {
    const odd = blockOf(3);
    const txs = [...odd.txs, odd.txs[2] as Tx];
    const prefilled = txs.map((tx, index) => ({ index, tx }));
    expect(rebuild({ header: odd.header, nonce: 0n, short_ids: [], prefilled }, [])).to.deep.equal({
      tag: "Collision",
    });
  });
  it("refuses what no honest peer sends: nothing at all, too much, a place beyond the end, another number of answers", () => {
    const bare = { ...compact, short_ids: [], prefilled: [] };
    expect(rebuild(bare, [])).to.deep.equal({ tag: "Invalid", fault: "no_transactions" });
    const many = { ...compact, short_ids: Array.from({ length: 65_535 }, (_, index) => index) };
    expect(rebuild(many, [])).to.deep.equal({ tag: "Invalid", fault: "too_many_transactions" });
    expect(rebuild({ ...many, prefilled: [] }, []).tag).to.equal("Missing");
    const far = (index: number) => rebuild({ ...compact, prefilled: [{ index, tx: spare }] }, []);
    expect(far(8)).to.deep.equal({ tag: "Invalid", fault: "prefilled_out_of_range" });
    expect(far(7).tag).to.equal("Missing");
    const partial = partialOf(compact, block.txs.slice(0, 7));
    for (const answer of [[], [spare, spare]]) {
      expect(fill(partial, answer)).to.deep.equal({ tag: "Invalid", fault: "wrong_count" });
    }
  });
  it("B16: a compact block or an answer that comes twice gives the same again", () => {
    const answer = block.txs.slice(7);
    const partial = partialOf(compact, block.txs.slice(0, 7));
    expect(partialOf(compact, block.txs.slice(0, 7))).to.deep.equal(partial);
    expect(fill(partial, [spare])).to.deep.equal({ tag: "Collision" });
    expect(fill(partial, answer)).to.deep.equal({ tag: "Whole", block });
    expect(fill(partial, answer)).to.deep.equal({ tag: "Whole", block });
  });
  it("tells apart transactions that differ in their witness alone", () => {
    const bare = {
      ...(block.txs[1] as Tx),
      inputs: (block.txs[1] as Tx).inputs.map((each) => ({ ...each, witness: [] })),
    };
    const txs = block.txs.map((tx, index) => (index === 1 ? bare : tx));
    expect(partialOf(compact, txs).missing).to.deep.equal([1]);
  });
  it("answers for transactions that the block has, in the order asked, and for no others", () => {
    expect(txsAt(block, [0, 7])).to.deep.equal([block.txs[0], block.txs[7]]);
    expect(txsAt(block, [])).to.deep.equal([]);
    expect(txsAt(block, [8])).to.equal(undefined);
  });
});
