import { concat } from "../../../base/bytes.ts";
import { isSat } from "../../../base/units.ts";
import { OP } from "../../../bitcoin/opcodes.ts";
import type { TxOut } from "../../../bitcoin/tx.ts";

/** Where a transaction stands in the connected chain. */
export interface ChainPlace {
  readonly height: number;
  /** In its block. */
  readonly index: number;
}

/** Four bytes of height and two of index: the smallest transaction weighs so much that no block has more. */
export const PLACE_BYTES = 6;
/** Big endian, so that the order of keys is that of the chain: what a block creates stands together, behind all that is there. */
export function placeBytes({ height, index }: ChainPlace, more = 0): Uint8Array {
  const bytes = new Uint8Array(PLACE_BYTES + more);
  bytes[0] = height >>> 24;
  bytes[1] = height >>> 16;
  bytes[2] = height >>> 8;
  bytes[3] = height;
  bytes[4] = index >>> 8;
  bytes[5] = index;
  return bytes;
}
export const placeOfBytes = (bytes: Uint8Array): ChainPlace => ({
  height: bigEndian(bytes.subarray(0, 4)),
  index: bigEndian(bytes.subarray(4, PLACE_BYTES)),
});
const bigEndian = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** From here on the number of an output has a byte in front that says how many bytes it has. */
const TWO_BYTES = 0xfe;
const FOUR_BYTES = 0xff;
/** Of an output: the place of its transaction, then its number in one byte, three or five, in the order of the numbers. */
export function coinKey(place: ChainPlace, vout: number): Uint8Array {
  const count = vout < TWO_BYTES ? 0 : vout <= 0xffff ? 2 : 4;
  const key = placeBytes(place, 1 + count);
  key[PLACE_BYTES] = count === 0 ? vout : count === 2 ? TWO_BYTES : FOUR_BYTES;
  for (let at = 0; at < count; at++) key[PLACE_BYTES + 1 + at] = vout >>> (8 * (count - 1 - at));
  return key;
}
export const voutOfKey = (key: Uint8Array): number =>
  (key[PLACE_BYTES] as number) < TWO_BYTES ? (key[PLACE_BYTES] as number) : bigEndian(key.subarray(PLACE_BYTES + 1));

/**
 * An output in few bytes. The first says of which form the script is and how many zeros the amount ends with; the amount without them
 * follows, seven bits a byte, the lowest first, with the highest bit set in all but the last; then what the form leaves open of the
 * script, or all of it.
 */
export function outputBytes({ amount, script }: TxOut): Uint8Array {
  let zeros = 0;
  let rest = Number(amount);
  while (zeros < ZEROS_MAX && rest > 0 && rest % 10 === 0) {
    rest /= 10;
    zeros++;
  }
  let digits = 1;
  for (let left = rest; left >= 128; left = Math.floor(left / 128)) digits++;
  const form = FORMS.findIndex((each) => isOf(each, script));
  const { before, after } = FORMS[form] ?? OTHER;
  const open = script.subarray(before.length, script.length - after.length);
  const bytes = new Uint8Array(1 + digits + open.length);
  bytes[0] = (form + 1) * (ZEROS_MAX + 1) + zeros;
  for (let at = 1; at <= digits; at++) {
    bytes[at] = (rest % 128) | (at === digits ? 0 : 128);
    rest = Math.floor(rest / 128);
  }
  bytes.set(open, 1 + digits);
  return bytes;
}

/** Undefined when `outputBytes` never gives such bytes. */
export function outputOfBytes(bytes: Uint8Array): TxOut | undefined {
  const first = bytes[0] ?? 0xff;
  const number = Math.floor(first / (ZEROS_MAX + 1));
  const form = number === 0 ? OTHER : FORMS[number - 1];
  let unit = 10 ** (first % (ZEROS_MAX + 1));
  let amount = 0;
  let at = 1;
  for (; at <= DIGITS_MAX; at++, unit *= 128) {
    amount += ((bytes[at] ?? 0) & 127) * unit;
    if ((bytes[at] ?? 0) < 128) break;
  }
  const open = bytes.subarray(at + 1);
  if (form === undefined || (form !== OTHER && open.length !== form.open)) return undefined;
  const sats = at < bytes.length && Number.isSafeInteger(amount) ? BigInt(amount) : -1n;
  return isSat(sats) ? { amount: sats, script: concat(form.before, open, form.after) } : undefined;
}
const ZEROS_MAX = 9;
/** Of seven bits: more than any amount has. */
const DIGITS_MAX = 8;

interface Form {
  readonly before: Uint8Array;
  /** Bytes that it leaves open. */
  readonly open: number;
  readonly after: Uint8Array;
}
const NONE = new Uint8Array(0);
const OTHER: Form = { before: NONE, open: 0, after: NONE };
/** P2PKH, P2SH, P2WPKH, P2WSH, P2TR. A number on the disk is a place in this list and one; 0 is any other script. */
const FORMS: readonly Form[] = [
  { before: Uint8Array.of(OP.DUP, OP.HASH160, 20), open: 20, after: Uint8Array.of(OP.EQUALVERIFY, OP.CHECKSIG) },
  { before: Uint8Array.of(OP.HASH160, 20), open: 20, after: Uint8Array.of(OP.EQUAL) },
  { before: Uint8Array.of(OP.FALSE, 20), open: 20, after: NONE },
  { before: Uint8Array.of(OP.FALSE, 32), open: 32, after: NONE },
  { before: Uint8Array.of(OP.TRUE, 32), open: 32, after: NONE },
];
function isOf({ before, open, after }: Form, script: Uint8Array): boolean {
  if (script.length !== before.length + open + after.length) return false;
  for (let at = 0; at < before.length; at++) if (script[at] !== before[at]) return false;
  const end = script.length - after.length;
  for (let at = 0; at < after.length; at++) if (script[end + at] !== after[at]) return false;
  return true;
}
