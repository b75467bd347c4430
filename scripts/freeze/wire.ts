import { fromHex, toHex } from "../../src/base/bytes.ts";
import { formatShortChannelId, unpackShortChannelId } from "../../src/base/ids.ts";
import { type Codec, encode, struct } from "../../src/codec/codec.ts";
import { i64, point, shortChannelId, u16, u64 } from "../../src/codec/primitives.ts";
import { bigSize, tu32, tu64 } from "../../src/codec/varint.ts";
import { encodeMessage } from "../../src/wire/registry.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { featureTable, wireFormats } from "./wire-formats.ts";

const big = (value: bigint): string => toHex(encode(bigSize, value));

const SIZES = [7n, 200n, 254n, 300n, 40_000n, 70_000n, 3_000_000_000n, 5_000_000_000n, 1n << 60n];
const bigSizes = () => ({
  decode: [
    ...SIZES.map((value) => ({ name: `value ${value}`, bytes: big(value), valid: true, value: String(value) })),
    ...["fd0010", "fe000000ff", "ff0000000000ffff00"].map((bytes) => ({
      name: `${bytes} has a shorter form`,
      bytes,
      valid: false,
      error: "non_canonical",
    })),
    ...["fd10", "fe1000", "ff10000000", "fd", "ff"].map((bytes) => ({
      name: `${bytes} is cut short`,
      bytes,
      valid: false,
      error: "truncated",
    })),
    { name: "nothing", bytes: "", valid: false, error: "empty" },
  ],
  encode: SIZES.map((value) => ({ name: `value ${value}`, value: String(value), bytes: big(value) })),
});

const SIGNED = [
  3n,
  -3n,
  100n,
  -100n,
  5_000n,
  -5_000n,
  900_000n,
  -900_000n,
  1n << 40n,
  -(1n << 40n),
  1n << 62n,
  -(1n << 62n),
];
/** The shortest of 1, 2, 4 and 8 bytes that keeps the sign. */
function shortest(value: bigint): string {
  const bytes = [1, 2, 4, 8].find((size) => BigInt.asIntN(8 * size, value) === value) as number;
  return toHex(encode(i64, value)).slice(-2 * bytes);
}
const signedIntegers = () => ({
  note: "shortest of s8/s16/s32/s64, big-endian two's complement",
  cases: SIGNED.map((value) => ({ value: String(value), bytes: shortest(value) })),
});

const initMessage = (features: string): string =>
  toHex(encodeMessage({ name: "init", globalfeatures: fromHex(""), features: fromHex(features) }));
const initExtensions = () => ({
  valid: [
    { message: initMessage(""), extension_records: [] },
    {
      message: `${initMessage("")}1f022b2b4d00fd0101012c`,
      extension_records: [
        { type: 31, value: "2b2b" },
        { type: 77, value: "" },
        { type: 257, value: "2c" },
      ],
    },
  ],
  invalid: [
    { message: `${initMessage("")}1f`, reason: "a type without a length" },
    { message: `${initMessage("")}1f0300`, reason: "a value cut short" },
    { message: `${initMessage("")}2000`, reason: "unknown even type 32" },
    { message: `${initMessage("")}210021 00`.replace(" ", ""), reason: "type 33 twice" },
    { message: `${initMessage("")}23002100`, reason: "types that fall" },
  ],
});

