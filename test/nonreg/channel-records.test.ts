import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { decodeChannel, encodeChannel } from "../../channels/index.ts";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { durableSamples, readable } from "../support/durable-samples.ts";

interface Frozen {
  readonly record: string;
  readonly state: unknown;
}
/** Records of older versions are read, and written again as the newest. */
const NEWEST = "02";
const folder = new URL(".", import.meta.url);
const files = readdirSync(folder).filter((file) => /^channel-v\d+-.*\.json$/.test(file));
const load = (file: string): Frozen => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Frozen;

describe("Records of channels that stand on disks, of every version ever written", () => {
  it("are here for every durable state", () => {
    const tags = new Set(Object.values(durableSamples()).map(({ tag }) => tag));
    const frozen = new Set(files.map((file) => (load(file).state as { readonly tag: string }).tag));
    expect([...frozen].sort()).to.deep.equal([...tags].sort());
  });
  for (const file of files)
    it(`${file} is read as it was meant`, () => {
      const { record, state } = load(file);
      const decoded = decodeChannel(fromHex(record));
      expect(decoded.ok && readable(decoded.value)).to.deep.equal(state);
      if (decoded.ok && record.startsWith(NEWEST)) expect(toHex(encodeChannel(decoded.value))).to.equal(record);
    });
});
