import { assert, err, ok, present, type Result } from "../../src/base/result.ts";
import { cutBytes } from "../../src/base/slab.ts";
import { decodePrefix, encode } from "../../src/codec/codec.ts";
import { bigSize } from "../../src/codec/varint.ts";
import { constantTimeEqual, hmacSha256, sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { StaticKey } from "../../src/crypto/static-key.ts";
import { keyStream } from "../../src/crypto/stream.ts";
import { deriveKey, xorInto } from "./keys.ts";

/**
 * The onion packet: version (1 byte), ephemeral key (33), payloads of all hops behind each other, each hidden from all
 * hops but its own (1,300), HMAC (32). It has this one size for every route, so that it tells nothing about its length.
 * BOLT 4 §Packet Structure.
 */
export const ONION_BYTES = 1366;
export const PAYLOADS_BYTES = 1300;
const HMAC_BYTES = 32;
const KEY_AT = 1;
const PAYLOADS_AT = KEY_AT + 33;
const HMAC_AT = PAYLOADS_AT + PAYLOADS_BYTES;
const VERSION = 0;
/** A payload of none or one byte cannot be a TLV stream: the values are taken by older formats. BOLT 4 §Requirements. */
const PAYLOAD_BYTES_MIN = 2;
/** Lengths from here on take a prefix of three bytes. */
const LONG_PAYLOAD_BYTES = 253;

/** One hop of a packet to be built: who may open it, and what it finds (without length prefix). */
export interface PacketHop {
  /** 33 bytes. */
  readonly nodeId: Uint8Array;
  readonly payload: Uint8Array;
}
export interface Packet {
  /** 1,366 bytes. */
  readonly onion: Uint8Array;
  /** One for each hop, in order: what decrypts the failures that come back. 32 bytes each. */
  readonly sharedSecrets: readonly Uint8Array[];
}
export type PacketRefusal =
  | { readonly code: "payloads_too_long"; readonly bytes: number }
  | { readonly code: "bad_node_id"; readonly hop: number };

/** What one layer of a packet holds. */
export interface Unwrapped {
  readonly sharedSecret: Uint8Array;
  readonly payload: Uint8Array;
  /** The packet for the next hop; undefined when this hop is the last. */
  readonly next: Uint8Array | undefined;
}
/** Why a packet could not be opened. Without a shared secret nothing can be said to its sender but by the previous hop. */
export type UnwrapFault =
  | { readonly code: "invalid_onion_version" | "invalid_onion_key" | "invalid_onion_hmac" }
  | { readonly code: "invalid_payload_length"; readonly sharedSecret: Uint8Array };

/** Bytes that a payload takes in the packet, with its length in front and the next hop's HMAC behind. */
export const sizeInPacket = (payload: Uint8Array): number =>
  (payload.length < LONG_PAYLOAD_BYTES ? 1 : 3) + payload.length + HMAC_BYTES;

/** The factor from one hop's ephemeral key to the next one's. BOLT 4 §Blinding Ephemeral Onion Keys. */
function blindingFactor(ephemeralKey: Uint8Array, sharedSecret: Uint8Array): Uint8Array {
  const input = new Uint8Array(ephemeralKey.length + sharedSecret.length);
  input.set(ephemeralKey);
  input.set(sharedSecret, ephemeralKey.length);
  return sha256(input);
}

/**
 * The secret that each hop will share with the sender who uses `sessionKey`. BOLT 4 §Shared Secret.
 *
 * @param sessionKey 32 random bytes, used for one packet only; throws when it is no valid secret (a chance of 2^-128)
 */
export function sharedSecretsOf(
  nodeIds: readonly Uint8Array[],
  sessionKey: Uint8Array,
): Result<readonly Uint8Array[], { readonly code: "bad_node_id"; readonly hop: number }> {
  assert(secp256k1.isSecret(sessionKey), "a session key is a secret of the curve");
  const secrets: Uint8Array[] = [];
  let ephemeral = sessionKey;
  for (const [hop, nodeId] of nodeIds.entries()) {
    const sharedSecret = secp256k1.ecdh(nodeId, ephemeral);
    if (sharedSecret === undefined) return err({ code: "bad_node_id", hop });
    secrets.push(sharedSecret);
    if (hop === nodeIds.length - 1) break;
    const factor = blindingFactor(secp256k1.publicKey(ephemeral), sharedSecret);
    ephemeral = present(secp256k1.multiplySecrets(ephemeral, factor), "a blinded ephemeral secret");
  }
  return ok(secrets);
}

/**
 * The bytes that forwarding hops will have shifted in at the end of the packet by the time it reaches the last one. The
 * sender must know them, as they are under every HMAC. BOLT 4 §Filler Generation.
 *
 * @param streams the rho stream of every hop, `PAYLOADS_BYTES` and its own size long
 */
function filler(streams: readonly Uint8Array[], sizes: readonly number[]): Uint8Array {
  const total = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(total);
  let length = 0;
  for (const [hop, size] of sizes.slice(0, -1).entries()) {
    const stream = streams[hop] as Uint8Array;
    xorInto(bytes, stream.subarray(PAYLOADS_BYTES - length, PAYLOADS_BYTES + size));
    length += size;
  }
  return bytes;
}

/** HMAC with the hop's mu key over what stands in `covered`: its payloads, then the associated data. */
const packetHmac = (sharedSecret: Uint8Array, covered: Uint8Array): Uint8Array =>
  hmacSha256(deriveKey("mu", sharedSecret), covered);

function covered(payloads: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const bytes = cutBytes(PAYLOADS_BYTES + associatedData.length);
  bytes.set(payloads);
  bytes.set(associatedData, PAYLOADS_BYTES);
  return bytes;
}

/**
 * A packet for the hops in order, the last one's layer innermost.
 *
 * @param sessionKey     32 random bytes, used for this packet only
 * @param associatedData bound to the packet but not in it: the payment hash of the HTLC
 * @returns the packet and the shared secrets, or why there can be none: payloads above 1,300 bytes, or a node id that
 *          is no point of the curve
 *
 * Source: BOLT 4 §Packet Construction.
 */
export function buildPacket(
  hops: readonly PacketHop[],
  sessionKey: Uint8Array,
  associatedData: Uint8Array,
): Result<Packet, PacketRefusal> {
  assert(hops.length > 0, "a packet has a hop");
  const sizes = hops.map((hop) => sizeInPacket(hop.payload));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > PAYLOADS_BYTES) return err({ code: "payloads_too_long", bytes: total });
  const shared = sharedSecretsOf(
    hops.map((hop) => hop.nodeId),
    sessionKey,
  );
  if (!shared.ok) return shared;
  const sharedSecrets = shared.value;
  const streams = sharedSecrets.map((secret, hop) =>
    keyStream(deriveKey("rho", secret), PAYLOADS_BYTES + (sizes[hop] as number)),
  );
  const layers = covered(keyStream(deriveKey("pad", sessionKey), PAYLOADS_BYTES), associatedData);
  let hmac: Uint8Array = new Uint8Array(HMAC_BYTES);
  for (let hop = hops.length - 1; hop >= 0; hop--) {
    const { payload } = hops[hop] as PacketHop;
    assert(payload.length >= PAYLOAD_BYTES_MIN, "a payload has two bytes or more");
    const size = sizes[hop] as number;
    layers.copyWithin(size, 0, PAYLOADS_BYTES - size);
    const prefix = encode(bigSize, BigInt(payload.length));
    layers.set(prefix);
    layers.set(payload, prefix.length);
    layers.set(hmac, size - HMAC_BYTES);
    xorInto(layers, (streams[hop] as Uint8Array).subarray(0, PAYLOADS_BYTES));
    if (hop === hops.length - 1) {
      const tail = filler(streams, sizes);
      layers.set(tail, PAYLOADS_BYTES - tail.length);
    }
    hmac = packetHmac(sharedSecrets[hop] as Uint8Array, layers);
  }
  const onion = assemble(secp256k1.publicKey(sessionKey), layers.subarray(0, PAYLOADS_BYTES), hmac);
  return ok({ onion, sharedSecrets });
}

