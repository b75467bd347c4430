import {
  basepoints,
  claimRefusal,
  claimRequest,
  signaturesCodec,
  signerMemoryRecord,
  signingRefusal,
  signingRequest,
} from "../../../channels/index.ts";
import type { AddressType, Branch, KeyPath } from "../../bitcoin/key-path.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT } from "../../bitcoin/sighash.ts";
import { strippedTx, txOut } from "../../bitcoin/tx.ts";
import { type Codec, listOf, optional, refine, struct, union, type ValueOf } from "../../codec/codec.ts";
import {
  bytes,
  bytesOf,
  enumeration,
  flag,
  nodeId,
  point,
  signature,
  text,
  u8,
  u16,
  u32,
  u64,
} from "../../codec/primitives.ts";
import type { PublicAccount, WalletInput } from "../../ports/signer.ts";

/** Of the questions and answers below. A signer and a node that have not the same do not talk. */
export const PROTOCOL = 3;

const keyPath: Codec<KeyPath> = struct({
  type: enumeration<AddressType>("address_type", "p2wpkh", "p2tr"),
  branch: enumeration<Branch>("branch", "external", "change"),
  index: u32,
});
const hashType: Codec<WalletInput["hashType"]> = refine(
  "hash_type",
  u8,
  (value) => (value === SIGHASH_ALL || value === SIGHASH_DEFAULT ? value : undefined),
  (value) => value,
);
const account: Codec<PublicAccount> = struct({ fingerprint: u32, steps: listOf(u8, u32), xpub: text });
const index = u32;
const nothing = struct({});

/** All that a node asks. `mark` and `forget` have no answer. */
export const question = union(u8, {
  hello: [1, struct({ protocol: u16, network: text })],
  ecdh: [2, struct({ point: bytes(33) })],
  sign_as_node: [3, struct({ digest: bytes(32) })],
  sign_wallet: [
    4,
    struct({
      tx: strippedTx,
      spent: listOf(u16, txOut),
      inputs: listOf(u16, struct({ index: u16, path: keyPath, hashType })),
    }),
  ],
  open: [5, struct({ index, remembered: optional(signerMemoryRecord) })],
  points: [6, struct({ index, from: u64, count: u8 })],
  secret: [7, struct({ index, number: u64 })],
  sign: [8, struct({ index, request: signingRequest })],
  claim: [9, struct({ index, request: claimRequest, pays: listOf(u16, optional(keyPath)) })],
  announce: [10, struct({ index, announcement: bytesOf(u16) })],
  mark: [11, struct({ mark: u32 })],
  keep: [12, struct({ mark: u32 })],
  forget: [13, struct({ index })],
});
export type Question = ValueOf<typeof question>;

export const answer = union(u8, {
  /** The signer will not talk to this node; it hangs up. */
  unwelcome: [1, struct({ detail: text })],
  /** The question is none that an honest node asks, or answering it failed. */
  failed: [2, struct({ detail: text })],
  hello: [
    3,
    struct({ nodeId, streamMaster: bytes(32), backupKey: bytes(32), hasSigned: flag, p2wpkh: account, p2tr: account }),
  ],
  shared: [4, struct({ secret: optional(bytes(32)) })],
  node_signature: [5, struct({ signature, recovery: u8 })],
  witnesses: [6, struct({ witnesses: listOf(u16, listOf(u8, bytesOf(u8))) })],
  not_our_coin: [7, struct({ index: u16 })],
  opened: [8, struct({ basepoints })],
  old_record: [9, struct({ detail: text })],
  points: [10, struct({ points: listOf(u8, point) })],
  secret: [11, struct({ secret: bytes(32) })],
  signed: [12, struct({ signatures: signaturesCodec })],
  signing_refused: [13, struct({ refusal: signingRefusal })],
  claimed: [14, struct({ signature })],
  claim_refused: [15, struct({ refusal: claimRefusal })],
  announced: [16, struct({ nodeSignature: signature, bitcoinSignature: signature })],
  not_our_announcement: [17, nothing],
  kept: [18, nothing],
});
export type Answer = ValueOf<typeof answer>;
