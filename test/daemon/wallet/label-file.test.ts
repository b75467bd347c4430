import { expect } from "chai";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { readLabelFile } from "../../../src/daemon/wallet/label-file.ts";
import { LABELS_MAX } from "../../../src/daemon/wallet/labels.ts";

const TX = "ab".repeat(32);
const XPUB =
  "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const read = (...lines: readonly (object | string)[]) =>
  readLabelFile(
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
    CHAINS.regtest,
  );
const none = { origin: undefined, spendable: undefined };

describe("BIP 329 §Specification: a file of labels", () => {
  it("has one of each type, in any order, with what else wallets write", () => {
    const origin = "wpkh([d34db33f/84'/0'/0'])";
    const lines = [
      { type: "tx", ref: TX, label: "Transaction", origin },
      { type: "addr", ref: ADDRESS, label: "Address" },
      { type: "pubkey", ref: `02${"11".repeat(32)}`, label: "Public key" },
      { type: "input", ref: `${TX}:0`, label: "Input" },
      { type: "output", ref: `${TX}:1`, label: "Output", spendable: false, height: 7 },
      { type: "xpub", ref: XPUB, label: "Ünïcode ₿" },
      { type: "output", ref: `${TX}:2`, spendable: true },
    ];
    expect(read(...lines, "", "  ", "\r")).to.deep.equal({
      ok: true,
      value: {
        labels: [
          { ...none, ...lines[0] },
          { ...lines[1], ...none },
          { ...lines[2], ...none },
          { ...lines[3], ...none },
          { type: "output", ref: `${TX}:1`, label: "Output", origin: undefined, spendable: false },
          { ...lines[5], ...none },
          { type: "output", ref: `${TX}:2`, label: "", origin: undefined, spendable: true },
        ],
        skipped: 0,
      },
    });
  });
  it("may have lines of types that are not known: they are skipped, and counted", () => {
    const later = { type: "utxo-set", ref: "x", label: "later" };
    expect(read(later, { type: "tx", ref: TX, label: "a" })).to.have.nested.property("value.skipped", 1);
  });
  it("names an address as the wallet writes it, also where it stands there in capitals", () => {
    const capitals = { type: "addr", ref: ADDRESS.toUpperCase(), label: "From a QR code" };
    expect(read(capitals)).to.deep.equal({
      ok: true,
      value: { labels: [{ ...capitals, ref: ADDRESS, ...none }], skipped: 0 },
    });
  });
  it("is refused at the line that is wrong", () => {
    const good = { type: "tx", ref: TX, label: "a" };
    const bad: readonly (readonly [object | string, RegExp])[] = [
      ["{", /no JSON object/],
      ["[]", /no JSON object/],
      ["5", /no JSON object/],
      [{ ref: TX, label: "a" }, /no JSON object/],
      [{ type: "tx", label: "a" }, /no JSON object/],
      [{ type: "tx", ref: TX, label: 5 }, /no JSON object/],
      [{ type: "output", ref: `${TX}:0`, spendable: "no" }, /no JSON object/],
      [{ type: "tx", ref: `${TX}0`, label: "a" }, /no tx/],
      [{ type: "tx", ref: TX.toUpperCase(), label: "a" }, /no tx/],
      [{ type: "output", ref: `${TX}:4294967296`, label: "a" }, /no output/],
      [{ type: "output", ref: `${TX}:01`, label: "a" }, /no output/],
      [{ type: "addr", ref: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", label: "a" }, /no addr/],
      [{ type: "pubkey", ref: "05", label: "a" }, /no pubkey/],
      [{ type: "xpub", ref: "xpub", label: "a" }, /no xpub/],
      [{ type: "tx", ref: TX, label: "a".repeat(501) }, /its label/],
      [{ type: "tx", ref: TX, label: "two\nlines" }, /its label/],
      [{ type: "tx", ref: TX, label: "a", origin: "\u0000" }, /its origin/],
      [`{"type":"tx","ref":"${TX}","label":"a"${" ".repeat(12_000)}}`, /more than 12000 characters/],
    ];
    for (const [line, detail] of bad) {
      const found = read(good, line, good);
      expect(found.ok, JSON.stringify(line).slice(0, 80)).to.equal(false);
      expect(!found.ok && found.error.line).to.equal(2);
      expect(!found.ok && found.error.detail).to.match(detail);
    }
  });
  it("has so many labels at most", () => {
    const many = Array.from({ length: LABELS_MAX + 1 }, (_, at) => `{"type":"input","ref":"${TX}:${at}","label":"a"}`);
    expect(read(...many.slice(1)).ok).to.equal(true);
    expect(read(...many)).to.have.nested.property("error.line", LABELS_MAX + 1);
  });
});
