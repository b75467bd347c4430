import { expect } from "chai";
import fc from "fast-check";
import { counted, grouped, msatOf, satOf, satText, wholeOf } from "../../src/cli/amounts.ts";

describe("amounts as people write them", () => {
  it("takes satoshis unless told, and millisatoshis with their unit", () => {
    expect([msatOf("25"), msatOf("25sat"), msatOf("25000msat"), satOf("25"), satOf("007sat")]).to.deep.equal([
      "25000",
      "25000",
      "25000",
      "25",
      "7",
    ]);
  });

  for (const text of ["", "-1", "1.5", "1e3", "0x10", "1 000", "1,000", "25btc", "sat", "٣", "1".repeat(20)]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => msatOf(text)).to.throw(/is not an amount/);
      expect(() => satOf(text)).to.throw(/is not an amount/);
      expect(() => wholeOf(text)).to.throw(/is not a whole number/);
    });
  }

  it("shows any amount of millisatoshis so that it reads back as the same", () => {
    const amount = fc.bigInt({ min: 0n, max: 2_100_000_000_000_000_000n });
    fc.assert(
      fc.property(amount, (msat) => {
        const [whole = "", part = ""] = satText(msat.toString()).replaceAll(",", "").split(".");
        expect(BigInt(whole) * 1000n + BigInt(part.padEnd(3, "0"))).to.equal(msat);
        expect(part).to.not.match(/0$/);
      }),
      { seed: 1 },
    );
  });

  it("counts what there is one of and what there is more of", () => {
    expect([0, 1, 2].map((many) => counted(many, "peer"))).to.deep.equal(["0 peers", "1 peer", "2 peers"]);
  });

  it("groups digits by three, whatever the sign", () => {
    expect(["0", "999", "1000", "-50000", "1234567"].map(grouped)).to.deep.equal([
      "0",
      "999",
      "1,000",
      "-50,000",
      "1,234,567",
    ]);
  });
});
