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
const NEWEST = "03";
/** What records of versions 1 and 2 do not say, and how it is read. */
const MEANT_BEFORE_3 = {
  params: { type: { format: "anchors", scidAlias: false, zeroConf: false } },
};
/** The same of those that hold commitments. */
const MEANT_OF_COMMITMENTS = { commitments: { others: [] }, attempts: { signed: [] } };
/** And of those that are being closed by agreement. */
const MEANT_OF_CLOSES = { simple: { offered: [], complete: [], answered: { since: 0, count: 0 } } };
/** `state` with every field of `meant` that it does not have. */
function completed(state: unknown, meant: object): unknown {
  if (typeof state !== "object" || state === null) return state;
  const known = state as Readonly<Record<string, unknown>>;
  const added = Object.entries(meant).map(([name, value]) => [
    name,
    name in known ? completed(known[name], value as object) : value,
  ]);
  return { ...known, ...Object.fromEntries(added) };
}
function meantBefore3(state: unknown): unknown {
  let whole = completed(state, MEANT_BEFORE_3) as object;
  if ("commitments" in whole) whole = completed(whole, MEANT_OF_COMMITMENTS) as object;
  return "close" in whole && "signed" in whole ? completed(whole, MEANT_OF_CLOSES) : whole;
}
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
      const meant = record.startsWith(NEWEST) ? state : meantBefore3(state);
      expect(decoded.ok && readable(decoded.value)).to.deep.equal(meant);
      if (decoded.ok && record.startsWith(NEWEST)) expect(toHex(encodeChannel(decoded.value))).to.equal(record);
    });
});
