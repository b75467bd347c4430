import { type BlockHash, blockHash, hashBytes, type Txid, txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Codec, decodePrefix, encode, listOf, refine, struct, type ValueOf } from "../codec/codec.ts";
import type { DecodeError } from "../codec/io.ts";
import { blockHashCodec, bytes, bytesOf, constant, i32le, rest, u32le, u64le } from "../codec/primitives.ts";
import { compactSizeTo } from "../codec/varint.ts";
import { addr, addrv2, netAddress } from "./address-messages.ts";
import { blockHeader, claimedBlock } from "./block.ts";
import { blocktxn, cmpctblock, getblocktxn, sendcmpct } from "./compact-messages.ts";
import { cfcheckpt, cfheaders, cfilter, getcfcheckpt, getcfheaders, getcfilters } from "./filter-messages.ts";
import { claimedTx } from "./tx.ts";

/** Messages of the Bitcoin P2P protocol, declared one by one; the names are the commands. Framing: `frames.ts`. */

/** The protocol that these messages follow: `wtxidrelay` is known since. BIP 339 §Specification. */
export const PROTOCOL_VERSION = 70_016;
/** Serves whole blocks. */
export const NODE_NETWORK = 1n << 0n;
/** Serves blocks and transactions with their witnesses. BIP 144 §Handshake. */
export const NODE_WITNESS = 1n << 3n;
/** Serves basic block filters. BIP 158 §Signaling. */
export const NODE_COMPACT_FILTERS = 1n << 6n;
/** Serves the last 288 blocks. BIP 159 §Counter-measures for peer fingerprinting. */
export const NODE_NETWORK_LIMITED = 1n << 10n;

/** Entries in one `inv`, `getdata` or `notfound`. */
export const INVENTORY_MAX = 50_000;
/** Entries in one `headers`: fewer than this means that the sender has no more. BIP 130 §Specification. */
export const HEADERS_MAX = 2000;
const LOCATOR_MAX = 101;
const USER_AGENT_BYTES_MAX = 256;

/** The byte of BIP 37 §Extensions to existing messages, which older peers leave out. */
const relayByte: Codec<{ readonly wanted: boolean | undefined }> = refine(
  "relay",
  rest,
  (left) => ({ wanted: left[0] === undefined ? undefined : left[0] !== 0 }),
  ({ wanted }) => (wanted === undefined ? new Uint8Array(0) : Uint8Array.of(wanted ? 1 : 0)),
);
const version = struct({
  version: i32le,
  services: u64le,
  /** Seconds since 1970-01-01 UTC. */
  timestamp: u64le,
  receiver: netAddress,
  sender: netAddress,
  /** Random: a node that sees its own has called itself. */
  nonce: u64le,
  user_agent: bytesOf(compactSizeTo(USER_AGENT_BYTES_MAX)),
  start_height: i32le,
  relay: relayByte,
});

/** What an inventory entry names. Kinds that we do not know are kept as they are. */
export type Inventory =
  | { readonly kind: "tx" | "wtx" | "witness_tx"; readonly id: Txid }
  | { readonly kind: "block" | "filtered_block" | "compact_block" | "witness_block"; readonly id: BlockHash }
  | { readonly kind: "unknown"; readonly type: number; readonly id: Txid };
