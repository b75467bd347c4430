import { expect } from "chai";
import { ageText, grouped, hashesText, short, whenText } from "../../../src/web/chain/words.ts";

describe("the explorer's words", () => {
  it("keep thousands apart", () => {
    expect([0, "999", 1000n, "2100000000000000"].map(grouped)).to.deep.equal([
      "0",
      "999",
      "1,000",
      "2,100,000,000,000,000",
    ]);
  });
  it("tell an age in its largest unit", () => {
    const ages = [0, 59, 60, 3_599, 3_600, 86_400, 86_400 * 2_000].map((seconds) => ageText(0, seconds * 1000));
    expect(ages).to.deep.equal(["0 s", "59 s", "1 min", "59 min", "1 h", "1 d", "2,000 d"]);
    expect(ageText(5_000, 0)).to.equal("0 s");
  });
  it("tell hashes in powers of a thousand", () => {
    expect(["2", "999", "1000", "4295032833", "999999", `1${"0".repeat(30)}`].map(hashesText)).to.deep.equal([
      "2",
      "999",
      "1.0 k",
      "4.2 G",
      "999.9 k",
      "1,000,000.0 Y",
    ]);
  });
  it("shorten hashes and show times", () => {
    expect(short("0123456789abcdef".repeat(4))).to.equal("01234567…abcdef");
    expect(whenText("2026-01-02T03:04:05.000Z")).to.equal("2026-01-02 03:04:05 UTC");
  });
});
