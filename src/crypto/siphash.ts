import { assert } from "../base/result.ts";

/** A 64-bit value as two halves of 32 bits: JavaScript's integers end below 64. */
export interface Word64 {
  readonly high: number;
  readonly low: number;
}

/** The four words of a key's starting state, high and low half each: what all hashes under one key begin with. */
export type SipKey = Int32Array;
/** "somepseudorandomlygeneratedbytes", as the four constants of SipHash. */
const CONSTANTS = [
  0x736f6d65, 0x70736575, 0x646f7261, 0x6e646f6d, 0x6c796765, 0x6e657261, 0x74656462, 0x79746573,
] as const;

/** The key of these 16 bytes. */
export function sipKey(bytes: Uint8Array): SipKey {
  assert(bytes.length === 16, "a SipHash key has 16 bytes");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // k0 goes into v0 and v2, k1 into v1 and v3; the low half stands first in the key, the high half in the state.
  const halves = [4, 0, 12, 8].map((at) => view.getUint32(at, true));
  return Int32Array.from(CONSTANTS, (constant, index) => constant ^ (halves[index % 4] as number));
}

/**
 * SipHash-2-4: a keyed hash that nobody without the key can aim at collisions, far cheaper than SHA-256. BIP 158 and
 * BIP 152 build on it. Cannot fail.
 */
export function sipHash(key: SipKey, data: Uint8Array): Word64 {
  const state = key.slice();
  const whole = data.length & ~7;
  for (let at = 0; at < whole; at += 8) compress(state, word32(data, at + 4), word32(data, at));
  // The last word holds what is left of the data, and its length in the top byte.
  let low = 0;
  let high = (data.length & 0xff) << 24;
  for (let at = whole; at < data.length; at++) {
    const shift = 8 * (at & 3);
    if (at - whole < 4) low |= (data[at] as number) << shift;
    else high |= (data[at] as number) << shift;
  }
  compress(state, high, low);
  state[5] = (state[5] as number) ^ 0xff;
  rounds(state, 4);
  return {
    high: (xorAt(state, 0, 2) ^ xorAt(state, 4, 6)) >>> 0,
    low: (xorAt(state, 1, 3) ^ xorAt(state, 5, 7)) >>> 0,
  };
}
const xorAt = (state: Int32Array, a: number, b: number): number => (state[a] as number) ^ (state[b] as number);
const word32 = (data: Uint8Array, at: number): number =>
  (data[at] as number) |
  ((data[at + 1] as number) << 8) |
  ((data[at + 2] as number) << 16) |
  ((data[at + 3] as number) << 24);

function compress(state: Int32Array, high: number, low: number): void {
  state[6] = (state[6] as number) ^ high;
  state[7] = (state[7] as number) ^ low;
  rounds(state, 2);
  state[0] = (state[0] as number) ^ high;
  state[1] = (state[1] as number) ^ low;
}

/** SipRounds over v0 to v3, each a high half (`h`) and a low one (`l`). A low sum that is less than what went into it carries. */
function rounds(state: Int32Array, count: number): void {
  let h0 = state[0] as number;
  let l0 = state[1] as number;
  let h1 = state[2] as number;
  let l1 = state[3] as number;
  let h2 = state[4] as number;
  let l2 = state[5] as number;
  let h3 = state[6] as number;
  let l3 = state[7] as number;
  for (let round = 0, turned = 0; round < count; round++) {
    l0 = (l0 + l1) | 0;
    h0 = (h0 + h1 + (l0 >>> 0 < l1 >>> 0 ? 1 : 0)) | 0;
    turned = ((h1 << 13) | (l1 >>> 19)) ^ h0;
    l1 = ((l1 << 13) | (h1 >>> 19)) ^ l0;
    h1 = turned;
    turned = h0;
    h0 = l0;
    l0 = turned;
    l2 = (l2 + l3) | 0;
    h2 = (h2 + h3 + (l2 >>> 0 < l3 >>> 0 ? 1 : 0)) | 0;
    turned = ((h3 << 16) | (l3 >>> 16)) ^ h2;
    l3 = ((l3 << 16) | (h3 >>> 16)) ^ l2;
    h3 = turned;
    l0 = (l0 + l3) | 0;
    h0 = (h0 + h3 + (l0 >>> 0 < l3 >>> 0 ? 1 : 0)) | 0;
    turned = ((h3 << 21) | (l3 >>> 11)) ^ h0;
    l3 = ((l3 << 21) | (h3 >>> 11)) ^ l0;
    h3 = turned;
    l2 = (l2 + l1) | 0;
    h2 = (h2 + h1 + (l2 >>> 0 < l1 >>> 0 ? 1 : 0)) | 0;
    turned = ((h1 << 17) | (l1 >>> 15)) ^ h2;
    l1 = ((l1 << 17) | (h1 >>> 15)) ^ l2;
    h1 = turned;
    turned = h2;
    h2 = l2;
    l2 = turned;
  }
  state[0] = h0;
  state[1] = l0;
  state[2] = h1;
  state[3] = l1;
  state[4] = h2;
  state[5] = l2;
  state[6] = h3;
  state[7] = l3;
}
