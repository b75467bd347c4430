import { z } from "zod";
import { fromHex, parseHex } from "../base/bytes.ts";
import { parseBlockHash, parseChannelId, parseNodeId, parsePaymentHash, parseTxid } from "../base/ids.ts";
import { blockHeight, isMsat, isSat, satPerKw } from "../base/units.ts";
import type { UnknownRecord } from "../codec/tlv.ts";

/** The fields of requests: text in, branded values out. A refusal says what is wanted and never repeats what was sent. */

/** More than an onion has room for. */
const CUSTOM_RECORDS_MAX = 216;
const U64_LIMIT = 2n ** 64n;

/** The value that `read` makes of a text of this form; undefined is refused with `wanted`. */
const text = <T>(form: RegExp, wanted: string, read: (value: string) => T | undefined) =>
  z
    .string()
    .regex(form, wanted)
    .transform((value, context): T => {
      const found = read(value);
      if (found !== undefined) return found;
      context.issues.push({ code: "custom", message: wanted, input: value });
      return z.NEVER;
    });

/** Decimal digits alone: no sign, no fraction, no exponent. 2.1e18 msat fits no JS number. */
const DECIMAL = /^(?:0|[1-9]\d{0,18})$/;
const POSITIVE = /^[1-9]\d{0,18}$/;
const inRange = <T extends bigint>(is: (value: bigint) => value is T) => {
  return (digits: string): T | undefined => {
    const value = BigInt(digits);
    return is(value) ? value : undefined;
  };
};
export const msatField = text(DECIMAL, "must be millisatoshis as a decimal string", inRange(isMsat));
export const positiveMsatField = text(POSITIVE, "must be millisatoshis above 0 as a decimal string", inRange(isMsat));
export const positiveSatField = text(POSITIVE, "must be satoshis above 0 as a decimal string", inRange(isSat));

export const feerateField = z
  .int("must be a whole number")
  .min(253, "must be at least 253")
  .max(1_000_000, "must be at most 1000000")
  .transform(satPerKw)
  .meta({ description: "satoshis per 1000 weight units" });

/** A compressed point; whether it is on the curve is found when it is dialled. */
export const nodeIdField = text(/^0[23][0-9a-f]{64}$/, "must be a node id: 66 hex digits", parseNodeId);
export const hashField = text(/^(?:inv_|pay_|ks_)?[0-9a-f]{64}$/, "must be a hash: 64 hex digits", (value) =>
  parsePaymentHash(value.slice(-64)),
);
/** `ch_…` or the bare channel id. */
export const channelIdField = text(/^(?:ch_)?[0-9a-f]{64}$/, "must be a channel id: 64 hex digits", (value) =>
  parseChannelId(value.slice(-64)),
);
export const rootField = text(/^[0-9a-f]{64}$/, "must be a hash: 64 hex digits", parseHex);
export const txidField = text(/^[0-9a-f]{64}$/, "must be a transaction id: 64 hex digits", parseTxid);
export const blockHashField = text(/^[0-9a-f]{64}$/, "must be a block hash: 64 hex digits", parseBlockHash);
/** The hash of a block, or a height. */
export const blockField = text(/^(?:[0-9a-f]{64}|\d{1,8})$/, "must be a block hash or a height", (value) =>
  value.length === 64 ? parseBlockHash(value) : blockHeight(Number(value)),
);
/** `txid:vout`. */
export const outpointField = text(/^[0-9a-f]{64}:\d{1,10}$/, "must be txid:index", (value) => {
  const id = parseTxid(value.slice(0, 64));
  const vout = Number(value.slice(65));
  return id !== undefined && vout < 2 ** 32 ? { txid: id, vout } : undefined;
});
/** `id@host:port`, with an IPv6 host in brackets. */
export const nodeUriField = text(
  /^0[23][0-9a-f]{64}@(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/,
  "must be id@host:port",
  (value) => {
    const colon = value.lastIndexOf(":");
    const nodeId = parseNodeId(value.slice(0, 66));
    const port = Number(value.slice(colon + 1));
    const host = value.slice(67, colon).replace(/^\[|\]$/g, "");
    return nodeId !== undefined && port > 0 && port < 65_536 ? { nodeId, host, port } : undefined;
  },
);
/** The base URL of a site: scheme, host and port alone. */
export const siteField = text(/^https?:\/\/[^/?#@\s]{1,260}\/?$/, "must be http://host:port", (value) =>
  URL.canParse(value) ? new URL(value).origin : undefined,
);
/** Ids that the node made itself: looked up, never parsed. */
export const idField = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, "must be an id");

/** Bitcoin addresses and BOLT 11 invoices in bech32 (or base58): letters and digits. The node parses them. */
export const addressField = z.string().regex(/^[A-Za-z0-9]{14,90}$/, "must be a Bitcoin address");
export const invoiceTextField = z.string().regex(/^[A-Za-z0-9]{10,7089}$/, "must be a BOLT 11 invoice");

/** TLV records of applications, by type: no more than an onion can hold, which the node counts. */
export const customRecordsField = z
  .record(
    z.string().regex(/^[1-9]\d{0,19}$/, "must be a type in decimal digits"),
    z.string().regex(/^(?:[0-9a-f]{2}){0,1300}$/, "must be hex, of at most 1300 bytes"),
  )
  .refine((records) => Object.keys(records).length <= CUSTOM_RECORDS_MAX, `must be at most ${CUSTOM_RECORDS_MAX}`)
  .transform((records, context): readonly UnknownRecord[] => {
    const read = Object.entries(records).map(([type, value]) => ({ type: BigInt(type), value: fromHex(value) }));
    if (read.every(({ type }) => type < U64_LIMIT)) return read.toSorted((a, b) => (a.type < b.type ? -1 : 1));
    context.issues.push({ code: "custom", message: "must have types of 64 bits", input: records });
    return z.NEVER;
  })
  .meta({ description: "by type, from 65536 on: the value in hex" });

/** One line for people. Control characters have no business in a log line or on a terminal. */
export const lineField = (limit: number) =>
  z
    .string()
    .max(limit, `must have at most ${limit} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must be one line of text");
export const wholeField = (min: number, max: number) =>
  z.int("must be a whole number").min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);

/** Whole numbers as they stand in a URL. */
export const wholeText = (max: number) =>
  text(/^\d{1,15}$/, `must be a whole number up to ${max}`, (value) => {
    const number = Number(value);
    return number <= max ? number : undefined;
  });
