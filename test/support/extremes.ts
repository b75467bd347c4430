import type { Codec } from "../../src/codec/codec.ts";
import { declarationOf, decodeMessage, encodeMessage, type WireMessage } from "../../src/wire/registry.ts";

const ofBits = (bits: number): readonly unknown[] =>
  bits === 64 ? [0n, 1n, 2n ** 64n - 1n] : [0, 1, 2 ** bits - 1].filter((value, at, all) => all.indexOf(value) === at);
const filled = (length: number, ...bytes: readonly number[]): readonly Uint8Array[] =>
  bytes.map((byte) => new Uint8Array(length).fill(byte));
const COINS = { sat: 2_100_000_000_000_000n, msat: 2_100_000_000_000_000_000n };
/** Compressed, and not on the curve: x is 5, or not below the field's prime. */
export const NO_POINTS = [
  Uint8Array.of(2, ...new Uint8Array(31), 5),
  Uint8Array.of(3, ...new Uint8Array(32).fill(0xff)),
];

/** The least and the most that a field can hold, and what is of the right form and means nothing. */
function extremesOf({ shape }: Codec<unknown>): readonly unknown[] {
  switch (shape.kind) {
    case "uint":
    case "truncated":
      return ofBits(shape.bits);
    case "int":
      return [-(2n ** 63n), -COINS.sat, -1n, 0n, COINS.sat, 2n ** 63n - 1n];
    case "bytes":
      return filled(shape.length, 0, 0xff);
    case "prefixed":
      return shape.item === undefined ? [...filled(0, 0), ...filled(1, 0), ...filled(600, 0xff)] : [[]];
    case "list":
      return [[]];
    case "rest":
      return [...filled(0, 0), ...filled(600, 0xff)];
    case "refined": {
      if (shape.name === "point") return NO_POINTS;
      if (shape.name === "sat" || shape.name === "msat") return [0n, 1n, COINS[shape.name] - 1n, COINS[shape.name]];
      return extremesOf(shape.base).map((base) => shape.parse(base as never));
    }
    default:
      return [];
  }
}

/** This message with one of its fields or records at an extreme, or one record left out: all that a peer can encode. */
export function atExtremes(message: WireMessage): readonly WireMessage[] {
  const { fields, tlvs } = declarationOf(message.name);
  const found: WireMessage[] = [];
  const add = (changed: object): void => {
    const read = decodeMessage(encodeMessage(changed as WireMessage));
    if (read.ok && read.value.name !== "unknown") found.push(read.value);
  };
  const codecs: Record<string, Codec<unknown>> = { ...fields };
  for (const [name, record] of Object.entries(tlvs ?? {})) {
    codecs[name] = (record as { readonly codec: Codec<unknown> }).codec;
    if (name in message) add(Object.fromEntries(Object.entries(message).filter(([key]) => key !== name)));
    else for (const value of extremesOf(codecs[name])) add({ ...message, [name]: value });
  }
  for (const [name, codec] of Object.entries(codecs))
    if (name !== "channel_id" && name in message)
      for (const value of extremesOf(codec)) if (value !== undefined) add({ ...message, [name]: value });
  return found;
}

/** This message with one of its points replaced by what is none, by the name of the field. */
export function withoutPoint(message: WireMessage): readonly (readonly [string, WireMessage])[] {
  const points = Object.entries(declarationOf(message.name).fields as Record<string, Codec<unknown>>).flatMap(
    ([name, { shape }]) => (shape.kind === "refined" && shape.name === "point" ? [name] : []),
  );
  return points.flatMap((name) =>
    NO_POINTS.map((point) => [name, { ...message, [name]: point } as WireMessage] as const),
  );
}
