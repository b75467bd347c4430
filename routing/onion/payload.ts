import type { Preimage, ShortChannelId } from "../../src/base/ids.ts";
import { assert, err, ok, type Result } from "../../src/base/result.ts";
import { type CltvExpiry, cltvExpiry, isMsat, type Msat } from "../../src/base/units.ts";
import { decode, encode, refine, struct } from "../../src/codec/codec.ts";
import type { DecodeError } from "../../src/codec/io.ts";
import { bytes, point, preimage, rest, shortChannelId } from "../../src/codec/primitives.ts";
import { openTlvStream, tlv, type UnknownRecord } from "../../src/codec/tlv.ts";
import { tu32, tu64 } from "../../src/codec/varint.ts";

const amount = refine(
  "msat",
  tu64,
  (value) => (isMsat(value) ? value : undefined),
  (value) => value,
);
const expiry = refine("cltv_expiry", tu32, cltvExpiry, (value) => value);

/** The records of a hop's payload, of the BOLT. BOLT 4 §payload format. */
export const PAYLOAD_RECORDS = {
  amt_to_forward: tlv(2, amount),
  outgoing_cltv_value: tlv(4, expiry),
  short_channel_id: tlv(6, shortChannelId),
  payment_data: tlv(8, struct({ payment_secret: bytes(32), total_msat: amount })),
  encrypted_recipient_data: tlv(10, rest),
  current_path_key: tlv(12, point),
  payment_metadata: tlv(16, rest),
  total_amount_msat: tlv(18, amount),
};
/** A payment without invoice brings its preimage. Not of the BOLTs: the type that the field agreed on. */
export const KEYSEND_TYPE = 5_482_373_484n;
const RECORDS = { ...PAYLOAD_RECORDS, keysend_preimage: tlv(KEYSEND_TYPE, preimage) };
/** Types from here on are for applications. BOLT 1 §Type-Length-Value Format. */
export const CUSTOM_TYPE_MIN = 65_536n;
const isEven = (type: bigint): boolean => type % 2n === 0n;
/** Even ones of applications are judged by whoever reads the payload. */
const payloadCodec = openTlvStream(RECORDS, (type) => type >= CUSTOM_TYPE_MIN || !isEven(type));
const NONE: ReadonlySet<bigint> = new Set();

/** What a forwarding node is told: what to send on, until when, and where. BOLT 4 §payload format. */
export interface ForwardPayload {
  readonly amtToForward: Msat;
  readonly outgoingCltvValue: CltvExpiry;
  readonly shortChannelId: ShortChannelId;
}
/** What the payee is told. BOLT 4 §Payload for the Last Node. */
export interface FinalPayload {
  readonly amtToForward: Msat;
  readonly outgoingCltvValue: CltvExpiry;
  /** 32 bytes. Undefined when the sender left it out. */
  readonly paymentSecret: Uint8Array | undefined;
  /** Of all parts together. Undefined when the sender left it out: then `amtToForward` is all. */
  readonly totalMsat: Msat | undefined;
  readonly paymentMetadata: Uint8Array | undefined;
  readonly keysendPreimage: Preimage | undefined;
  /** Records that are not declared, in order of type: odd ones, and even ones that an application knows. */
  readonly customRecords: readonly UnknownRecord[];
}

/** A payload that must not be accepted: the record at fault by its type, 0 when it is the stream itself. */
export type PayloadFault =
  | { readonly code: "invalid_onion_payload"; readonly type: bigint }
  /** It belongs to a blinded route, which this node does not offer. */
  | { readonly code: "invalid_onion_blinding" };

export const encodeForwardPayload = (payload: ForwardPayload): Uint8Array =>
  encode(payloadCodec, {
    known: {
      amt_to_forward: payload.amtToForward,
      outgoing_cltv_value: payload.outgoingCltvValue,
      short_channel_id: payload.shortChannelId,
    },
    unknown: [],
  });

