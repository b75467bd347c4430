import { utf8 } from "../../base/bytes.ts";
import { decode, lent, struct } from "../../codec/codec.ts";
import { rest, u8, u32, u64 } from "../../codec/primitives.ts";
import { StoreCorrupt } from "../../ports/store.ts";
import { crc32c } from "./crc32c.ts";

/** What stands around each value on the disk. A decoder for a version that was ever written is never removed. */
const VERSION = 1;
const envelope = struct({ version: u8, sequence: u64, checksum: u32, value: rest });

export interface Enveloped {
  /** The group that wrote it, counted from the store's beginning. */
  readonly sequence: bigint;
  readonly value: Uint8Array;
}

/** The checksum covers the key and the sequence too: a sound record in the wrong place is a broken one. */
function checksumOf(key: string, { sequence, value }: Enveloped): number {
  head[0] = VERSION;
  headView.setBigUint64(1, sequence);
  return crc32c(utf8(key), head, value);
}
/** Scratch: nothing is kept in it between two calls. */
const head = new Uint8Array(9);
const headView = new DataView(head.buffer);
export const wrap = (key: string, { sequence, value }: Enveloped): Uint8Array =>
  lent((writer) => {
    envelope.write(writer, { version: VERSION, sequence, checksum: checksumOf(key, { sequence, value }), value });
    return writer.finishBriefly();
  });

/** What was written under the key. Throws `StoreCorrupt` when that is not what stands there. */
export function unwrap(key: string, bytes: Uint8Array): Enveloped {
  const decoded = decode(envelope, bytes);
  if (!decoded.ok) throw new StoreCorrupt(key, `cut to ${bytes.length} bytes`);
  const { version, sequence, checksum, value } = decoded.value;
  if (version !== VERSION) throw new StoreCorrupt(key, `of unknown version ${version}`);
  if (checksum !== checksumOf(key, { sequence, value })) throw new StoreCorrupt(key, "its checksum does not fit");
  return { sequence, value };
}
