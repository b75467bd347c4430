import { equalBytes } from "../../src/base/bytes.ts";
import { assert, err, ok, type Result } from "../../src/base/result.ts";
import { type Codec, listOf, refine, struct } from "../../src/codec/codec.ts";
import { bytes, u8, u64 } from "../../src/codec/primitives.ts";
import { sha256 } from "../../src/crypto/hash.ts";

/** Secrets are indexed from here downwards: commitment number n has index `INDEX_MAX - n`. BOLT 3 §Per-commitment Secret Requirements. */
export const INDEX_MAX = (1n << 48n) - 1n;
const BITS = 48;

/** The index of the secret of commitment `number`. */
export function secretIndex(number: bigint): bigint {
  assert(number >= 0n && number <= INDEX_MAX, "a commitment number has 48 bits");
  return INDEX_MAX - number;
}

/** One step of the derivation: flip the bit, hash. The bits of a byte count from its lowest. */
function flipAndHash(value: Uint8Array, bit: number): Uint8Array {
  const flipped = value.slice();
  const at = bit >> 3;
  flipped[at] = (flipped[at] as number) ^ (1 << (bit & 7));
  return sha256(flipped);
}

/** From the secret of a prefix to that of `index`, through its set bits below `bits`. BOLT 3 §Efficient Per-commitment Secret Storage. */
function deriveFrom(secret: Uint8Array, bits: number, index: bigint): Uint8Array {
  let value = secret;
  for (let bit = bits - 1; bit >= 0; bit--) if ((index >> BigInt(bit)) & 1n) value = flipAndHash(value, bit);
  return value;
}

/** The secret of an index, from the seed. BOLT 3 §Per-commitment Secret Requirements. */
export const generateSecret = (seed: Uint8Array, index: bigint): Uint8Array => deriveFrom(seed, BITS, index);

/**
 * As `generateSecret`, keeping the values along the way: neighbours share most of them, so that counting through the
 * secrets costs one or two hashes each instead of 24.
 */
export function secretSequence(seed: Uint8Array): (index: bigint) => Uint8Array {
  // path[bit] is the value once all bits from `bit` up have had their turn, so path[0] is the secret of `last`.
  const path: Uint8Array[] = new Array(BITS + 1).fill(seed);
  let last = 0n;
  return (index) => {
    const changed = index ^ last;
    let bit = changed === 0n ? -1 : changed.toString(2).length - 1;
    for (; bit >= 0; bit--) {
      const above = path[bit + 1] as Uint8Array;
      path[bit] = (index >> BigInt(bit)) & 1n ? flipAndHash(above, bit) : above;
    }
    last = index;
    return path[0] as Uint8Array;
  };
}

/**
 * The peer's revealed secrets, all of them, in at most 49 entries: each stands for every secret that derives from it.
 * Secrets arrive with indexes falling by one from `INDEX_MAX`. BOLT 3 §Efficient Per-commitment Secret Storage.
 */
export interface SecretStore {
  /** `entries[b]`: the newest secret whose index has exactly `b` trailing zero bits. */
  readonly entries: readonly StoredSecret[];
  /** The index of the newest secret; undefined when there is none. */
  readonly lowest: bigint | undefined;
}
export interface StoredSecret {
  readonly index: bigint;
  readonly secret: Uint8Array;
}
export const EMPTY_SECRETS: SecretStore = { entries: [], lowest: undefined };

export type SecretFault =
  /** The peer's secret does not derive those it gave before: it could not be punished with it. */
  { readonly code: "secret_not_in_chain" } | { readonly code: "secret_out_of_turn"; readonly expected: bigint };

function trailingZeros(index: bigint): number {
  let count = 0;
  while (count < BITS && !((index >> BigInt(count)) & 1n)) count++;
  return count;
}

/** The store with one more secret, or why the peer's secret is refused. BOLT 3 §Efficient Per-commitment Secret Storage. */
export function insertSecret(store: SecretStore, index: bigint, secret: Uint8Array): Result<SecretStore, SecretFault> {
  const expected = store.lowest === undefined ? INDEX_MAX : store.lowest - 1n;
  if (index !== expected) return err({ code: "secret_out_of_turn", expected });
  const bucket = trailingZeros(index);
  assert(bucket <= store.entries.length, "buckets fill one after the other");
  for (let below = 0; below < bucket; below++) {
    const known = store.entries[below] as StoredSecret;
    if (!equalBytes(deriveFrom(secret, bucket, known.index), known.secret)) return err({ code: "secret_not_in_chain" });
  }
  const entries = [...store.entries];
  entries[bucket] = { index, secret };
  return ok({ entries, lowest: index });
}

/** A secret that was revealed before, derived anew; undefined when it has not been revealed. */
export function findSecret(store: SecretStore, index: bigint): Uint8Array | undefined {
  if (store.lowest === undefined || index < store.lowest || index > INDEX_MAX) return undefined;
  for (const [bits, entry] of store.entries.entries()) {
    if (index >> BigInt(bits) === entry.index >> BigInt(bits)) return deriveFrom(entry.secret, bits, index);
  }
  return undefined;
}

const entry: Codec<StoredSecret> = struct({ index: u64, secret: bytes(32) });
/** The store in at most 49 entries of 40 bytes. */
export const secretStore: Codec<SecretStore> = refine(
  "secret_store",
  listOf(u8, entry),
  (entries) => {
    if (!entries.every(({ index }, bucket) => index <= INDEX_MAX && trailingZeros(index) === bucket)) return undefined;
    const lowest = entries.reduce<bigint | undefined>(
      (least, { index }) => (least === undefined || index < least ? index : least),
      undefined,
    );
    return { entries, lowest };
  },
  (store) => store.entries,
);
