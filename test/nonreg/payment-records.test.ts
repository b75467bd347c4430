import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type Codec, decode, encode } from "../../src/codec/codec.ts";
import { keysendRecord } from "../../src/payments/keysend.ts";
import { paymentRecord } from "../../src/payments/payment-codec.ts";
import { readable } from "../support/durable-samples.ts";
import { KEYSENDS, PAYMENTS } from "../support/payment-samples.ts";

interface Frozen {
  readonly record: string;
  readonly state: unknown;
}
/** Of each kind: the version that is written today, and what every program before could write. */
const KINDS: readonly (readonly [string, string, Codec<unknown>, object])[] = [
  ["payment", "02", paymentRecord as Codec<unknown>, PAYMENTS],
  ["keysend", "01", keysendRecord as Codec<unknown>, KEYSENDS],
];
const folder = new URL(".", import.meta.url);
const load = (file: string): Frozen => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Frozen;

for (const [kind, newest, codec, samples] of KINDS)
  describe(`Records of a ${kind} that stand on disks, of every version ever written`, () => {
    const files = readdirSync(folder).filter((file) => new RegExp(`^${kind}-v\\d+-.*\\.json$`).test(file));
    it("are here for every kind that there can be", () => {
      const newestFiles = files.filter((file) => file.startsWith(`${kind}-v${Number(newest)}-`));
      expect(newestFiles).to.have.members(
        Object.keys(samples).map((name) => `${kind}-v${Number(newest)}-${name}.json`),
      );
    });
    for (const file of files)
      it(`${file} is read as it was meant, and written again as the newest`, () => {
        const { record, state } = load(file);
        const decoded = decode(codec, fromHex(record));
        expect(decoded.ok && readable(decoded.value)).to.deep.equal(state);
        if (!decoded.ok) return;
        const again = encode(codec, decoded.value);
        expect(toHex(again).slice(0, 2)).to.equal(newest);
        if (record.startsWith(newest)) expect(toHex(again)).to.equal(record);
      });
    it("are refused where one is cut short or of a version that nobody has written", () => {
      for (const file of files) {
        const record = fromHex(load(file).record);
        for (const version of [0, Number(newest) + 1])
          expect(decode(codec, Uint8Array.of(version, ...record.subarray(1)))).to.deep.include({ ok: false });
        expect(decode(codec, record.subarray(0, -1)).ok).to.equal(false);
      }
    });
  });
