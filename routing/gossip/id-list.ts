/** Ids of 64 bits in memory of their own, in the order in which they came: as values of the language they take six times as much. */
export class IdList {
  #ids = new BigUint64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }
  push(id: bigint): void {
    if (this.#length === this.#ids.length) {
      const grown = new BigUint64Array(2 * this.#length);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.#length++] = id;
  }
  all(): BigUint64Array {
    return this.#ids.subarray(0, this.#length);
  }
}
