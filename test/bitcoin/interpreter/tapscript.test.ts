import { expect } from "chai";
import { concat, fromHex } from "../../../src/base/bytes.ts";
import { type ScriptFlags, STANDARD_FLAGS, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { pushBytes, script } from "../../../src/bitcoin/script.ts";
import { p2tr, p2wshOf } from "../../../src/bitcoin/templates.ts";
import { schnorr } from "../../../src/crypto/schnorr.ts";
import { assemble, oneLeaf } from "../assemble.ts";
import { attempt, CONSENSUS, EMPTY, KEY, SECRET, type Signing, sign } from "../taproot-spend.ts";

const ONE = Uint8Array.of(1);
const repeat = (count: number, opcode: number): Uint8Array => new Uint8Array(count).fill(opcode);
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString("hex")}`;

/** Runs a script with these elements under it, deepest first. */
function run(tapscript: Uint8Array, elements: readonly Uint8Array[] = [], flags: ScriptFlags = CONSENSUS): string {
  const { key, control } = oneLeaf(tapscript);
  return attempt({ scriptPubKey: p2tr(key), witness: [...elements, tapscript, control], flags });
}
const text = (code: string, elements: readonly Uint8Array[] = [], flags: ScriptFlags = CONSENSUS): string =>
  run(assemble(code), elements, flags);
const signedBy = (tapscript: Uint8Array, signing: Signing = {}): Uint8Array =>
  sign(p2tr(oneLeaf(tapscript).key), { tapscript, ...signing });

describe("BIP 342 §Specification: OP_SUCCESS", () => {
  it("B22: is 87 opcodes, each of which makes a script succeed wherever it stands, and is not relayed", () => {
    const succeeding = Array.from({ length: 256 }, (_, opcode) => opcode).filter(
      (opcode) => run(concat(Uint8Array.of(opcode), repeat(80, OP.RETURN))) === "OK",
    );
    const ranges = [80, 98, [126, 129], [131, 134], [137, 138], [141, 142], [149, 153], [187, 254]];
    const expected = ranges.flatMap((range) => {
      const [from, to] = typeof range === "number" ? [range, range] : (range as [number, number]);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
    expect(succeeding).to.deep.equal(expected);
    expect(succeeding).to.have.length(87);
    expect(text("0 IF RESERVED", [], STANDARD_FLAGS)).to.equal("DISCOURAGE_OP_SUCCESS");
  });
  it("comes before every limit and whatever is behind it, but after a push that is cut short", () => {
    const success = Uint8Array.of(OP.RESERVED);
    expect(run(concat(success, fromHex("4cff00")))).to.equal("OK");
    expect(run(concat(fromHex("4d0902"), new Uint8Array(521), success), [new Uint8Array(521)])).to.equal("OK");
    expect(run(success, Array(1001).fill(EMPTY))).to.equal("OK");
    expect(run(concat(assemble("0x05 0x01"), success))).to.equal("BAD_OPCODE");
    expect(text("RETURN 0x05 0x01")).to.equal("BAD_OPCODE");
    expect(run(pushBytes(success), [])).to.equal("OK");
    expect(run(script(success, OP.RETURN))).to.equal("OP_RETURN");
  });
});

describe("BIP 342 §Script execution", () => {
  it("asks OP_IF and OP_NOTIF for nothing or one byte of one, as a rule of consensus", () => {
    const ended = ["IF 1 ELSE 1 ENDIF", "NOTIF 1 ELSE 1 ENDIF"].map((code) =>
      [EMPTY, ONE, fromHex("02"), fromHex("00"), fromHex("0100")].map((element) => text(code, [element])),
    );
    const row = ["OK", "OK", "TAPSCRIPT_MINIMALIF", "TAPSCRIPT_MINIMALIF", "TAPSCRIPT_MINIMALIF"];
    expect(ended).to.deep.equal([row, row]);
  });
  it("has no OP_CHECKMULTISIG, where it acts", () => {
    expect(text("0 0 0 CHECKMULTISIG")).to.equal("TAPSCRIPT_CHECKMULTISIG");
    expect(text("0 0 0 CHECKMULTISIGVERIFY 1")).to.equal("TAPSCRIPT_CHECKMULTISIG");
    expect(text("0 IF CHECKMULTISIG ENDIF 1")).to.equal("OK");
  });
  it("leaves one true value and nothing else", () => {
    expect([text("0"), text("1 1"), text("DROP", [ONE])]).to.deep.equal(["EVAL_FALSE", "CLEANSTACK", "CLEANSTACK"]);
    expect([text("1 IF 1"), text("ENDIF 1"), text("ELSE 1")]).to.deep.equal(Array(3).fill("UNBALANCED_CONDITIONAL"));
    expect([text("VERIF"), run(Uint8Array.of(255))]).to.deep.equal(["BAD_OPCODE", "BAD_OPCODE"]);
  });
  it("knows the locks of BIP 65 and BIP 112", () => {
    expect([text("9 CHECKLOCKTIMEVERIFY"), text("10 CHECKLOCKTIMEVERIFY")]).to.deep.equal([
      "OK",
      "UNSATISFIED_LOCKTIME",
    ]);
    expect([text("5 CHECKSEQUENCEVERIFY"), text("6 CHECKSEQUENCEVERIFY")]).to.deep.equal([
      "OK",
      "UNSATISFIED_LOCKTIME",
    ]);
  });
});

describe("BIP 342 §Rules for signature opcodes", () => {
  const single = script(KEY, OP.CHECKSIG);
  it("takes a right signature, and none as false; a wrong one fails the script", () => {
    expect(run(single, [signedBy(single)])).to.equal("OK");
    expect(run(single, [signedBy(single, { hashType: 0x83 })])).to.equal("OK");
    expect(run(single, [EMPTY])).to.equal("EVAL_FALSE");
    const negated = script(KEY, OP.CHECKSIG, OP.NOT);
    expect(run(negated, [EMPTY])).to.equal("OK");
    expect(run(negated, [signedBy(single)])).to.equal("SCHNORR_SIG");
    const verified = script(KEY, OP.CHECKSIGVERIFY, OP.TRUE);
    expect([run(verified, [signedBy(verified)]), run(verified, [EMPTY])]).to.deep.equal(["OK", "CHECKSIGVERIFY"]);
    expect(run(single)).to.equal("INVALID_STACK_OPERATION");
  });
  it("refuses a signature of a wrong length or hash type", () => {
    expect(run(single, [ONE])).to.equal("SCHNORR_SIG_SIZE");
    expect(run(single, [concat(signedBy(single), Uint8Array.of(0))])).to.equal("SCHNORR_SIG_HASHTYPE");
  });
  it("covers the leaf, and the position of the last OP_CODESEPARATOR that acted", () => {
    const other = script(KEY, OP.CHECKSIG, OP.NOP);
    expect(run(other, [signedBy(other)])).to.equal("OK");
    expect(run(other, [sign(p2tr(oneLeaf(other).key), { tapscript: single })])).to.equal("SCHNORR_SIG");
    const key = hex(KEY);
    const separated = assemble(`CODESEPARATOR 'ab' DROP CODESEPARATOR 0 IF CODESEPARATOR ENDIF 0x20 ${key} CHECKSIG`);
    const ended = [0, 1, 2, 3, 4, 6].map((codeSeparator) => run(separated, [signedBy(separated, { codeSeparator })]));
    const refused = "SCHNORR_SIG";
    expect(ended).to.deep.equal([refused, refused, refused, "OK", refused, refused]);
  });
  it("covers the annex", () => {
    const annex = fromHex("50cc");
    const { key, control } = oneLeaf(single);
    const shows = (signature: Uint8Array): string =>
      attempt({ scriptPubKey: p2tr(key), witness: [signature, single, control, annex] });
    expect([shows(signedBy(single, { annex })), shows(signedBy(single))]).to.deep.equal(["OK", "SCHNORR_SIG"]);
  });
  it("fails on an empty key, and takes every signature by a key of a length without a meaning", () => {
    expect([EMPTY, ONE].map((signature) => text("0 CHECKSIG", [signature]))).to.deep.equal(
      Array(2).fill("TAPSCRIPT_EMPTY_PUBKEY"),
    );
    for (const key of [ONE, KEY.subarray(1), concat(ONE, KEY)]) {
      const unknown = script(key, OP.CHECKSIG);
      expect([run(unknown, [ONE]), run(unknown, [EMPTY])]).to.deep.equal(["OK", "EVAL_FALSE"]);
      expect(run(unknown, [ONE], STANDARD_FLAGS)).to.equal("DISCOURAGE_UPGRADABLE_PUBKEYTYPE");
    }
  });
  it("counts signatures by OP_CHECKSIGADD", () => {
    const secrets = [SECRET, new Uint8Array(32).fill(4), new Uint8Array(32).fill(5)];
    const keys = secrets.map((secret) => schnorr.publicKey(secret));
    const added = keys.slice(1).flatMap((key) => [key, OP.CHECKSIGADD] as const);
    const twoOfThree = script(keys[0] ?? EMPTY, OP.CHECKSIG, ...added, 2n, OP.NUMEQUAL);
    const signatures = secrets.map((secret) => signedBy(twoOfThree, { secret }));
    const shown = (...which: readonly number[]): string =>
      run(
        twoOfThree,
        [2, 1, 0].map((at) => (which.includes(at) ? (signatures[at] ?? EMPTY) : EMPTY)),
      );
    expect([shown(0, 1), shown(0, 2), shown(1, 2)]).to.deep.equal(["OK", "OK", "OK"]);
    expect([shown(0), shown(0, 1, 2), shown()]).to.deep.equal(["EVAL_FALSE", "EVAL_FALSE", "EVAL_FALSE"]);
    const swapped = [signatures[0], signatures[1], EMPTY].map((signature) => signature ?? EMPTY);
    expect(run(twoOfThree, swapped)).to.equal("SCHNORR_SIG");
  });
  it("adds to any number that scripts know, and asks for three elements", () => {
    const add = (count: string): string => `${count} 0x20 ${hex(KEY)} CHECKSIGADD`;
    expect(text(`${add("-1")} -1 NUMEQUAL`, [EMPTY])).to.equal("OK");
    expect(text(add("0x05 0x0000000001"), [EMPTY])).to.equal("SCRIPTNUM");
    expect(text(add("0"))).to.equal("INVALID_STACK_OPERATION");
    expect(text("0 0 CHECKSIGADD", [ONE])).to.equal("TAPSCRIPT_EMPTY_PUBKEY");
  });
  it("does not have it in other scripts", () => {
    const other = assemble("0 0 0 CHECKSIGADD");
    expect(attempt({ scriptPubKey: other, witness: [] })).to.equal("BAD_OPCODE");
    expect(attempt({ scriptPubKey: p2wshOf(other), witness: [other] })).to.equal("BAD_OPCODE");
    const short = assemble("CHECKSIGADD");
    expect(attempt({ scriptPubKey: short, witness: [], flags: scriptFlags() })).to.equal("BAD_OPCODE");
  });
});
