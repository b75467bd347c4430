import { equalBytes } from "../../src/base/bytes.ts";
import { hash160 } from "../../src/crypto/hash.ts";
import { derivePublicKey, deriveRevocationPublicKey } from "./derivation.ts";

/** The five public keys that a side gives for a channel's whole life, in `open_channel` or `accept_channel`. BOLT 3 §Keys. */
export interface Basepoints {
  readonly fundingPubkey: Uint8Array;
  readonly revocationBasepoint: Uint8Array;
  readonly paymentBasepoint: Uint8Array;
  readonly delayedPaymentBasepoint: Uint8Array;
  readonly htlcBasepoint: Uint8Array;
}

/** The keys of one commitment transaction, in BOLT 3's words: local is the side that owns (could broadcast) it. */
export interface CommitmentKeys {
  readonly perCommitmentPoint: Uint8Array;
  readonly revocationPubkey: Uint8Array;
  /** HASH160 of it, as it stands in every HTLC script. */
  readonly revocationHash: Uint8Array;
  readonly localDelayedPubkey: Uint8Array;
  readonly localHtlcPubkey: Uint8Array;
  readonly remoteHtlcPubkey: Uint8Array;
  /** The other side's payment basepoint itself. BOLT 3 §remotepubkey Derivation. */
  readonly remotePubkey: Uint8Array;
}

/**
 * Memory of the last derivations, because each costs about five curve operations: more than the signatures of the
 * commitment it serves. Deriving ahead (when the next point becomes known) takes them off the path of a payment.
 */
export interface KeyCache {
  readonly entries: { readonly owner: Basepoints; readonly other: Basepoints; readonly keys: CommitmentKeys }[];
}
/** A channel uses the current and the next commitment of both sides at once. */
const CACHE_ENTRIES_MAX = 6;
export const keyCache = (): KeyCache => ({ entries: [] });

/**
 * The keys of the commitment of `owner` with this per-commitment point. Every point must have been checked to lie on
 * the curve: anything else is a bug of ours and throws. BOLT 3 §Key Derivation.
 */
export function commitmentKeys(
  cache: KeyCache,
  owner: Basepoints,
  other: Basepoints,
  perCommitmentPoint: Uint8Array,
): CommitmentKeys {
  const known = cache.entries.find(
    (entry) =>
      equalBytes(entry.keys.perCommitmentPoint, perCommitmentPoint) &&
      sameBasepoints(entry.owner, owner) &&
      sameBasepoints(entry.other, other),
  );
  if (known !== undefined) return known.keys;
  const keys = derived(owner, other, perCommitmentPoint);
  if (cache.entries.length >= CACHE_ENTRIES_MAX) cache.entries.shift();
  cache.entries.push({ owner, other, keys });
  return keys;
}

/** Those of HTLCs when they are first asked for: a commitment without HTLC outputs has no use for them. */
function derived(owner: Basepoints, other: Basepoints, perCommitmentPoint: Uint8Array): CommitmentKeys {
  const revocationPubkey = deriveRevocationPublicKey(other.revocationBasepoint, perCommitmentPoint);
  let localHtlc: Uint8Array | undefined;
  let remoteHtlc: Uint8Array | undefined;
  return {
    perCommitmentPoint,
    revocationPubkey,
    revocationHash: hash160(revocationPubkey),
    localDelayedPubkey: derivePublicKey(owner.delayedPaymentBasepoint, perCommitmentPoint),
    get localHtlcPubkey() {
      localHtlc ??= derivePublicKey(owner.htlcBasepoint, perCommitmentPoint);
      return localHtlc;
    },
    get remoteHtlcPubkey() {
      remoteHtlc ??= derivePublicKey(other.htlcBasepoint, perCommitmentPoint);
      return remoteHtlc;
    },
    remotePubkey: other.paymentBasepoint,
  };
}

const sameBasepoints = (a: Basepoints, b: Basepoints): boolean =>
  a === b ||
  (equalBytes(a.revocationBasepoint, b.revocationBasepoint) &&
    equalBytes(a.paymentBasepoint, b.paymentBasepoint) &&
    equalBytes(a.delayedPaymentBasepoint, b.delayedPaymentBasepoint) &&
    equalBytes(a.htlcBasepoint, b.htlcBasepoint));
