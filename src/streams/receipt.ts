import { concat, utf8 } from "../base/bytes.ts";
import { idBytes, type NodeId, type Preimage } from "../base/ids.ts";
import type { Msat } from "../base/units.ts";
import { type Codec, encode, optional, struct } from "../codec/codec.ts";
import { amountMsat, nodeId, preimage, text, u32, u64 } from "../codec/primitives.ts";
import { sha256 } from "../crypto/hash.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import type { Account, SessionId, StreamTerms } from "./session.ts";
import { sessionIdCodec } from "./stream-codecs.ts";

/** The account of a session, which each end makes from its own record and signs with its node key. */
export interface ReceiptBody {
  readonly session: SessionId;
  readonly stream: string;
  readonly payer: NodeId;
  readonly payee: NodeId;
  readonly ticks: bigint;
  readonly units: number;
  readonly paid: Msat;
  readonly firstPreimage: Preimage | undefined;
  readonly lastPreimage: Preimage | undefined;
}
export const receiptOf = (
  session: SessionId,
  payer: NodeId,
  { stream, payee }: StreamTerms,
  { sequence, units, paid, firstPreimage, lastPreimage }: Account,
): ReceiptBody => ({ session, stream, payer, payee, ticks: sequence, units, paid, firstPreimage, lastPreimage });

const body: Codec<ReceiptBody> = struct({
  session: sessionIdCodec,
  stream: text,
  payer: nodeId,
  payee: nodeId,
  ticks: u64,
  units: u32,
  paid: amountMsat,
  firstPreimage: optional(preimage),
  lastPreimage: optional(preimage),
});
const RECEIPT_TAG = sha256(utf8("sluice/stream-receipt/1"));
/** What both node keys sign. 32 bytes; two ends that agree on every field, and no others, have the same one. */
export const receiptDigest = (receipt: ReceiptBody): Uint8Array =>
  sha256(concat(RECEIPT_TAG, RECEIPT_TAG, encode(body, receipt)));
/** Whether this node has signed exactly this account. */
export const hasSigned = (receipt: ReceiptBody, signer: NodeId, signature: Uint8Array): boolean =>
  secp256k1.verify(signature, receiptDigest(receipt), idBytes(signer));
