import { utf8 } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { hkdf } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { type Basepoints, type KeyCache, keyCache } from "./commitment-keys.ts";
import { generateSecret, secretIndex, secretSequence } from "./commitment-secrets.ts";

/** The secrets of one channel: five scalars and the seed of the per-commitment secrets, 32 bytes each. */
export interface ChannelSecrets {
  readonly funding: Uint8Array;
  readonly revocationBasepoint: Uint8Array;
  readonly paymentBasepoint: Uint8Array;
  readonly delayedPaymentBasepoint: Uint8Array;
  readonly htlcBasepoint: Uint8Array;
  readonly commitmentSeed: Uint8Array;
}

/** All secrets of a channel from one 32-byte seed. Changing the labels would lose the money of every open channel. */
export function channelSecrets(seed: Uint8Array): ChannelSecrets {
  assert(seed.length === 32, "a channel's seed has 32 bytes");
  const derived = hkdf(utf8("sluice channel v1"), seed, utf8("keys"), 6);
  const [funding, revocationBasepoint, paymentBasepoint, delayedPaymentBasepoint, htlcBasepoint, commitmentSeed] =
    derived as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  assert(derived.slice(0, 5).every(secp256k1.isSecret), "derived scalars are below the group order");
  return { funding, revocationBasepoint, paymentBasepoint, delayedPaymentBasepoint, htlcBasepoint, commitmentSeed };
}

/**
 * What the channel machine may know of its own keys: the public ones, the points of its commitments, and the secrets
 * that it gives away when it revokes. The scalars that sign stay with the signer.
 */
export interface ChannelKeys extends Basepoints {
  /** The per-commitment point of our commitment `number`. BOLT 3 §Key Derivation. */
  commitmentPoint(number: bigint): Uint8Array;
  /** The per-commitment secret of our commitment `number`: whoever gets it can take all if we publish that commitment. */
  commitmentSecret(number: bigint): Uint8Array;
  /** Derivations that this channel has done lately. */
  readonly derived: KeyCache;
}

const known = new WeakMap<ChannelSecrets, Basepoints>();
/** The public keys of these secrets, computed once for each. */
export function basepointsOf(secrets: ChannelSecrets): Basepoints {
  const found = known.get(secrets);
  if (found !== undefined) return found;
  const basepoints = {
    fundingPubkey: secp256k1.publicKey(secrets.funding),
    revocationBasepoint: secp256k1.publicKey(secrets.revocationBasepoint),
    paymentBasepoint: secp256k1.publicKey(secrets.paymentBasepoint),
    delayedPaymentBasepoint: secp256k1.publicKey(secrets.delayedPaymentBasepoint),
    htlcBasepoint: secp256k1.publicKey(secrets.htlcBasepoint),
  };
  known.set(secrets, basepoints);
  return basepoints;
}

/** The per-commitment point of our commitment `number`, from nothing but the seed. */
export const commitmentPointOf = ({ commitmentSeed }: ChannelSecrets, number: bigint): Uint8Array =>
  secp256k1.publicKey(generateSecret(commitmentSeed, secretIndex(number)));

/** A commitment point is asked for when it is announced, when its commitment is checked and when it is sent again. */
const POINTS_KEPT = 4;

export function channelKeys(secrets: ChannelSecrets): ChannelKeys {
  const secretAt = secretSequence(secrets.commitmentSeed);
  const points = new Map<bigint, Uint8Array>();
  const commitmentPoint = (number: bigint): Uint8Array => {
    const known = points.get(number);
    if (known !== undefined) return known;
    const point = secp256k1.publicKey(secretAt(secretIndex(number)));
    for (const oldest of points.keys()) if (points.size >= POINTS_KEPT) points.delete(oldest);
    points.set(number, point);
    return point;
  };
  return {
    ...basepointsOf(secrets),
    commitmentPoint,
    commitmentSecret: (number) => secretAt(secretIndex(number)),
    derived: keyCache(),
  };
}
