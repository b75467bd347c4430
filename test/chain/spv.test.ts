import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex } from "../../src/base/bytes.ts";
import { hashBytes } from "../../src/base/ids.ts";
import { blockHashOf, decodeBlock } from "../../src/bitcoin/block.ts";
import { merkleBranch } from "../../src/bitcoin/merkle.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { decodeTx, type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { checkProof, proveTx, type TxProof } from "../../src/chain/spv.ts";
import { sha256d } from "../../src/crypto/hash.ts";
import { loadVectorText } from "../support/vectors.ts";
import { buildBlock, COIN, matured, output, solve, spend } from "./builder.ts";

const { regtest } = CHAINS;
/** A block of so many transactions, coinbase and all. */
function blockOf(count: number) {
  const chain = matured(1);
  let coin = chain.coins[0] as (typeof chain.coins)[0];
  const txs: Tx[] = [];
  for (let at = 1; at < count; at++) {
    const tx = spend([coin], [output(COIN)]);
    coin = { txid: txidOf(tx), vout: 0 };
    txs.push(tx);
  }
  return buildBlock(chain, { txs });
}
const faultOf = (proof: TxProof): string => {
  const checked = checkProof(proof, regtest);
  return checked.ok ? "holds" : checked.error;
};

describe("The proof that a transaction is in a block", () => {
  it("holds for each transaction of blocks of any size, and says which transaction in which block", () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 11]) {
      const block = blockOf(count);
      for (const [index, tx] of block.txs.entries()) {
        const checked = checkProof(proveTx(block, index), regtest);
        expect(checked).to.deep.equal({ ok: true, value: { txid: txidOf(tx), block: blockHashOf(block.header) } });
      }
    }
  });
  it("holds for every transaction of a real block", function () {
    const hex = loadVectorText("bitcoin/blocks/block300025.hex");
    if (hex === undefined) return this.skip();
    const block = decodeBlock(fromHex(hex.trim()));
    if (!block.ok) throw block.error;
    const { txs } = block.value;
    for (const index of [0, 1, txs.length >> 1, txs.length - 1])
      expect(checkProof(proveTx(block.value, index), CHAINS.mainnet).ok).to.equal(true);
  });
  it("does not hold with any hash, index, transaction or header but its own", () => {
    const block = blockOf(7);
    fc.assert(
      fc.property(fc.nat(6), fc.nat(2), fc.nat(31), fc.nat(6), (index, level, byte, other) => {
        const proof = proveTx(block, index);
        const bent = proof.branch.map((hash, at) =>
          at === level ? hash.map((value, i) => (i === byte ? value ^ 1 : value)) : hash,
        );
        expect(faultOf({ ...proof, branch: bent })).to.equal("wrong_branch");
        if (other === index) return;
        expect(faultOf({ ...proof, index: other })).to.equal("wrong_branch");
        expect(faultOf({ ...proof, tx: block.txs[other] as Tx })).to.equal("wrong_branch");
        expect(
          faultOf({
            ...proof,
            header: solve({ ...block, header: { ...block.header, merkleRoot: new Uint8Array(32) } }).header,
          }),
        ).to.equal("wrong_branch");
      }),
      { numRuns: 100 },
    );
    const idle = { ...block.header, nonce: 0, bits: 0x1d00ffff };
    expect(faultOf({ ...proveTx(block, 1), header: idle })).to.equal("no_proof_of_work");
    expect(faultOf({ ...proveTx(block, 1), coinbase: block.txs[1] as Tx })).to.equal("no_coinbase");
  });
  it("does not hold for the place of a leaf that is only repeated", () => {
    const block = blockOf(7);
    const proof = proveTx(block, 6);
    expect(faultOf(proof)).to.equal("holds");
    expect(faultOf({ ...proof, index: 7 })).to.equal("wrong_branch");
  });
  it("RELIABILITY B3: does not hold for a transaction that is an inner node of the tree", () => {
    // Two hashes that together read as a transaction of 64 bytes: 2^80 tries could find them for a real block.
    const bytes = fromHex(`0100000001${"11".repeat(32)}0000000000ffffffff01010000000000000004aabbccdd00000000`);
    const inner = decodeTx(bytes);
    expect(bytes.length).to.equal(64);
    if (!inner.ok) throw inner.error;
    const block = blockOf(4);
    const leaves = block.txs.map((tx) => hashBytes(txidOf(tx)));
    const proof = proveTx(block, 2);
    const pair = sha256d(concat(leaves[2] as Uint8Array, leaves[3] as Uint8Array));
    const shallow = { ...proof, tx: inner.value, index: 1, branch: merkleBranch(leaves, 2).slice(1) };
    expect(faultOf(shallow)).to.equal("ambiguous_length");
    expect(faultOf({ ...shallow, tx: proof.tx })).to.equal("wrong_depth");
    expect(faultOf({ ...shallow, tx: proof.tx, coinbaseBranch: [pair] })).to.equal("wrong_branch");
  });
  it("is bounded in depth and place", () => {
    const block = blockOf(2);
    const proof = proveTx(block, 1);
    const deep = Array.from({ length: 17 }, () => new Uint8Array(32));
    expect(faultOf({ ...proof, branch: deep, coinbaseBranch: deep })).to.equal("wrong_depth");
    for (const index of [2, -1, 0.5, Number.NaN]) expect(faultOf({ ...proof, index })).to.equal("wrong_depth");
  });
});
