import { Transaction } from "@scure/btc-signer";
import { expect } from "chai";
import fc from "fast-check";
import { concat, toHex } from "../../src/base/bytes.ts";
import { parseTxid, type Txid } from "../../src/base/ids.ts";
import { type Sat, sat } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushBytes } from "../../src/bitcoin/script.ts";
import { type SighashesOf, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { annexHash, leafHash } from "../../src/bitcoin/taproot.ts";
import type { SignedLeaf } from "../../src/bitcoin/taproot-sighash.ts";
import { encodeTx, type Tx, type TxIn, type TxOut } from "../../src/bitcoin/tx.ts";

/** Every kind of signature digest held against `@scure/btc-signer`, which was written by others and shares no line with ours. */
const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });
const u32 = fc.nat({ max: 0xffff_ffff });
const amount: fc.Arbitrary<Sat> = fc.bigInt({ min: 0n, max: 21_000_000_0000_0000n }).map(sat);
const output: fc.Arbitrary<TxOut> = fc.record({ amount, script: bytes(40) });
const input: fc.Arbitrary<TxIn> = fc.record({
  prevout: fc.record({ txid: bytes(32, 32).map((hash) => parseTxid(toHex(hash)) as Txid), vout: u32 }),
  scriptSig: fc.constant(new Uint8Array(0)),
  sequence: u32,
  witness: fc.constant([]),
});
interface Spending {
  readonly tx: Tx;
  readonly spent: readonly TxOut[];
}
const spending: fc.Arbitrary<Spending> = fc
  .array(fc.tuple(input, output), { minLength: 1, maxLength: 4 })
  .chain((pairs) =>
    fc.record({
      tx: fc.record({
        version: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
        inputs: fc.constant(pairs.map(([each]) => each)),
        outputs: fc.array(output, { minLength: 1, maxLength: 4 }),
        locktime: u32,
      }),
      spent: fc.constant(pairs.map(([, each]) => each)),
    }),
  );
/** Of pushes and separators: what the two may read differently, a push that is cut short, is left to Bitcoin Core's set. */
const scriptCode = fc
  .array(
    fc.oneof(
      bytes(80).map(pushBytes),
      fc.constant(Uint8Array.of(OP.CODESEPARATOR)),
      fc.constant(Uint8Array.of(OP.DUP)),
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => concat(...parts));

/** The parts of it that are private in its types. */
interface Oracle {
  preimageLegacy(index: number, script: Uint8Array, hashType: number): Uint8Array;
  preimageWitnessV0(index: number, script: Uint8Array, hashType: number, amount: bigint): Uint8Array;
  preimageWitnessV1(
    index: number,
    scripts: readonly Uint8Array[],
    hashType: number,
    amounts: readonly bigint[],
    codeSeparator?: number,
    leafScript?: Uint8Array,
    leafVersion?: number,
    annex?: Uint8Array,
  ): Uint8Array;
}
const LAX = {
  allowUnknownVersion: true,
  allowUnknownOutputs: true,
  allowUnknownInputs: true,
  disableScriptCheck: true,
};
const oracleOf = (tx: Tx): Oracle => Transaction.fromRaw(encodeTx(tx), LAX) as unknown as Oracle;

function forEachInput(
  each: (given: { digests: SighashesOf; oracle: Oracle; index: number; spent: readonly TxOut[] }) => void,
) {
  return ({ tx, spent }: Spending): void => {
    const [digests, oracle] = [sighashesOf(tx, spent), oracleOf(tx)];
    for (const index of tx.inputs.keys()) each({ digests, oracle, index, spent });
  };
}
describe("signature digests are those of @scure/btc-signer", () => {
  const anyType = fc.nat(255);
  it("of legacy scripts, for any hash type", () => {
    fc.assert(
      fc.property(spending, scriptCode, anyType, (given, code, hashType) =>
        forEachInput(({ digests, oracle, index }) => {
          expect(toHex(digests.legacy(index, code, hashType))).to.equal(
            toHex(oracle.preimageLegacy(index, code, hashType)),
          );
        })(given),
      ),
      { seed: 1 },
    );
  });
  it("of witness version 0, for any hash type", () => {
    fc.assert(
      fc.property(spending, scriptCode, anyType, (given, code, hashType) =>
        forEachInput(({ digests, oracle, index, spent }) => {
          const value = spent[index]?.amount ?? expect.fail();
          expect(toHex(digests.segwit(index, code, value, hashType))).to.equal(
            toHex(oracle.preimageWitnessV0(index, code, hashType, value)),
          );
        })(given),
      ),
      { seed: 1 },
    );
  });

  const TYPES = [0, 1, 2, 3, 0x81, 0x82, 0x83];
  const annex = fc.option(
    bytes(300).map((rest) => concat(Uint8Array.of(0x50), rest)),
    { nil: undefined },
  );
  /** What the oracle says, undefined where it refuses SINGLE without an output. */
  const unlessRefused = (digest: () => Uint8Array): string | undefined => {
    try {
      return toHex(digest());
    } catch (refusal) {
      expect(String(refusal)).to.contain("no output with corresponding index");
      return undefined;
    }
  };
  interface Leaf {
    readonly script: Uint8Array;
    readonly version: number;
    readonly codeSeparator: number;
  }
  const compare = ({ tx, spent }: Spending, extra: Uint8Array | undefined, leaf?: Leaf): void => {
    const signedLeaf: SignedLeaf | undefined = leaf && {
      hash: leafHash(leaf.version, leaf.script),
      codeSeparator: leaf.codeSeparator >>> 0,
    };
    const [scripts, amounts] = [spent.map((each) => each.script), spent.map((each) => each.amount)];
    const fixed = extra && annexHash(extra);
    forEachInput(({ digests, oracle, index }) => {
      for (const hashType of TYPES) {
        const ours = digests.taproot({ index, hashType, annexHash: fixed, leaf: signedLeaf });
        const theirs = unlessRefused(() =>
          oracle.preimageWitnessV1(
            index,
            scripts,
            hashType,
            amounts,
            leaf?.codeSeparator,
            leaf?.script,
            leaf?.version,
            extra,
          ),
        );
        expect(ours && toHex(ours), `type ${hashType}`).to.equal(theirs);
      }
    })({ tx, spent });
  };
  it("of taproot's key path, for every hash type, with and without an annex", () => {
    fc.assert(
      fc.property(spending, annex, (given, extra) => compare(given, extra)),
      { seed: 1 },
    );
  });
  it("of taproot's script path, for every hash type, with and without an annex", () => {
    const leaf = fc.record({
      script: bytes(300, 1),
      version: fc.nat(31).map((half) => 0xc0 + 2 * half),
      codeSeparator: fc.integer({ min: -1, max: 1000 }),
    });
    fc.assert(
      fc.property(spending, annex, leaf, (given, extra, each) => compare(given, extra, each)),
      { seed: 1 },
    );
  });
  it("and there are none for hash types that taproot does not know", () => {
    fc.assert(
      fc.property(spending, ({ tx, spent }) => {
        const digests = sighashesOf(tx, spent);
        const known = Array.from({ length: 256 }, (_, hashType) => hashType).filter(
          (hashType) => digests.taproot({ index: 0, hashType }) !== undefined,
        );
        expect(known).to.deep.equal(TYPES);
      }),
      { seed: 1, numRuns: 5 },
    );
  });
});
