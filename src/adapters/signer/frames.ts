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

/** Puts the pieces of a stream together. It never holds more than one frame that is not complete. */
export class FrameReader {
  #held: Uint8Array = new Uint8Array(0);
  #broken = false;

  /** The frames that are complete with these bytes; undefined, now and ever after, when they are none. */
  read(bytes: Uint8Array): readonly Frame[] | undefined {
    if (this.#broken) return undefined;
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    const view = new DataView(all.buffer);
    const frames: Frame[] = [];
    let at = 0;
    while (all.length - at >= LENGTH_BYTES) {
      const length = view.getUint32(at);
      if (length < ID_BYTES || length > FRAME_BYTES_MAX) {
        this.#broken = true;
        this.#held = new Uint8Array(0);
        return undefined;
      }
      const end = at + LENGTH_BYTES + length;
      if (end > all.length) break;
      const start = at + LENGTH_BYTES + ID_BYTES;
      frames.push({ id: view.getUint32(at + LENGTH_BYTES), body: all.slice(start, end) });
      at = end;
    }
    this.#held = all.slice(at);
    return frames;
  }
}