function assemble(ephemeralKey: Uint8Array, payloads: Uint8Array, hmac: Uint8Array): Uint8Array {
  const onion = new Uint8Array(ONION_BYTES);
  onion[0] = VERSION;
  onion.set(ephemeralKey, KEY_AT);
  onion.set(payloads, PAYLOADS_AT);
  onion.set(hmac, HMAC_AT);
  return onion;
}

/**
 * Opens the one layer of a packet that is ours. Never throws, and never takes more memory than two packets, whatever
 * length the payload claims to have (RELIABILITY D1).
 *
 * @param onion 1,366 bytes: the message's own codec sees to that
 *
 * Source: BOLT 4 §Onion Decryption.
 */
export function unwrapPacket(
  onion: Uint8Array,
  associatedData: Uint8Array,
  nodeKey: StaticKey,
): Result<Unwrapped, UnwrapFault> {
  assert(onion.length === ONION_BYTES, "an onion has 1,366 bytes");
  if (onion[0] !== VERSION) return err({ code: "invalid_onion_version" });
  const ephemeralKey = onion.subarray(KEY_AT, PAYLOADS_AT);
  const sharedSecret = nodeKey.ecdh(ephemeralKey);
  if (sharedSecret === undefined) return err({ code: "invalid_onion_key" });
  const payloads = onion.subarray(PAYLOADS_AT, HMAC_AT);
  const hmac = packetHmac(sharedSecret, covered(payloads, associatedData));
  if (!constantTimeEqual(hmac, onion.subarray(HMAC_AT))) return err({ code: "invalid_onion_hmac" });

  const opened = keyStream(deriveKey("rho", sharedSecret), 2 * PAYLOADS_BYTES);
  xorInto(opened, payloads);
  const prefix = decodePrefix(bigSize, opened);
  if (!prefix.ok) return err({ code: "invalid_payload_length", sharedSecret });
  const { value: length, length: prefixLength } = prefix.value;
  if (length < PAYLOAD_BYTES_MIN || length > PAYLOADS_BYTES - prefixLength - HMAC_BYTES)
    return err({ code: "invalid_payload_length", sharedSecret });
  const payloadEnd = prefixLength + Number(length);
  const size = payloadEnd + HMAC_BYTES;
  const payload = opened.slice(prefixLength, payloadEnd);
  const nextHmac = opened.subarray(payloadEnd, size);
  if (nextHmac.every((byte) => byte === 0)) return ok({ sharedSecret, payload, next: undefined });
  const factor = blindingFactor(ephemeralKey, sharedSecret);
  const nextKey = present(secp256k1.multiplyPoint(ephemeralKey, factor), "a blinded ephemeral key");
  const next = assemble(nextKey, opened.subarray(size, size + PAYLOADS_BYTES), nextHmac);
  return ok({ sharedSecret, payload, next });
}
