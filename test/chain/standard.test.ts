import { expect } from "chai";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2pkh, p2sh, p2wpkh, p2wshOf } from "../../src/bitcoin/templates.ts";
import { dustLimit, kindOf } from "../../src/chain/standard.ts";
import { ANYONE, output } from "./builder.ts";

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
      "witness",
      "witness",
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
    const scripts = [p2pkh(hash), p2sh(hash), p2wpkh(hash), p2wshOf(hash), script(OP.RETURN)];
    expect(scripts.map((to) => dustLimit(output(0n, to)))).to.deep.equal([546n, 540n, 294n, 330n, 0n]);
  });
});
