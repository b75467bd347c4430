import { CUSTOM_TYPE_MIN, KEYSEND_TYPE } from "../../routing/index.ts";
import { toHex } from "../base/bytes.ts";
import { idBytes, type PaymentHash, type Preimage } from "../base/ids.ts";
import { type Step, step } from "../base/machine.ts";
import { type Msat, msat, type UnixMs } from "../base/units.ts";
import { type Codec, encode, listOf, struct } from "../codec/codec.ts";
import { amountMsat, channelId, paymentHash, preimage, u8, u64 } from "../codec/primitives.ts";
import type { UnknownRecord } from "../codec/tlv.ts";
import { bigSize } from "../codec/varint.ts";
import { sha256 } from "../crypto/hash.ts";
import {
  failHtlc,
  fulfill,
  type IncomingEnv,
  isWhole,
  leavesTime,
  notNow,
  refuseDetails,
  tamperedWith,
} from "./incoming.ts";
import type { FinalHtlc, SettleEffect } from "./invoice-record.ts";
import type { HtlcRef } from "./payment.ts";
import { customRecord, time, versioned } from "./record-codecs.ts";

/** A payment that came without an invoice: its sender chose the preimage and sent it along. bLIP 3. */
export interface Keysend {
  readonly paymentHash: PaymentHash;
  readonly preimage: Preimage;
  readonly received: Msat;
  /** What the sender wrote beside it for applications. */
  readonly customRecords: readonly UnknownRecord[];
  readonly receivedAt: UnixMs;
  /** The one HTLC that brought it: seen again after a crash, it is fulfilled again. */
  readonly htlc: HtlcRef;
}

/** Policy, not protocol: less is refused, as each leaves a record for ever, which nobody should get for next to nothing. */
export const KEYSEND_MIN: Msat = msat(1_000n);
/**
 * Policy, not protocol: how many blocks we leave a payee that could not say how many it wants. More than any node is known
 * to ask for.
 */
export const KEYSEND_FINAL_BLOCKS = 40;
/** Policy, not protocol: what records may take of the 1,300 bytes that all hops of an onion share. */
export const CUSTOM_RECORDS_BYTES_MAX = 1_024;

export interface KeysendEnv extends IncomingEnv {
  /** Whether the operator wants such payments. */
  readonly accepts: boolean;
  /** Blocks that the HTLC must have left. */
  readonly blocksMin: number;
}
type KeysendStep = Step<Keysend | undefined, SettleEffect>;
const keysendStep = (next: Keysend | undefined, effect: SettleEffect): KeysendStep => step(next, effect);

/**
 * Decides about an HTLC whose onion ends here with a preimage in it and whose hash is that of no invoice. `next` and the
 * fulfilment stand in one group. One that was recorded is fulfilled again, also when such payments are no longer wanted; a
 * second HTLC of its hash is refused, in the words of every other refusal.
 *
 * @param known the record under the HTLC's payment hash, if there is one
 */
export function judgeKeysend(env: KeysendEnv, known: Keysend | undefined, htlc: FinalHtlc): KeysendStep {
  if (known !== undefined)
    return keysendStep(known, isBrought(known, htlc) ? fulfill(htlc, known.preimage) : refuseDetails(env.height, htlc));
  if (env.isBehind) return keysendStep(undefined, notNow(htlc));
  const given = htlc.payload.keysendPreimage;
  if (given === undefined || !isWanted(env, htlc, given))
    return keysendStep(undefined, refuseDetails(env.height, htlc));
  const tampered = tamperedWith(htlc);
  if (tampered !== undefined) return keysendStep(undefined, failHtlc(htlc, tampered));
  const next: Keysend = {
    paymentHash: htlc.paymentHash,
    preimage: given,
    received: htlc.amount,
    customRecords: htlc.payload.customRecords.filter(({ type }) => isCustomType(type)),
    receivedAt: env.now,
    htlc: { channelId: htlc.channelId, htlcId: htlc.htlcId },
  };
  return keysendStep(next, fulfill(htlc, given));
}
const isBrought = ({ htlc }: Keysend, { channelId: id, htlcId }: HtlcRef): boolean =>
  htlc.channelId === id && htlc.htlcId === htlcId;
const isWanted = ({ accepts, height, blocksMin }: KeysendEnv, htlc: FinalHtlc, given: Preimage): boolean =>
  accepts &&
  toHex(sha256(idBytes(given))) === htlc.paymentHash &&
  isWhole(htlc) &&
  htlc.payload.amtToForward >= KEYSEND_MIN &&
  leavesTime(height, htlc, blocksMin);

/** Whether a record of this type may go with a keysend: one of applications, and not that of the preimage. */
export const isCustomType = (type: bigint): boolean => type >= CUSTOM_TYPE_MIN && type !== KEYSEND_TYPE;
/** What records take in an onion, each with its type and its length. */
export const customRecordsBytes = (records: readonly UnknownRecord[]): number =>
  records.reduce(
    (sum, { type, value }) =>
      sum + encode(bigSize, type).length + encode(bigSize, BigInt(value.length)).length + value.length,
    0,
  );

/** A keysend as it stands in the store, under its hash. No onion has room for more records than one byte counts. */
export const keysendRecord: Codec<Keysend> = versioned(
  1,
  struct({
    paymentHash,
    preimage,
    received: amountMsat,
    customRecords: listOf(u8, customRecord),
    receivedAt: time,
    htlc: struct({ channelId, htlcId: u64 }),
  }),
);
