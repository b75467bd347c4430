import { concat } from "../base/bytes.ts";
import { assert } from "../base/result.ts";

/** A DER signature with its hash type byte is 9 to 73 bytes long. BIP 66 §DER encoding reference. */
const DER_BYTES_MIN = 9;
const DER_BYTES_MAX = 73;
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Whether a signature as it stands in a script, hash type byte included, is strict DER: one form only for each pair of
 * numbers, both positive. BIP 66 §DER encoding reference.
 */
export function isStrictDer(signature: Uint8Array): boolean {
  const size = signature.length;
  if (size < DER_BYTES_MIN || size > DER_BYTES_MAX) return false;
  if (signature[0] !== SEQUENCE || signature[1] !== size - 3) return false;
  const rLength = signature[3] as number;
  if (5 + rLength >= size) return false;
  const sLength = signature[5 + rLength] as number;
  if (rLength + sLength + 7 !== size) return false;
  return isStrictInteger(signature, 2, rLength) && isStrictInteger(signature, 4 + rLength, sLength);
}
function isStrictInteger(bytes: Uint8Array, at: number, length: number): boolean {
  if (bytes[at] !== INTEGER || length === 0) return false;
  const first = bytes[at + 2] as number;
  if ((first & 0x80) !== 0) return false;
  return length === 1 || first !== 0 || ((bytes[at + 3] as number) & 0x80) !== 0;
}

/** The DER form of a compact signature (r, then s, 32 bytes each), without hash type. BIP 66 §DER encoding reference. */
export function encodeDer(compact: Uint8Array): Uint8Array {
  assert(compact.length === 64, "a compact signature has 64 bytes");
  const r = derInteger(compact.subarray(0, 32));
  const s = derInteger(compact.subarray(32));
  return concat(Uint8Array.of(SEQUENCE, r.length + s.length), r, s);
}
/** As it stands in a witness or scriptSig: DER, then the hash type. */
export const scriptSignature = (compact: Uint8Array, hashType: number): Uint8Array =>
  concat(encodeDer(compact), Uint8Array.of(hashType));

function derInteger(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const padding = (value[start] as number) >= 0x80 ? [0] : [];
  const digits = value.subarray(start);
  return concat(Uint8Array.of(INTEGER, padding.length + digits.length, ...padding), digits);
}

/**
 * The compact form of a signature without hash type, read as loosely as the chain before BIP 66 demands: long lengths,
 * padding, anything behind S. A number of more than 32 bytes gives zeros, which no key verifies. Undefined when there is
 * no such structure at all.
 */
export function parseDerLax(signature: Uint8Array): Uint8Array | undefined {
  if (signature[0] !== SEQUENCE) return undefined;
  let at = 1;
  const outer = signature[at++];
  if (outer === undefined) return undefined;
  // The outer length is passed over, never believed.
  if ((outer & 0x80) !== 0) at += outer - 0x80;
  if (at > signature.length) return undefined;
  const r = laxInteger(signature, at);
  const s = r === undefined ? undefined : laxInteger(signature, r.end);
  if (r === undefined || s === undefined) return undefined;
  const compact = new Uint8Array(64);
  if (r.digits.length > 32 || s.digits.length > 32) return compact;
  compact.set(r.digits, 32 - r.digits.length);
  compact.set(s.digits, 64 - s.digits.length);
  return compact;
}

function laxInteger(
  bytes: Uint8Array,
  start: number,
): { readonly digits: Uint8Array; readonly end: number } | undefined {
  if (bytes[start] !== INTEGER) return undefined;
  let at = start + 1;
  let length = bytes[at++];
  if (length === undefined) return undefined;
  if ((length & 0x80) !== 0) {
    let count = length - 0x80;
    if (at + count > bytes.length) return undefined;
    for (; count > 0 && bytes[at] === 0; count--) at++;
    if (count >= 4) return undefined;
    length = 0;
    for (; count > 0; count--) length = length * 256 + (bytes[at++] as number);
  }
  const end = at + length;
  if (end > bytes.length) return undefined;
  while (at < end && bytes[at] === 0) at++;
  return { digits: bytes.subarray(at, end), end };
}
