import { expect } from "chai";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { concat, toHex } from "../../../src/base/bytes.ts";

describe("seeded random", () => {
  it("draws the same bytes from the same seed for ever", () => {
    expect(toHex(seededRandom(1).bytes(16))).to.equal("f534527e68800a142880916a733cc893");
  });
  it("draws one stream, however it is divided", () => {
    const whole = seededRandom("a").bytes(100);
    const random = seededRandom("a");
    expect(concat(random.bytes(1), random.bytes(31), random.bytes(0), random.bytes(68))).to.deep.equal(whole);
  });
  it("draws other bytes from another seed and from a fork, which does not disturb its parent", () => {
    const random = seededRandom("a");
    const fork = random.fork("wallet").bytes(32);
    expect(random.bytes(32)).to.deep.equal(seededRandom("a").bytes(32));
    expect(new Set([fork, seededRandom("a").bytes(32), seededRandom("b").bytes(32)].map(toHex)).size).to.equal(3);
    expect(seededRandom("a").fork("wallet").bytes(32)).to.deep.equal(fork);
  });
});
