import { parseHex } from "../base/bytes.ts";
import { type BlockHash, parseBlockHash, parseTxid, type Txid } from "../base/ids.ts";
import { type Sat, sat } from "../base/units.ts";
import { type ClaimedBlock, decodeClaimedBlock } from "../bitcoin/block.ts";
import { type ClaimedTx, decodeClaimedTx } from "../bitcoin/tx.ts";
import { refuse } from "./fault.ts";

/** One argument of a method: what it is called in `help`, and how it is read. A refusal says what is wrong. */
export interface Param<T> {
  readonly kind: string;
  readonly optional: boolean;
  /** @param name  as the method calls it */
  read(value: unknown, name: string): T;
}
export type Params = Readonly<Record<string, Param<unknown>>>;
export type ArgsOf<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never };

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
};
function expected(value: unknown, kind: string): never {
  return refuse("type", `JSON value of type ${kindOf(value)} is not of expected type ${kind}`);
}
const param = <T>(kind: string, read: Param<T>["read"]): Param<T> => ({ kind, optional: false, read });

/** The same, which may be left out or null. */
export const optional = <T>({ kind, read }: Param<T>): Param<T | undefined> => ({
  kind,
  optional: true,
  read: (value, name) => (value === undefined || value === null ? undefined : read(value, name)),
});

export const text = param("string", (value) => (typeof value === "string" ? value : expected(value, "string")));
export const flag = param("bool", (value) => (typeof value === "boolean" ? value : expected(value, "bool")));
export const whole = param("number", (value) => {
  if (typeof value !== "number") return expected(value, "number");
  return Number.isSafeInteger(value) ? value : refuse("misc", "JSON integer out of range");
});
/** 0, 1, 2 …, or a bool of an older time. */
export const verbosity = param("number", (value, name) =>
  typeof value === "boolean" ? Number(value) : whole.read(value, name),
);
export const anything = param<unknown>("any", (value) => value);
export const list = param<readonly unknown[]>("array", (value) =>
  Array.isArray(value) ? value : expected(value, "array"),
);
/** An amount in coins: a number or text of eight decimals at most. */
export const amount = param<Sat>("amount", (value) => {
  const digits = typeof value === "number" ? digitsOf(value) : value;
  const found = typeof digits === "string" ? /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(digits) : null;
  if (found === null) {
    return typeof value === "number" || typeof value === "string"
      ? refuse("type", "Invalid amount")
      : refuse("type", "Amount is not a number or string");
  }
  const parsed = BigInt(found[1] as string) * 100_000_000n + BigInt((found[2] ?? "").padEnd(8, "0"));
  return parsed <= 2_100_000_000_000_000n ? sat(parsed) : refuse("type", "Amount out of range");
});
/** Its shortest digits, which are those that were sent: eight decimals below 21 million fit a double. */
function digitsOf(value: number): string | undefined {
  const fixed = value >= 0 && value < 1e8 ? value.toFixed(8) : undefined;
  return fixed !== undefined && Number(fixed) === value ? fixed : undefined;
}

const hash = <T>(parse: (text: string) => T | undefined): Param<T> =>
  param("hex", (value, name) => {
    const given = text.read(value, name);
    if (given.length !== 64) {
      return refuse("parameter", `${name} must be of length 64 (not ${given.length}, for '${shown(given)}')`);
    }
    return parse(given.toLowerCase()) ?? refuse("parameter", `${name} must be hexadecimal string (not '${given}')`);
  });
const shown = (given: string): string => given.slice(0, 80);
export const blockHash: Param<BlockHash> = hash(parseBlockHash);
export const txid: Param<Txid> = hash(parseTxid);
export const bytes = param<Uint8Array>("hex", (value, name) => {
  const given = text.read(value, name);
  return (
    parseHex(given.toLowerCase()) ?? refuse("parameter", `${name} must be hexadecimal string (not '${shown(given)}')`)
  );
});
export const transaction = param<ClaimedTx>("hex", (value, name) => {
  const raw = parseHex(text.read(value, name).toLowerCase());
  const decoded = raw && decodeClaimedTx(raw);
  return decoded?.ok
    ? decoded.value
    : refuse("deserialization", "TX decode failed. Make sure the tx has at least one input.");
});
export const block = param<ClaimedBlock>("hex", (value, name) => {
  const raw = parseHex(text.read(value, name).toLowerCase());
  const decoded = raw && decodeClaimedBlock(raw);
  return decoded?.ok ? decoded.value : refuse("deserialization", "Block decode failed");
});
/** Policy, not protocol, as Bitcoin Core's: more in one package than any mempool takes. */
const PACKAGE_TXS_MAX = 25;
export const transactions = param<readonly ClaimedTx[]>("array", (value, name) => {
  const items = list.read(value, name);
  if (items.length < 1 || items.length > PACKAGE_TXS_MAX) {
    return refuse("parameter", `Array must contain between 1 and ${PACKAGE_TXS_MAX} transactions.`);
  }
  return items.map((item) => transaction.read(item, name));
});
