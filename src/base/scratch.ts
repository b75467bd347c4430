/** Larger ones get memory of their own, which is given back. */
const KEPT_BYTES = 1 << 16;
const kept = new Uint8Array(KEPT_BYTES);

/**
 * Room for bytes that are written only to be hashed at once: memory of its own would cost more than hashing a short message does.
 * It holds anything at first, and is good until somebody asks for the next.
 */
export const scratch = (size: number): Uint8Array =>
  size <= KEPT_BYTES ? kept.subarray(0, size) : new Uint8Array(size);
