import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { equalBytes } from "../../../base/bytes.ts";
import { Refused } from "../../sentences.ts";

/** Where the bytes of a block stand: so many of them, from `offset` on. */
export interface BlockPlace {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}
export interface BlockFilesOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Of the network: in front of each block. */
  readonly magic: Uint8Array;
  /** How far each file is known to be written, in the order of their numbers. What lies beyond was never whole. */
  readonly sizes: ReadonlyMap<number, number>;
  /** A file takes no further block when it has reached this. */
  readonly fileBytesMax?: number | undefined;
}
/** Policy, not protocol. */
export const FILE_BYTES_MAX = 128 * 2 ** 20;
/** So many bytes may wait for the disk. */
const WAITING_BYTES_MAX = 64 * 2 ** 20;
/** In front of a block stand magic and length, behind it its CRC-32; all of four bytes, the least significant first. */
const HEAD_BYTES = 8;
const TAIL_BYTES = 4;
/** Kept open for reading. */
const OPEN_FILES_MAX = 8;

interface Waiting {
  readonly place: BlockPlace;
  readonly record: Uint8Array;
}

/**
 * Blocks in files that are only ever added to, `blk00000.dat` and on, by one process. A block has its place at once and is
 * read from memory until it is written; the places are to be kept only after `sync`. Whole files are dropped.
 */
export class BlockFiles {
  readonly #folder: string;
  readonly #magic: Uint8Array;
  readonly #fileBytesMax: number;
  readonly #queue: Waiting[] = [];
  readonly #waiting = new Map<string, Uint8Array>();
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #writer: { readonly file: number; readonly handle: FileHandle } | undefined;
  readonly #readers = new Map<number, number>();
  #file: number;
  #size: number;

