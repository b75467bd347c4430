import { blockHash, hashBytes, type Outpoint, type Txid, txid } from "../../../base/ids.ts";
import { present } from "../../../base/result.ts";
import type { Coin, CoinChange } from "../../../chain/coins.ts";
import type { StorageChange, TxPlace } from "../../../chain/storage.ts";
import { StoreCorrupt } from "../../../ports/store.ts";
import {
  type ChainPlace,
  coinKey,
  outputBytes,
  outputOfBytes,
  placeBytes,
  placeOfBytes,
  voutOfKey,
} from "./coin-record.ts";
import { numberKey } from "./records.ts";
import type { BehindDb } from "./write-behind.ts";

/** A coin with its outpoint. */
export type FoundCoin = readonly [Outpoint, Coin];
type Connect = Extract<StorageChange, { tag: "Connect" }>;
type Disconnect = Extract<StorageChange, { tag: "Disconnect" }>;
export interface PlacedDbs {
  /**
   * Of every transaction of the connected chain, its place under its txid. Where a block repeats a transaction whose coins were all spent
   * (or has a licence to, BIP 30 §Specification), the place before stands under the txid and the height of that block.
   */
  readonly places: BehindDb;
  /** Outputs under the places of their transactions. */
  readonly coins: BehindDb;
  /** The connected blocks under their heights. */
  readonly connected: BehindDb;
}

const TXID_BYTES = 32;

/**
 * The coins on the disk: not under their txids, which would put each on a page of its own choice, but under the place where they were
 * created. What a block creates is written behind everything else, on full pages, and what is spent soon stands near the end. Where a
 * transaction stands is written under its txid. Height and coinbase follow from that place.
 */
export class PlacedCoins {
  readonly #dbs: PlacedDbs;
  constructor(dbs: PlacedDbs) {
    this.#dbs = dbs;
  }

  coin({ txid: id, vout }: Outpoint): Coin | undefined {
    const place = this.#placeOf(id);
    const stored = place && this.#dbs.coins.get(coinKey(place, vout));
    return stored === undefined || place === undefined ? undefined : coinAt(place, stored);
  }
  place(id: Txid): TxPlace | undefined {
    const place = this.#placeOf(id);
    return place && { block: blockHash(this.#connectedAt(place.height)), index: place.index };
  }
  /**
   * What is left of each transaction of the connected chain, in the order of their txids as hashed; of many nothing is. Of the whole set
   * when everything has settled.
   */
  *ofEachTx(): Iterable<readonly FoundCoin[]> {
    for (const { key, value } of this.#dbs.places.entries()) {
      if (key.length !== TXID_BYTES) continue;
      const id = txid(Uint8Array.from(key));
      const place = placeOfBytes(value);
      const range = { start: placeBytes(place), end: placeBytes({ ...place, index: place.index + 1 }) };
      yield Array.from(this.#dbs.coins.entries(range), (entry) => [
        { txid: id, vout: voutOfKey(entry.key) },
        coinAt(place, entry.value),
      ]);
    }
  }

  /** Within a commit. */
  connect({ block: { hash, txids }, height, coins }: Connect): void {
    const { connected, places } = this.#dbs;
    connected.put(numberKey(height), hashBytes(hash));
    this.#removeSpent(coins);
    for (const [index, id] of txids.entries()) {
      const key = hashBytes(id);
      const repeated = places.get(key);
      if (repeated !== undefined) places.put(repeatedKey(key, height), repeated);
      places.put(key, placeBytes({ height, index }));
    }
    this.#putCreated(coins);
  }
  /** Within a commit. */
  disconnect({ block: { txids }, height, coins }: Disconnect): void {
    const { connected, places } = this.#dbs;
    this.#removeSpent(coins);
    for (const id of txids) {
      const key = hashBytes(id);
      const repeated = places.get(repeatedKey(key, height));
      if (repeated === undefined) places.remove(key);
      else {
        places.put(key, repeated);
        places.remove(repeatedKey(key, height));
      }
    }
    this.#putCreated(coins);
    connected.remove(numberKey(height));
  }

  /** What was there before, also where something else comes. */
  #removeSpent(changes: readonly CoinChange[]): void {
    const keyOf = this.#keys();
    for (const { outpoint, before } of changes) {
      if (before !== undefined) this.#dbs.coins.remove(keyOf(outpoint));
    }
  }
  /** With the places as they are after the block. */
  #putCreated(changes: readonly CoinChange[]): void {
    const keyOf = this.#keys();
    for (const { outpoint, coin } of changes) {
      if (coin !== undefined) this.#dbs.coins.put(keyOf(outpoint), outputBytes(coin.output), true);
    }
  }
  /** While no place changes. The outputs of a transaction mostly come together. */
  #keys(): (outpoint: Outpoint) => Uint8Array {
    let newest: { readonly id: Txid; readonly place: ChainPlace } | undefined;
    return ({ txid: id, vout }) => {
      if (newest?.id !== id)
        newest = { id, place: present(this.#placeOf(id), "a transaction with a coin is in the chain") };
      return coinKey(newest.place, vout);
    };
  }
  #placeOf(id: Txid): ChainPlace | undefined {
    const stored = this.#dbs.places.get(hashBytes(id));
    return stored && placeOfBytes(stored);
  }
  #connectedAt(height: number): Uint8Array {
    const stored = this.#dbs.connected.get(numberKey(height));
    if (stored === undefined) throw new StoreCorrupt("chain/connected", `no block at ${height}`);
    return Uint8Array.from(stored);
  }
}

function repeatedKey(txidBytes: Uint8Array, height: number): Uint8Array {
  const key = new Uint8Array(TXID_BYTES + 4);
  key.set(txidBytes);
  key.set(numberKey(height), TXID_BYTES);
  return key;
}
function coinAt({ height, index }: ChainPlace, stored: Uint8Array): Coin {
  const output = outputOfBytes(stored);
  if (output === undefined) throw new StoreCorrupt("chain/coins", `no output at ${height}, ${index}`);
  return { output, height, coinbase: index === 0 };
}
