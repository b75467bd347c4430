import type { BlockHash } from "../base/ids.ts";
import type { ChainParams } from "./params.ts";

/** A target in compact form: one byte of exponent (base 256), a sign bit and 23 bits of mantissa. */
export interface CompactTarget {
  readonly target: bigint;
  readonly negative: boolean;
  /** It would not fit into 256 bits. */
  readonly overflow: boolean;
}
export function decodeCompact(bits: number): CompactTarget {
  const size = bits >>> 24;
  const mantissa = bits & 0x7f_ffff;
  const target = size <= 3 ? BigInt(mantissa >>> (8 * (3 - size))) : BigInt(mantissa) << BigInt(8 * (size - 3));
  const shifted = size <= 3 ? mantissa >>> (8 * (3 - size)) : mantissa;
  return {
    target,
    negative: shifted !== 0 && (bits & 0x80_0000) !== 0,
    overflow: shifted !== 0 && (size > 34 || (mantissa > 0xff && size > 33) || (mantissa > 0xffff && size > 32)),
  };
}

/** The compact form, with the mantissa rounded down. */
export function encodeCompact(target: bigint): number {
  let size = Math.ceil(target.toString(2).length / 8);
  if (target === 0n) size = 0;
  let mantissa = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  if ((mantissa & 0x80_0000) !== 0) {
    mantissa >>>= 8;
    size++;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** The target that `bits` sets, or undefined when no block of this chain may set it: zero, negative or too easy. */
export function targetOf(bits: number, params: ChainParams): bigint | undefined {
  const { target } = measureOf(bits);
  return target === undefined || target > params.powLimit ? undefined : target;
}

/** Hashes that a block with this target takes on average: what chains are compared by. Zero for an impossible target. */
export const workOf = (bits: number): bigint => measureOf(bits).work;

/** Whether the block's hash is as low as its header says it must be, and may say. */
export function hasProofOfWork(hash: BlockHash, bits: number, params: ChainParams): boolean {
  const { target, hex } = measureOf(bits);
  return target !== undefined && target <= params.powLimit && hash <= hex;
}

/** What `bits` come to. The target is undefined when no chain has it: zero, negative or beyond 256 bits. */
interface Measure {
  readonly target: bigint | undefined;
  readonly work: bigint;
  /** The target as a block's hash is written: of equal length, so that the one that is less stands before the other. */
  readonly hex: string;
}
/** Blocks one after another nearly always have the same bits. */
const measured = new Map<number, Measure>();
const MEASURED_MAX = 64;

function measureOf(bits: number): Measure {
  const known = measured.get(bits);
  if (known !== undefined) return known;
  const { target, negative, overflow } = decodeCompact(bits);
  const isImpossible = negative || overflow || target === 0n;
  const measure: Measure = isImpossible
    ? { target: undefined, work: 0n, hex: "" }
    : { target, work: (1n << 256n) / (target + 1n), hex: target.toString(16).padStart(64, "0") };
  if (measured.size >= MEASURED_MAX) measured.clear();
  measured.set(bits, measure);
  return measure;
}

/** What the next target needs to know of a block. */
export interface BlockTime {
  readonly height: number;
  readonly time: number;
  readonly bits: number;
}

/** The target after a whole interval: in proportion to the time it took, by at most a factor of four either way. */
export function retarget(params: ChainParams, interval: { first: BlockTime; last: BlockTime }): number {
  const { first, last } = interval;
  if (params.retargeting === "never") return last.bits;
  const wanted = params.pace.retargetBlocks * params.pace.spacingS;
  const taken = Math.min(Math.max(last.time - first.time, wanted / 4), wanted * 4);
  // BIP 94 §Specification: testnet4 keeps the real difficulty in the first block of each interval.
  const base = params.retargeting === "testnet4" ? first.bits : last.bits;
  const next = (decodeCompact(base).target * BigInt(taken)) / BigInt(wanted);
  return encodeCompact(next > params.powLimit ? params.powLimit : next);
}

/**
 * The `bits` that a block after `last` must have. `at` gives the block of the same chain at a lower height; `time` is the
 * new block's own, because test networks let a block that comes late be easy.
 */
export function nextBits(
  params: ChainParams,
  last: BlockTime,
  time: number,
  at: (height: number) => BlockTime,
): number {
  const { spacingS, retargetBlocks } = params.pace;
  const height = last.height + 1;
  if (height % retargetBlocks === 0) return retarget(params, { first: at(height - retargetBlocks), last });
  if (params.retargeting === "mainnet" || params.retargeting === "never") return last.bits;
  const limit = encodeCompact(params.powLimit);
  if (time > last.time + 2 * spacingS) return limit;
  let earlier = last;
  while (earlier.height % retargetBlocks !== 0 && earlier.bits === limit) earlier = at(earlier.height - 1);
  return earlier.bits;
}
