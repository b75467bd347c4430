import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { equalBytes, utf8 } from "../../../base/bytes.ts";
import type { BlockHash } from "../../../base/ids.ts";
import { unreachable } from "../../../base/result.ts";
import { type Block, blockHashOf, decodeBlock, encodeBlock } from "../../../bitcoin/block.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import type { ChainStorage, StorageChange, StoredHeader } from "../../../chain/storage.ts";
import { type Codec, decode, encode } from "../../../codec/codec.ts";
import { StoreCorrupt } from "../../../ports/store.ts";
import { Refused } from "../../sentences.ts";
import { isLmdbFolder } from "../../store/lmdb-file.ts";
import { BlockFiles, endOf, FILE_BYTES_MAX } from "./block-files.ts";
import { type FoundCoin, PlacedCoins } from "./placed-coins.ts";
import { type PrunedDisk, type PrunePhase, prune } from "./pruning.ts";
import {
  blockFileRecord,
  blockPlaceRecord,
  FORMAT,
  filedKey,
  filedRecord,
  hashKey,
  headerRecord,
  numberKey,
  numberOfKey,
  prunedRecord,
  tipRecord,
  undoRecord,
} from "./records.ts";
import { type BehindDb, type KeyRange, type WriteBehind, type WritePhase, writeBehind } from "./write-behind.ts";

/**
 * The chain on disk: blocks in files that only grow, everything else in an LMDB environment of its own. Every commit is
 * whole on the disk or not there.
 */
export interface ChainFiles extends ChainStorage {
  /** Every coin, in the order of their outpoints: of the whole set when everything has settled. */
  coins(): Iterable<FoundCoin>;
  /** The same together, for each transaction of the chain: of many there are none. */
  coinsOfEachTx(): Iterable<readonly FoundCoin[]>;
  /** Resolves once everything committed so far is on stable storage. */
  settled(): Promise<void>;
  /** So much waits for the disk that no block should be taken in. */
  readonly crowded: boolean;
  /** Resolves when it is not crowded any more. */
  room(): Promise<void>;
  /**
   * Deletes files of blocks, the oldest first, until what is left fits the target. Files with a block at this height or
   * above are kept.
   */
  prune(keepFrom: number): Promise<void>;
  close(): Promise<void>;
}
export interface ChainFilesOptions extends DiskOptions {
  readonly folder: string;
  readonly params: ChainParams;
}
/** How the chain uses its disk. */
export interface DiskOptions {
  /** A file of blocks takes no further one when it has reached this. */
  readonly fileBytesMax?: number;
  /** Bytes that files of blocks may take: undefined keeps all. The blocks that have to be kept may be more. */
  readonly pruneBytes?: number | undefined;
  /** More than this is written without being asked for. */
  readonly gatherBytesMax?: number;
  /** For tests: told of each phase as it is reached. */
  readonly reached?: (phase: WritePhase | PrunePhase | UndoPhase) => void;
}
/** What taking a block back goes through, for each block: its coins are back, and the tip is its parent. */
export type UndoPhase = "undoing" | "undone";

/** One kind of record. */
interface Table<K, T> {
  get(key: K): T | undefined;
  put(key: K, value: T, isNew?: boolean): void;
  remove(key: K): void;
  /** What is on the disk. */
  entries(range?: KeyRange): Iterable<readonly [key: Uint8Array, value: T]>;
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
    put: (key, value, isNew) => db.put(toKey(key), encode(codec, value), isNew),
    remove: (key) => db.remove(toKey(key)),
    entries: function* (range) {
      for (const { key, value } of db.entries(range)) yield [key, read(value)];
    },
  };
}

const TIP = utf8("tip");
const PRUNED = utf8("pruned");
const CLAIM = utf8("chain");

function openTables(db: WriteBehind["db"], meta: BehindDb) {
  return {
    coins: new PlacedCoins({ coins: db("coins"), places: db("places"), connected: db("connected") }),
    headers: table(db("headers"), "headers", numberKey, headerRecord),
    blocks: table(db("blocks"), "blocks", hashKey, blockPlaceRecord),
    files: table(db("files"), "files", numberKey, blockFileRecord),
    filed: table(db("filed"), "filed", filedKey, filedRecord),
    undos: table(db("undo"), "undo", hashKey, undoRecord),
    tips: table(meta, "tip", (_only: "tip") => TIP, tipRecord),
    pruned: table(meta, "pruned", (_only: "pruned") => PRUNED, prunedRecord),
  };
}
export type Tables = ReturnType<typeof openTables>;

