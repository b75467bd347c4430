/** Numbers on the stack are at most 4 bytes when an opcode reads them; results may be one byte longer. */
export const SCRIPT_NUMBER_BYTES_MAX = 4;

/** A number as scripts hold it: little endian, sign in the top bit of the last byte, zero is empty. */
export function encodeScriptNumber(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let left = value < 0n ? -value : value; left > 0n; left >>= 8n) bytes.push(Number(left & 0xffn));
  const top = bytes.at(-1);
  if (top === undefined) return new Uint8Array(0);
  if (top >= 0x80) bytes.push(value < 0n ? 0x80 : 0);
  else if (value < 0n) bytes[bytes.length - 1] = top | 0x80;
  return Uint8Array.from(bytes);
}

/** Shortest form: the last byte is not there only for its sign. BIP 62 §Numbers. */
export function isMinimalNumber(bytes: Uint8Array): boolean {
  const top = bytes.at(-1);
  if (top === undefined || (top & 0x7f) !== 0) return true;
  return bytes.length > 1 && (bytes[bytes.length - 2] as number) >= 0x80;
}

/** The number that the bytes hold, of any length and form. Limits and minimal form are for the caller to check. */
export function decodeScriptNumber(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  const sign = 1n << BigInt(8 * bytes.length - 1);
  return bytes.length > 0 && value >= sign ? -(value - sign) : value;
}
