import { concat, fromHex, toHex } from "../base/bytes.ts";
import {
  type BlockHash,
  type FilterHash,
  type FilterHeader,
  filterHash,
  filterHeader,
  hashBytes,
} from "../base/ids.ts";
import { assert, err, ok, type Result } from "../base/result.ts";
import { decodePrefix, encode } from "../codec/codec.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256d } from "../crypto/hash.ts";
import { type SipKey, sipHash, sipKey, type Word64 } from "../crypto/siphash.ts";
import { ascendingReader, encodeAscending } from "./golomb-rice.ts";
import { OP } from "./opcodes.ts";
import type { Tx } from "./tx.ts";

/**
 * Basic block filters: a few bytes for each script that a block pays or spends, from which a light client sees whether
 * the block may concern it. A script that is in the block always matches; one in 784,931 others does too.
 * BIP 158 §Block Filters.
 */
export const BASIC_FILTER = 0;
/** P and M of the basic filter. BIP 158 §Construction. */
const REMAINDER_BITS = 19;
const FALSE_POSITIVE_RATE = 784_931;
/** Before the genesis block. BIP 157 §Filter Headers. */
export const NO_FILTER_HEADER: FilterHeader = filterHeader(new Uint8Array(32));

/** The key is the beginning of the block's hash. BIP 158 §Construction. */
const keyOf = (block: BlockHash): SipKey => sipKey(hashBytes(block).subarray(0, 16));

/**
 * The filter of a block.
 * @param spent  the scripts that its inputs spend, the coinbase's left out; in any order
 */
export function basicFilter(block: BlockHash, txs: readonly Tx[], spent: Iterable<Uint8Array>): Uint8Array {
  const items = new Set<string>();
  for (const { outputs } of txs) {
    for (const { script } of outputs) if (script.length > 0 && script[0] !== OP.RETURN) items.add(toHex(script));
  }
  for (const script of spent) if (script.length > 0) items.add(toHex(script));
  const values = hashAll(keyOf(block), [...items].map(fromHex), items.size);
  return concat(encode(compactSize, items.size), encodeAscending(values, REMAINDER_BITS));
}

/** Why bytes are no filter: they end before all the numbers that they announce. */
export type FilterFault = "malformed_filter";

/** How many scripts a filter says that it holds. */
export function countOf(filter: Uint8Array): Result<number, FilterFault> {
  const head = decodePrefix(compactSize, filter);
  return head.ok ? ok(head.value.value) : err("malformed_filter");
}

/** Whether any of the scripts may be in the block. Time and memory are bounded by the filter's bytes, whatever it claims. */
export const matchesAny = (
  filter: Uint8Array,
  block: BlockHash,
  scripts: readonly Uint8Array[],
): Result<boolean, FilterFault> => match(filter, block, scripts, "any");
/** Whether all of them may be: a filter that misses a single script of its block is false. */
export const matchesAll = (
  filter: Uint8Array,
  block: BlockHash,
  scripts: readonly Uint8Array[],
): Result<boolean, FilterFault> => match(filter, block, scripts, "all");

/** Both sides ascend, so one pass decides. */
function match(
  filter: Uint8Array,
  block: BlockHash,
  scripts: readonly Uint8Array[],
  wants: "any" | "all",
): Result<boolean, FilterFault> {
  const head = decodePrefix(compactSize, filter);
  if (!head.ok) return err("malformed_filter");
  const { value: count, length } = head.value;
  const wanted = hashAll(keyOf(block), scripts, count);
  const next = ascendingReader(filter.subarray(length), REMAINDER_BITS);
  let at = 0;
  for (let read = 0; read < count && at < wanted.length; read++) {
    const value = next();
    if (value === undefined) return err("malformed_filter");
    for (; at < wanted.length && (wanted[at] as number) < value; at++) if (wants === "all") return ok(false);
    for (; wanted[at] === value; at++) if (wants === "any") return ok(true);
  }
  return ok(wants === "all" && at === wanted.length);
}

export const filterHashOf = (filter: Uint8Array): FilterHash => filterHash(sha256d(filter));
/** Commits to this filter and to those of all blocks before. BIP 157 §Filter Headers. */
export const filterHeaderOf = (hash: FilterHash, previous: FilterHeader): FilterHeader =>
  filterHeader(sha256d(concat(hashBytes(hash), hashBytes(previous))));

/** What the items of a filter with `count` of them become, ascending. BIP 158 §Hashing Data Objects. */
function hashAll(key: SipKey, items: readonly Uint8Array[], count: number): Float64Array {
  assert(count < 2 ** 32, "a filter has fewer than 2^32 items");
  const range = count * FALSE_POSITIVE_RATE;
  return Float64Array.from(items, (item) => intoRange(sipHash(key, item), range)).sort();
}

/** `hash * range / 2^64`, rounded down: the hash spread over the range, below 2^52. Exact in parts of 32 bits. */
function intoRange({ high, low }: Word64, range: number): number {
  const rangeHigh = Math.floor(range / 2 ** 32);
  const rangeLow = range >>> 0;
  const [top, upper] = product(high, rangeLow);
  const [lower] = product(low, rangeLow);
  const cross = low * rangeHigh;
  const carried = Math.floor((upper + lower + (cross % 2 ** 32)) / 2 ** 32);
  return high * rangeHigh + top + Math.floor(cross / 2 ** 32) + carried;
}
/** Of two numbers of 32 bits, its high and its low 32 bits. */
function product(a: number, b: number): readonly [high: number, low: number] {
  const [a1, a0, b1, b0] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const first = a1 * b0 + ((a0 * b0) >>> 16);
  const second = a0 * b1 + (first % 0x1_0000);
  return [a1 * b1 + Math.floor(first / 0x1_0000) + Math.floor(second / 0x1_0000), Math.imul(a, b) >>> 0];
}
