import { assert } from "../base/result.ts";

/**
 * Golomb-Rice coding of ascending numbers: of each step from one to the next the quotient stands in unary (ones, then a
 * zero) and the remainder in `bits` bits, high ones first; zeros fill the last byte. BIP 158 §Golomb-Rice Coding.
 */

/** @param ascending  whole numbers, below 2^53 */
export function encodeAscending(ascending: Float64Array, bits: number): Uint8Array {
  const divisor = 2 ** bits;
  let length = 0;
  let previous = 0;
  for (const value of ascending) {
    assert(value >= previous, "the numbers ascend");
    length += Math.floor((value - previous) / divisor) + 1 + bits;
    previous = value;
  }
  const coded = new Uint8Array(Math.ceil(length / 8));
  let at = 0;
  previous = 0;
  for (const value of ascending) {
    const quotient = Math.floor((value - previous) / divisor);
    for (const end = at + quotient; at < end; at++) setBit(coded, at);
    at++;
    const remainder = value - previous - quotient * divisor;
    for (let bit = bits - 1; bit >= 0; bit--, at++) if ((remainder >>> bit) % 2 === 1) setBit(coded, at);
    previous = value;
  }
  return coded;
}
function setBit(coded: Uint8Array, at: number): void {
  coded[at >>> 3] = (coded[at >>> 3] as number) | (0x80 >>> (at & 7));
}

/** Gives one number after the other; undefined when the bytes end within one. */
export function ascendingReader(coded: Uint8Array, bits: number): () => number | undefined {
  const end = coded.length * 8;
  const divisor = 2 ** bits;
  let at = 0;
  let value = 0;
  const bit = (): number => {
    const found = ((coded[at >>> 3] as number) >>> (7 - (at & 7))) & 1;
    at++;
    return found;
  };
  return () => {
    let quotient = 0;
    while (at < end && bit() === 1) quotient++;
    if (at + bits > end) return undefined;
    let remainder = 0;
    for (let left = bits; left > 0; left--) remainder = remainder * 2 + bit();
    value += quotient * divisor + remainder;
    return value;
  };
}
