import { assert } from "../base/result.ts";

/**
 * Two rounds of SHA-256 over 80 bytes, as miners search through them. Written out on 32-bit words, because they search from the state
 * behind the first 64. FIPS 180-4.
 */
const MESSAGE_BYTES = 80;
const ROUNDS = 64;

/** Fractions of the roots of the first primes: square roots for the state, cube roots for the rounds. */
const START = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);
const ROUND = Int32Array.from(
  (
    "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be 550c7dc3 72be5d74 " +
    "80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da 983e5152 a831c66d " +
    "b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e " +
    "92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070 19a4c116 1e376c08 2748774c 34b0bcb5 " +
    "391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3 748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2"
  )
    .split(" ")
    .map((word) => Number.parseInt(word, 16)),
);

/** Scratch: nothing is kept in them between two calls. */
const words = new Int32Array(ROUNDS);
const first = new Int32Array(8);
const second = new Int32Array(8);

/** One block: the first 16 of `words` are the message, `from` is the state before it, `to` becomes the state after it. */
function compress(from: Int32Array, to: Int32Array): void {
  const w = words;
  for (let i = 16; i < ROUNDS; i++) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] as number) + low + (w[i - 7] as number) + high) | 0;
  }
  let a = from[0] as number;
  let b = from[1] as number;
  let c = from[2] as number;
  let d = from[3] as number;
  let e = from[4] as number;
  let f = from[5] as number;
  let g = from[6] as number;
  let h = from[7] as number;
  for (let i = 0; i < ROUNDS; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + (ROUND[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  to[0] = (from[0] as number) + a;
  to[1] = (from[1] as number) + b;
  to[2] = (from[2] as number) + c;
  to[3] = (from[3] as number) + d;
  to[4] = (from[4] as number) + e;
  to[5] = (from[5] as number) + f;
  to[6] = (from[6] as number) + g;
  to[7] = (from[7] as number) + h;
}

/** The message of the second round is the digest of the first. */
function hashAgain(digest: Int32Array): Int32Array {
  words.fill(0, 8, 16);
  words.set(digest);
  words[8] = 0x8000_0000;
  words[15] = 256;
  compress(START, second);
  return second;
}
function readWords(data: Uint8Array, from: number, count: number): void {
  for (let i = 0, at = from; i < count; i++, at += 4) {
    words[i] =
      ((data[at] as number) << 24) |
      ((data[at + 1] as number) << 16) |
      ((data[at + 2] as number) << 8) |
      (data[at + 3] as number);
  }
}
/** What is left of the message after its first 64 bytes, with its padding. */
function readRest(data: Uint8Array): void {
  readWords(data, 64, 4);
  words.fill(0, 4, 16);
  words[4] = 0x8000_0000;
  words[15] = 8 * MESSAGE_BYTES;
}

/** A little-endian number of 256 bits, as eight words, the highest first. */
export type Words256 = Int32Array;

/**
 * Tries values for the last four bytes of the message, as little-endian numbers from `from` on, until the hash, read as a
 * little-endian number, is at most `goal`. The part before them is hashed once.
 * @returns the value, or undefined when none of `count` will do
 */
export function searchTail(data: Uint8Array, goal: Words256, from: number, count: number): number | undefined {
  assert(data.length === MESSAGE_BYTES && goal.length === 8, "80 bytes and a goal of 256 bits");
  const midstate = new Int32Array(8);
  readWords(data, 0, 16);
  compress(START, midstate);
  for (let tail = from; tail < from + count; tail++) {
    readRest(data);
    words[3] = swapped(tail);
    compress(midstate, first);
    if (isAtMost(hashAgain(first), goal)) return tail;
  }
  return undefined;
}
function isAtMost(digest: Int32Array, goal: Words256): boolean {
  for (let i = 0; i < 8; i++) {
    const difference = (swapped(digest[7 - i] as number) >>> 0) - ((goal[i] as number) >>> 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}
/** A word with its bytes in the other order. */
const swapped = (word: number): number =>
  (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