/** Within a commit. */
function write(
  { tables, blocks, reached }: Pick<PrunedDisk, "tables" | "blocks"> & { readonly reached: DiskOptions["reached"] },
  change: StorageChange,
): void {
  const note = ({ order, header }: HeaderNode, state: StoredHeader["state"]): void =>
    tables.headers.put(order, { header, state });
  switch (change.tag) {
    case "Headers":
      for (const node of change.nodes) note(node, "header");
      return;
    case "Invalid":
      for (const node of change.nodes) note(node, "invalid");
      return;
    case "Reconsidered":
      for (const node of change.held) note(node, "held");
      for (const node of change.bare) note(node, "header");
      return;
    case "Block":
      note(change.node, "held");
      writeBlock(tables, blocks, change);
      return;
    case "Connect": {
      const { hash } = change.block;
      tables.coins.connect(change);
      tables.undos.put(hash, change.undo);
      tables.tips.put("tip", { tip: hash, ...change.totals });
      return;
    }
    case "Disconnect":
      tables.coins.disconnect(change);
      reached?.("undoing");
      tables.tips.put("tip", { tip: change.tip, ...change.totals });
      reached?.("undone");
      return;
    default:
      unreachable(change);
  }
}
function writeBlock(
  tables: Tables,
  blocks: BlockFiles,
  { node, block }: Extract<StorageChange, { tag: "Block" }>,
): void {
  const place = blocks.append(encodeBlock(block));
  const highest = Math.max(tables.files.get(place.file)?.highest ?? 0, node.height);
  tables.blocks.put(node.hash, place);
  tables.filed.put(place, { hash: node.hash });
  tables.files.put(place.file, { size: endOf(place), highest });
}
/** Blocks kept decoded: those just stored are read again at once. */
const RECENT_BLOCKS = 16;
const BLOCKS = "blocks";

/** Addresses set aside for LMDB's file, which it takes at once: when it needs more, the pages that were read stay behind a second time. */
const MAP_BYTES = 2 ** 36;

/** Opens or creates the chain of `params` in `folder`. Throws a readable error when the folder holds something else. */
export function openChainFiles(options: ChainFilesOptions): ChainFiles {
  const { folder, params, gatherBytesMax, reached } = options;
  mkdirSync(folder, { recursive: true });
  if (!isLmdbFolder(folder))
    throw new Refused(`${folder} holds no chain: move it away and the chain will be fetched again.`);
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  const env = open<Uint8Array, Uint8Array>({ path: folder, maxDbs: 12, mapSize: MAP_BYTES, ...binary });
  const disk = writeBehind(env, { prepare: () => blocks.sync(), gatherBytesMax, reached });
  const meta = disk.db("meta");
  claim(disk, meta, folder, params);
  const tables = openTables((name) => disk.db(name), meta);
  const sizes = new Map(Array.from(tables.files.entries(), ([key, { size }]) => [numberOfKey(key), size]));
  const blocks = new BlockFiles({
    folder: join(folder, BLOCKS),
    magic: params.magic,
    sizes,
    fileBytesMax: fileBytesOf(options),
  });
  const recent = new Map<BlockHash, Block>();
  const pruner = prunerOf({ disk, tables, blocks, reached }, options);
  const remember = (hash: BlockHash, block: Block): void => {
    const [oldest] = recent.keys();
    if (recent.size >= RECENT_BLOCKS && oldest !== undefined) recent.delete(oldest);
    recent.set(hash, block);
  };
  return {
    headers: function* () {
      for (const [, { header, state }] of tables.headers.entries()) yield { hash: blockHashOf(header), header, state };
    },
    tip: () => tables.tips.get("tip")?.tip,
    totals: () => tables.tips.get("tip") ?? { count: 0, total: 0n },
    coin: (outpoint) => tables.coins.coin(outpoint),
    coinsOfEachTx: () => tables.coins.ofEachTx(),
    coins: function* () {
      for (const coins of tables.coins.ofEachTx()) yield* coins;
    },
    block: (hash) => recent.get(hash) ?? readBlock(tables, blocks, hash),
    undo: tables.undos.get,
    place: (txid) => tables.coins.place(txid),
    prunedTo: pruner.prunedTo,
    commit: (change) => {
      disk.commit(() => write({ tables, blocks, reached }, change));
      if (change.tag === "Block") remember(change.node.hash, change.block);
    },
    settled: () => disk.settled(),
    get crowded() {
      return disk.crowded || blocks.crowded;
    },
    room: async () => {
      if (blocks.crowded) await disk.settled();
      await disk.room();
    },
    prune: pruner.prune,
    close: async () => {
      await disk.settled();
      await blocks.close();
      await env.close();
    },
  };
}

function prunerOf(disk: PrunedDisk, { pruneBytes }: DiskOptions): Pick<ChainFiles, "prune" | "prunedTo"> {
  const { pruned } = disk.tables;
  let prunedTo = pruned.get("pruned")?.height ?? 0;
  const note = (height: number): void => {
    prunedTo = Math.max(prunedTo, height);
    pruned.put("pruned", { height: prunedTo });
  };
  return {
    prunedTo: () => prunedTo,
    prune: async (keepFrom) => {
      if (pruneBytes !== undefined) await prune(disk, { pruneBytes, keepFrom }, note);
    },
  };
}
/** A target is met more closely by smaller files. */
const fileBytesOf = ({ fileBytesMax, pruneBytes }: DiskOptions): number | undefined =>
  fileBytesMax ?? (pruneBytes === undefined ? undefined : Math.min(FILE_BYTES_MAX, Math.ceil(pruneBytes / FILES_MIN)));
const FILES_MIN = 4;

function readBlock(tables: Tables, blocks: BlockFiles, hash: BlockHash): Block | undefined {
  const place = tables.blocks.get(hash);
  if (place === undefined) return undefined;
  const block = decodeBlock(blocks.read(place));
  if (!block.ok) throw new StoreCorrupt(`chain/block ${hash}`, block.error.toString());
  return block.value;
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
