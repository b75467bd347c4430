import { expect } from "chai";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { SIGHASH_ALL, type SighashesOf, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { p2pkhOf, p2shOf, p2tr, p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Tx, TxIn } from "../../src/bitcoin/tx.ts";
import { acceptTx } from "../../src/chain/accept-tx.ts";
import { reasonOf } from "../../src/chain/faults.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { oneLeaf } from "../bitcoin/assemble.ts";
import { bench, buildBlock, COIN, give, grow, input, NOW, output, spend } from "./builder.ts";

const SECRET = new Uint8Array(32).fill(7);
const KEY = secp256k1.publicKey(SECRET);
/** Of the secret one: the curve's base point, in 65 bytes. */
const ONE = Uint8Array.from({ length: 32 }, (_, at) => (at === 31 ? 1 : 0));
const LONG_KEY = fromHex(
  "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
);
const ORDER = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n;
const EMPTY = new Uint8Array(0);
const [DUMMY, TWO] = [Uint8Array.of(1), Uint8Array.of(2)];
const AMOUNT = COIN;

type Shown = Partial<Pick<TxIn, "scriptSig" | "witness">>;
/** What an input shows for its output, and what the digest is that it would sign. */
interface Spending {
  readonly paid: Uint8Array;
  readonly show: (digests: SighashesOf) => Shown;
}
const signed = (digest: Uint8Array, hashType = SIGHASH_ALL, secret = SECRET): Uint8Array =>
  scriptSignature(secp256k1.sign(digest, secret), hashType);
/** The same signature with the other S that it could have. */
function highS(digest: Uint8Array): Uint8Array {
  const compact = secp256k1.sign(digest, SECRET);
  const s = ORDER - BigInt(`0x${toHex(compact.subarray(32))}`);
  return scriptSignature(concat(compact.subarray(0, 32), fromHex(s.toString(16).padStart(64, "0"))), SIGHASH_ALL);
}
const inWitness = (code: Uint8Array, elements: (digest: Uint8Array) => readonly Uint8Array[]): Spending => ({
  paid: p2wshOf(code),
  show: (digests) => ({ witness: [...elements(digests.segwit(0, code, AMOUNT as never, SIGHASH_ALL)), code] }),
});
const inTapscript = (code: Uint8Array, ...elements: readonly Uint8Array[]): Spending => {
  const { key, control } = oneLeaf(code);
  return { paid: p2tr(key), show: () => ({ witness: [...elements, code, control] }) };
};
const inRedeemScript = (code: Uint8Array, scriptSig: Uint8Array): Spending => ({
  paid: p2shOf(code),
  show: () => ({ scriptSig: concat(scriptSig, pushOnly(code)) }),
});
const byKeyHash = (sign: (digests: SighashesOf, code: Uint8Array) => Uint8Array): Spending => ({
  paid: p2pkhOf(KEY),
  show: (digests) => ({ scriptSig: pushOnly(sign(digests, p2pkhOf(KEY)), KEY) }),
});

/** What mempool and block say of such a spend. The mempool has to be asked first. */
function both({ paid, show }: Spending, params?: ChainParams): { readonly relayed: string; readonly mined: string } {
  const chain = bench(params);
  const pays = (coinbase: Tx): Tx => {
    const [reward, ...rest] = coinbase.outputs;
    return { ...coinbase, outputs: [{ ...present(reward, "a reward"), script: paid }, ...rest] };
  };
  const [prevout] = grow(chain, 1, { coinbase: pays });
  grow(chain, 100);
  const inputs = [input(present(prevout, "a coinbase"), { witness: [] })];
  const bare: Tx = spend([], [output(AMOUNT - 10_000n)], { inputs });
  const shown = show(sighashesOf(bare, [output(AMOUNT, paid)]));
  const tx = { ...bare, inputs: bare.inputs.map((each) => ({ ...each, ...shown })) };
  const { pool } = chain.brain;
  const relayed = acceptTx(pool, chain.brain.chain, tx, { now: NOW });
  const given = give(chain, buildBlock(chain, { txs: [tx] }));
  if (typeof given === "string") return expect.fail(given);
  const fault = given.rejected[0]?.fault;
  return {
    relayed: relayed.ok ? "accepted" : reasonOf(relayed.error),
    mined: fault === undefined ? `mined in ${given.connected.length} block` : reasonOf(fault),
  };
}
const MINED = "mined in 1 block";
const ofMempool = (words: string): string => `mempool-script-verify-flag-failed (${words})`;
const ofBlock = (words: string): string => `block-script-verify-flag-failed (${words})`;

const BRANCH = script(OP.IF, 1n, OP.ELSE, 0n, OP.ENDIF);
const NOT_BY_US = script(KEY, OP.CHECKSIG, OP.NOT);
const ONE_OF_ONE = script(1n, KEY, 1n, OP.CHECKMULTISIG);
const TRUE = script(1n);

describe("a spend that keeps every rule", () => {
  it("is relayed and mined, whatever kind of script it is", () => {
    for (const right of [
      inWitness(BRANCH, () => [DUMMY]),
      inWitness(NOT_BY_US, () => [EMPTY]),
      inWitness(ONE_OF_ONE, (digest) => [EMPTY, signed(digest)]),
      inTapscript(BRANCH, DUMMY),
      inRedeemScript(TRUE, EMPTY),
      byKeyHash((digests, code) => signed(digests.legacy(0, code, SIGHASH_ALL))),
    ]) {
      const tx = both(right);
      // The block of a transaction that waits is judged by what is remembered of its scripts.
      expect(tx).to.deep.equal({ relayed: "accepted", mined: MINED });
    }
  });
});

describe("rules of relay alone: a block may hold what breaks them", () => {
  const CASES: readonly (readonly [rule: string, what: string, spending: Spending, words: string])[] = [
    [
      "MINIMALIF",
      "a two for OP_IF in a witness script",
      inWitness(BRANCH, () => [TWO]),
      "OP_IF/NOTIF argument must be minimal",
    ],
    [
      "NULLFAIL",
      "a signature that fails, and is not empty",
      inWitness(NOT_BY_US, (digest) => [signed(digest, SIGHASH_ALL, ONE)]),
      "Signature must be zero for failed CHECK(MULTI)SIG operation",
    ],
    [
      "CLEANSTACK",
      "one value too many for a redeem script",
      inRedeemScript(TRUE, script(1n)),
      "Stack size must be exactly one after execution",
    ],
    [
      "LOW_S",
      "the higher S",
      byKeyHash((digests, code) => highS(digests.legacy(0, code, SIGHASH_ALL))),
      "Non-canonical signature: S value is unnecessarily high",
    ],
    [
      "STRICTENC",
      "a hash type without a meaning",
      byKeyHash((digests, code) => signed(digests.legacy(0, code, 4), 4)),
      "Signature hash type missing or not understood",
    ],
    [
      "MINIMALDATA",
      "a longer push than is needed",
      inRedeemScript(script(OP.DROP, 1n), Uint8Array.of(OP.PUSHDATA1, 1, 9)),
      "Data push larger than necessary",
    ],
    [
      "WITNESS_PUBKEYTYPE",
      "a key of 65 bytes in a witness script",
      inWitness(script(LONG_KEY, OP.CHECKSIG), (digest) => [signed(digest, SIGHASH_ALL, ONE)]),
      "Using non-compressed keys in segwit",
    ],
    [
      "DISCOURAGE_UPGRADABLE_NOPS",
      "an opcode that may get a meaning",
      inWitness(script(OP.NOP1, 1n), () => []),
      "NOPx reserved for soft-fork upgrades",
    ],
    [
      "CONST_SCRIPTCODE",
      "OP_CODESEPARATOR in a redeem script",
      inRedeemScript(script(OP.CODESEPARATOR, 1n), EMPTY),
      "Using OP_CODESEPARATOR in non-witness script",
    ],
  ];
  for (const [rule, what, spending, words] of CASES) {
    it(`${rule}: ${what}`, () => {
      expect(both(spending)).to.deep.equal({ relayed: ofMempool(words), mined: MINED });
    });
  }
});

describe("the same rules where they are for blocks as well", () => {
  const CASES: readonly (readonly [rule: string, what: string, spending: Spending, words: string])[] = [
    ["MINIMALIF", "in a tapscript", inTapscript(BRANCH, TWO), "OP_IF/NOTIF argument must be minimal in tapscript"],
    [
      "NULLFAIL",
      "in a tapscript, where a signature is good or empty",
      inTapscript(script(KEY.subarray(1), OP.CHECKSIG, OP.NOT), new Uint8Array(64).fill(1)),
      "Invalid Schnorr signature",
    ],
    [
      "CLEANSTACK",
      "in a witness script",
      inWitness(TRUE, () => [DUMMY]),
      "Stack size must be exactly one after execution",
    ],
    ["CLEANSTACK", "in a tapscript", inTapscript(TRUE, DUMMY), "Stack size must be exactly one after execution"],
    [
      "NULLDUMMY",
      "since BIP 147",
      inWitness(ONE_OF_ONE, (digest) => [DUMMY, signed(digest)]),
      "Dummy CHECKMULTISIG argument must be zero",
    ],
  ];
  for (const [rule, what, spending, words] of CASES) {
    it(`${rule}: ${what}`, () => {
      expect(both(spending)).to.deep.equal({ relayed: ofMempool(words), mined: ofBlock(words) });
    });
  }
  it("NULLDUMMY: not before BIP 147", () => {
    const { regtest } = CHAINS;
    const early = { ...regtest, activation: { ...regtest.activation, segwit: 10_000 } };
    const before: Spending = {
      paid: ONE_OF_ONE,
      show: (digests) => ({ scriptSig: pushOnly(DUMMY, signed(digests.legacy(0, ONE_OF_ONE, SIGHASH_ALL))) }),
    };
    const words = "Dummy CHECKMULTISIG argument must be zero";
    expect(both(before, early)).to.deep.equal({ relayed: ofMempool(words), mined: MINED });
    expect(both(before)).to.deep.equal({ relayed: ofMempool(words), mined: ofBlock(words) });
  });
});
