import type { Sat } from "../base/units.ts";

/** What an answer is made of. An amount is a JSON number that no float has touched. */
export type Json =
  | null
  | boolean
  | number
  | string
  | Exact
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A JSON number by its digits. */
export class Exact {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

const COIN = 100_000_000n;
/** Satoshis as Bitcoin Core shows them: whole coins, a point and eight digits. */
export function coins(amount: bigint): Exact {
  const size = amount < 0n ? -amount : amount;
  return new Exact(`${amount < 0n ? "-" : ""}${size / COIN}.${String(size % COIN).padStart(8, "0")}`);
}
/** A rate in sat per 1,000 virtual bytes, in coins as above. */
export const coinsPerKvb = (rate: bigint): Exact => coins(rate);
/** A fee over a size, as a rate in coins per 1,000 virtual bytes, rounded down. */
export const rateOf = (fee: Sat, vsize: number): Exact => coins((fee * 1000n) / BigInt(vsize));

/** JSON text. Keys without a value are left out. */
export function jsonText(value: Json): string {
  if (value instanceof Exact) return value.digits;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const fields = Object.entries(value as { readonly [key: string]: Json | undefined }).flatMap(([key, field]) =>
    field === undefined ? [] : [`${JSON.stringify(key)}:${jsonText(field)}`],
  );
  return `{${fields.join(",")}}`;
}
