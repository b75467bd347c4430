/** Remembers the keys added last: as many as `count` for certain, twice as many at most. Mutable. */
export class RollingSet<K> {
  readonly #count: number;
  #young = new Set<K>();
  #old = new Set<K>();

  constructor(count: number) {
    this.#count = count;
  }
  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }
  add(key: K): void {
    this.#young.add(key);
    if (this.#young.size < this.#count) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
  /** Keys held now; one that was added again counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
