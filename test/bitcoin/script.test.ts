import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { elementAt, isMinimalPush, isPushOnly, parseScript, script } from "../../src/bitcoin/script.ts";
import { decodeScriptNumber, encodeScriptNumber, isMinimalNumber } from "../../src/bitcoin/script-number.ts";
import {
  isP2pkh,
  isP2sh,
  isUnspendable,
  multisig2of2,
  p2pkhOf,
  p2shOf,
  p2wpkhOf,
  p2wsh,
  p2wshOf,
  witnessProgramOf,
  witnessScriptPubKey,
} from "../../src/bitcoin/templates.ts";
import { hash160, sha256 } from "../../src/crypto/hash.ts";

const of = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe("BIP 62 §Numbers: script numbers", () => {
  it("have the known shortest forms", () => {
    const known: readonly (readonly [bigint, string])[] = [
      [0n, ""],
      [1n, "01"],
      [-1n, "81"],
      [127n, "7f"],
      [-127n, "ff"],
      [128n, "8000"],
      [-128n, "8080"],
      [32767n, "ff7f"],
      [-32768n, "008080"],
      [8388608n, "00008000"],
      [2147483647n, "ffffff7f"],
      [-2147483647n, "ffffffff"],
      [500000000n, "0065cd1d"],
    ];
    expect(known.map(([value]) => toHex(encodeScriptNumber(value)))).to.deep.equal(known.map(([, hex]) => hex));
    expect(known.map(([, hex]) => decodeScriptNumber(fromHex(hex)))).to.deep.equal(known.map(([value]) => value));
  });
  it("come back from their bytes, which are minimal", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }), (value) => {
        const bytes = encodeScriptNumber(value);
        expect(decodeScriptNumber(bytes)).to.equal(value);
        expect(isMinimalNumber(bytes)).to.equal(true);
      }),
      { seed: 1 },
    );
  });
  it("are not minimal with a zero, or only a sign, in the last byte that another does not need", () => {
    for (const hex of ["00", "80", "0100", "0180", "7f0000", "ff0080"]) {
      expect(isMinimalNumber(fromHex(hex)), hex).to.equal(false);
    }
    expect(["ff00", "ff80", "8000", ""].map((hex) => isMinimalNumber(fromHex(hex)))).to.deep.equal(Array(4).fill(true));
    expect(decodeScriptNumber(fromHex("80"))).to.equal(0n);
  });
});

describe("BIP 62 §Push operators: building scripts", () => {
  it("pushes by the shortest opcode", () => {
    const known: readonly (readonly [Uint8Array | bigint, string])[] = [
      [of(), "00"],
      [of(0), "0100"],
      [of(1), "51"],
      [of(16), "60"],
      [of(17), "0111"],
      [of(0x81), "4f"],
      [-1n, "4f"],
      [0n, "00"],
      [16n, "60"],
      [17n, "0111"],
      [144n, "029000"],
      [new Uint8Array(75), `4b${"00".repeat(75)}`],
      [new Uint8Array(76), `4c4c${"00".repeat(76)}`],
      [new Uint8Array(256), `4d0001${"00".repeat(256)}`],
      [new Uint8Array(65_536), `4e00000100${"00".repeat(65_536)}`],
    ];
    for (const [item, hex] of known) expect(toHex(script(item))).to.equal(hex);
  });
  it("makes of any items a script whose pushes are minimal and parse back", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (items) => {
        const bytes = script(...items);
        const elements = parseScript(bytes) ?? expect.fail();
        expect(elements.length).to.equal(items.length);
        expect(isPushOnly(bytes)).to.equal(true);
        for (const element of elements) {
          if (element.data !== undefined) expect(isMinimalPush(element)).to.equal(true);
        }
      }),
      { seed: 1 },
    );
  });
  it("knows a push that could be shorter", () => {
    const longer = ["0101", "0181", "4c00", "4c0111", `4d4c00${"00".repeat(76)}`, `4e00010000${"00".repeat(256)}`];
    for (const hex of longer) {
      expect(isMinimalPush(elementAt(fromHex(hex), 0) ?? expect.fail()), hex).to.equal(false);
    }
  });
});

describe("reading scripts", () => {
  it("gives opcodes and what they push", () => {
    const elements = parseScript(fromHex("0051024142ac4c0143")) ?? expect.fail();
    expect(elements.map(({ opcode, data, end }) => [opcode, data && toHex(data), end])).to.deep.equal([
      [OP.FALSE, "", 1],
      [OP.TRUE, undefined, 2],
      [2, "4142", 5],
      [OP.CHECKSIG, undefined, 6],
      [OP.PUSHDATA1, "43", 9],
    ]);
  });
  it("refuses a push that goes beyond the end", () => {
    for (const hex of ["01", "4c", "4c01", "4d01", "4d0100", "4e010000", "4effffffff00", "5102ff"]) {
      expect(parseScript(fromHex(hex)), hex).to.equal(undefined);
      expect(isPushOnly(fromHex(hex))).to.equal(false);
    }
  });
  it("counts OP_RESERVED but no other opcode as a push", () => {
    expect(["", "50", "60", "61", "5176"].map((hex) => isPushOnly(fromHex(hex)))).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("templates", () => {
  const keyA = of(2, ...new Uint8Array(32).fill(1));
  const keyB = of(3, ...new Uint8Array(32).fill(0));
  it("have their known bytes", () => {
    const hash = toHex(hash160(keyA));
    expect(toHex(p2wpkhOf(keyA))).to.equal(`0014${hash}`);
    expect(toHex(p2pkhOf(keyA))).to.equal(`76a914${hash}88ac`);
    expect(toHex(p2shOf(keyA))).to.equal(`a914${hash}87`);
    expect(toHex(p2wshOf(keyA))).to.equal(`0020${toHex(sha256(keyA))}`);
    expect(toHex(multisig2of2(keyB, keyA))).to.equal(`5221${toHex(keyA)}21${toHex(keyB)}52ae`);
    expect(multisig2of2(keyA, keyB)).to.deep.equal(multisig2of2(keyB, keyA));
  });
  it("are told apart", () => {
    expect([p2pkhOf(keyA), p2shOf(keyA), p2wpkhOf(keyA)].map(isP2pkh)).to.deep.equal([true, false, false]);
    expect([p2pkhOf(keyA), p2shOf(keyA), p2wpkhOf(keyA)].map(isP2sh)).to.deep.equal([false, true, false]);
    expect(["6a", "6a0401020304", "51", ""].map((hex) => isUnspendable(fromHex(hex)))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect([10_000, 10_001].map((length) => isUnspendable(new Uint8Array(length)))).to.deep.equal([false, true]);
  });
  it("of witness programs: version 0 to 16, then exactly one push of 2 to 40 bytes", () => {
    for (const [version, length] of [
      [0, 20],
      [0, 32],
      [1, 2],
      [16, 40],
    ] as const) {
      const program = { version, program: new Uint8Array(length).fill(9) };
      expect(witnessProgramOf(witnessScriptPubKey(program))).to.deep.equal(program);
    }
    expect(witnessProgramOf(p2wsh(new Uint8Array(32)))?.version).to.equal(0);
    const none = ["510101", `5129${"00".repeat(41)}`, "4f020101", "51020101ff", "514c020101", "0003010203ac", "5061"];
    for (const hex of none) expect(witnessProgramOf(fromHex(hex)), hex).to.equal(undefined);
  });
});
