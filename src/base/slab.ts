/** More than this gets memory of its own. */
const CUT_BYTES_MAX = 4096;
const BLOCK_BYTES = 64 * 1024;
let block = new Uint8Array(BLOCK_BYTES);
let at = 0;

/**
 * Fresh bytes, all zero, cut from a block that many values share and that lives as long as one of them: an array of more
 * than 64 bytes costs an allocation outside the heap, which takes longer than to fill it. `.buffer` is the whole block's.
 */
export function cutBytes(length: number): Uint8Array {
  if (length > CUT_BYTES_MAX) return new Uint8Array(length);
  if (at + length > BLOCK_BYTES) {
    block = new Uint8Array(BLOCK_BYTES);
    at = 0;
  }
  const cut = block.subarray(at, at + length);
  at += length;
  return cut;
}
