import { mkdirSync } from "node:fs";
import { open } from "lmdb";
import { equalBytes, utf8 } from "../../../base/bytes.ts";
import type { BlockHash } from "../../../base/ids.ts";
import { unreachable } from "../../../base/result.ts";
import { type Block, block as blockCodec, blockHashOf } from "../../../bitcoin/block.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import type { Coin, CoinChange } from "../../../chain/coins.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import type { ChainStorage, StorageChange, StoredHeader } from "../../../chain/storage.ts";
import { type Codec, decode, encode } from "../../../codec/codec.ts";
import { StoreCorrupt } from "../../../ports/store.ts";
import { Refused } from "../../sentences.ts";
import { isLmdbFolder } from "../../store/lmdb-file.ts";
import {
  coinRecord,
  FORMAT,
  hashKey,
  headerRecord,
  orderKey,
  outpointBytes,
  placeRecord,
  tipRecord,
  undoRecord,
} from "./records.ts";
import { type BehindDb, type WriteBehind, writeBehind } from "./write-behind.ts";

/** The chain on disk, in an LMDB environment of its own. Every commit is whole on the disk or not there. */
export interface ChainFiles extends ChainStorage {
  /** Every coin, for counting the whole set anew. Call it when everything has settled. */
  coins(): Iterable<Coin>;
  /** Resolves once everything committed so far is on stable storage. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** One kind of record. */
interface Table<K, T> {
  get(key: K): T | undefined;
  put(key: K, value: T): void;
  remove(key: K): void;
  values(): Iterable<T>;
}
function table<K, T>(db: BehindDb, name: string, toKey: (key: K) => Uint8Array, codec: Codec<T>): Table<K, T> {
  const read = (stored: Uint8Array): T => {
    // LMDB gives a Buffer, whose slices would share its memory.
    const value = decode(codec, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    if (!value.ok) throw new StoreCorrupt(`chain/${name}`, value.error.toString());
    return value.value;
  };
  return {
    get: (key) => {
      const stored = db.get(toKey(key));
      return stored === undefined ? undefined : read(stored);
    },
    put: (key, value) => db.put(toKey(key), encode(codec, value)),
    remove: (key) => db.remove(toKey(key)),
    values: function* () {
      for (const value of db.values()) yield read(value);
    },
  };
}

const TIP = utf8("tip");
const CLAIM = utf8("chain");

function openTables(db: WriteBehind["db"], meta: BehindDb) {
  return {
    headers: table(db("headers"), "headers", orderKey, headerRecord),
    blocks: table(db("blocks"), "blocks", hashKey, blockCodec),
    undos: table(db("undo"), "undo", hashKey, undoRecord),
    coins: table(db("coins"), "coins", outpointBytes, coinRecord),
    places: table(db("places"), "places", hashKey, placeRecord),
    tips: table(meta, "tip", (_only: "tip") => TIP, tipRecord),
  };
}
type Tables = ReturnType<typeof openTables>;

/** Inside a transaction. */
function write(tables: Tables, change: StorageChange): void {
  const note = ({ order, header }: HeaderNode, state: StoredHeader["state"]): void =>
    tables.headers.put(order, { header, state });
  switch (change.tag) {
    case "Headers":
      for (const node of change.nodes) note(node, "header");
      return;
    case "Invalid":
      for (const node of change.nodes) note(node, "invalid");
      return;
    case "Block":
      note(change.node, "held");
      tables.blocks.put(change.node.hash, change.block);
      return;
    case "Connect": {
      const { hash, txids } = change.block;
      writeCoins(tables, change.coins);
      tables.undos.put(hash, change.undo);
      for (const [index, txid] of txids.entries()) tables.places.put(txid, { block: hash, index });
      tables.tips.put("tip", { tip: hash, ...change.totals });
      return;
    }
    case "Disconnect":
      writeCoins(tables, change.coins);
      for (const txid of change.block.txids) tables.places.remove(txid);
      tables.tips.put("tip", { tip: change.tip, ...change.totals });
      return;
    default:
      unreachable(change);
  }
}
function writeCoins({ coins }: Tables, changes: readonly CoinChange[]): void {
  for (const { outpoint, coin } of changes) {
    if (coin === undefined) coins.remove(outpoint);
    else coins.put(outpoint, coin);
  }
}

/** Blocks kept decoded: those just stored are read again at once. */
const RECENT_BLOCKS = 16;

/** Opens or creates the chain of `params` in `folder`. Throws a readable error when the folder holds something else. */
export function openChainFiles(folder: string, params: ChainParams): ChainFiles {
  mkdirSync(folder, { recursive: true });
  if (!isLmdbFolder(folder))
    throw new Refused(`${folder} holds no chain: move it away and the chain will be fetched again.`);
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  const env = open<Uint8Array, Uint8Array>({ path: folder, maxDbs: 8, ...binary });
  const disk = writeBehind(env);
  const meta = disk.db("meta");
  claim(disk, meta, folder, params);
  const tables = openTables((name) => disk.db(name), meta);
  const recent = new Map<BlockHash, Block>();
  const remember = (hash: BlockHash, block: Block): void => {
    const [oldest] = recent.keys();
    if (recent.size >= RECENT_BLOCKS && oldest !== undefined) recent.delete(oldest);
    recent.set(hash, block);
  };
  return {
    headers: function* () {
      for (const { header, state } of tables.headers.values()) yield { hash: blockHashOf(header), header, state };
    },
    tip: () => tables.tips.get("tip")?.tip,
    totals: () => tables.tips.get("tip") ?? { count: 0, total: 0n },
    coin: tables.coins.get,
    coins: () => tables.coins.values(),
    block: (hash) => recent.get(hash) ?? tables.blocks.get(hash),
    undo: tables.undos.get,
    place: tables.places.get,
    commit: (change) => {
      disk.commit(() => write(tables, change));
      if (change.tag === "Block") remember(change.node.hash, change.block);
    },
    settled: () => disk.settled(),
    close: async () => {
      await disk.settled();
      await env.close();
    },
  };
}

/** A folder belongs to one chain and one format. */
function claim(disk: WriteBehind, meta: BehindDb, folder: string, { network, genesisHash }: ChainParams): void {
  const expected = utf8(`${FORMAT}:${network}:${genesisHash}`);
  const found = meta.get(CLAIM);
  if (found === undefined) disk.commit(() => meta.put(CLAIM, expected));
  else if (!equalBytes(found, expected)) {
    throw new Refused(
      `${folder} holds another chain or an older format (${new TextDecoder().decode(found)}); ` +
        "move it away and the chain will be fetched again.",
    );
  }
}