  /** Cuts off what was not whole. Throws `Refused` when something is missing. */
  constructor({ folder, magic, sizes, fileBytesMax = FILE_BYTES_MAX }: BlockFilesOptions) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#magic = magic;
    this.#fileBytesMax = fileBytesMax;
    const [file, size] = [...sizes].at(-1) ?? [0, 0];
    this.#file = file;
    this.#size = size;
    for (const [number, bytes] of sizes) this.#expect(number, bytes);
    this.#cutTail(sizes);
  }
  #path(file: number): string {
    return join(this.#folder, `blk${String(file).padStart(5, "0")}.dat`);
  }
  #expect(file: number, bytes: number): void {
    const found = statSync(this.#path(file), { throwIfNoEntry: false })?.size ?? 0;
    if (found >= bytes) return;
    throw new Refused(
      `${this.#path(file)} has ${found} bytes of ${bytes}, so blocks are missing; ` +
        "move the chain's folder away and the chain will be fetched again.",
    );
  }
  #cutTail(sizes: ReadonlyMap<number, number>): void {
    for (const name of readdirSync(this.#folder)) {
      const number = /^blk(\d{5,})\.dat$/.exec(name)?.[1];
      const known = number !== undefined && (sizes.has(Number(number)) || Number(number) === this.#file);
      if (number !== undefined && !known) rmSync(join(this.#folder, name));
    }
    if ((statSync(this.#path(this.#file), { throwIfNoEntry: false })?.size ?? 0) <= this.#size) return;
    const file = openSync(this.#path(this.#file), "r+");
    ftruncateSync(file, this.#size);
    closeSync(file);
  }

  /** The file that the next block goes into, unless it is full. */
  get current(): number {
    return this.#file;
  }
  /** So many blocks wait for the disk that none should be added. */
  get crowded(): boolean {
    return this.#waitingBytes > WAITING_BYTES_MAX;
  }
  append(bytes: Uint8Array): BlockPlace {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#size >= this.#fileBytesMax) {
      this.#file++;
      this.#size = 0;
    }
    const place = { file: this.#file, offset: this.#size + HEAD_BYTES, length: bytes.length };
    const record = this.#recordOf(bytes);
    this.#size += record.length;
    this.#queue.push({ place, record });
    this.#waiting.set(keyOf(place), record);
    this.#waitingBytes += record.length;
    this.#writing ??= this.#writeAll();
    return place;
  }
  #recordOf(bytes: Uint8Array): Uint8Array {
    const record = new Uint8Array(HEAD_BYTES + bytes.length + TAIL_BYTES);
    const view = new DataView(record.buffer);
    record.set(this.#magic);
    view.setUint32(4, bytes.length, true);
    record.set(bytes, HEAD_BYTES);
    view.setUint32(HEAD_BYTES + bytes.length, crc32(bytes), true);
    return record;
  }
  /** Never rejects. */
  async #writeAll(): Promise<void> {
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) await this.#write(next);
    } catch (error) {
      this.#failure = { error };
    }
    this.#writing = undefined;
  }
  async #write({ place, record }: Waiting): Promise<void> {
    const handle = await this.#writerOf(place.file);
    let done = 0;
    while (done < record.length) {
      const position = place.offset - HEAD_BYTES + done;
      done += (await handle.write(record, done, record.length - done, position)).bytesWritten;
    }
    this.#waiting.delete(keyOf(place));
    this.#waitingBytes -= record.length;
  }
  async #writerOf(file: number): Promise<FileHandle> {
    if (this.#writer?.file === file) return this.#writer.handle;
    await this.#closeWriter();
    const handle = await open(this.#path(file), constants.O_RDWR | constants.O_CREAT);
    this.#writer = { file, handle };
    // The file's name has to last as well.
    const folder = await open(this.#folder, "r");
    await folder.sync();
    await folder.close();
    return handle;
  }
  async #closeWriter(): Promise<void> {
    await this.#writer?.handle.datasync();
    await this.#writer?.handle.close();
    this.#writer = undefined;
  }

  /** Resolves once everything appended so far is on stable storage. */
  async sync(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#writer?.handle.datasync();
  }

  /** Throws `Refused` when the bytes are not the ones that were written. */
  read({ file, offset, length }: BlockPlace): Uint8Array {
    const waiting = this.#waiting.get(keyOf({ file, offset }));
    if (waiting !== undefined) return waiting.subarray(HEAD_BYTES, HEAD_BYTES + length);
    const record = new Uint8Array(HEAD_BYTES + length + TAIL_BYTES);
    const read = readSync(this.#readerOf(file), record, 0, record.length, offset - HEAD_BYTES);
    const view = new DataView(record.buffer);
    const bytes = record.subarray(HEAD_BYTES, HEAD_BYTES + length);
    const whole =
      read === record.length &&
      equalBytes(record.subarray(0, this.#magic.length), this.#magic) &&
      view.getUint32(4, true) === length &&
      view.getUint32(HEAD_BYTES + length, true) === crc32(bytes);
    if (!whole) {
      throw new Refused(
        `A block in ${this.#path(file)}, at ${offset}, is broken; move the chain's folder away and the chain will be fetched again.`,
      );
    }
    return bytes;
  }
  #readerOf(file: number): number {
    const open = this.#readers.get(file);
    if (open !== undefined) return open;
    const [oldest] = this.#readers.keys();
    if (this.#readers.size >= OPEN_FILES_MAX && oldest !== undefined) this.#closeReader(oldest);
    const reader = openSync(this.#path(file), "r");
    this.#readers.set(file, reader);
    return reader;
  }
  #closeReader(file: number): void {
    const reader = this.#readers.get(file);
    if (reader !== undefined) closeSync(reader);
    this.#readers.delete(file);
  }

  /** Deletes a file that no place leads into any more. It may be gone already. */
  drop(file: number): void {
    this.#closeReader(file);
    rmSync(this.#path(file), { force: true });
  }
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#closeWriter();
    for (const file of [...this.#readers.keys()]) this.#closeReader(file);
  }
}

/** The end of a block with what stands around it. */
export const endOf = ({ offset, length }: BlockPlace): number => offset + length + TAIL_BYTES;
const keyOf = ({ file, offset }: Pick<BlockPlace, "file" | "offset">): string => `${file}:${offset}`;
