const PIECE_BYTES = 1 << 18;

/**
 * Short byte strings that are kept as long as all of them are, in large pieces of memory: an array of its own takes 240 bytes for 32,
 * a part of another one 106. Mutable, but only grows.
 */
export class KeptBytes {
  #piece = new Uint8Array(0);
  #used = 0;

  /** The same bytes in memory of ours. */
  keep(bytes: Uint8Array): Uint8Array {
    if (bytes.length > PIECE_BYTES) return bytes.slice();
    if (this.#used + bytes.length > this.#piece.length) {
      this.#piece = new Uint8Array(PIECE_BYTES);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes.length;
    this.#piece.set(bytes, from);
    return this.#piece.subarray(from, this.#used);
  }
}
