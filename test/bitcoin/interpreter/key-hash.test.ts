import { expect } from "chai";
import fc from "fast-check";
import type { Txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { scriptSignature } from "../../../src/bitcoin/der.ts";
import { witnessFault } from "../../../src/bitcoin/interpreter/execute-witness.ts";
import { SCRIPT_FLAGS, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { inputFault } from "../../../src/bitcoin/interpreter/verify.ts";
import { sighashesOf } from "../../../src/bitcoin/sighash.ts";
import { p2pkh, p2wpkh } from "../../../src/bitcoin/templates.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { hash160 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";

const SECRET = new Uint8Array(32).fill(5);
const KEY = secp256k1.publicKey(SECRET);
const AMOUNT = sat(70_000n);
const NONE = new Uint8Array(0);

/** A transaction whose only input shows these for an output of this key hash. */
function spending(keyHash: Uint8Array, witness: readonly Uint8Array[]) {
  const prevout = { txid: "ab".repeat(32) as Txid, vout: 1 };
  const tx: Tx = {
    version: 2,
    inputs: [{ prevout, scriptSig: NONE, sequence: 0xffff_fffd, witness }],
    outputs: [{ amount: sat(60_000n), script: p2wpkh(hash160(KEY)) }],
    locktime: 0,
  };
  return sighashesOf(tx, [{ amount: AMOUNT, script: p2wpkh(keyHash) }]);
}
const signedFor = (key: Uint8Array, hashType: number): Uint8Array => {
  const digest = spending(hash160(key), []).segwit(0, p2pkh(hash160(key)), AMOUNT, hashType);
  return scriptSignature(secp256k1.sign(digest, SECRET), hashType);
};

const uncompressed = fc.constant(
  Uint8Array.from(Buffer.concat([Buffer.from([6]), Buffer.from(KEY.subarray(1)), Buffer.alloc(32)])),
);
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constant(KEY) },
  uncompressed,
  fc.uint8Array({ maxLength: 70 }),
  fc.constantFrom(NONE, new Uint8Array(520), new Uint8Array(521)),
);
/** Changes of a right signature, and others that are none. */
const signature = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(1, 2, 3, 0x81, 0x83, 0, 4).map((type) => signedFor(KEY, type)) },
  fc.tuple(fc.nat(71), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
    const bytes = signedFor(KEY, 1);
    bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ flip;
    return bytes;
  }),
  fc.uint8Array({ maxLength: 75 }),
  fc.constantFrom(NONE, new Uint8Array(520), new Uint8Array(521)),
);
const flags = fc.subarray([...SCRIPT_FLAGS]).map((some) => scriptFlags(...some, "WITNESS"));

describe("BIP 141 §P2WPKH: a key hash that is spent without running a script", () => {
  it("gives what running the script gives, whatever the signature, key and flags", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(signature, key, fc.boolean(), flags, (given, shown, wrongHash, rules) => {
        const keyHash = hash160(wrongHash ? NONE : shown);
        const sighashes = spending(keyHash, [given, shown]);
        const context = { sighashes, index: 0, amount: AMOUNT, flags: rules };
        const fault = inputFault(sighashes, 0, rules);
        expect(fault).to.equal(witnessFault(p2pkh(keyHash), [given, shown], "witness_v0", context));
        seen.add(fault ?? "OK");
      }),
      { seed: 1, numRuns: 1_000 },
    );
    expect(seen).to.include.all.keys("OK", "EVAL_FALSE", "EQUALVERIFY", "PUSH_SIZE", "NULLFAIL", "SIG_DER");
  });
  it("is false where the hash is zero, as the script that it stands in leaves zero on the stack", () => {
    for (const zero of [new Uint8Array(20), Uint8Array.from({ length: 20 }, (_, at) => (at === 19 ? 0x80 : 0))])
      expect(inputFault(spending(zero, [signedFor(KEY, 1), KEY]), 0, scriptFlags("WITNESS"))).to.equal("EVAL_FALSE");
  });
});
