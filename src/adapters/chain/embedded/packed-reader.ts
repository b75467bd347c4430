import { assert } from "../../../base/result.ts";
import type { Sat } from "../../../base/units.ts";
import type { TxOut } from "../../../bitcoin/tx.ts";

/** Reads what this process packed itself a moment ago: what it gives are views, not copies. */
export class PackedReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  #u8(): number {
    return this.#bytes[this.#at++] as number;
  }
  u32(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + 4;
    const high = (bytes[at + 3] as number) << 24;
    return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | high) >>> 0;
  }
  /** A CompactSize. */
  count(): number {
    const first = this.#u8();
    if (first < 0xfd) return first;
    return first === 0xfd ? this.#u8() + 256 * this.#u8() : this.u32();
  }
  bytes(length: number): Uint8Array {
    const from = this.#at;
    this.#at = from + length;
    assert(this.#at <= this.#bytes.length, "what was packed is whole");
    return this.#bytes.subarray(from, this.#at);
  }
  script(): Uint8Array {
    return this.bytes(this.count());
  }
  witness(): readonly Uint8Array[] {
    return this.#list(() => this.script());
  }
  outputs(): readonly TxOut[] {
    return this.#list(() => {
      const low = this.u32();
      return { amount: BigInt(this.u32() * 2 ** 32 + low) as Sat, script: this.script() };
    });
  }
  #list<T>(read: () => T): readonly T[] {
    const count = this.count();
    const items = new Array<T>(count);
    for (let at = 0; at < count; at++) items[at] = read();
    return items;
  }
}
