import { toHex, utf8 } from "../base/bytes.ts";
import { sha256 } from "../crypto/hash.ts";

/** Everything that happened in a world, in order, as one hash: two runs are the same exactly when their hashes are. */
export interface Trace {
  add(line: string): void;
  readonly hash: string;
  readonly length: number;
  /** The newest lines, oldest first. */
  readonly tail: readonly string[];
}

export function createTrace(kept: number): Trace {
  let digest: Uint8Array = new Uint8Array(32);
  let length = 0;
  const tail: string[] = [];
  return {
    add(line) {
      const bytes = utf8(line);
      const input = new Uint8Array(32 + bytes.length);
      input.set(digest);
      input.set(bytes, 32);
      digest = sha256(input);
      length++;
      tail.push(line);
      if (tail.length > kept) tail.splice(0, tail.length - kept);
    },
    get hash() {
      return toHex(digest);
    },
    get length() {
      return length;
    },
    get tail() {
      return tail;
    },
  };
}

/** Bytes as a line of the trace names them. */
export const short = (bytes: Uint8Array): string => toHex(sha256(bytes)).slice(0, 8);
/** A record that is written. */
export const showWrite = (key: string, value: Uint8Array | undefined): string =>
  `${shortKey(key)}=${value === undefined ? "-" : short(value)}`;
/** Long ids are cut: the hash of the value tells the rest. */
const shortKey = (key: string): string => key.replace(/[0-9a-f]{64}/g, (id) => id.slice(0, 6)).replace(/0{8,}/g, "");
