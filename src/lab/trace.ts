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
