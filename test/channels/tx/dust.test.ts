import { expect } from "chai";
import { dustLimitOf, isDustOutput } from "../../../channels/tx/dust.ts";
import { sat } from "../../../src/base/units.ts";
import { p2pkh, p2sh, p2tr, p2wpkh, p2wsh } from "../../../src/bitcoin/templates.ts";

describe("BOLT 3 §Dust Limits", () => {
  it("CONFORMANCE 107: are those of Bitcoin Core, of unknown witness programs those of the longest", () => {
    const limits = [
      p2pkh(new Uint8Array(20)),
      p2sh(new Uint8Array(20)),
      p2wpkh(new Uint8Array(20)),
      p2wsh(new Uint8Array(32)),
      Uint8Array.of(0x51, 2, 0x4e, 0x73),
      p2tr(new Uint8Array(32)),
      Uint8Array.of(0x51, 2, 0x4e, 0x74),
      Uint8Array.of(0x60, 40, ...new Uint8Array(40)),
      Uint8Array.of(0x6a, 6, ...new Uint8Array(6)),
    ].map(dustLimitOf);
    expect(limits).to.deep.equal([546n, 540n, 294n, 330n, 240n, 354n, 354n, 354n, 0n]);
  });
  it("CONFORMANCE 107: what equals the limit is no dust", () => {
    const script = p2wpkh(new Uint8Array(20));
    expect([293n, 294n].map((amount) => isDustOutput({ amount: sat(amount), script }))).to.deep.equal([true, false]);
  });
});
