import { HEIGHT_LIMIT } from "../base/units.ts";
import { isCoinbase, SEQUENCE_FINAL, type Tx } from "./tx.ts";

/** Bits of a sequence number. BIP 68 §Specification. */
export const SEQUENCE_DISABLE = 0x8000_0000;
export const SEQUENCE_IN_TIME = 0x0040_0000;
export const SEQUENCE_MASK = 0xffff;
/** A relative lock in time counts units of 512 seconds. BIP 68 §Specification. */
const SEQUENCE_SHIFT = 9;
const MEDIAN_OF_BLOCKS = 11;

/** The median of the last (at most) 11 block times: it never runs backwards. BIP 113 §Specification. */
export function medianTimePast(lastTimes: readonly number[]): number {
  const sorted = lastTimes.slice(-MEDIAN_OF_BLOCKS);
  // Times nearly always stand in one order or its reverse, and there are few.
  for (let i = 1; i < sorted.length; i++) {
    const time = sorted[i] as number;
    let at = i;
    for (; at > 0 && (sorted[at - 1] as number) > time; at--) sorted[at] = sorted[at - 1] as number;
    sorted[at] = time;
  }
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Where a transaction would stand: in the block at `height`; `time` is the median time past of the block before it. */
export interface LockPoint {
  readonly height: number;
  readonly time: number;
}

/** Whether the transaction's own locktime allows it there. BIP 113 §Specification. */
export function isFinal(tx: Tx, at: LockPoint): boolean {
  if (tx.locktime === 0) return true;
  const limit = tx.locktime < HEIGHT_LIMIT ? at.height : at.time;
  return tx.locktime < limit || tx.inputs.every(({ sequence }) => sequence === SEQUENCE_FINAL);
}

/** What a relative lock counts from. BIP 68 §Specification. */
export interface ConfirmedAt {
  /** Of the block with the spent output. */
  readonly height: number;
  /** Median time past of the block before that block. */
  readonly time: number;
}

/** Whether any input has a relative lock at all. BIP 68 §Specification. */
export const hasRelativeLock = ({ version, inputs }: Tx): boolean =>
  (version < 0 || version >= 2) && inputs.some(({ sequence }) => (sequence & SEQUENCE_DISABLE) === 0);

/** The last height and time at which the relative locks still hold: -1 where there is none. BIP 68 §Specification. */
export function relativeLocks(tx: Tx, prevouts: readonly ConfirmedAt[]): LockPoint {
  let height = -1;
  let time = -1;
  if (tx.version >= 0 && tx.version < 2) return { height, time };
  tx.inputs.forEach(({ sequence }, index) => {
    const confirmed = prevouts[index];
    if (confirmed === undefined || (sequence & SEQUENCE_DISABLE) !== 0) return;
    const units = sequence & SEQUENCE_MASK;
    if ((sequence & SEQUENCE_IN_TIME) !== 0) time = Math.max(time, confirmed.time + units * 2 ** SEQUENCE_SHIFT - 1);
    else height = Math.max(height, confirmed.height + units - 1);
  });
  return { height, time };
}

/** Whether the relative locks of all inputs have run out there. `prevouts` are in the order of the inputs. BIP 68 §Specification. */
export function sequenceLocksPassed(tx: Tx, prevouts: readonly ConfirmedAt[], at: LockPoint): boolean {
  if (isCoinbase(tx)) return true;
  const locks = relativeLocks(tx, prevouts);
  return locks.height < at.height && locks.time < at.time;
}
