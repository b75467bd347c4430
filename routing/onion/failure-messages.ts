import { assert } from "../../src/base/result.ts";
import { bytes, bytesOf, u16, u32, u64 } from "../../src/codec/primitives.ts";
import { bigSize } from "../../src/codec/varint.ts";
import { decodePayload, frame, type MessageOf, message } from "../../src/wire/declare.ts";

/** What the top bits of a failure code say. BOLT 4 §Failure Messages. */
export const FAILURE_FLAGS = { BADONION: 0x8000, PERM: 0x4000, NODE: 0x2000, UPDATE: 0x1000 } as const;
const { BADONION, PERM, NODE, UPDATE } = FAILURE_FLAGS;

const onionHash = { sha256_of_onion: bytes(32) };
/** Empty from us, and never applied from others: a sender that did could be told from all others. BOLT 4 §Rationale. */
const update = { channel_update: bytesOf(u16) };

/** Every failure of the BOLT, declared as messages are: the code is the type. BOLT 4 §Failure Messages. */
export const FAILURES = [
  message("temporary_node_failure", NODE | 2, {}),
  message("permanent_node_failure", PERM | NODE | 2, {}),
  message("required_node_feature_missing", PERM | NODE | 3, {}),
  message("invalid_onion_version", BADONION | PERM | 4, onionHash),
  message("invalid_onion_hmac", BADONION | PERM | 5, onionHash),
  message("invalid_onion_key", BADONION | PERM | 6, onionHash),
  message("temporary_channel_failure", UPDATE | 7, update),
  message("permanent_channel_failure", PERM | 8, {}),
  message("required_channel_feature_missing", PERM | 9, {}),
  message("unknown_next_peer", PERM | 10, {}),
  message("amount_below_minimum", UPDATE | 11, { htlc_msat: u64, ...update }),
  message("fee_insufficient", UPDATE | 12, { htlc_msat: u64, ...update }),
  message("incorrect_cltv_expiry", UPDATE | 13, { cltv_expiry: u32, ...update }),
  message("expiry_too_soon", UPDATE | 14, update),
  message("incorrect_or_unknown_payment_details", PERM | 15, { htlc_msat: u64, height: u32 }),
  message("final_incorrect_cltv_expiry", 18, { cltv_expiry: u32 }),
  message("final_incorrect_htlc_amount", 19, { incoming_htlc_amt: u64 }),
  message("channel_disabled", UPDATE | 20, { disabled_flags: u16, ...update }),
  message("expiry_too_far", 21, {}),
  message("invalid_onion_payload", PERM | 22, { type: bigSize, offset: u16 }),
  message("mpp_timeout", 23, {}),
  message("invalid_onion_blinding", BADONION | PERM | 24, onionHash),
] as const;
/** Why an HTLC was failed, told apart by `name`. */
export type FailureMessage = MessageOf<(typeof FAILURES)[number]>;
export type FailureName = FailureMessage["name"];

/** A code that is not declared, or whose data are not what the BOLT says. Its flags still count. */
export interface UnknownFailure {
  readonly name: "unknown";
  readonly code: number;
}

/** For the `channel_update` field: none. BOLT 4 §Rationale. */
export const NO_UPDATE: Uint8Array = new Uint8Array(0);

const byName = new Map<string, (typeof FAILURES)[number]>(FAILURES.map((declared) => [declared.name, declared]));
const byCode = new Map<number, (typeof FAILURES)[number]>(FAILURES.map((declared) => [declared.type, declared]));

/** The 16-bit code, flags included. */
export function failureCode(failure: FailureMessage | UnknownFailure): number {
  if (failure.name === "unknown") return failure.code;
  const declared = byName.get(failure.name);
  assert(declared !== undefined, `a declared failure: ${failure.name}`);
  return declared.type;
}

/** Code and data, as they stand in a return packet. */
export function encodeFailure(failure: FailureMessage): Uint8Array {
  const declared = byName.get(failure.name);
  assert(declared !== undefined, `a declared failure: ${failure.name}`);
  return frame(declared as never, failure as never);
}

/** From code and data; what follows them is ignored. Undefined when there is not even a code. BOLT 4 §Receiving Failure Codes. */
export function decodeFailure(encoded: Uint8Array): FailureMessage | UnknownFailure | undefined {
  if (encoded.length < 2) return undefined;
  const code = ((encoded[0] as number) << 8) | (encoded[1] as number);
  const declared = byCode.get(code);
  if (declared === undefined) return { name: "unknown", code };
  const decoded = decodePayload(declared as never, encoded.subarray(2));
  return decoded.ok ? (decoded.value as FailureMessage) : { name: "unknown", code };
}

/** For logs and people: the name, or the code of an unknown one. */
export const showFailure = (failure: FailureMessage | UnknownFailure): string =>
  failure.name === "unknown" ? `failure 0x${failure.code.toString(16).padStart(4, "0")}` : failure.name;
