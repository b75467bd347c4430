import { concat, utf8 } from "../../base/bytes.ts";
import { sha256 } from "../../crypto/hash.ts";
import type { Random } from "../../ports/world.ts";

/** Bytes that follow from a seed alone. */
export interface SeededRandom extends Random {
  /** Another stream of the same seed: what one part of a world draws then changes nothing for the others. */
  fork(name: string): SeededRandom;
}

/** SHA-256 of the seed's hash and a counter, block after block. */
export function seededRandom(seed: string | number): SeededRandom {
  const key = sha256(utf8(String(seed)));
  let counter = 0n;
  let block: Uint8Array = new Uint8Array(0);
  let used = 0;
  const refill = (): void => {
    const count = new Uint8Array(8);
    new DataView(count.buffer).setBigUint64(0, counter++);
    block = sha256(concat(key, count));
    used = 0;
  };
  return {
    bytes: (length) => {
      const drawn = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        if (used === block.length) refill();
        const part = block.subarray(used, used + length - at);
        drawn.set(part, at);
        at += part.length;
        used += part.length;
      }
      return drawn;
    },
    fork: (name) => seededRandom(`${seed}/${name}`),
  };
}
