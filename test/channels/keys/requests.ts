import type { PeersCommitment } from "../../../channels/keys/entitlement.ts";
import {
  localCommitmentRequest,
  remoteCommitmentRequest,
  type SignerMemory,
  type SigningRequest,
  sign,
} from "../../../channels/keys/signer.ts";
import { buildCommitment, type CommitmentSpec } from "../../../channels/tx/commitment.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { paymentHash } from "../../../src/base/ids.ts";
import { cltvExpiry, msat, satPerKw } from "../../../src/base/units.ts";
import { alice, bob, CAPACITY, keysOf, termsOf } from "../tx/two-sides.ts";

/** A commitment with one HTLC each way. */
export const simple = (toLocal: bigint): CommitmentSpec => ({
  toLocal: msat(toLocal),
  toRemote: msat(CAPACITY * 1000n - toLocal - 2_000_000n),
  htlcs: [
    {
      id: 0n,
      side: "offered",
      amount: msat(1_000_000n),
      paymentHash: paymentHash(new Uint8Array(32)),
      expiry: cltvExpiry(500),
    },
    {
      id: 0n,
      side: "received",
      amount: msat(1_000_000n),
      paymentHash: paymentHash(new Uint8Array(32)),
      expiry: cltvExpiry(501),
    },
  ],
  feerate: satPerKw(253),
});
/** The same without any. */
export const quiet = (toLocal: bigint): CommitmentSpec => ({
  toLocal: msat(toLocal),
  toRemote: msat(CAPACITY * 1000n - toLocal),
  htlcs: [],
  feerate: satPerKw(253),
});
/** Bob's commitment `number`, for Alice to sign. */
export function bobs(number: bigint, spec = simple(5_000_000_000n), format: CommitmentFormat = "anchors") {
  const terms = termsOf(bob, alice, alice, format);
  const keys = keysOf(bob, alice, number);
  const commitment = buildCommitment(terms, keys, number, spec);
  const request = remoteCommitmentRequest(terms, keys.perCommitmentPoint, commitment);
  const shown: PeersCommitment = { tx: commitment.tx, toLocalScript: commitment.toLocalScript };
  return { terms, keys, commitment, request, shown };
}
/** Alice's own commitment `number`. */
export function alices(number: bigint): SigningRequest {
  const terms = termsOf(alice, bob, alice, "anchors");
  const keys = keysOf(alice, bob, number);
  return localCommitmentRequest(terms, buildCommitment(terms, keys, number, simple(1_000_000_000n)));
}
/** What Alice's signer answers. */
export function signed(memory: SignerMemory, request: SigningRequest) {
  const answer = sign(alice.secrets, memory, request);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}
export const refusal = (memory: SignerMemory, request: SigningRequest) => {
  const answer = sign(alice.secrets, memory, request);
  return answer.ok ? undefined : answer.error;
};
