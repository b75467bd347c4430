import { expect } from "chai";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { unwrap, wrap } from "../../../src/adapters/store/envelope.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { StoreCorrupt } from "../../../src/ports/store.ts";

const isRefused = (key: string, bytes: Uint8Array): boolean => {
  try {
    unwrap(key, bytes);
    return false;
  } catch (error) {
    return error instanceof StoreCorrupt;
  }
};

describe("RELIABILITY P12: the envelope of a record", () => {
  const key = "channel/a";
  const random = seededRandom(12);
  const records = [0, 1, 300, 1_000].map((length) => wrap(key, { sequence: 7n, value: random.bytes(length) }));

  it("shows that any one of its bits has changed", () => {
    for (const record of records)
      for (let bit = 0; bit < record.length * 8; bit++) {
        const at = bit >> 3;
        const broken = record.with(at, (record[at] as number) ^ (1 << (bit & 7)));
        if (!isRefused(key, broken)) expect.fail(`bit ${bit} of ${record.length} bytes`);
      }
  });
  it("shows that it was cut, or stands under another key", () => {
    for (const record of records) {
      expect(isRefused(key, record)).to.equal(false);
      expect(isRefused("channel/b", record)).to.equal(true);
      for (const cut of [1, 4, record.length]) expect(isRefused(key, record.slice(0, -cut))).to.equal(true);
    }
    expect(unwrap(key, wrap(key, { sequence: 9n, value: utf8("x") }))).to.deep.equal({
      sequence: 9n,
      value: utf8("x"),
    });
  });
});
