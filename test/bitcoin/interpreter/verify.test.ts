import { expect } from "chai";
import { fromHex } from "../../../src/base/bytes.ts";
import { parseBlockHash, parseTxid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { scriptSignature } from "../../../src/bitcoin/der.ts";
import { consensusFlags, SCRIPT_FLAGS, STANDARD_FLAGS, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput, verifyInputs } from "../../../src/bitcoin/interpreter/verify.ts";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import { pushOnly, script } from "../../../src/bitcoin/script.ts";
import {
  SIGHASH_ALL,
  SIGHASH_ANYONECANPAY,
  SIGHASH_NONE,
  SIGHASH_SINGLE,
  sighashesOf,
} from "../../../src/bitcoin/sighash.ts";
import { multisig2of2, p2pkhOf, p2shOf, p2wpkhOf, p2wshOf } from "../../../src/bitcoin/templates.ts";
import type { Tx, TxIn, TxOut } from "../../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { assemble, creditAndSpend } from "../assemble.ts";

const [alice, bob] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const [aliceKey, bobKey] = [secp256k1.publicKey(alice), secp256k1.publicKey(bob)];
const EMPTY = new Uint8Array(0);
const txid = parseTxid("07".repeat(32)) ?? expect.fail();

const bare = (vout: number): TxIn => ({ prevout: { txid, vout }, scriptSig: EMPTY, sequence: 0, witness: [] });
const out = (amount: bigint): TxOut => ({ amount: sat(amount), script: p2wpkhOf(bobKey) });
const outcome = (result: { ok: true } | { ok: false; error: unknown }): unknown => (result.ok ? "OK" : result.error);

/** Two inputs: a key hash of alice's and a 2-of-2, both signed over `hashType`. */
function signedPair(hashType: number): { readonly tx: Tx; readonly prevouts: readonly TxOut[] } {
  const multisig = multisig2of2(aliceKey, bobKey);
  const prevouts: readonly TxOut[] = [
    { amount: sat(5000n), script: p2wpkhOf(aliceKey) },
    { amount: sat(7000n), script: p2wshOf(multisig) },
  ];
  const unsigned: Tx = { version: 2, inputs: [bare(0), bare(1)], outputs: [out(4000n), out(6000n)], locktime: 0 };
  const digests = sighashesOf(unsigned);
  const sign = (secret: Uint8Array, digest: Uint8Array) => scriptSignature(secp256k1.sign(digest, secret), hashType);
  const first = digests.segwit(0, p2pkhOf(aliceKey), sat(5000n), hashType);
  const second = digests.segwit(1, multisig, sat(7000n), hashType);
  const inOrder = multisig[2] === aliceKey[0] && multisig[3] === aliceKey[1] ? [alice, bob] : [bob, alice];
  const inputs = [
    { ...bare(0), witness: [sign(alice, first), aliceKey] },
    { ...bare(1), witness: [EMPTY, ...inOrder.map((secret) => sign(secret, second)), multisig] },
  ];
  return { tx: { ...unsigned, inputs }, prevouts };
}
const replaced = <T>(list: readonly T[], index: number, change: (item: T) => T): readonly T[] =>
  list.map((item, i) => (i === index ? change(item) : item));

describe("verifyInput over signatures of our own", () => {
  const ANYONE = SIGHASH_ANYONECANPAY;
  const types = [SIGHASH_ALL, SIGHASH_NONE, SIGHASH_SINGLE].flatMap((type) => [type, type | ANYONE]);
  for (const type of types) {
    const { tx, prevouts } = signedPair(type);
    const outputs = type & 0x1f;
    const verdicts = (changed: Tx, spent = prevouts) =>
      [0, 1].map((index) => verifyInput(changed, index, spent, STANDARD_FLAGS).ok);
    const covered = (yes: boolean) => !yes;
    it(`hash type ${type}: allows what was signed and covers exactly what it says`, () => {
      expect(verifyInputs(tx, prevouts, STANDARD_FLAGS)).to.deep.equal({ ok: true, value: undefined });
      const otherAmount = { ...tx, outputs: replaced(tx.outputs, 1, () => out(5999n)) };
      expect(verdicts(otherAmount)).to.deep.equal([
        covered(outputs === SIGHASH_ALL),
        covered(outputs !== SIGHASH_NONE),
      ]);
      const otherSequence = { ...tx, inputs: replaced(tx.inputs, 1, (input) => ({ ...input, sequence: 1 })) };
      expect(verdicts(otherSequence)).to.deep.equal([covered(type === SIGHASH_ALL), false]);
      const otherPrevout = {
        ...tx,
        inputs: replaced(tx.inputs, 1, (input) => ({ ...input, prevout: { txid, vout: 9 } })),
      };
      expect(verdicts(otherPrevout)).to.deep.equal([covered((type & ANYONE) === 0), false]);
      const otherValue = replaced(prevouts, 1, (prevout) => ({ ...prevout, amount: sat(7001n) }));
      expect(verdicts(tx, otherValue)).to.deep.equal([true, false]);
      expect(verdicts({ ...tx, locktime: 1 })).to.deep.equal([false, false]);
    });
  }
  it("names the input that may not spend", () => {
    const { tx, prevouts } = signedPair(SIGHASH_ALL);
    const swapped = {
      ...tx,
      inputs: replaced(tx.inputs, 1, (input) => ({ ...input, witness: [...input.witness].slice(1) })),
    };
    expect(outcome(verifyInputs(swapped, prevouts, STANDARD_FLAGS))).to.deep.equal({
      index: 1,
      error: "INVALID_STACK_OPERATION",
    });
  });
  it("insists on one prevout for each input, and on digests of the same transaction", () => {
    const { tx, prevouts } = signedPair(SIGHASH_ALL);
    expect(() => verifyInput(tx, 0, prevouts.slice(1), STANDARD_FLAGS)).to.throw("every input has its prevout");
    const other = sighashesOf({ ...tx });
    expect(() => verifyInput(tx, 0, prevouts, STANDARD_FLAGS, other)).to.throw("digests are of the transaction");
  });
});

describe("limits of scripts", () => {
  const run = (scriptPubKey: Uint8Array, scriptSig = EMPTY): unknown => {
    const { credit, spend } = creditAndSpend({ scriptPubKey, scriptSig });
    return outcome(verifyInput(spend, 0, credit.outputs, scriptFlags("P2SH", "WITNESS")));
  };
  const inWitness = (witnessScript: Uint8Array, ...elements: readonly Uint8Array[]): unknown => {
    const { credit, spend } = creditAndSpend({
      scriptPubKey: p2wshOf(witnessScript),
      scriptSig: EMPTY,
      witness: [...elements, witnessScript],
    });
    return outcome(verifyInput(spend, 0, credit.outputs, scriptFlags("P2SH", "WITNESS")));
  };
  const repeat = (count: number, opcode: number): Uint8Array => new Uint8Array(count).fill(opcode);
  const both = (bytes: Uint8Array): unknown => {
    const [legacy, witness] = [run(bytes), inWitness(bytes)];
    expect(witness).to.equal(legacy);
    return legacy;
  };
  const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

  it("10,000 bytes a script", () => {
    const dropped = (size: number) => joined(script(repeat(size, 7)), Uint8Array.of(OP.DROP));
    const chunk = dropped(500);
    const chunks = Math.floor(9600 / chunk.length);
    const padded = (size: number): Uint8Array => {
      const last = size - chunks * chunk.length - 1;
      return joined(...Array(chunks).fill(chunk), dropped(last - 4), Uint8Array.of(OP.TRUE));
    };
    expect([padded(10_000).length, both(padded(10_000))]).to.deep.equal([10_000, "OK"]);
    expect(both(padded(10_001))).to.equal("SCRIPT_SIZE");
  });
  it("520 bytes an element, also where it is not executed or comes from the witness", () => {
    const pushAndDrop = (size: number) => joined(script(repeat(size, 7)), Uint8Array.of(OP.DROP, OP.TRUE));
    expect([520, 521].map((size) => both(pushAndDrop(size)))).to.deep.equal(["OK", "PUSH_SIZE"]);
    const skipped = joined(assemble("0 IF"), script(repeat(521, 7)), assemble("ENDIF 1"));
    expect(both(skipped)).to.equal("PUSH_SIZE");
    expect([520, 521].map((size) => inWitness(assemble("DROP 1"), repeat(size, 7)))).to.deep.equal(["OK", "PUSH_SIZE"]);
  });
  it("201 opcodes that are no push, and keys of multisigs among them", () => {
    expect([201, 202].map((count) => both(joined(repeat(count, OP.NOP), Uint8Array.of(OP.TRUE))))).to.deep.equal([
      "OK",
      "OP_COUNT",
    ]);
    expect(both(joined(repeat(201, OP.NOP), Uint8Array.of(OP["16"])))).to.equal("OK");
    const withKeys = (nops: number) => joined(repeat(nops, OP.NOP), assemble("0 0 1 1 1 3 CHECKMULTISIG"));
    expect([197, 198].map((nops) => both(withKeys(nops)))).to.deep.equal(["OK", "OP_COUNT"]);
  });
  it("1,000 elements on both stacks together", () => {
    const heights = [1000, 1001].map((count) => run(joined(repeat(count - 1, OP.TRUE), Uint8Array.of(OP.TRUE))));
    expect(heights).to.deep.equal(["OK", "STACK_SIZE"]);
    const split = (count: number) =>
      joined(repeat(100, OP.TRUE), repeat(100, OP.TOALTSTACK), repeat(count - 100, OP.TRUE));
    expect([1000, 1001].map((count) => run(split(count)))).to.deep.equal(["OK", "STACK_SIZE"]);
  });
  it("20 keys of a multisig", () => {
    const keys = (count: number) =>
      joined(assemble("0 0"), repeat(count, OP.TRUE), script(BigInt(count), OP.CHECKMULTISIG));
    expect([20, 21].map((count) => both(keys(count)))).to.deep.equal(["OK", "PUBKEY_COUNT"]);
  });
});

describe("witness programs of versions that this node does not run", () => {
  const spendOf = (scriptPubKey: Uint8Array) =>
    creditAndSpend({ scriptPubKey, scriptSig: EMPTY, witness: [fromHex("00")] });
  it("let anyone spend in a block, and are not relayed", () => {
    const programs = [script(1n, new Uint8Array(33).fill(1)), script(1n, new Uint8Array(31).fill(1))];
    programs.push(...[2n, 16n].map((version) => script(version, new Uint8Array(32).fill(1))));
    for (const program of programs) {
      const { credit, spend } = spendOf(program);
      const inBlock = consensusFlags(1, CHAINS.regtest);
      expect(outcome(verifyInput(spend, 0, credit.outputs, inBlock))).to.equal("OK");
      expect(outcome(verifyInput(spend, 0, credit.outputs, STANDARD_FLAGS))).to.equal(
        "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM",
      );
    }
  });
});

describe("rules by height", () => {
  it("are in force on mainnet from their heights on", () => {
    const on = (height: number) =>
      Object.entries(consensusFlags(height, CHAINS.mainnet))
        .filter(([, set]) => set)
        .map(([flag]) => flag);
    expect(on(363_724)).to.deep.equal(["P2SH", "WITNESS", "TAPROOT"]);
    expect(on(363_725)).to.deep.equal(["P2SH", "DERSIG", "WITNESS", "TAPROOT"]);
    expect(on(388_381)).to.deep.equal(["P2SH", "DERSIG", "CHECKLOCKTIMEVERIFY", "WITNESS", "TAPROOT"]);
    expect(on(481_824)).to.deep.equal([
      "P2SH",
      "DERSIG",
      "NULLDUMMY",
      "CHECKLOCKTIMEVERIFY",
      "CHECKSEQUENCEVERIFY",
      "WITNESS",
      "TAPROOT",
    ]);
  });
  it("are those of their day for the blocks that broke later ones", () => {
    const on = (height: number, params: ChainParams, hash: string): readonly string[] => {
      const flags = consensusFlags(height, params, parseBlockHash(hash) ?? expect.fail());
      return SCRIPT_FLAGS.filter((flag) => flags[flag]);
    };
    const { mainnet, testnet3, testnet4 } = CHAINS;
    const beforeP2sh = "00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22";
    const beforeTaproot = "0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad";
    const onTestnet = "00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105";
    expect(on(170_060, mainnet, beforeP2sh)).to.deep.equal([]);
    expect(on(692_261, mainnet, beforeTaproot)).to.deep.equal([
      "P2SH",
      "DERSIG",
      "NULLDUMMY",
      "CHECKLOCKTIMEVERIFY",
      "CHECKSEQUENCEVERIFY",
      "WITNESS",
    ]);
    expect(on(1, testnet3, onTestnet)).to.deep.equal([]);
    expect(on(1, testnet3, beforeP2sh)).to.deep.equal(["P2SH", "WITNESS", "TAPROOT"]);
    expect(on(0, testnet4, onTestnet)).to.deep.equal(["P2SH", "WITNESS", "TAPROOT"]);
  });
  it("without P2SH only the hash of a redeem script is asked for", () => {
    const redeemScript = assemble("RETURN");
    const { credit, spend } = creditAndSpend({
      scriptPubKey: p2shOf(redeemScript),
      scriptSig: pushOnly(redeemScript),
    });
    expect(outcome(verifyInput(spend, 0, credit.outputs, scriptFlags()))).to.equal("OK");
    expect(outcome(verifyInput(spend, 0, credit.outputs, scriptFlags("P2SH")))).to.equal("OP_RETURN");
  });
});
