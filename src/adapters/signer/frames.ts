/**
 * Questions and answers on a socket: the length of what follows (32 bits), the number of the question (32 bits), and the
 * question or the answer itself.
 */
export interface Frame {
  readonly id: number;
  readonly body: Uint8Array;
}
const LENGTH_BYTES = 4;
const ID_BYTES = 4;
/** Policy, not protocol. A commitment with 966 HTLCs and their second stages has less than half of that. */
export const FRAME_BYTES_MAX = 1024 * 1024;

export function frameBytes({ id, body }: Frame): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + ID_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ID_BYTES + body.length);
  view.setUint32(LENGTH_BYTES, id);
  bytes.set(body, LENGTH_BYTES + ID_BYTES);
  return bytes;
}
const uint32 = ({ buffer, byteOffset }: Uint8Array): number => new DataView(buffer, byteOffset).getUint32(0);

/** Puts the pieces of a stream together, however small they are. It never holds more than one frame that is not complete. */
export class FrameReader {
  readonly #length = new Uint8Array(LENGTH_BYTES);
  /** What follows the length, of which there are `#filled` bytes; undefined while the length itself is not complete. */
  #rest: Uint8Array | undefined;
  #filled = 0;
  #broken = false;

  /** A frame has begun and has not ended. */
  get isWithin(): boolean {
    return this.#rest !== undefined || this.#filled > 0;
  }
  /** The frames that are complete with these bytes; undefined, now and ever after, when they are none. */
  read(bytes: Uint8Array): readonly Frame[] | undefined {
    const frames: Frame[] = [];
    for (let at = 0; at < bytes.length && !this.#broken; ) {
      const piece = this.#rest ?? this.#length;
      const taken = bytes.subarray(at, at + piece.length - this.#filled);
      piece.set(taken, this.#filled);
      at += taken.length;
      this.#filled += taken.length;
      if (this.#filled < piece.length) break;
      this.#filled = 0;
      if (this.#rest === undefined) this.#begin(uint32(piece));
      else {
        frames.push({ id: uint32(piece), body: piece.slice(ID_BYTES) });
        this.#rest = undefined;
      }
    }
    return this.#broken ? undefined : frames;
  }
  #begin(length: number): void {
    if (length < ID_BYTES || length > FRAME_BYTES_MAX) this.#broken = true;
    else this.#rest = new Uint8Array(length);
  }
}
