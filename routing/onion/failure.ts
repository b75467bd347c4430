import { assert } from "../../src/base/result.ts";
import { constantTimeEqual, hmacSha256 } from "../../src/crypto/hash.ts";
import { keyStream } from "../../src/crypto/stream.ts";
import type { AttributionData } from "../../src/wire/updates.ts";
import { attribute, readAttribution } from "./attribution.ts";
import {
  decodeFailure,
  encodeFailure,
  FAILURE_FLAGS,
  type FailureMessage,
  type UnknownFailure,
} from "./failure-messages.ts";
import { deriveKey, xorInto } from "./keys.ts";

/**
 * Failures on their way back: the erring node builds a return packet and hides it, every node on the way hides it once
 * more, and only the sender, who shares a secret with each of them, can take the layers off and see whose it is.
 * BOLT 4 §Returning Errors.
 */
const HMAC_BYTES = 32;
const LENGTH_BYTES = 2;
/** Message and padding together: long enough for every failure, so that the length does not tell which. BOLT 4 §Returning Errors. */
const PADDED_BYTES = 256;
/** Rounds of the sender, whatever the route: the time taken must not tell its length. BOLT 4 §Origin node. */
const ROUNDS = 27;
/** Stands in for the hops that a route does not have. */
const DUMMY_SECRET: Uint8Array = new Uint8Array(32);

/** What the sender learns from the reason in an `update_fail_htlc`. */
export type ReadFailure =
  /** `hop`: index into the route's hops; the node that the hop leads to has said this. -1: we ourselves, of the first hop. */
  | { readonly tag: "Attributed"; readonly hop: number; readonly failure: FailureMessage | UnknownFailure }
  /**
   * From none of the hops, or damaged on its way. `followed`: how many hops from the first have not changed what came
   * after them; undefined where nothing tells, and any hop may be lying.
   */
  | { readonly tag: "Unreadable"; readonly followed?: number };

/**
 * The reason for `update_fail_htlc` at the node where the HTLC failed, hidden with its own key: 292 bytes.
 * BOLT 4 §Erring node.
 *
 * @param sharedSecret with the sender, from the HTLC's onion. 32 bytes
 */
export const createFailure = (sharedSecret: Uint8Array, failure: FailureMessage): Uint8Array =>
  returnPacket(sharedSecret, encodeFailure(failure));

/**
 * The reason to send upstream when the peer downstream answered `update_fail_malformed_htlc`: its code, reported as ours,
 * as that peer could not know its shared secret. BOLT 2 §Removing an HTLC.
 *
 * @param code of the peer's message; has BADONION set (the channel fails otherwise)
 */
export function createMalformedFailure(sharedSecret: Uint8Array, code: number, sha256OfOnion: Uint8Array): Uint8Array {
  assert((code & FAILURE_FLAGS.BADONION) !== 0, "a malformed failure has BADONION set");
  const encoded = new Uint8Array(LENGTH_BYTES + sha256OfOnion.length);
  writeU16(encoded, 0, code);
  encoded.set(sha256OfOnion, LENGTH_BYTES);
  return returnPacket(sharedSecret, encoded);
}

function returnPacket(sharedSecret: Uint8Array, message: Uint8Array): Uint8Array {
  assert(message.length <= PADDED_BYTES, "a failure fits into its padding");
  const packet = new Uint8Array(HMAC_BYTES + LENGTH_BYTES + PADDED_BYTES + LENGTH_BYTES);
  writeU16(packet, HMAC_BYTES, message.length);
  packet.set(message, HMAC_BYTES + LENGTH_BYTES);
  writeU16(packet, HMAC_BYTES + LENGTH_BYTES + message.length, PADDED_BYTES - message.length);
  packet.set(hmacSha256(deriveKey("um", sharedSecret), packet.subarray(HMAC_BYTES)));
  hide(packet, sharedSecret);
  return packet;
}

/** The reason as a node on the way back sends it on. Any length. BOLT 4 §Transformation of the return packet. */
export function wrapFailure(sharedSecret: Uint8Array, reason: Uint8Array): Uint8Array {
  const wrapped = reason.slice();
  hide(wrapped, sharedSecret);
  return wrapped;
}

/**
 * This node's `attribution_data` beside a reason.
 *
 * @param reason     as this node sends it
 * @param held       how long the HTLC was here, in units of 100 ms
 * @param downstream what the next node sent beside its reason, if that is where it comes from
 *
 * Source: BOLT 4 §Update of `attribution_data`.
 */
export function attributeFailure(
  sharedSecret: Uint8Array,
  reason: Uint8Array,
  held: number,
  downstream?: AttributionData,
): AttributionData {
  return attribute(sharedSecret, wrapFailure(sharedSecret, reason), held, downstream);
}

/** Puts a layer on or takes it off, in place. */
const hide = (packet: Uint8Array, sharedSecret: Uint8Array): void =>
  xorInto(packet, keyStream(deriveKey("ammag", sharedSecret), packet.length));

/**
 * Takes the layers off and finds the hop whose HMAC fits. Always does the same work for one length of reason. Never
 * throws, whatever the bytes (RELIABILITY D26).
 *
 * @param sharedSecrets of the route's hops in order, as `buildPacket` gave them; at most 27
 * @param attribution   what came beside it
 *
 * Source: BOLT 4 §Origin node.
 */
export function readFailure(
  sharedSecrets: readonly Uint8Array[],
  reason: Uint8Array,
  attribution?: AttributionData,
): ReadFailure {
  assert(sharedSecrets.length <= ROUNDS, "a route has at most 27 hops");
  const packet = reason.slice();
  const packets: Uint8Array[] = [];
  const long = packet.length >= HMAC_BYTES + LENGTH_BYTES;
  let found: { readonly hop: number; readonly content: Uint8Array } | undefined;
  for (let hop = 0; hop < ROUNDS; hop++) {
    const secret = sharedSecrets[hop] ?? DUMMY_SECRET;
    hide(packet, secret);
    packets.push(packet.slice());
    const content = packet.subarray(HMAC_BYTES);
    const fits =
      long && constantTimeEqual(hmacSha256(deriveKey("um", secret), content), packet.subarray(0, HMAC_BYTES));
    if (fits && hop < sharedSecrets.length) found = { hop, content: content.slice() };
  }
  const holdTimes = attribution && readAttribution(sharedSecrets, packets, attribution);
  if (found === undefined)
    return { tag: "Unreadable", ...(holdTimes === undefined ? {} : { followed: holdTimes.length }) };
  return { tag: "Attributed", hop: found.hop, failure: messageIn(found.content) };
}

/** The failure in an authenticated packet. One that makes no sense is still known to come from its hop. */
function messageIn(content: Uint8Array): FailureMessage | UnknownFailure {
  const length = ((content[0] as number) << 8) | (content[1] as number);
  const message = content.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  return decodeFailure(message) ?? { name: "unknown", code: FAILURE_FLAGS.NODE | FAILURE_FLAGS.PERM };
}

/** What an `update_fail_malformed_htlc` of the first hop tells the sender: as if we had reported it. BOLT 2 §Removing an HTLC. */
export const readMalformed = (code: number): ReadFailure => ({
  tag: "Attributed",
  hop: -1,
  failure: { name: "unknown", code },
});

function writeU16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >> 8;
  target[at + 1] = value & 0xff;
}
