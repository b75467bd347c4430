import { idBytes, type PaymentHash } from "../../src/base/ids.ts";
import { unreachable } from "../../src/base/result.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { StaticKey } from "../../src/crypto/static-key.ts";
import { type FailureMessage, failureCode } from "./failure-messages.ts";
import {
  decodeFinalPayload,
  decodeForwardPayload,
  type FinalPayload,
  type ForwardPayload,
  type PayloadFault,
} from "./payload.ts";
import { unwrapPacket } from "./sphinx.ts";

/** What an incoming HTLC's onion asks of this node. `sharedSecret` (32 bytes) is what failures are hidden with. */
export type Peeled =
  | {
      readonly tag: "Forward";
      readonly sharedSecret: Uint8Array;
      readonly payload: ForwardPayload;
      /** The packet for the next node. 1,366 bytes. */
      readonly onion: Uint8Array;
    }
  | { readonly tag: "Final"; readonly sharedSecret: Uint8Array; readonly payload: FinalPayload }
  /** Nothing can be said to the sender but by the previous node: fields of `update_fail_malformed_htlc`. */
  | { readonly tag: "Malformed"; readonly failureCode: number; readonly sha256OfOnion: Uint8Array }
  /** For `createFailure`. */
  | { readonly tag: "InvalidPayload"; readonly sharedSecret: Uint8Array; readonly failure: FailureMessage };

/**
 * Opens the onion of an incoming HTLC and reads what is for us, strictly. Never throws.
 *
 * @param onion 1,366 bytes, as `update_add_htlc` carries them
 * @param understood  as of `decodeFinalPayload`
 *
 * Source: BOLT 4 §Onion Decryption, BOLT 4 §payload format.
 */
export function peel(
  onion: Uint8Array,
  paymentHash: PaymentHash,
  nodeKey: StaticKey,
  understood?: ReadonlySet<bigint>,
): Peeled {
  const unwrapped = unwrapPacket(onion, idBytes(paymentHash), nodeKey);
  if (!unwrapped.ok) {
    const fault = unwrapped.error;
    if (fault.code === "invalid_payload_length")
      return refused(fault.sharedSecret, { code: "invalid_onion_payload", type: 0n }, onion);
    return malformed(fault.code, onion);
  }
  const { sharedSecret, next } = unwrapped.value;
  if (next === undefined) {
    const payload = decodeFinalPayload(unwrapped.value.payload, understood);
    return payload.ok
      ? { tag: "Final", sharedSecret, payload: payload.value }
      : refused(sharedSecret, payload.error, onion);
  }
  const payload = decodeForwardPayload(unwrapped.value.payload);
  return payload.ok
    ? { tag: "Forward", sharedSecret, payload: payload.value, onion: next }
    : refused(sharedSecret, payload.error, onion);
}

/**
 * What an HTLC with a path key is answered, whatever is in its onion: this node takes no part in blinded routes, and who is
 * in one says nothing else to anybody. BOLT 4 §Returning Errors.
 */
export const refuseBlinded = (onion: Uint8Array): Extract<Peeled, { tag: "Malformed" }> =>
  malformed("invalid_onion_blinding", onion);

function malformed(
  name: Extract<FailureMessage, { readonly sha256_of_onion: Uint8Array }>["name"],
  onion: Uint8Array,
): Extract<Peeled, { tag: "Malformed" }> {
  const sha256OfOnion = sha256(onion);
  return { tag: "Malformed", failureCode: failureCode({ name, sha256_of_onion: sha256OfOnion }), sha256OfOnion };
}

function refused(sharedSecret: Uint8Array, fault: PayloadFault, onion: Uint8Array): Peeled {
  switch (fault.code) {
    case "invalid_onion_payload":
      return {
        tag: "InvalidPayload",
        sharedSecret,
        failure: { name: "invalid_onion_payload", type: fault.type, offset: 0 },
      };
    case "invalid_onion_blinding":
      return {
        tag: "InvalidPayload",
        sharedSecret,
        failure: { name: "invalid_onion_blinding", sha256_of_onion: sha256(onion) },
      };
    default:
      return unreachable(fault);
  }
}
