/** CRC-32C (Castagnoli), as in iSCSI and most storage: finds every burst of up to 32 broken bits. Not against forgers. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  TABLE[byte] = remainder;
}

/** The checksum of all parts, one after the other. */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let checksum = 0xffff_ffff;
  for (const part of parts)
    for (let at = 0; at < part.length; at++)
      checksum = (checksum >>> 8) ^ (TABLE[(checksum ^ (part[at] as number)) & 0xff] as number);
  return ~checksum >>> 0;
}