export function encodeFinalPayload(payload: FinalPayload): Uint8Array {
  const { paymentSecret, paymentMetadata, keysendPreimage, customRecords } = payload;
  for (const { type } of customRecords)
    assert(type >= CUSTOM_TYPE_MIN && type !== KEYSEND_TYPE, `a type of applications is above 65,535: ${type}`);
  return encode(payloadCodec, {
    known: {
      amt_to_forward: payload.amtToForward,
      outgoing_cltv_value: payload.outgoingCltvValue,
      ...(paymentSecret && {
        payment_data: { payment_secret: paymentSecret, total_msat: payload.totalMsat ?? payload.amtToForward },
      }),
      ...(paymentMetadata && { payment_metadata: paymentMetadata }),
      ...(keysendPreimage && { keysend_preimage: keysendPreimage }),
    },
    unknown: customRecords,
  });
}

const atFault = (type: bigint) => err({ code: "invalid_onion_payload", type } as const);

/** The payload of a node that is to forward. Never throws. BOLT 4 §Requirements. */
export function decodeForwardPayload(payload: Uint8Array): Result<ForwardPayload, PayloadFault> {
  const stream = decode(payloadCodec, payload);
  if (!stream.ok) return err(streamFault(stream.error));
  const { known, unknown } = stream.value;
  if (known.encrypted_recipient_data !== undefined || known.current_path_key !== undefined)
    return err({ code: "invalid_onion_blinding" });
  const even = unknown.find(({ type }) => isEven(type));
  if (even !== undefined) return atFault(even.type);
  if (known.amt_to_forward === undefined) return atFault(PAYLOAD_RECORDS.amt_to_forward.type);
  if (known.outgoing_cltv_value === undefined) return atFault(PAYLOAD_RECORDS.outgoing_cltv_value.type);
  if (known.short_channel_id === undefined) return atFault(PAYLOAD_RECORDS.short_channel_id.type);
  return ok({
    amtToForward: known.amt_to_forward,
    outgoingCltvValue: known.outgoing_cltv_value,
    shortChannelId: known.short_channel_id,
  });
}

/**
 * The payload of the payee. Never throws. BOLT 4 §Requirements.
 *
 * @param understood  even types that an application knows, which is told of what comes with a keysend and of nothing else
 */
export function decodeFinalPayload(
  payload: Uint8Array,
  understood: ReadonlySet<bigint> = NONE,
): Result<FinalPayload, PayloadFault> {
  const stream = decode(payloadCodec, payload);
  if (!stream.ok) return err(streamFault(stream.error));
  const { known, unknown } = stream.value;
  if (known.encrypted_recipient_data !== undefined || known.current_path_key !== undefined)
    return err({ code: "invalid_onion_blinding" });
  const told = known.keysend_preimage === undefined ? NONE : understood;
  const even = unknown.find(({ type }) => isEven(type) && !told.has(type));
  if (even !== undefined) return atFault(even.type);
  if (known.amt_to_forward === undefined) return atFault(PAYLOAD_RECORDS.amt_to_forward.type);
  if (known.outgoing_cltv_value === undefined) return atFault(PAYLOAD_RECORDS.outgoing_cltv_value.type);
  return ok({
    amtToForward: known.amt_to_forward,
    outgoingCltvValue: known.outgoing_cltv_value,
    paymentSecret: known.payment_data?.payment_secret,
    totalMsat: known.payment_data?.total_msat,
    paymentMetadata: known.payment_metadata,
    keysendPreimage: known.keysend_preimage,
    customRecords: unknown,
  });
}

/** The type of the record in which decoding failed. */
function streamFault(error: DecodeError): PayloadFault {
  const name = error.path.split(".")[0];
  const record = Object.entries(RECORDS).find(([known]) => known === name);
  return { code: "invalid_onion_payload", type: record === undefined ? 0n : record[1].type };
}
