import { expect } from "chai";
import { concat, fromHex } from "../../../src/base/bytes.ts";
import { sat } from "../../../src/base/units.ts";
import { STANDARD_FLAGS, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { pushOnly } from "../../../src/bitcoin/script.ts";
import { SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_NONE, SIGHASH_SINGLE } from "../../../src/bitcoin/sighash.ts";
import { p2shOf, p2tr, p2wpkh } from "../../../src/bitcoin/templates.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { assemble, oneLeaf } from "../assemble.ts";
import { attempt, CONSENSUS, EMPTY, KEY_OUTPUT, KEY_SECRET, SECRET, type Signing, sign } from "../taproot-spend.ts";

const ANNEX = fromHex("50ab");
const byKey = (signing: Signing = {}): Uint8Array => sign(KEY_OUTPUT, { secret: KEY_SECRET, ...signing });
const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe("BIP 341 §Taproot key path spending signature validation", () => {
  const spends = (...witness: readonly Uint8Array[]): string => attempt({ scriptPubKey: KEY_OUTPUT, witness });
  const ANYONE = SIGHASH_ANYONECANPAY;
  const types = [SIGHASH_ALL, SIGHASH_NONE, SIGHASH_SINGLE].flatMap((type) => [type, type | ANYONE]);
  for (const hashType of [0, ...types]) {
    it(`hash type ${hashType}: allows what was signed and covers exactly what it says`, () => {
      const signed = { scriptPubKey: KEY_OUTPUT, witness: [byKey({ hashType })] };
      const covered = (yes: boolean): string => (yes ? "SCHNORR_SIG" : "OK");
      const anyone = (hashType & ANYONE) !== 0;
      const outputs = hashType & ~ANYONE;
      const edited = <T>(list: readonly T[], at: number, edit: (item: T) => T) =>
        list.map((item, i) => (i === at ? edit(item) : item));
      const changed = (change: (tx: Tx) => Tx): string => attempt({ ...signed, change });
      const outputChanged = (at: number) =>
        changed((tx) => ({ ...tx, outputs: edited(tx.outputs, at, (out) => ({ ...out, amount: sat(1n) })) }));
      const sequenceChanged = (at: number) =>
        changed((tx) => ({ ...tx, inputs: edited(tx.inputs, at, (input) => ({ ...input, sequence: 6 })) }));
      expect(attempt(signed)).to.equal("OK");
      expect([0, 1].map(sequenceChanged)).to.deep.equal([covered(true), covered(!anyone)]);
      expect([0, 1].map(outputChanged)).to.deep.equal([
        covered(outputs !== SIGHASH_NONE),
        covered(outputs !== SIGHASH_NONE && outputs !== SIGHASH_SINGLE),
      ]);
      const others = [
        { amount: sat(778n), script: p2wpkh(new Uint8Array(20)) },
        { amount: sat(777n), script: p2wpkh(new Uint8Array(20).fill(1)) },
      ];
      expect(others.map((other) => attempt({ ...signed, other }))).to.deep.equal([covered(!anyone), covered(!anyone)]);
      expect(changed((tx) => ({ ...tx, locktime: 10 }))).to.equal(covered(true));
      expect(changed((tx) => ({ ...tx, version: 1 }))).to.equal(covered(true));
    });
  }
  it("B22: refuses a wrong signature, another key's, and one for another message", () => {
    const right = byKey();
    expect([0, 31, 32, 63].map((at) => spends(flipped(right, at)))).to.deep.equal(Array(4).fill("SCHNORR_SIG"));
    expect(spends(sign(KEY_OUTPUT, { secret: SECRET }))).to.equal("SCHNORR_SIG");
    expect(spends(concat(right, Uint8Array.of(SIGHASH_ALL)))).to.equal("SCHNORR_SIG");
  });
  it("refuses signatures that have neither 64 nor 65 bytes", () => {
    const right = byKey({ hashType: SIGHASH_ALL });
    for (const wrong of [EMPTY, right.subarray(0, 63), concat(right, Uint8Array.of(1))])
      expect(spends(wrong)).to.equal("SCHNORR_SIG_SIZE");
  });
  it("refuses hash types that are not known, the default in words, and SINGLE without an output", () => {
    const ended = (type: number): string => spends(concat(byKey(), Uint8Array.of(type)));
    expect([0, 4, 0x80, 0x84, 0xff].map(ended)).to.deep.equal(Array(5).fill("SCHNORR_SIG_HASHTYPE"));
    const change = (tx: Tx): Tx => ({ ...tx, outputs: [] });
    const witness = [byKey({ hashType: SIGHASH_SINGLE })];
    expect(attempt({ scriptPubKey: KEY_OUTPUT, witness, change })).to.equal("SCHNORR_SIG_HASHTYPE");
  });
  it("B22: an annex is covered by the signature and takes no other part", () => {
    expect(spends(byKey({ annex: ANNEX }), ANNEX)).to.equal("OK");
    expect(spends(byKey({ annex: ANNEX }), flipped(ANNEX, 1))).to.equal("SCHNORR_SIG");
    expect(spends(byKey(), ANNEX)).to.equal("SCHNORR_SIG");
    expect(spends(byKey({ annex: ANNEX }))).to.equal("SCHNORR_SIG");
    expect(spends(ANNEX)).to.equal("SCHNORR_SIG_SIZE");
  });
  it("asks for a witness, and for no scriptSig", () => {
    expect(spends()).to.equal("WITNESS_PROGRAM_WITNESS_EMPTY");
    const scriptSig = assemble("1");
    expect(attempt({ scriptPubKey: KEY_OUTPUT, witness: [byKey()], scriptSig })).to.equal("WITNESS_MALLEATED");
  });
});

describe("BIP 341 §Script validation rules", () => {
  const script = assemble("1");
  const { key, control } = oneLeaf(script);
  const shows = (witness: readonly Uint8Array[], flags = CONSENSUS): string =>
    attempt({ scriptPubKey: p2tr(key), witness, flags });
  it("allows a script that the key commits to, also beside an annex", () => {
    expect(shows([script, control])).to.equal("OK");
    expect(shows([script, control, ANNEX])).to.equal("OK");
    expect(shows([script, control], STANDARD_FLAGS)).to.equal("OK");
  });
  it("refuses another script, another parity or internal key, and a longer path", () => {
    const wrong = [
      [assemble("2"), control],
      [script, flipped(control, 0)],
      [script, flipped(control, 9)],
      [script, concat(control, new Uint8Array(32))],
    ];
    expect(wrong.map((witness) => shows(witness))).to.deep.equal(Array(4).fill("WITNESS_PROGRAM_MISMATCH"));
  });
  it("refuses control blocks that have no such length", () => {
    for (const block of [EMPTY, control.subarray(0, 32), concat(control, Uint8Array.of(1)), new Uint8Array(4161)])
      expect(shows([script, block])).to.equal("TAPROOT_WRONG_CONTROL_SIZE");
  });
  it("leaves leaf versions that have no meaning to a later time: they are free in blocks and not relayed", () => {
    for (const leafVersion of [0xc2, 0x66, 0xfe]) {
      const leaf = oneLeaf(assemble("RETURN"), leafVersion);
      const given = { scriptPubKey: p2tr(leaf.key), witness: [assemble("RETURN"), leaf.control] };
      expect(attempt(given)).to.equal("OK");
      expect(attempt({ ...given, flags: STANDARD_FLAGS })).to.equal("DISCOURAGE_UPGRADABLE_TAPROOT_VERSION");
    }
  });
  it("does not count where taproot is not in force, nor behind a P2SH", () => {
    const witness = [fromHex("00")];
    const flags = scriptFlags("P2SH", "WITNESS", "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM");
    expect(attempt({ scriptPubKey: KEY_OUTPUT, witness, flags })).to.equal("OK");
    const nested = { scriptPubKey: p2shOf(KEY_OUTPUT), scriptSig: pushOnly(KEY_OUTPUT), witness };
    expect(attempt(nested)).to.equal("OK");
    expect(attempt({ ...nested, flags: STANDARD_FLAGS })).to.equal("DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM");
  });
});

describe("pay to anchor", () => {
  const anchor = fromHex("51024e73");
  it("is spent by anyone, with no witness, in blocks and by policy", () => {
    expect(attempt({ scriptPubKey: anchor, witness: [] })).to.equal("OK");
    expect(attempt({ scriptPubKey: anchor, witness: [], flags: STANDARD_FLAGS })).to.equal("OK");
    expect(attempt({ scriptPubKey: anchor, witness: [], scriptSig: assemble("1") })).to.equal("WITNESS_MALLEATED");
  });
  it("is nothing in a P2SH, and nothing with other bytes", () => {
    const discouraged = "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM";
    const nested = { scriptPubKey: p2shOf(anchor), scriptSig: pushOnly(anchor), witness: [] };
    expect([attempt(nested), attempt({ ...nested, flags: STANDARD_FLAGS })]).to.deep.equal(["OK", discouraged]);
    const other = { scriptPubKey: fromHex("51024e74"), witness: [] };
    expect([attempt(other), attempt({ ...other, flags: STANDARD_FLAGS })]).to.deep.equal(["OK", discouraged]);
  });
});
