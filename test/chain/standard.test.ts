import { expect } from "chai";
import { fromHex } from "../../src/base/bytes.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { p2pkh, p2sh, p2shOf, p2tr, p2wpkh, p2wshOf } from "../../src/bitcoin/templates.ts";
import { checkStandardInputs, dustLimit, kindOf } from "../../src/chain/standard.ts";
import { ANYONE, COIN, fakeOutpoint, input, output, spend } from "./builder.ts";

const KEY = new Uint8Array(32).fill(1);
const ANCHOR = fromHex("51024e73");

describe("mempool: what is standard", () => {
  const key = new Uint8Array(33).fill(2);
  it("tells script forms apart", () => {
    const hash = new Uint8Array(20);
    const forms = [
      p2pkh(hash),
      p2sh(hash),
      p2wpkh(hash),
      ANYONE,
      script(key, OP.CHECKSIG),
      script(1n, key, key, 2n, OP.CHECKMULTISIG),
      script(OP.RETURN, hash),
      script(3n, key, 1n, OP.CHECKMULTISIG),
      new Uint8Array(0),
      Uint8Array.of(OP.RETURN, OP.NOP),
      Uint8Array.of(75),
    ];
    expect(forms.map(kindOf)).to.deep.equal([
      "p2pkh",
      "p2sh",
      "witness_v0",
      "witness_v0",
      "p2pk",
      "multisig",
      "data",
      "nonstandard",
      "nonstandard",
      "nonstandard",
      "nonstandard",
    ]);
  });
  it("calls dust what Bitcoin Core does", () => {
    const hash = new Uint8Array(20);
    const scripts = [p2pkh(hash), p2sh(hash), p2wpkh(hash), p2wshOf(hash), p2tr(KEY), ANCHOR, script(OP.RETURN)];
    expect(scripts.map((to) => dustLimit(output(0n, to)))).to.deep.equal([546n, 540n, 294n, 330n, 330n, 240n, 0n]);
  });
  it("tells witness programs apart", () => {
    const hexes = [`5120${"01".repeat(32)}`, "51024e73", "51024e74", `5220${"01".repeat(32)}`, "0002aaaa"];
    hexes.push(`5121${"01".repeat(33)}`);
    expect(hexes.map(fromHex).map(kindOf)).to.deep.equal([
      "taproot",
      "anchor",
      "witness_unknown",
      "witness_unknown",
      "nonstandard",
      "witness_unknown",
    ]);
  });
});

describe("mempool: what is standard to spend", () => {
  const refused = "bad-txns-nonstandard-inputs";
  /** What is said of inputs that each bring this script for a P2SH output. */
  const redeeming = (redeemScripts: readonly Uint8Array[]): string => {
    const tx = spend(
      redeemScripts.map((_, at) => fakeOutpoint(at)),
      [output(COIN)],
    );
    const inputs = redeemScripts.map((redeemScript, at) =>
      input(fakeOutpoint(at), { witness: [], scriptSig: pushOnly(redeemScript) }),
    );
    const coins = redeemScripts.map((redeemScript) => ({
      output: output(COIN, p2shOf(redeemScript)),
      height: 1,
      coinbase: false,
    }));
    return checkStandardInputs({ ...tx, inputs }, coins) ?? "standard";
  };
  const checks = (count: number): Uint8Array => new Uint8Array(count).fill(OP.CHECKSIG);
  it("is a P2SH script with 15 signature checks, not with 16", () => {
    expect(redeeming([checks(15)])).to.equal("standard");
    expect(redeeming([checks(16)])).to.equal(refused);
  });
  it("B14: is no more than 2,500 signature checks outside of witnesses", () => {
    const full = Array.from({ length: 166 }, () => checks(15));
    expect(redeeming([...full, checks(10)])).to.equal("standard");
    expect(redeeming([...full, checks(11)])).to.equal(refused);
  });
  it("counts what bare outputs ask for, each multisig by its keys", () => {
    const key = new Uint8Array(33).fill(2);
    const bare = script(1n, key, key, key, 3n, OP.CHECKMULTISIG);
    const spending = (count: number): string => {
      const outpoints = Array.from({ length: count }, (_, at) => ({ ...fakeOutpoint(1), vout: at }));
      const inputs = outpoints.map((outpoint) => input(outpoint, { witness: [] }));
      const coin = { output: output(COIN, bare), height: 1, coinbase: false };
      const coins = outpoints.map(() => coin);
      return checkStandardInputs({ ...spend(outpoints, [output(COIN)]), inputs }, coins) ?? "standard";
    };
    expect([spending(833), spending(834)]).to.deep.equal(["standard", refused]);
  });
});

