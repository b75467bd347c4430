import { mkdirSync } from "node:fs";
import { open } from "lmdb";
import { equalBytes, utf8 } from "../../../base/bytes.ts";
import { type BlockHash, blockHash } from "../../../base/ids.ts";
import { blockHashOf } from "../../../bitcoin/block.ts";
import { filterHashCodec, filterHeaderCodec } from "../../../bitcoin/filter-messages.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import type { LightChange, LightStorage } from "../../../chain/light/storage.ts";
import { type Codec, decode, encode, struct } from "../../../codec/codec.ts";
import { blockHashCodec } from "../../../codec/primitives.ts";
import { StoreCorrupt } from "../../../ports/store.ts";
import { Refused } from "../../sentences.ts";
import { isLmdbFolder } from "../../store/lmdb-file.ts";
import { hashKey, headerRecord, numberKey } from "../embedded/records.ts";
import { type BehindDb, writeBehind } from "../embedded/write-behind.ts";

/** What a light client keeps on disk, in an LMDB environment of its own. */
export interface LightFiles extends LightStorage {
  /** While it is crowded no peer is listened to, so nothing is asked for either. */
  readonly crowded: boolean;
  room(): Promise<void>;
  /** Resolves once everything committed so far is on stable storage. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** All of it can be asked of peers again, so a new format may drop the old one. */
const FORMAT = 1;
const CLAIM = utf8("light");
const TIP = utf8("tip");
const NOTHING = new Uint8Array(0);
const linkRecord = struct({ hash: filterHashCodec, header: filterHeaderCodec });
const tipRecord = struct({ tip: blockHashCodec });

/** Opens or creates the headers of a chain in `folder`. Throws a readable error when the folder holds something else. */
export function openLightFiles(folder: string, params: ChainParams): LightFiles {
  mkdirSync(folder, { recursive: true });
  const again = "move it away and the headers will be fetched again.";
  if (!isLmdbFolder(folder)) throw new Refused(`${folder} holds no headers: ${again}`);
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  const env = open<Uint8Array, Uint8Array>({ path: folder, maxDbs: 6, ...binary });
  const disk = writeBehind(env);
  const tables = {
    meta: disk.db("meta"),
    headers: disk.db("headers"),
    links: disk.db("links"),
    doubtful: disk.db("doubtful"),
  };
  const expected = utf8(`${FORMAT}:${params.network}:${params.genesisHash}`);
  const found = tables.meta.get(CLAIM);
  if (found === undefined) disk.commit(() => tables.meta.put(CLAIM, expected));
  else if (!equalBytes(found, expected)) throw new Refused(`${folder} holds the headers of another chain: ${again}`);
  const doubtful = new Set<BlockHash>();
  for (const { key } of tables.doubtful.entries()) doubtful.add(blockHash(Uint8Array.from(key)));
  return {
    headers: function* () {
      for (const { value } of tables.headers.entries()) {
        const { header, state } = decoded("headers", value, headerRecord);
        yield { hash: blockHashOf(header), header, state };
      }
    },
    tip: () => read(tables.meta, "tip", TIP, tipRecord)?.tip,
    link: (block) => read(tables.links, "links", hashKey(block), linkRecord),
    doubtful: () => doubtful,
    commit: (change) => disk.commit(() => write(tables, change)),
    get crowded() {
      return disk.crowded;
    },
    room: () => disk.room(),
    settled: () => disk.settled(),
    close: async () => {
      await disk.settled();
      await env.close();
    },
  };
}

type Tables = Readonly<Record<"meta" | "headers" | "links" | "doubtful", BehindDb>>;
function write({ meta, headers, links, doubtful }: Tables, change: LightChange): void {
  switch (change.tag) {
    case "Headers":
    case "Invalid": {
      const state = change.tag === "Headers" ? "header" : "invalid";
      for (const { order, header } of change.nodes)
        headers.put(numberKey(order), encode(headerRecord, { header, state }));
      return;
    }
    case "Filters":
      for (const { block, hash, header } of change.links)
        links.put(hashKey(block), encode(linkRecord, { hash, header }));
      meta.put(TIP, encode(tipRecord, { tip: change.tip }));
      return;
    case "Doubtful":
      doubtful.put(hashKey(change.block), NOTHING);
      return;
  }
}

function read<T>(db: BehindDb, name: string, key: Uint8Array, codec: Codec<T>): T | undefined {
  const stored = db.get(key);
  return stored === undefined ? undefined : decoded(name, stored, codec);
}
function decoded<T>(name: string, stored: Uint8Array, codec: Codec<T>): T {
  // LMDB gives a Buffer, whose slices would share its memory.
  const value = decode(codec, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  if (!value.ok) throw new StoreCorrupt(`light/${name}`, value.error.toString());
  return value.value;
}
