import { concat } from "../../src/base/bytes.ts";

/** Numbers below a bound, the same for the same seed. Fast and predictable: for breaking things, never for secrets. */
export type Lots = (below: number) => number;
export function lots(seed: number): Lots {
  let state = (seed ^ 0x9e37_79b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Where lengths, counts and types change their form, or overflow. BOLT 1 §Fundamental Types: BigSize. */
const EDGES: readonly (readonly number[])[] = [
  [0x00],
  [0x01],
  [0x7f],
  [0x80],
  [0xfc],
  [0xfd],
  [0xfe],
  [0xff],
  [0xff, 0xff],
  [0x00, 0x00],
  [0xfd, 0x00, 0xfc],
  [0xfd, 0x00, 0xfd],
  [0xfd, 0xff, 0xff],
  [0xfe, 0x00, 0x00, 0xff, 0xff],
  [0xfe, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00],
];
const CHANGES_MAX = 4;
const PIECE_BYTES_MAX = 40;
/** No case is longer, whatever is doubled: what decodes in one frame. */
const BYTES_MAX = 65_535;

type Change = (bytes: Uint8Array, lot: Lots, others: readonly Uint8Array[]) => Uint8Array;
const cutAt = (bytes: Uint8Array, lot: Lots): number => lot(bytes.length + 1);
const put = (bytes: Uint8Array, at: number, piece: ArrayLike<number>): Uint8Array => {
  const changed = bytes.slice();
  for (let i = 0; i < piece.length && at + i < changed.length; i++) changed[at + i] = piece[i] as number;
  return changed;
};
const edge = (lot: Lots): readonly number[] => EDGES[lot(EDGES.length)] as readonly number[];
const noise = (lot: Lots): Uint8Array => Uint8Array.from({ length: 1 + lot(PIECE_BYTES_MAX) }, () => lot(256));

const CHANGES: readonly Change[] = [
  (bytes, lot) => {
    const at = cutAt(bytes, lot);
    return put(bytes, at, [(bytes[at] ?? 0) ^ (1 << lot(8))]);
  },
  (bytes, lot) => put(bytes, cutAt(bytes, lot), edge(lot)),
  (bytes, lot) => {
    const at = cutAt(bytes, lot);
    return concat(bytes.subarray(0, at), Uint8Array.from(edge(lot)), bytes.subarray(at));
  },
  (bytes, lot) => bytes.slice(0, cutAt(bytes, lot)),
  (bytes, lot) => concat(bytes, noise(lot)),
  (bytes, lot) => put(bytes, cutAt(bytes, lot), noise(lot)),
  (bytes, lot) => {
    const at = cutAt(bytes, lot);
    return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + lot(PIECE_BYTES_MAX)));
  },
  (bytes, lot) => {
    const at = cutAt(bytes, lot);
    return concat(bytes.subarray(0, at + lot(PIECE_BYTES_MAX)), bytes.subarray(at));
  },
  (bytes, lot, others) => {
    const other = others[lot(others.length)] ?? bytes;
    return concat(bytes.subarray(0, cutAt(bytes, lot)), other.subarray(cutAt(other, lot)));
  },
];

/** A few changes to `bytes`, each of a kind that has broken decoders; some take a piece out of `others`. */
export function mutated(bytes: Uint8Array, lot: Lots, others: readonly Uint8Array[]): Uint8Array {
  let changed = bytes;
  for (let left = 1 + lot(CHANGES_MAX); left > 0; left--)
    changed = (CHANGES[lot(CHANGES.length)] as Change)(changed, lot, others);
  return changed.length > BYTES_MAX ? changed.slice(0, BYTES_MAX) : changed;
}
