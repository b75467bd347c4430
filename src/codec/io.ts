import { cutBytes } from "../base/slab.ts";

/** Why bytes are not what they claim to be. */
export type DecodeCode =
  | "short_read"
  | "trailing_bytes"
  | "not_minimal"
  | "out_of_range"
  | "not_increasing"
  | "unknown_even_type"
  | "length_mismatch"
  | "too_long"
  | "invalid";

/**
 * Bytes from outside that do not decode. Thrown inside this folder only: `decode` turns it into a `Result`.
 * `path` names the field, outermost first: `init_tlvs.networks`.
 */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  readonly code: DecodeCode;
  path: string;
  constructor(code: DecodeCode, path = "") {
    super(code);
    this.code = code;
    this.path = path;
  }
  /** The same failure, seen from the structure that holds it. */
  within(field: string): this {
    this.path = this.path === "" ? field : `${field}.${this.path}`;
    return this;
  }
  override toString(): string {
    return this.path === "" ? this.code : `${this.code} at ${this.path}`;
  }
}

/** Reads forward over bytes it does not own. Every read is checked against what is left. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get position(): number {
    return this.#at;
  }
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }
  #take(count: number): number {
    if (count > this.remaining) throw new DecodeError("short_read");
    const at = this.#at;
    this.#at += count;
    return at;
  }
  /** A copy, so that a small field never keeps a large message alive. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }
  /** A reader over the next `count` bytes, which this one has then passed. */
  window(count: number): ByteReader {
    const at = this.#take(count);
    return new ByteReader(this.#bytes.subarray(at, at + count));
  }
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }
  u16le(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  u32le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  i32le(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  u64le(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }
}

/** Grows as it is written to; `finish` gives a copy of exactly what was written. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }
  get length(): number {
    return this.#at;
  }
  #reserve(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + count));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#at = at + count;
    return at;
  }
  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }
  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }
  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }
  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }
  u64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value);
  }
  i64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value);
  }
  u16le(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
  }
  u32le(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }
  i32le(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value, true);
  }
  u64le(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
  }
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
  /** As `finish`, for bytes that are soon gone: in memory that others share. */
  finishBriefly(): Uint8Array {
    const written = cutBytes(this.#at);
    written.set(this.#bytes.subarray(0, this.#at));
    return written;
  }
  /** Ready for another value. */
  clear(): void {
    this.#at = 0;
  }
}
