import { toHex } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { assert } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import { type Codec, decode, encode, optional, struct, union } from "../../codec/codec.ts";
import { amountSat, blockHashCodec, bytesOf, flag, height, text, txid, u8, u16, u32 } from "../../codec/primitives.ts";
import { StoreCorrupt, type StoreEntry } from "../../ports/store.ts";
import { KEY } from "../records.ts";
import type { WatchedCoin, WatchedDescriptor, WatchState } from "./watch-state.ts";

/** Where the records of what is watched stand in the store. */
const DESCRIPTOR = `${KEY.watched}descriptor/`;
const SCRIPT = `${KEY.watched}script/`;
const COIN = `${KEY.watched}coin/`;
export const descriptorRecord = (id: string): string => `${DESCRIPTOR}${id}`;
export const scriptRecord = (id: string, index: number): string =>
  `${SCRIPT}${id}/${index.toString().padStart(10, "0")}`;
export const watchedCoinRecord = (key: string): string => `${COIN}${key}`;

const block = struct({ height, hash: blockHashCodec });
const script = bytesOf(u16);
/** The first byte of every record says which of its layouts follows; none is ever removed. */
const descriptorCodec = union(u8, {
  v1: [1, struct({ descriptor: text, label: text, gap: u16, from: height, used: u32, scanned: flag })],
});
const scriptCodec = union(u8, { v1: [1, struct({ id: text, index: u32, script })] });
const coinCodec = union(u8, {
  v1: [
    1,
    struct({
      outpoint: struct({ txid, vout: u32 }),
      amount: amountSat,
      script,
      coinbase: flag,
      paidIn: block,
      spent: optional(struct({ txid, block })),
    }),
  ],
});

export const encodeDescriptor = (watch: WatchedDescriptor): Uint8Array =>
  encode(descriptorCodec, { tag: "v1", ...watch });
export const encodeScript = (id: string, index: number, pays: Uint8Array): Uint8Array =>
  encode(scriptCodec, { tag: "v1", id, index, script: pays });
export const encodeWatchedCoin = (coin: WatchedCoin): Uint8Array => encode(coinCodec, { tag: "v1", ...coin });

function read<T>(codec: Codec<T>, entry: StoreEntry): T {
  const decoded = decode(codec, entry.value);
  if (!decoded.ok) throw new StoreCorrupt(entry.key, decoded.error.toString());
  return decoded.value;
}

/**
 * What is watched, from all entries under `KEY.watched`; `at` is the height of the cursor written with them. Throws
 * `StoreCorrupt` on a record that cannot be read or stands where it does not belong.
 */
export function loadWatched(entries: Iterable<StoreEntry>, at: BlockHeight | undefined): WatchState {
  const watches = new Map<string, WatchedDescriptor>();
  const scripts = new Map<string, Map<string, number>>();
  const coins = new Map<string, WatchedCoin>();
  for (const entry of entries) {
    let key: string;
    if (entry.key.startsWith(DESCRIPTOR)) {
      const { tag: _, ...stored } = read(descriptorCodec, entry);
      const id = stored.descriptor.slice(stored.descriptor.lastIndexOf("#") + 1);
      const own = new Map<string, number>();
      scripts.set(id, own);
      watches.set(id, { id, ...stored, scripts: own });
      key = descriptorRecord(id);
    } else if (entry.key.startsWith(SCRIPT)) {
      const { id, index, script: pays } = read(scriptCodec, entry);
      const own = scripts.get(id);
      if (own === undefined) throw new StoreCorrupt(entry.key, "belongs to no descriptor");
      own.set(toHex(pays), index);
      key = scriptRecord(id, index);
    } else {
      const { tag: _, ...coin } = read(coinCodec, entry);
      coins.set(outpointKey(coin.outpoint), coin);
      key = watchedCoinRecord(outpointKey(coin.outpoint));
    }
    if (key !== entry.key) throw new StoreCorrupt(entry.key, "stands under another record's key");
  }
  for (const { scripts: own } of watches.values()) assert(own.size > 0, "a descriptor has a script");
  return { height: at, watches, coins };
}
