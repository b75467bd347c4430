import { fromHex, parseHex, putReversedHex, reversedHashHex, toHex } from "./bytes.ts";
import { assert } from "./result.ts";
import type { Brand } from "./units.ts";

/**
 * Identifiers are parsed once, at the edge, and travel as values that compare and print by themselves: lower-case hex for
 * the long ones, a packed bigint for the short channel id. Each can be a Map key as it is.
 */
export type ChannelId = Brand<string, "ChannelId">; // 32 bytes
export type NodeId = Brand<string, "NodeId">; // 33 bytes, a compressed point
export type PaymentHash = Brand<string, "PaymentHash">; // 32 bytes
export type Preimage = Brand<string, "Preimage">; // 32 bytes
/** 32 bytes in the order that Bitcoin software shows: the reverse of the hash as computed. */
export type Txid = Brand<string, "Txid">;
export type BlockHash = Brand<string, "BlockHash">;
/** Of one block's filter, and of it together with those of all blocks before. BIP 157 §Filter Headers. */
export type FilterHash = Brand<string, "FilterHash">;
export type FilterHeader = Brand<string, "FilterHeader">;
export type ShortChannelId = Brand<bigint, "ShortChannelId">;

/** One output of one transaction. `key` in maps: `outpointKey`. */
export interface Outpoint {
  readonly txid: Txid;
  readonly vout: number;
}

const hexId =
  <T extends string>(bytes: number) =>
  (value: Uint8Array): T => {
    assert(value.length === bytes, `identifier has ${bytes} bytes`);
    return toHex(value) as T;
  };
/** Of 32 bytes as hashed, in the order shown. */
const hashId =
  <T extends string>() =>
  (hash: Uint8Array): T => {
    assert(hash.length === 32, "identifier has 32 bytes");
    return reversedHashHex(hash) as T;
  };
const hexParser =
  <T extends string>(bytes: number) =>
  (text: string): T | undefined => {
    const value = text.length === bytes * 2 ? parseHex(text) : undefined;
    return value === undefined ? undefined : (toHex(value) as T);
  };

export const channelId = hexId<ChannelId>(32);
export const nodeId = hexId<NodeId>(33);
export const paymentHash = hexId<PaymentHash>(32);
export const preimage = hexId<Preimage>(32);
export const parseChannelId = hexParser<ChannelId>(32);
/** 33 bytes of hex; whether it is a point on the curve is for `src/crypto` to say. */
export const parseNodeId = hexParser<NodeId>(33);
export const parsePaymentHash = hexParser<PaymentHash>(32);
export const parsePreimage = hexParser<Preimage>(32);
export const parseTxid = hexParser<Txid>(32);
export const parseBlockHash = hexParser<BlockHash>(32);

/** The bytes behind a hex identifier, in the order written on Lightning's wire. */
export const idBytes = (id: ChannelId | NodeId | PaymentHash | Preimage): Uint8Array => fromHex(id);

/** From the 32 bytes as hashed (the order inside transactions, blocks and `funding_created`). */
export const txid = hashId<Txid>();
export const blockHash = hashId<BlockHash>();
export const filterHash = hashId<FilterHash>();
export const filterHeader = hashId<FilterHeader>();
/** The 32 bytes as hashed: what transactions, blocks and messages hold. */
export const hashBytes = (id: Txid | BlockHash | FilterHash | FilterHeader): Uint8Array => {
  const bytes = new Uint8Array(32);
  putReversedHex(bytes, 0, id);
  return bytes;
};

/** Writes `hashBytes(id)` at `at`; answers where the next may begin. */
export function putHash(out: Uint8Array, at: number, id: Txid | BlockHash): number {
  putReversedHex(out, at, id);
  return at + 32;
}

export const outpointKey = (outpoint: Outpoint): string => `${outpoint.txid}:${outpoint.vout}`;

/** Block (24 bits) | transaction index (24 bits) | output index (16 bits). BOLT 7 §Definition of short_channel_id. */
export function shortChannelId(block: number, txIndex: number, outputIndex: number): ShortChannelId {
  const inRange = (value: number, bits: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
  assert(inRange(block, 24) && inRange(txIndex, 24) && inRange(outputIndex, 16), "short channel id in range");
  return ((BigInt(block) << 40n) | (BigInt(txIndex) << 16n) | BigInt(outputIndex)) as ShortChannelId;
}
/** From the packed 64 bits as they stand on the wire. */
export function unpackShortChannelId(packed: bigint): ShortChannelId {
  assert(packed >= 0n && packed < 1n << 64n, "a short channel id has 64 bits");
  return packed as ShortChannelId;
}
export const scidBlock = (id: ShortChannelId): number => Number(id >> 40n);
export const scidTxIndex = (id: ShortChannelId): number => Number((id >> 16n) & 0xff_ffffn);
export const scidOutputIndex = (id: ShortChannelId): number => Number(id & 0xffffn);
/** As people write it: `539268x845x1`. */
export const formatShortChannelId = (id: ShortChannelId): string =>
  `${scidBlock(id)}x${scidTxIndex(id)}x${scidOutputIndex(id)}`;
/** From `539268x845x1`; undefined when it is not of that form. */
export function parseShortChannelId(text: string): ShortChannelId | undefined {
  const match = /^(\d{1,8})x(\d{1,8})x(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [block, txIndex, outputIndex] = match.slice(1).map(Number) as [number, number, number];
  if (block >= 1 << 24 || txIndex >= 1 << 24 || outputIndex >= 1 << 16) return undefined;
  return shortChannelId(block, txIndex, outputIndex);
}
