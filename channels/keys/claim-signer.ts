import { equalBytes } from "../../src/base/bytes.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type { Sat } from "../../src/base/units.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { type Lock, scriptCodeOf } from "../tx/lock.ts";
import { anchorScript } from "../tx/scripts.ts";
import type { ChannelSecrets } from "./channel-keys.ts";
import { deriveRevocationSecret, deriveSecret } from "./derivation.ts";

/** Which of a channel's keys signs for an output that the chain has divided. BOLT 3 §Key Derivation. */
export type ClaimKey =
  /** Of `to_remote` in the peer's commitment: never tweaked. */
  | { readonly tag: "payment" }
  /** Of `to_local` and of second stages, under our own per-commitment point. */
  | { readonly tag: "delayed"; readonly point: Uint8Array }
  /** Of HTLC outputs of either commitment, under its per-commitment point. */
  | { readonly tag: "htlc"; readonly point: Uint8Array }
  /** Of everything in a commitment whose per-commitment secret the peer has revealed. */
  | { readonly tag: "revocation"; readonly secret: Uint8Array }
  /** The funding key, for nothing but an anchor. */
  | { readonly tag: "anchor" };

/** One input of a transaction that claims an output for us. It is signed as a whole: SIGHASH_ALL. */
export interface ClaimRequest {
  readonly tx: Tx;
  readonly index: number;
  readonly amount: Sat;
  readonly lock: Lock;
  readonly key: ClaimKey;
}

export type ClaimRefusal =
  /** The input does not exist. */
  | { readonly code: "malformed_request" }
  /** The funding key would sign for something else than our anchor. */
  | { readonly code: "not_our_anchor" }
  /** The key named does not open what is spent. */
  | { readonly code: "not_our_output" }
  /** An output goes to nobody that we know. */
  | { readonly code: "not_our_address"; readonly output: number };

/** The signature of a claim, 64 bytes compact. */
export function signClaim(secrets: ChannelSecrets, request: ClaimRequest): Result<Uint8Array, ClaimRefusal> {
  const { tx, index, amount, lock, key } = request;
  const scriptCode = scriptCodeOf(lock);
  if (tx.inputs[index] === undefined) return err({ code: "malformed_request" });
  if (key.tag === "anchor" && !equalBytes(scriptCode, anchorScript(secp256k1.publicKey(secrets.funding))))
    return err({ code: "not_our_anchor" });
  return ok(secp256k1.sign(segwitSighash(tx, index, scriptCode, amount), claimSecret(secrets, key)));
}

/** The secret of the key that signs a claim. */
export function claimSecret(secrets: ChannelSecrets, key: ClaimKey): Uint8Array {
  const derived = (basepoint: Uint8Array, point: Uint8Array): Uint8Array =>
    deriveSecret(basepoint, secp256k1.publicKey(basepoint), point);
  switch (key.tag) {
    case "payment":
      return secrets.paymentBasepoint;
    case "delayed":
      return derived(secrets.delayedPaymentBasepoint, key.point);
    case "htlc":
      return derived(secrets.htlcBasepoint, key.point);
    case "revocation":
      return deriveRevocationSecret(secrets.revocationBasepoint, key.secret);
    case "anchor":
      return secrets.funding;
  }
}
