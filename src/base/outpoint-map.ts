import type { Outpoint, Txid } from "./ids.ts";

/** Outputs of one transaction: as many as 32 bits count. */
const VOUTS = 2 ** 32;

/**
 * What stands under outpoints, in the order in which it came there. For many of them for a short while: to make the text of an
 * outpoint costs more than to look for it. Mutable.
 */
export class OutpointMap<V> {
  /** Transactions get numbers as they come, which leave room in a double for those of their outputs. */
  readonly #numbers = new Map<Txid, number>();
  readonly #values = new Map<number, V>();

  get({ txid, vout }: Outpoint): V | undefined {
    const number = this.#numbers.get(txid);
    return number === undefined ? undefined : this.#values.get(number * VOUTS + vout);
  }
  set({ txid, vout }: Outpoint, value: V): void {
    let number = this.#numbers.get(txid);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(txid, number);
    }
    this.#values.set(number * VOUTS + vout, value);
  }
  values(): Iterable<V> {
    return this.#values.values();
  }
}
