import { mkdirSync } from "node:fs";
import { open } from "lmdb";
import { equalBytes, utf8 } from "../../../base/bytes.ts";
import type { BlockHash } from "../../../base/ids.ts";
import { filterHashCodec, filterHeaderCodec } from "../../../bitcoin/filter-messages.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import type { FilterStorage } from "../../../chain/filter-storage.ts";
import { type Codec, decode, encode, struct } from "../../../codec/codec.ts";
import { blockHashCodec, rest } from "../../../codec/primitives.ts";
import { StoreCorrupt } from "../../../ports/store.ts";
import { Refused } from "../../sentences.ts";
import { isLmdbFolder } from "../../store/lmdb-file.ts";
import { hashKey } from "./records.ts";
import { type BehindDb, writeBehind } from "./write-behind.ts";

/** Filters on disk, in an LMDB environment of their own: all of them can be made again from the chain beside it. */
export interface FilterFiles extends FilterStorage {
  /** Resolves once everything committed so far is on stable storage. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A new format drops the old filters. */
const FORMAT = 1;
const CLAIM = utf8("filters");
const TIP = utf8("tip");
const linkRecord = struct({ hash: filterHashCodec, header: filterHeaderCodec });
const filterRecord = struct({ filter: rest });

/** Opens or creates the filters of a chain in `folder`. Throws a readable error when the folder holds something else. */
export function openFilterFiles(folder: string, params: ChainParams): FilterFiles {
  mkdirSync(folder, { recursive: true });
  if (!isLmdbFolder(folder)) throw new Refused(`${folder} holds no filters: move it away and they will be made again.`);
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  const env = open<Uint8Array, Uint8Array>({ path: folder, maxDbs: 4, ...binary });
  const disk = writeBehind(env);
  const [meta, links, filters] = [disk.db("meta"), disk.db("links"), disk.db("filters")];
  const expected = utf8(`${FORMAT}:${params.network}:${params.genesisHash}`);
  const found = meta.get(CLAIM);
  if (found === undefined) disk.commit(() => meta.put(CLAIM, expected));
  else if (!equalBytes(found, expected))
    throw new Refused(`${folder} holds the filters of another chain: move it away and they will be made again.`);
  const header = (block: BlockHash) => read(links, "links", hashKey(block), linkRecord);
  return {
    tip: () => read(meta, "tip", TIP, struct({ tip: blockHashCodec }))?.tip,
    header,
    entry: (block) => {
      const link = header(block);
      const filter = read(filters, "filters", hashKey(block), filterRecord)?.filter;
      return link === undefined || filter === undefined ? undefined : { ...link, filter };
    },
    commit: ({ entries, tip }) =>
      disk.commit(() => {
        for (const { block, hash, header, filter } of entries) {
          links.put(hashKey(block), encode(linkRecord, { hash, header }));
          filters.put(hashKey(block), filter);
        }
        meta.put(TIP, encode(struct({ tip: blockHashCodec }), { tip }));
      }),
    settled: () => disk.settled(),
    close: async () => {
      await disk.settled();
      await env.close();
    },
  };
}

function read<T>(db: BehindDb, name: string, key: Uint8Array, codec: Codec<T>): T | undefined {
  const stored = db.get(key);
  if (stored === undefined) return undefined;
  // LMDB gives a Buffer, whose slices would share its memory.
  const value = decode(codec, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  if (!value.ok) throw new StoreCorrupt(`filters/${name}`, value.error.toString());
  return value.value;
}
