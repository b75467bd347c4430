import { concat, equalBytes } from "../../src/base/bytes.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type { KeyPath } from "../../src/bitcoin/key-path.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { hash160 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { type Lock, scriptCodeOf } from "../tx/lock.ts";
import type { ChannelSecrets } from "./channel-keys.ts";
import { type ClaimKey, type ClaimRefusal, type ClaimRequest, claimSecret } from "./claim-signer.ts";

/** The script by which others pay to a key of our wallet. */
export type PayTo = (path: KeyPath) => Uint8Array;

/**
 * Whether a claim takes what is ours, and to us. `pays` says of each output of its transaction to which key of the wallet it
 * goes; only a second stage may begin with one that is none: that output the peer has signed as well.
 */
export function judgeClaim(
  secrets: ChannelSecrets,
  payTo: PayTo,
  { tx, index, lock, key }: ClaimRequest,
  pays: readonly (KeyPath | undefined)[],
): Result<undefined, ClaimRefusal> {
  if (tx.inputs[index] === undefined || pays.length !== tx.outputs.length) return err({ code: "malformed_request" });
  const publicKey = secp256k1.publicKey(claimSecret(secrets, key));
  if (!isOurs(lock, key, publicKey)) return err({ code: "not_our_output" });
  for (const [at, { script }] of tx.outputs.entries()) {
    const path = pays[at];
    if (path === undefined && at === 0 && key.tag === "htlc" && isSecondStage(lock, publicKey)) continue;
    if (path === undefined || !equalBytes(script, payTo(path))) return err({ code: "not_our_address", output: at });
  }
  return ok(undefined);
}

/**
 * Whether this key is one of those that open the lock. A penalty is for the peer's commitments alone, whose scripts are made
 * with our revocation key: those of our own are made with the peer's. BOLT 3 §revocationpubkey Derivation.
 */
function isOurs(lock: Lock, key: ClaimKey, publicKey: Uint8Array): boolean {
  if (lock.tag === "key") return key.tag === "payment" && equalBytes(lock.publicKey, publicKey);
  const { witnessScript } = lock;
  // BOLT 3 §Offered HTLC Outputs: of the revocation key an HTLC shows the hash alone.
  return (
    holds(witnessScript, pushed(publicKey)) ||
    (key.tag === "revocation" && holds(witnessScript, pushed(hash160(publicKey))))
  );
}

/** A peer that gives our own basepoint for its HTLCs has our key stand in both places: then the other branch needs nobody else. */
const isSecondStage = (lock: Lock, publicKey: Uint8Array): boolean =>
  needsPeer(lock, publicKey) && !holds(scriptCodeOf(lock), concat(pushed(publicKey), Uint8Array.of(OP.SWAP, OP.SIZE)));

/** The branch of our own HTLCs, which both must sign. BOLT 3 §HTLC-Timeout and HTLC-Success Transactions. */
export const needsPeer = (lock: Lock, publicKey: Uint8Array): boolean =>
  lock.tag === "script" &&
  holds(
    lock.witnessScript,
    concat(Uint8Array.of(TWO, OP.SWAP), pushed(publicKey), Uint8Array.of(TWO, OP.CHECKMULTISIG)),
  );
/** The opcode that pushes the number 2. */
const TWO = 0x52;
const pushed = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(bytes.length), bytes);

function holds(script: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= script.length; at++)
    if (equalBytes(script.subarray(at, at + part.length), part)) return true;
  return false;
}
