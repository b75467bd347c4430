import { parseHex } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isMsat, type Msat } from "../base/units.ts";

/** What a JSON value must be: the value in our own types, or undefined when it is something else. */
export type Shape<T> = (value: unknown) => T | undefined;
export type Shapes = Readonly<Record<string, Shape<unknown>>>;
export type Shaped<S extends Shapes> = {
  readonly [K in keyof S]: S[K] extends Shape<infer T> ? T : never;
};
/** JSON from the other end that is not what it should be. The pointer is to the member at fault, empty for the whole. */
export interface Misshapen {
  readonly code: "misshapen";
  readonly pointer: string;
}

/** Reads an object with exactly these members. Never throws. */
export function readObject<S extends Shapes>(shapes: S, value: unknown): Result<Shaped<S>, Misshapen> {
  const at = (pointer: string) => err({ code: "misshapen", pointer } as const);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return at("");
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(shapes, name));
  if (unknown !== undefined) return at(`/${unknown.slice(0, 64)}`);
  const read: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const member = Object.hasOwn(value, name) ? shape((value as Record<string, unknown>)[name]) : shape(undefined);
    if (member === undefined) return at(`/${name}`);
    read[name] = member;
  }
  return ok(read as Shaped<S>);
}

export const shortText =
  (limit: number): Shape<string> =>
  (value) =>
    typeof value === "string" && value.length > 0 && value.length <= limit ? value : undefined;
export const wholeNumber =
  (max: number): Shape<number> =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
/** Up to 64 bits, as a decimal string: JSON's numbers would round it. */
export const bigNumber: Shape<bigint> = (value) => {
  if (typeof value !== "string" || !/^(0|[1-9]\d{0,19})$/.test(value)) return undefined;
  const number = BigInt(value);
  return number < 1n << 64n ? number : undefined;
};
export const amountText: Shape<Msat> = (value) => {
  const number = bigNumber(value);
  return number !== undefined && isMsat(number) ? number : undefined;
};
export const hexBytes =
  (length: number): Shape<Uint8Array> =>
  (value) =>
    typeof value === "string" && value.length === 2 * length ? parseHex(value) : undefined;
export const textAs =
  <T>(parse: (text: string) => T | undefined): Shape<T> =>
  (value) =>
    typeof value === "string" ? parse(value) : undefined;
export const listed =
  <T>(item: Shape<T>, max: number): Shape<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > max) return undefined;
    const items = value.map(item);
    return items.includes(undefined) ? undefined : (items as T[]);
  };
export const object =
  <S extends Shapes>(shapes: S): Shape<Shaped<S>> =>
  (value) => {
    const read = readObject(shapes, value);
    return read.ok ? read.value : undefined;
  };
/** `null` in JSON: the member is always there. */
export const nullable =
  <T>(shape: Shape<T>): Shape<{ readonly value: T | undefined }> =>
  (value) => {
    if (value === null) return { value: undefined };
    const read = shape(value);
    return read === undefined ? undefined : { value: read };
  };
