import { fromHex, utf8, xorBytes } from "../base/bytes.ts";
import { idBytes, type Preimage, preimage } from "../base/ids.ts";
import { ByteWriter } from "../codec/io.ts";
import { hmacSha256, sha256 } from "../crypto/hash.ts";
import type { SessionId } from "./session.ts";

/** Of a segment: AES-128. */
export const SLOT_KEY_BYTES = 16;

/** What a site derives for its streams and sessions from one secret of 32 bytes, so that nothing secret has to be stored. */
export interface SessionSecrets {
  /** Of all preimages of the session. 32 bytes. */
  readonly preimages: Uint8Array;
  /** Shared with the payer, who shows it in every tick. 32 bytes. */
  readonly payment: Uint8Array;
}
export const sessionSecrets = (master: Uint8Array, session: SessionId): SessionSecrets => ({
  preimages: hmacSha256(
    master,
    written("session preimages", (writer) => writer.bytes(fromHex(session))),
  ),
  payment: hmacSha256(
    master,
    written("session payment secret", (writer) => writer.bytes(fromHex(session))),
  ),
});
/** Of all keys of a stream. 32 bytes. */
export const contentSecret = (master: Uint8Array, stream: string): Uint8Array =>
  hmacSha256(
    master,
    written("content", (writer) => writer.bytes(utf8(stream))),
  );

/** The key of one slot, the same for every viewer: HMAC-SHA256(content secret, stream | slot), cut to 16 bytes. */
export function slotKey(secret: Uint8Array, stream: string, slot: number): Uint8Array {
  const input = new ByteWriter();
  input.bytes(utf8(stream));
  input.u32(slot);
  return hmacSha256(secret, input.finish()).slice(0, SLOT_KEY_BYTES);
}

/** Which tick a preimage is for. Everything that sets its price is in here: two offers with one hash are one offer. */
export interface TickPlan {
  readonly sequence: bigint;
  readonly attempt: number;
  readonly slots: readonly number[];
}
/** Of one viewer, one tick and one attempt: a router that has seen it can keep nothing else. */
export function tickPreimage({ preimages }: SessionSecrets, { sequence, attempt, slots }: TickPlan): Preimage {
  const input = new ByteWriter();
  input.u64(sequence);
  input.u32(attempt);
  for (const slot of slots) input.u32(slot);
  return preimage(hmacSha256(preimages, input.finish()));
}

/**
 * Closes or opens a slot's key under a preimage: XOR with SHA-256(preimage | "wrap" | slot), cut to 16 bytes. The slot is
 * in it because one preimage closes several keys: under one pad, knowing one of them would give all.
 */
export function wrapKey(key: Uint8Array, under: Preimage, slot: number): Uint8Array {
  const input = new ByteWriter();
  input.bytes(idBytes(under));
  input.bytes(utf8("wrap"));
  input.u32(slot);
  return xorBytes(key, sha256(input.finish()).slice(0, SLOT_KEY_BYTES));
}

function written(purpose: string, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(utf8(`sluice stream ${purpose} `));
  write(writer);
  return writer.finish();
}
