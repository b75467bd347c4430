import { type Codec, encode, optional, refine, struct } from "../../src/codec/codec.ts";
import {
  amountMsat,
  bytesOf,
  enumeration,
  expiry,
  height,
  paymentHash,
  txid,
  u16,
  u64,
} from "../../src/codec/primitives.ts";
import type { CommitmentHtlc } from "../tx/commitment.ts";

/** Of which several records, or several parts of one, are made. */
export const nothing = struct({});
export const script = bytesOf(u16);
export const outpoint = struct({ txid, vout: u16 });
export const seen = optional(struct({ txid, height }));
export const commitmentHtlc: Codec<CommitmentHtlc> = struct({
  id: u64,
  side: enumeration("htlc_side", "offered", "received"),
  amount: amountMsat,
  paymentHash,
  expiry,
});

/** States share their parts: one that has been written before is copied, not encoded again. */
export function once<T extends object>(codec: Codec<T>): Codec<T> {
  const written = new WeakMap<T, Uint8Array>();
  return {
    ...codec,
    write: (writer, value) => {
      const known = written.get(value);
      const encoded = known ?? encode(codec, value);
      if (known === undefined) written.set(value, encoded);
      writer.bytes(encoded);
    },
  };
}

/** A part as older records hold it, which are only ever read: what they do not say is read as `meant`. */
export const older = <Old extends object, New extends object>(codec: Codec<Old>, meant: New): Codec<Old & New> =>
  refine(
    "older",
    codec,
    (value) => ({ ...value, ...meant }),
    (value) => value,
  );
