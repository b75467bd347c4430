import { assert, present } from "../base/result.ts";
import { ByteWriter } from "../codec/io.ts";
import { OP, type Opcode, opOf } from "./opcodes.ts";
import { encodeScriptNumber } from "./script-number.ts";

/** What a script is built of: opcodes by number, script numbers as bigints, data as bytes. */
export type ScriptItem = Opcode | bigint | Uint8Array;

/** The bytes of a script. Data and numbers are pushed in their shortest form. BIP 62 §Push operators. */
export function script(...items: readonly ScriptItem[]): Uint8Array {
  const writer = new ByteWriter(128);
  for (const item of items) {
    if (typeof item === "number") writer.u8(item);
    else writePush(writer, typeof item === "bigint" ? encodeScriptNumber(item) : item);
  }
  return writer.finish();
}

/** A script that pushes each of the elements and nothing more: what a scriptSig is. */
export const pushOnly = (...elements: readonly Uint8Array[]): Uint8Array => script(...elements);

function writePush(writer: ByteWriter, data: Uint8Array): void {
  const small = data.length === 1 ? (data[0] as number) : undefined;
  if (small !== undefined && small >= 1 && small <= 16) writer.u8(opOf(small));
  else if (small === 0x81) writer.u8(OP["1NEGATE"]);
  else writer.bytes(pushBytes(data));
}

/** The push of `data` by the shortest opcode for its length, never by a small number's: what FindAndDelete looks for. */
export function pushBytes(data: Uint8Array): Uint8Array {
  const writer = new ByteWriter(data.length + 5);
  if (data.length < OP.PUSHDATA1) writer.u8(data.length);
  else if (data.length <= 0xff) {
    writer.u8(OP.PUSHDATA1);
    writer.u8(data.length);
  } else if (data.length <= 0xffff) {
    writer.u8(OP.PUSHDATA2);
    writer.u16le(data.length);
  } else {
    writer.u8(OP.PUSHDATA4);
    writer.u32le(data.length);
  }
  writer.bytes(data);
  return writer.finish();
}

/** One step of a script: an opcode, with the data it pushes if it is a push. `end` is where the next one begins. */
export interface ScriptElement {
  readonly opcode: number;
  /** Only for opcodes up to OP_PUSHDATA4: a view into the script, not a copy. */
  readonly data: Uint8Array | undefined;
  readonly end: number;
}

/** The element that begins at `at`, or undefined when its push goes beyond the end of the script. */
export function elementAt(bytes: Uint8Array, at: number): ScriptElement | undefined {
  const opcode = present(bytes[at], "an element begins inside the script");
  const end = elementEnd(bytes, at);
  if (end === undefined) return undefined;
  return { opcode, data: opcode > OP.PUSHDATA4 ? undefined : bytes.subarray(at + 1 + prefixOf(opcode), end), end };
}
/** Bytes of the length behind the opcode of a push. */
const prefixOf = (opcode: number): number => (opcode < OP.PUSHDATA1 ? 0 : 1 << (opcode - OP.PUSHDATA1));
/** As the `end` of `elementAt`, for who walks through a script and looks at opcodes alone. */
export function elementEnd(bytes: Uint8Array, at: number): number | undefined {
  const opcode = bytes[at] as number;
  if (opcode > OP.PUSHDATA4) return at + 1;
  const prefix = prefixOf(opcode);
  let length = prefix === 0 ? opcode : 0;
  for (let i = prefix; i > 0; i--) length = length * 256 + (bytes[at + i] ?? 0);
  const end = at + 1 + prefix + length;
  return end > bytes.length ? undefined : end;
}

/** All elements, or undefined when the last push is cut short. */
export function parseScript(bytes: Uint8Array): readonly ScriptElement[] | undefined {
  const elements: ScriptElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = elementAt(bytes, at);
    if (element === undefined) return undefined;
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/** Nothing but pushes and small numbers (OP_RESERVED counts as one). BIP 62 §Push operators. */
export const isPushOnly = (bytes: Uint8Array): boolean =>
  parseScript(bytes)?.every((element) => element.opcode <= OP["16"]) ?? false;

/** Whether the opcode is the shortest way to push what it pushes. BIP 62 §Push operators. */
export function isMinimalPush({ opcode, data }: ScriptElement): boolean {
  assert(data !== undefined, "only a push can be minimal");
  const first = data[0];
  if (first === undefined) return opcode === OP.FALSE;
  if (data.length === 1 && ((first >= 1 && first <= 16) || first === 0x81)) return false;
  if (data.length < OP.PUSHDATA1) return opcode === data.length;
  if (data.length <= 0xff) return opcode === OP.PUSHDATA1;
  return data.length > 0xffff || opcode === OP.PUSHDATA2;
}
