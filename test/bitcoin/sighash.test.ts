import { expect } from "chai";
import { fromHex, reversed, toHex } from "../../src/base/bytes.ts";
import type { Txid } from "../../src/base/ids.ts";
import { isSat, sat } from "../../src/base/units.ts";
import { findAndDelete, segwitSighash, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { decodeTx, type Tx } from "../../src/bitcoin/tx.ts";
import { ByteReader } from "../../src/codec/io.ts";
import { compactSize } from "../../src/codec/varint.ts";
import { sha256d } from "../../src/crypto/hash.ts";
import { countCases, describeVectors } from "../support/vectors.ts";

const txOf = (hex: string): Tx => {
  const decoded = decodeTx(fromHex(hex));
  if (!decoded.ok) throw new Error(`${decoded.error}`);
  return decoded.value;
};

type LegacyRow = readonly [tx: string, script: string, index: number, hashType: number, digest: string];
describeVectors<readonly (LegacyRow | readonly [string])[]>(
  "legacy signature digests",
  "bitcoin/core/sighash.json",
  (set) => {
    const rows = set.filter((row): row is LegacyRow => row.length === 5);
    countCases("bitcoin/core/sighash.json", rows.length);
    it(`gives the known digest for all ${rows.length} random transactions and hash types`, () => {
      const wrong = rows.filter(([tx, script, index, hashType, digest]) => {
        const computed = sighashesOf(txOf(tx)).legacy(index, fromHex(script), hashType);
        return toHex(reversed(computed)) !== digest;
      });
      expect(wrong).to.deep.equal([]);
    });
  },
);

describe("B14: legacy digests of one script", () => {
  const input = { prevout: { txid: "00".repeat(32) as Txid, vout: 0 }, scriptSig: new Uint8Array(0), sequence: 0 };
  const tx: Tx = {
    version: 1,
    inputs: [input, input].map((each) => ({ ...each, witness: [] })),
    outputs: [0, 1].map(() => ({ amount: sat(1n), script: fromHex("51") })),
    locktime: 0,
  };
  it("B14: are hashed once for each hash type, however many signatures and keys are tried", () => {
    const digests = sighashesOf(tx);
    const of = (code: string, hashType: number, index = 0) => digests.legacy(index, fromHex(code), hashType);
    const [all, single] = [of("51ac", 1), of("51ac", 3)];
    // The very same bytes: nothing was hashed again.
    for (let again = 0; again < 3; again++) expect([of("51ac", 1), of("51ac", 3)]).to.satisfy(same(all, single));
  });
  it("B14: are others for another script, input or hash type, in whatever order they are asked for", () => {
    const asked = ["51ac", "52ac", "ac", "51ac"].flatMap((code) =>
      [0, 1, 0].flatMap((index) => [1, 2, 3, 0x81, 1].map((hashType) => ({ code: fromHex(code), index, hashType }))),
    );
    const digests = sighashesOf(tx);
    for (const { code, index, hashType } of asked)
      expect(digests.legacy(index, code, hashType)).to.deep.equal(sighashesOf(tx).legacy(index, code, hashType));
  });
});
const same =
  (...wanted: readonly Uint8Array[]) =>
  (given: readonly Uint8Array[]): boolean =>
    given.every((each, at) => each === wanted[at]);

interface Bip143 {
  readonly examples: readonly {
    readonly name: string;
    readonly unsigned_txs: readonly string[];
    readonly signed_txs: readonly string[];
    readonly sighashes: readonly {
      readonly preimage: string;
      readonly sighash: string;
      readonly script_code: string;
      readonly amount_sat?: string;
      readonly amount?: string;
      readonly outpoint: string;
      readonly hash_type: number;
    }[];
  }[];
}
describeVectors<Bip143>("BIP 143 §Example", "bitcoin/bip143/examples.json", (set) => {
  const all = set.examples.flatMap((example) => example.sighashes.map((sighash) => ({ example, sighash })));
  countCases("bitcoin/bip143/examples.json", all.length);
  all.forEach(({ example, sighash }, number) => {
    it(`${example.name}, digest ${number + 1}`, () => {
      const fields = new ByteReader(fromHex(sighash.preimage));
      fields.bytes(4 + 32 + 32);
      const outpoint = { hash: toHex(fields.bytes(32)), vout: fields.u32le() };
      const scriptCode = fields.bytes(compactSize.read(fields));
      const amount = fields.u64le();
      fields.bytes(4 + 32 + 4);
      const hashType = fields.u32le();
      const txs = [...example.signed_txs, ...example.unsigned_txs].map(txOf);
      const digests = txs.flatMap((tx) => {
        const index = tx.inputs.findIndex(
          ({ prevout }) => toHex(reversed(fromHex(prevout.txid))) === outpoint.hash && prevout.vout === outpoint.vout,
        );
        if (index < 0 || !isSat(amount)) return [];
        return [toHex(segwitSighash(tx, index, scriptCode, sat(amount), hashType))];
      });
      expect(toHex(sha256d(fromHex(sighash.preimage)))).to.equal(sighash.sighash);
      expect(digests).to.include(sighash.sighash);
    });
  });
});

describe("findAndDelete", () => {
  const run = (code: string, pattern: string) => {
    const { code: left, found } = findAndDelete(fromHex(code), fromHex(pattern));
    return [toHex(left), found];
  };
  it("removes the pattern only where an opcode begins", () => {
    expect(run("0302ff03", "02ff03")).to.deep.equal(["0302ff03", 0]);
    expect(run("02ff0302ff03", "02ff03")).to.deep.equal(["", 2]);
    expect(run("0302ff0302ff03", "0302ff03")).to.deep.equal(["02ff03", 1]);
    expect(run("0302ff030302ff03", "02")).to.deep.equal(["0302ff030302ff03", 0]);
    expect(run("0302ff030302ff03", "0302ff03")).to.deep.equal(["", 2]);
  });
  it("removes across what looks like the end of a push, as the chain has always done", () => {
    expect(run("0003feed", "03feed")).to.deep.equal(["00", 1]);
    expect(run("0003feed", "00")).to.deep.equal(["03feed", 1]);
  });
  it("finds nothing for the empty pattern", () => expect(run("5152", "")).to.deep.equal(["5152", 0]));
  it("keeps what follows a push that is cut short", () => expect(run("51054c", "51")).to.deep.equal(["054c", 1]));
});