describe("mempool: what is standard in a witness", () => {
  const item = (size: number): Uint8Array => new Uint8Array(size);
  const ended = (scriptPubKey: Uint8Array, witness: readonly Uint8Array[], scriptSig = item(0)): string => {
    const spent = { output: output(COIN, scriptPubKey), height: 1, coinbase: false };
    const tx = spend([fakeOutpoint(1)], [output(COIN)]);
    const given = { ...tx, inputs: [input(fakeOutpoint(1), { witness, scriptSig })] };
    return checkStandardInputs(given, [spent]) ?? "standard";
  };
  const [standard, witnessFault, inputFault] = ["standard", "bad-witness-nonstandard", "bad-txns-nonstandard-inputs"];
  const control = Uint8Array.of(0xc1, ...item(32));
  const taproot = p2tr(KEY);

  it("is a taproot signature, or a tapscript of any size with items of at most 80 bytes", () => {
    expect(ended(taproot, [item(65)])).to.equal(standard);
    expect(ended(taproot, [item(80), item(80), item(5000), control])).to.equal(standard);
    expect(ended(taproot, [...Array(150).fill(item(1)), item(1), control])).to.equal(standard);
    expect(ended(taproot, [item(81), item(1), control])).to.equal(witnessFault);
    expect(ended(taproot, [item(81), item(1), Uint8Array.of(0xc3, ...item(32))])).to.equal(standard);
    expect(ended(taproot, [item(1), item(0)])).to.equal(witnessFault);
  });
  it("B22: is no annex", () => {
    const annex = Uint8Array.of(0x50);
    expect(ended(taproot, [item(64), annex])).to.equal(witnessFault);
    expect(ended(taproot, [item(1), control, annex])).to.equal(witnessFault);
    expect(ended(taproot, [annex])).to.equal(standard);
  });
  it("is nothing for an anchor, a key hash without a witness program, or a program without a meaning", () => {
    expect([ended(ANCHOR, []), ended(ANCHOR, [item(0)])]).to.deep.equal([standard, witnessFault]);
    expect([ended(p2pkh(item(20)), []), ended(p2pkh(item(20)), [item(1)])]).to.deep.equal([standard, witnessFault]);
    expect(ended(fromHex("51024e74"), [])).to.equal(inputFault);
    expect(ended(fromHex(`5220${"01".repeat(32)}`), [])).to.equal(inputFault);
  });
  it("is looked at behind a P2SH as well", () => {
    const witnessScript = item(3601);
    const [nested, nestedKey] = [p2wshOf(witnessScript), p2wpkh(item(20))];
    expect(ended(p2shOf(nested), [witnessScript], pushOnly(nested))).to.equal(witnessFault);
    expect(ended(p2shOf(nested), [item(80), item(3600)], pushOnly(nested))).to.equal(standard);
    expect(ended(p2shOf(nested), [item(81), item(3600)], pushOnly(nested))).to.equal(witnessFault);
    expect(ended(p2shOf(nestedKey), [item(72), item(33)], pushOnly(nestedKey))).to.equal(standard);
    expect(ended(p2shOf(item(1)), [item(1)], pushOnly(item(1)))).to.equal(witnessFault);
    expect(ended(p2shOf(nestedKey), [item(1)], script(OP.NOP, nestedKey))).to.equal(witnessFault);
    expect(ended(p2shOf(nestedKey), [item(1)], nestedKey.fill(OP.NOP, 0, 1))).to.equal(witnessFault);
    expect(ended(p2shOf(taproot), [item(1), Uint8Array.of(0x50)], pushOnly(taproot))).to.equal(standard);
  });
});