/** BIP 144 §Relay: the witness bit asks for witnesses as well. BIP 339 §Specification: an id that covers them. */
const KIND_OF_TYPE: ReadonlyMap<number, Exclude<Inventory["kind"], "unknown">> = new Map([
  [1, "tx"],
  [2, "block"],
  [3, "filtered_block"],
  [4, "compact_block"],
  [5, "wtx"],
  [0x4000_0001, "witness_tx"],
  [0x4000_0002, "witness_block"],
]);
const TYPE_OF_KIND: ReadonlyMap<Inventory["kind"], number> = new Map(
  [...KIND_OF_TYPE].map(([type, kind]) => [kind, type]),
);
const inventoryEntry: Codec<Inventory> = refine(
  "inventory",
  struct({ type: u32le, hash: bytes(32) }),
  ({ type, hash }): Inventory => {
    const kind = KIND_OF_TYPE.get(type);
    if (kind === undefined) return { kind: "unknown", type, id: txid(hash) };
    if (kind === "tx" || kind === "wtx" || kind === "witness_tx") return { kind, id: txid(hash) };
    return { kind, id: blockHash(hash) };
  },
  (entry) => ({
    type: entry.kind === "unknown" ? entry.type : (TYPE_OF_KIND.get(entry.kind) ?? 0),
    hash: hashBytes(entry.id),
  }),
);
const inventory = struct({ inventory: listOf(compactSizeTo(INVENTORY_MAX), inventoryEntry) });

const locator = struct({
  version: u32le,
  /** Hashes of the asker's chain, newest first, thinning out towards genesis. */
  locator: listOf(compactSizeTo(LOCATOR_MAX), blockHashCodec),
  /** Zeros: as many as the answer may hold. */
  stop: blockHashCodec,
});

/** A header as `headers` holds it: a count of transactions follows, always zero. */
const countedHeader = refine(
  "header",
  struct({ header: blockHeader, count: constant(Uint8Array.of(0)) }),
  ({ header }) => header,
  (header) => ({ header, count: undefined }),
);
const empty = struct({});

/** Every message that this node reads and writes. Other commands are passed over. */
const DECLARED = {
  version,
  verack: empty,
  wtxidrelay: empty,
  sendaddrv2: empty,
  sendheaders: empty,
  ping: struct({ nonce: u64le }),
  pong: struct({ nonce: u64le }),
  /** Least fee for relay, in sat per 1,000 virtual bytes. BIP 133 §Specification. */
  feefilter: struct({ feerate: u64le }),
  getheaders: locator,
  getblocks: locator,
  headers: struct({ headers: listOf(compactSizeTo(HEADERS_MAX), countedHeader) }),
  inv: inventory,
  getdata: inventory,
  notfound: inventory,
  block: struct({ block: claimedBlock }),
  tx: struct({ tx: claimedTx }),
  mempool: empty,
  getaddr: empty,
  addr,
  addrv2,
  sendcmpct,
  cmpctblock,
  getblocktxn,
  blocktxn,
  getcfilters,
  cfilter,
  getcfheaders,
  cfheaders,
  getcfcheckpt,
  cfcheckpt,
} as const;
type Declared = typeof DECLARED;
export type BitcoinCommand = keyof Declared;
/** The value of a message: its command as `name`, then its fields. */
export type BitcoinMessage = { [N in BitcoinCommand]: { readonly name: N } & ValueOf<Declared[N]> }[BitcoinCommand];
export type BitcoinMessageOf<N extends BitcoinCommand> = Extract<BitcoinMessage, { readonly name: N }>;
export const BITCOIN_COMMANDS = Object.keys(DECLARED) as readonly BitcoinCommand[];

const isDeclared = (command: string): command is BitcoinCommand => Object.hasOwn(DECLARED, command);

/** The codec of one message's payload, without the name. */
export const payloadCodec = (command: BitcoinCommand): Codec<unknown> => DECLARED[command];

export const encodePayload = (message: BitcoinMessage): Uint8Array => encode(payloadCodec(message.name), message);

/**
 * The message, undefined for a command that is not declared, or why the payload is not one. What follows the last known
 * field is ignored, as the protocol has always been extended at the end.
 */
export function decodePayload(command: string, payload: Uint8Array): Result<BitcoinMessage | undefined, DecodeError> {
  if (!isDeclared(command)) return ok(undefined);
  const read = decodePrefix(payloadCodec(command), payload);
  if (!read.ok) return err(read.error);
  return ok({ name: command, ...(read.value.value as object) } as BitcoinMessage);
}
