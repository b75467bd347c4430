import { expect } from "chai";
import fc from "fast-check";
import { satCeil, satText, suggestedCapSat } from "../../src/web/amounts.ts";

describe("amounts on a page", () => {
  it("are satoshis, exact to the millisatoshi, with thousands apart and no zeros at the end", () => {
    const shown = ["0", "1", "100", "1000", "1401400", "999999", "2100000000000000001"].map(satText);
    expect(shown).to.deep.equal(["0", "0.001", "0.1", "1", "1,401.4", "999.999", "2,100,000,000,000,000.001"]);
  });
  it("say every millisatoshi: what is shown can be read back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (msat) => {
        const [whole = "", part = ""] = satText(msat).replaceAll(",", "").split(".");
        expect(BigInt(whole + part.padEnd(3, "0"))).to.equal(msat);
      }),
    );
  });
  it("round up to whole satoshis", () => {
    expect([0n, 1n, 1_000n, 1_001n].map(satCeil)).to.deep.equal([0n, 1n, 1n, 2n]);
  });
  it("suggest a cap of the whole film and a tenth, in two digits, and never nothing", () => {
    expect([
      suggestedCapSat(100_000n, 20),
      suggestedCapSat(1_000n, 5_400),
      suggestedCapSat(10n, 60),
      suggestedCapSat(0n, 60),
      suggestedCapSat(7_000n, 3),
    ]).to.deep.equal([2_200n, 6_000n, 1n, 1n, 24n]);
  });
});
