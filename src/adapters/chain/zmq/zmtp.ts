import { concat, utf8 } from "../../../base/bytes.ts";

/**
 * ZeroMQ's wire protocol, ZMTP 3.1 without security (its specification is RFC 37, that of 3.0 RFC 23), as far as a socket
 * that only publishes needs it. Bytes in, words out; nothing here waits.
 */
export type ZmtpWord =
  /** The other side has said what it is. Comes once, and first. */
  | { readonly tag: "Ready" }
  | { readonly tag: "Subscribe" | "Cancel"; readonly prefix: Uint8Array }
  | { readonly tag: "Ping"; readonly context: Uint8Array };
/** Why nothing more of the other side is read. */
export type ZmtpFault =
  | "no ZMTP 3"
  | "another mechanism"
  | "frame too long"
  | "malformed"
  | "no subscriber"
  | "gives up";

const GREETING_BYTES = 64;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
const MECHANISM = utf8("NULL");
/** Flags of a frame. */
const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const SHORT_BYTES_MAX = 255;
/** Policy, not protocol: commands and topics are short, and a subscriber sends nothing else. */
const FRAME_BYTES_MAX = 4_096;
const PING_TTL_BYTES = 2;
const PING_CONTEXT_BYTES_MAX = 16;

/** Signature, version 3.1, mechanism; neither side is a server where there is nothing to prove. */
export function greeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  bytes.set(MECHANISM, MECHANISM_AT);
  return bytes;
}
function frame(flags: number, body: Uint8Array): Uint8Array {
  if (body.length <= SHORT_BYTES_MAX) return concat(Uint8Array.of(flags, body.length), body);
  const head = new Uint8Array(9);
  head[0] = flags | LONG;
  new DataView(head.buffer).setBigUint64(1, BigInt(body.length));
  return concat(head, body);
}
const named = (name: string, ...rest: readonly Uint8Array[]): Uint8Array =>
  concat(Uint8Array.of(name.length), utf8(name), ...rest);
export const command = (name: string, ...rest: readonly Uint8Array[]): Uint8Array =>
  frame(COMMAND, named(name, ...rest));

/** The message of several parts, in frames. */
export const message = (...parts: readonly Uint8Array[]): Uint8Array =>
  concat(...parts.map((part, at) => frame(at < parts.length - 1 ? MORE : 0, part)));

/** What a publisher says of itself in the handshake. */
export function ready(): Uint8Array {
  const type = utf8("PUB");
  return command("READY", named("Socket-Type", Uint8Array.of(0, 0, 0, type.length), type));
}
export const pong = (context: Uint8Array): Uint8Array => command("PONG", context);

/** Reads what a subscriber sends. Holds at most one frame and what came with it. */
export class ZmtpReader {
  #held: Uint8Array = new Uint8Array(0);
  #greeted = false;
  #ready = false;

  /** The words that are whole now, up to a fault: then the connection is of no more use. */
  feed(bytes: Uint8Array): { readonly words: readonly ZmtpWord[]; readonly fault: ZmtpFault | undefined } {
    this.#held = this.#held.length === 0 ? bytes.slice() : concat(this.#held, bytes);
    const words: ZmtpWord[] = [];
    for (;;) {
      const read = this.#greeted ? this.#frame() : this.#greeting();
      if (read === undefined) return { words, fault: undefined };
      if (typeof read === "string") return { words, fault: read };
      if (read !== NOTHING) words.push(read);
    }
  }
  #greeting(): Read {
    const { length } = this.#held;
    // What is no ZMTP 3 may well wait for an answer before it sends so many bytes.
    const isZmtp = (length < 1 || this.#held[0] === 0xff) && (length < 10 || ((this.#held[9] as number) & 1) === 1);
    if (!isZmtp || (length > 10 && (this.#held[10] as number) < 3)) return "no ZMTP 3";
    if (length < GREETING_BYTES) return undefined;
    const mechanism = this.#held.subarray(MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES);
    if (!mechanism.every((byte, at) => byte === (MECHANISM[at] ?? 0))) return "another mechanism";
    this.#held = this.#held.subarray(GREETING_BYTES);
    this.#greeted = true;
    return NOTHING;
  }
  #frame(): Read {
    const [flags, short] = this.#held;
    if (flags === undefined || short === undefined) return undefined;
    if (flags > (MORE | LONG | COMMAND)) return "malformed";
    const start = (flags & LONG) === 0 ? 2 : 9;
    if (this.#held.length < start) return undefined;
    const { buffer, byteOffset } = this.#held;
    const length = start === 2 ? short : Number(new DataView(buffer, byteOffset).getBigUint64(1));
    if (length > FRAME_BYTES_MAX) return "frame too long";
    if (this.#held.length < start + length) return undefined;
    const body = this.#held.slice(start, start + length);
    this.#held = this.#held.subarray(start + length);
    if ((flags & COMMAND) !== 0) return this.#command(body);
    return this.#ready ? subscription(body) : "malformed";
  }
  #command(body: Uint8Array): Read {
    const nameEnd = 1 + (body[0] ?? 0);
    if (body.length < nameEnd) return "malformed";
    const name = String.fromCharCode(...body.subarray(1, nameEnd));
    const rest = body.subarray(nameEnd);
    if (name === "ERROR") return "gives up";
    if (name === "READY") {
      if (this.#ready) return "malformed";
      this.#ready = true;
      return SUBSCRIBERS.has(socketType(rest) ?? "") ? { tag: "Ready" } : "no subscriber";
    }
    if (!this.#ready) return "malformed";
    if (name === "SUBSCRIBE") return { tag: "Subscribe", prefix: rest };
    if (name === "CANCEL") return { tag: "Cancel", prefix: rest };
    if (name === "PING") {
      const context = rest.subarray(PING_TTL_BYTES);
      return context.length > PING_CONTEXT_BYTES_MAX ? "malformed" : { tag: "Ping", context };
    }
    return NOTHING;
  }
}
/** Read, but nothing that concerns anybody. */
const NOTHING = Symbol("nothing");
/** Undefined while more bytes are needed. */
type Read = ZmtpWord | ZmtpFault | typeof NOTHING | undefined;

/** Before ZMTP 3.1 subscriptions came as messages. What an XSUB sends besides is for publishers that listen. */
function subscription(body: Uint8Array): Read {
  if (body[0] === 1) return { tag: "Subscribe", prefix: body.subarray(1) };
  if (body[0] === 0) return { tag: "Cancel", prefix: body.subarray(1) };
  return NOTHING;
}

const SUBSCRIBERS: ReadonlySet<string> = new Set(["SUB", "XSUB"]);
/** Among the properties, whose names know no case. */
function socketType(properties: Uint8Array): string | undefined {
  let rest = properties;
  while (rest.length > 0) {
    const nameEnd = 1 + (rest[0] as number);
    if (rest.length < nameEnd + 4) return undefined;
    const name = String.fromCharCode(...rest.subarray(1, nameEnd)).toLowerCase();
    const length = new DataView(rest.buffer, rest.byteOffset + nameEnd).getUint32(0);
    const value = rest.subarray(nameEnd + 4, nameEnd + 4 + length);
    if (value.length < length) return undefined;
    if (name === "socket-type") return String.fromCharCode(...value);
    rest = rest.subarray(nameEnd + 4 + length);
  }
  return undefined;
}
