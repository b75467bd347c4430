import { concat } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";

/**
 * Points and secrets passed in here have been checked before (`secp256k1.isPoint`, `isSecret`), and no sum can come out
 * as zero or infinity but by breaking SHA-256; so a failure is a bug of ours and throws.
 */
const DERIVED = "checked keys can be derived from";

/** basepoint + SHA256(per_commitment_point || basepoint) * G. BOLT 3 §localpubkey, local_htlcpubkey, remote_htlcpubkey, local_delayedpubkey, and remote_delayedpubkey Derivation. */
export const derivePublicKey = (basepoint: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array =>
  present(secp256k1.tweakAddPoint(basepoint, sha256(concat(perCommitmentPoint, basepoint))), DERIVED);

/** The secret of `derivePublicKey`. `basepoint` is that of `secret`, given so that it need not be computed again. */
export const deriveSecret = (secret: Uint8Array, basepoint: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array =>
  present(secp256k1.addSecrets(secret, sha256(concat(perCommitmentPoint, basepoint))), DERIVED);

/** A key that neither side can sign with until the owner reveals the per-commitment secret. BOLT 3 §revocationpubkey Derivation. */
export function deriveRevocationPublicKey(revocationBasepoint: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array {
  const fixed = secp256k1.multiplyPoint(revocationBasepoint, sha256(concat(revocationBasepoint, perCommitmentPoint)));
  const varying = secp256k1.multiplyPoint(perCommitmentPoint, sha256(concat(perCommitmentPoint, revocationBasepoint)));
  return present(secp256k1.addPoints(present(fixed, DERIVED), present(varying, DERIVED)), DERIVED);
}

/** The secret of `deriveRevocationPublicKey`, once the per-commitment secret is known. BOLT 3 §revocationpubkey Derivation. */
export function deriveRevocationSecret(
  revocationBasepointSecret: Uint8Array,
  perCommitmentSecret: Uint8Array,
): Uint8Array {
  const revocationBasepoint = secp256k1.publicKey(revocationBasepointSecret);
  const perCommitmentPoint = secp256k1.publicKey(perCommitmentSecret);
  const fixed = secp256k1.multiplySecrets(
    revocationBasepointSecret,
    sha256(concat(revocationBasepoint, perCommitmentPoint)),
  );
  const varying = secp256k1.multiplySecrets(
    perCommitmentSecret,
    sha256(concat(perCommitmentPoint, revocationBasepoint)),
  );
  return present(secp256k1.addSecrets(present(fixed, DERIVED), present(varying, DERIVED)), DERIVED);
}
