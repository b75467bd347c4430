import { expect } from "chai";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { hashBytes } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { txMerkleRoot } from "../../src/bitcoin/merkle.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { pushBytes, script } from "../../src/bitcoin/script.ts";
import { SIGHASH_ALL, segwitSighash, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { p2pkhOf, p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { decodeTx, type Tx } from "../../src/bitcoin/tx.ts";
import { hash160, sha256d } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { bench, buildBlock, give, verdict } from "../chain/builder.ts";

const SECRET = new Uint8Array(32).fill(7);
const KEY = secp256k1.publicKey(SECRET);
const signetOf = (challenge: Uint8Array): ChainParams => ({ ...CHAINS.regtest, challenge });
const u32 = (value: number): string => toHex(new Uint8Array(Uint32Array.of(value).buffer));
const counted = (bytes: Uint8Array): string => toHex(Uint8Array.of(bytes.length)) + toHex(bytes);

/** The transaction that is signed, written out by the words of BIP 325. */
function toSign({ header, txs }: Block, challenge: Uint8Array): Tx {
  const data = `${u32(header.version)}${toHex(hashBytes(header.previous))}${toHex(txMerkleRoot(txs).root)}${u32(header.time)}`;
  const scriptSig = fromHex(`0048${data}`);
  const toSpend = `00000000 01${"00".repeat(32)}ffffffff${counted(scriptSig)}00000000 01${"00".repeat(8)}${counted(challenge)}00000000`;
  const id = toHex(sha256d(fromHex(toSpend.replaceAll(" ", ""))));
  const spending = decodeTx(fromHex(`0000000001${id}00000000000000000001${"00".repeat(8)}016a00000000`));
  if (!spending.ok) throw spending.error;
  return spending.value;
}
/** The block with something more in the output that commits to its witnesses. */
function withPushes(block: Block, ...pushes: readonly Uint8Array[]): Block {
  const [coinbase, ...rest] = block.txs as [Tx, ...Tx[]];
  const outputs = coinbase.outputs.map((output, index, { length }) =>
    index === length - 1 ? { ...output, script: concat(output.script, ...pushes.map(pushBytes)) } : output,
  );
  return { ...block, txs: [{ ...coinbase, outputs }, ...rest] };
}
const HEADER = fromHex("ecc7daa2");
/** Solved with one key: `sign` makes scriptSig and witness of the transaction. */
const solved =
  (challenge: Uint8Array, sign: (tx: Tx) => Uint8Array, ...more: readonly Uint8Array[]) =>
  (block: Block): Block =>
    withPushes(block, concat(HEADER, sign(toSign(withPushes(block, HEADER, ...more), challenge))), ...more);
const signature = (digest: Uint8Array): Uint8Array => scriptSignature(secp256k1.sign(digest, SECRET), SIGHASH_ALL);
const byScriptSig =
  (challenge: Uint8Array) =>
  (tx: Tx): Uint8Array => {
    const digest = sighashesOf(tx).legacy(0, challenge, SIGHASH_ALL);
    return fromHex(`${counted(concat(pushBytes(signature(digest)), pushBytes(KEY)))}00`);
  };
const byWitness = (tx: Tx): Uint8Array => {
  const code = script(OP.DUP, OP.HASH160, hash160(KEY), OP.EQUALVERIFY, OP.CHECKSIG);
  const digest = segwitSighash(tx, 0, code, sat(0n));
  return fromHex(`0002${counted(signature(digest))}${counted(KEY)}`);
};

describe("The challenge of a signet: BIP 325", () => {
  it("is met by a signature in the scriptSig, or in the witness", () => {
    const [old, witness] = [p2pkhOf(KEY), p2wpkhOf(KEY)];
    expect(verdict(bench(signetOf(old)), { twist: solved(old, byScriptSig(old)) })).to.equal("accepted");
    expect(verdict(bench(signetOf(witness)), { twist: solved(witness, byWitness) })).to.equal("accepted");
  });
  it("leaves other pushes beside the solution to the miner, who has signed them", () => {
    const challenge = p2wpkhOf(KEY);
    const extra = fromHex("0102030405");
    expect(verdict(bench(signetOf(challenge)), { twist: solved(challenge, byWitness, extra) })).to.equal("accepted");
    const forged = (block: Block): Block => withPushes(solved(challenge, byWitness)(block), extra);
    expect(verdict(bench(signetOf(challenge)), { twist: forged })).to.equal("bad-signet-blksig");
  });
  it("is not met without a solution, with a broken one, one with bytes behind it, or one for another block", () => {
    const challenge = p2wpkhOf(KEY);
    const chain = bench(signetOf(challenge));
    expect(verdict(chain, {})).to.equal("bad-signet-blksig");
    const broken = (change: (solution: Uint8Array) => Uint8Array): string =>
      verdict(chain, { twist: solved(challenge, (tx) => change(byWitness(tx))) }) as string;
    expect(broken((solution) => solution.slice(0, -1))).to.equal("bad-signet-blksig");
    expect(broken((solution) => concat(solution, Uint8Array.of(0)))).to.equal("bad-signet-blksig");
    expect(broken((solution) => solution.map((byte, at) => (at === 20 ? byte ^ 1 : byte)))).to.equal(
      "bad-signet-blksig",
    );
    const later = (block: Block): Block => ({
      ...solved(challenge, byWitness)(block),
      header: { ...block.header, time: block.header.time + 1 },
    });
    expect(verdict(chain, { twist: later })).to.equal("bad-signet-blksig");
    const none = (block: Block): Block => ({
      ...block,
      txs: block.txs.map((tx) => ({ ...tx, outputs: tx.outputs.slice(0, 1) })),
    });
    expect(verdict(chain, { twist: none })).to.equal("bad-signet-blksig");
  });
  it("may be one that anyone meets, without a solution", () => {
    expect(verdict(bench(signetOf(script(1n))), {})).to.equal("accepted");
  });
  it("a block that does not meet it is never asked for again", () => {
    const chain = bench(signetOf(p2wpkhOf(KEY)));
    const block = buildBlock(chain, {});
    expect(give(chain, block)).to.equal("bad-signet-blksig");
    expect(give(chain, block)).to.equal("bad-prevblk");
  });
  it("is two known keys' on the signet of everyone, whose magic bytes follow from it", () => {
    const { challenge, magic } = CHAINS.signet;
    expect(toHex(sha256d(fromHex(counted(challenge as Uint8Array))).subarray(0, 4))).to.equal(toHex(magic));
  });
});
