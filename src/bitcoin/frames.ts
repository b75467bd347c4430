import { equalBytes, printable } from "../base/bytes.ts";
import { assert } from "../base/result.ts";
import { ByteReader, ByteWriter, type DecodeError } from "../codec/io.ts";
import { sha256d } from "../crypto/hash.ts";
import { type BitcoinMessage, decodePayload, encodePayload } from "./messages.ts";

/** Framing of Bitcoin P2P messages: magic (4), command (12, zero-padded), length (4), checksum (4), payload. */
const HEADER_BYTES = 24;
const COMMAND_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** No payload may be longer: a whole block fits. */
export const PAYLOAD_BYTES_MAX = 4_000_000;
/** What a payload gets before any of it has come. */
const FIRST_CAPACITY_BYTES = 65_536;

/** Why a peer's bytes are no messages. After a fault the connection cannot be read any further. */
export type FrameFault =
  | { readonly code: "wrong_magic" }
  | { readonly code: "bad_command" }
  | { readonly code: "too_long"; readonly length: number }
  | { readonly code: "bad_checksum"; readonly command: string }
  | { readonly code: "malformed"; readonly command: string; readonly error: DecodeError };

/** What the bytes so far have given. Messages in front of a fault are good. Unknown commands give nothing. */
export interface Fed {
  readonly messages: readonly BitcoinMessage[];
  readonly fault: FrameFault | undefined;
}

/** Puts the frames of one connection together again from whatever pieces the network delivers. */
export interface FrameParser {
  /** Keeps no reference to `chunk`. After a fault it gives the same fault for ever. */
  feed(chunk: Uint8Array): Fed;
}

/** The bytes of a message, as they go to a peer of the network with this magic. */
export function frameMessage(magic: Uint8Array, message: BitcoinMessage): Uint8Array {
  const payload = encodePayload(message);
  assert(payload.length <= PAYLOAD_BYTES_MAX, "a payload fits into its frame");
  const writer = new ByteWriter(HEADER_BYTES + payload.length);
  writer.bytes(magic);
  for (let i = 0; i < COMMAND_BYTES; i++) writer.u8(i < message.name.length ? message.name.charCodeAt(i) : 0);
  writer.u32le(payload.length);
  writer.bytes(sha256d(payload).subarray(0, CHECKSUM_BYTES));
  writer.bytes(payload);
  return writer.finish();
}

interface FrameHeader {
  readonly command: string;
  readonly length: number;
  readonly checksum: Uint8Array;
}

/** A parser for one connection. It holds at most one frame, and memory only for what has come of it. */
export function frameParser(magic: Uint8Array): FrameParser {
  const headerBytes = new Uint8Array(HEADER_BYTES);
  let header: FrameHeader | undefined;
  let payload: Uint8Array = headerBytes;
  let filled = 0;
  let fault: FrameFault | undefined;

  /** Takes what the current part still lacks; says how much that was. */
  const take = (chunk: Uint8Array, at: number): number => {
    const wanted = header === undefined ? HEADER_BYTES : header.length;
    const count = Math.min(wanted - filled, chunk.length - at);
    if (filled + count > payload.length)
      payload = grown(payload, Math.min(wanted, Math.max(filled + count, filled * 2)));
    payload.set(chunk.subarray(at, at + count), filled);
    filled += count;
    return count;
  };
  const startPart = (next: FrameHeader | undefined): void => {
    header = next;
    payload = next === undefined ? headerBytes : new Uint8Array(Math.min(next.length, FIRST_CAPACITY_BYTES));
    filled = 0;
  };
  const feed = (chunk: Uint8Array): Fed => {
    const messages: BitcoinMessage[] = [];
    for (let at = 0; fault === undefined; ) {
      at += take(chunk, at);
      if (header === undefined) {
        if (filled < HEADER_BYTES) break;
        const read = readHeader(headerBytes, magic);
        if ("code" in read) fault = read;
        else startPart(read);
      }
      if (header !== undefined && filled === header.length) {
        const read = readPayload(header, payload.subarray(0, filled));
        if (read !== undefined && "code" in read) fault = read;
        else if (read !== undefined) messages.push(read);
        startPart(undefined);
      }
      if (at === chunk.length) break;
    }
    return { messages, fault };
  };
  return { feed };
}

function grown(old: Uint8Array, capacity: number): Uint8Array {
  const bytes = new Uint8Array(capacity);
  bytes.set(old);
  return bytes;
}

/** Every field is judged before any memory is set aside for the payload. */
function readHeader(bytes: Uint8Array, magic: Uint8Array): FrameHeader | FrameFault {
  const reader = new ByteReader(bytes);
  if (!equalBytes(reader.bytes(magic.length), magic)) return { code: "wrong_magic" };
  const name = reader.bytes(COMMAND_BYTES);
  const end = name.indexOf(0) < 0 ? COMMAND_BYTES : name.indexOf(0);
  const clean = name.every((byte, at) => (at < end ? byte >= 0x20 && byte < 0x7f : byte === 0));
  if (!clean) return { code: "bad_command" };
  const length = reader.u32le();
  if (length > PAYLOAD_BYTES_MAX) return { code: "too_long", length };
  return { command: printable(name.subarray(0, end)), length, checksum: reader.bytes(CHECKSUM_BYTES) };
}

function readPayload({ command, checksum }: FrameHeader, payload: Uint8Array): BitcoinMessage | FrameFault | undefined {
  if (!equalBytes(sha256d(payload).subarray(0, CHECKSUM_BYTES), checksum)) return { code: "bad_checksum", command };
  const read = decodePayload(command, payload);
  return read.ok ? read.value : { code: "malformed", command, error: read.error };
}