/** One record: type, length and the value of a codec. */
function record<T>(type: bigint, codec: Codec<T>, value: T): string {
  const bytes = encode(codec, value);
  return big(type) + big(BigInt(bytes.length)) + toHex(bytes);
}
const POINT = fromHex("0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
const routed = struct({ node_id: point, amount_msat_1: u64, amount_msat_2: u64 });
const ROUTE = { node_id: POINT, amount_msat_1: 21n, amount_msat_2: 34n };
const SCID = unpackShortChannelId(0x0102_0304_0506_0708n);
const AMOUNTS = [0n, 9n, 777n, 66_000n, 20_000_000n, 5_000_000_000n, 1n << 50n, 1n << 63n];

const tlvSuccesses = () => [
  ...["", "2300", "fd030102abcd", "fe0100000100", "ff010000000000000100"].map((stream) => ({
    namespaces: ["n1", "n2"],
    stream,
    record: null,
    note: "nothing that is known",
  })),
  ...AMOUNTS.map((amount) => ({
    namespaces: ["n1"],
    stream: record(5n, tu64, amount),
    record: "amount",
    values: { amount_msat: String(amount) },
  })),
  {
    namespaces: ["n1"],
    stream: record(6n, shortChannelId, SCID),
    record: "channel",
    values: { scid: formatShortChannelId(SCID) },
  },
  {
    namespaces: ["n1"],
    stream: record(9n, routed, ROUTE),
    record: "route",
    values: { node_id: toHex(POINT), amount_msat_1: "21", amount_msat_2: "34" },
  },
  { namespaces: ["n1"], stream: record(400n, u16, 144), record: "delta", values: { cltv_delta: "144" } },
  { namespaces: ["n2"], stream: record(13n, tu32, 800_000), record: "expiry", values: { cltv_expiry: "800000" } },
];
function tlvFailures() {
  const both = ["n1", "n2"];
  const route = toHex(encode(routed, ROUTE));
  const failure = (namespaces: readonly string[], reason: string, ...streams: readonly string[]) =>
    streams.map((stream) => ({ namespaces, stream, reason }));
  return [
    ...failure(both, "type cut short", "fe", "fd02", "ff00112233"),
    ...failure(both, "type has a shorter form", "fd002300", "fe0000023100"),
    ...failure(both, "length missing or cut short", "23", "23fd", "23fe0102"),
    ...failure(both, "length has a shorter form", `23fd0003${"aa".repeat(3)}`),
    ...failure(both, "value missing or cut short", "2303", "2303aaaa", "23fd0100aa"),
    ...failure(both, "unknown even type", "2400", "fd012000", "fe0200000000", "ff020000000000000000"),
    ...failure(["n1"], "integer too long", `0509${"01".repeat(9)}`),
    ...failure(["n1"], "integer has a shorter form", "050100", "05020007", "0508000000000000ff01"),
    ...failure(["n1"], "value of a wrong length", `0607${"01".repeat(7)}`, `0609${"01".repeat(9)}`, "fd01900101"),
    ...failure(["n1"], "struct cut short or followed by more", `0930${route.slice(2)}`, `0932${route}00`),
    ...failure(["n1"], "no compressed point", `0931${route.replace(/^03/, "05")}`),
    ...failure(
      ["n1"],
      "types that fall or repeat",
      record(6n, shortChannelId, SCID) + record(5n, tu64, 1n),
      "25002500",
    ),
  ];
}
const tlvs = () => ({
  namespaces: {
    n1: {
      "5": { name: "amount", fields: [["amount_msat", "tu64"]] },
      "6": { name: "channel", fields: [["scid", "short_channel_id"]] },
      "9": {
        name: "route",
        fields: [
          ["node_id", "point"],
          ["amount_msat_1", "u64"],
          ["amount_msat_2", "u64"],
        ],
      },
      "400": { name: "delta", fields: [["cltv_delta", "u16"]] },
    },
    n2: {
      "2": { name: "amount", fields: [["amount_msat", "tu64"]] },
      "13": { name: "expiry", fields: [["cltv_expiry", "tu32"]] },
    },
  },
  failures: tlvFailures(),
  successes: tlvSuccesses(),
});

export const freezers: readonly Freezer[] = [
  { path: "bolts/bolt01/bigsize.json", make: bigSizes },
  { path: "bolts/bolt01/signed-int.json", make: signedIntegers },
  { path: "bolts/bolt01/init-extension.json", make: initExtensions },
  { path: "bolts/bolt01/tlv.json", make: tlvs },
  { path: "bolts/wire-formats.json", make: wireFormats },
  { path: "bolts/bolt09/features.json", make: featureTable },
];
