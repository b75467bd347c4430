import { open, sealInto } from "#symmetric";
import { assert } from "../base/result.ts";
import { cutBytes } from "../base/slab.ts";
import { hkdf } from "./hash.ts";

/** The longest message that fits behind a 16-bit length. BOLT 8 §Lightning Message Specification. */
export const PACKET_MESSAGE_BYTES_MAX = 65_535;
const TAG_BYTES = 16;
const LENGTH_BYTES = 2;
/** An encrypted length and its tag. */
export const PACKET_HEADER_BYTES = LENGTH_BYTES + TAG_BYTES;
/** Each packet takes two nonces, one for its length and one for itself. BOLT 8 §Lightning Message Key Rotation. */
const NONCES_PER_KEY = 1000;
const NOTHING = new Uint8Array(0);

/** Four zero bytes, then the count in little endian. BOLT 8 §Handshake State. */
export function nonceBytes(count: number): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce[4] = count & 0xff;
  nonce[5] = count >> 8;
  return nonce;
}

/**
 * The key of one direction. It counts its own uses and replaces itself every 1000 of them, so it is an object with an
 * identity: a copy of it would use a nonce twice.
 */
export class PacketKey {
  #chainingKey: Uint8Array;
  #key: Uint8Array;
  #used = 0;
  constructor(chainingKey: Uint8Array, key: Uint8Array) {
    this.#chainingKey = chainingKey;
    this.#key = key;
  }
  sealInto(out: Uint8Array, at: number, plain: Uint8Array): void {
    sealInto(out, at, this.#key, nonceBytes(this.#used), NOTHING, plain);
    this.#count();
  }
  /** Undefined when the tag does not fit; the key is of no use from then on. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const plain = open(this.#key, nonceBytes(this.#used), NOTHING, sealed);
    this.#count();
    return plain;
  }
  #count(): void {
    this.#used++;
    if (this.#used < NONCES_PER_KEY) return;
    const [chainingKey, key] = hkdf(this.#chainingKey, this.#key, NOTHING, 2) as [Uint8Array, Uint8Array];
    this.#chainingKey = chainingKey;
    this.#key = key;
    this.#used = 0;
  }
}

/** Packets of all `messages`, in order, in one buffer. BOLT 8 §Encrypting and Sending Messages. */
export function sealPackets(key: PacketKey, messages: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const message of messages) {
    assert(message.length <= PACKET_MESSAGE_BYTES_MAX, `a message of at most 65535 bytes, not ${message.length}`);
    total += PACKET_HEADER_BYTES + message.length + TAG_BYTES;
  }
  const out = cutBytes(total);
  const length = new Uint8Array(LENGTH_BYTES);
  let at = 0;
  for (const message of messages) {
    length[0] = message.length >> 8;
    length[1] = message.length & 0xff;
    key.sealInto(out, at, length);
    at += PACKET_HEADER_BYTES;
    key.sealInto(out, at, message);
    at += message.length + TAG_BYTES;
  }
  return out;
}

/** How many bytes follow this header: the message and its tag. Undefined when the header is not authentic. */
export function openHeader(key: PacketKey, header: Uint8Array): number | undefined {
  const length = key.open(header);
  return length === undefined ? undefined : (((length[0] as number) << 8) | (length[1] as number)) + TAG_BYTES;
}
