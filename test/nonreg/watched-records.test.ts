import { readFileSync } from "node:fs";
import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { outpointKey } from "../../src/base/ids.ts";
import { blockHeight } from "../../src/base/units.ts";
import {
  descriptorRecord,
  encodeDescriptor,
  encodeScript,
  encodeWatchedCoin,
  loadWatched,
  scriptRecord,
  watchedCoinRecord,
} from "../../src/daemon/wallet/watch-records.ts";
import type { WatchState } from "../../src/daemon/wallet/watch-state.ts";
import { StoreCorrupt } from "../../src/ports/store.ts";
import { readable } from "../support/durable-samples.ts";

interface Frozen {
  readonly records: Readonly<Record<string, string>>;
  readonly watched: unknown;
}
const frozen = JSON.parse(readFileSync(new URL("watched-v1.json", import.meta.url), "utf8")) as Frozen;
const load = (records: Readonly<Record<string, string>>): WatchState =>
  loadWatched(
    Object.entries(records)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value: fromHex(value) })),
    blockHeight(9),
  );
const shown = ({ watches, coins, ...rest }: WatchState): unknown =>
  readable({
    ...rest,
    watches: [...watches.values()].map((watch) => ({ ...watch, scripts: [...watch.scripts] })),
    coins: [...coins],
  });
const written = ({ watches, coins }: WatchState): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...[...watches.values()].flatMap((watch) => [
      [descriptorRecord(watch.id), toHex(encodeDescriptor(watch))],
      ...[...watch.scripts].map(([script, index]) => [
        scriptRecord(watch.id, index),
        toHex(encodeScript(watch.id, index, fromHex(script))),
      ]),
    ]),
    ...[...coins.values()].map((coin) => [
      watchedCoinRecord(outpointKey(coin.outpoint)),
      toHex(encodeWatchedCoin(coin)),
    ]),
  ]);

describe("Records of what is watched, that stand on disks", () => {
  it("of version 1 are read as they were meant, and written as they were", () => {
    const state = load(frozen.records);
    expect(shown(state)).to.deep.equal(frozen.watched);
    expect(written(state)).to.deep.equal(frozen.records);
  });

  it("are refused where one is cut short, of an unknown version, under another's key, or without its descriptor", () => {
    const keys = Object.keys(frozen.records);
    expect(keys.length).to.be.above(3);
    for (const key of keys) {
      const value = frozen.records[key] ?? "";
      for (const wrong of [value.slice(0, -2), `ff${value.slice(2)}`])
        expect(() => load({ ...frozen.records, [key]: wrong }), key).to.throw(StoreCorrupt);
      const { [key]: moved = "", ...others } = frozen.records;
      expect(() => load({ ...others, [`${key}0`]: moved }), key).to.throw(StoreCorrupt);
    }
    const withoutDescriptor = Object.entries(frozen.records).filter(([key]) => key.startsWith("watched/script/"));
    expect(() => load(Object.fromEntries(withoutDescriptor))).to.throw(StoreCorrupt);
  });
});
