import { expect } from "chai";
import { assertChance } from "../../src/adapters/chance.ts";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { systemRandom } from "../../src/adapters/system.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { Random } from "../../src/ports/world.ts";

const answerOf = (random: Random): string => {
  try {
    assertChance(random);
    return "taken";
  } catch (error) {
    return (error as Error).message;
  }
};
const REFUSED = "The random numbers of this machine are not random: no secret would be safe. Nothing was started.";

describe("RELIABILITY K7: where secrets come from", () => {
  it("takes the system's generator, and any that looks random", () => {
    expect([systemRandom, seededRandom(1), seededRandom(2)].map(answerOf)).to.deep.equal(["taken", "taken", "taken"]);
  });
  it("refuses zeros, a constant, a counter, and a state that comes back as after a snapshot", () => {
    let count = 0;
    const counter: Random = {
      bytes: (length) => new Uint8Array(length).fill(0, 0, length - 1).fill(count++, length - 1),
    };
    let drawn = 0;
    const snapshot: Random = { bytes: (length) => sha256(Uint8Array.of(drawn++ % 63)).slice(0, length) };
    const broken = [
      { bytes: (length: number) => new Uint8Array(length) },
      { bytes: (length: number) => new Uint8Array(length).fill(4) },
      counter,
      snapshot,
    ];
    expect(broken.map(answerOf)).to.deep.equal([REFUSED, REFUSED, REFUSED, REFUSED]);
  });
  it("refuses bits of which 46 of 100 are ones", () => {
    const fair = seededRandom(3);
    const lot = seededRandom(4);
    const biased: Random = {
      bytes: (length) => {
        const lots = lot.bytes(length);
        // One bit in every byte of which a share goes to zero: 4/100 of all bits.
        return fair.bytes(length).map((byte, at) => ((lots[at] as number) < 164 ? byte & 0xfe : byte));
      },
    };
    expect(answerOf(biased)).to.equal(REFUSED);
  });
});
