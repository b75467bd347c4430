import { tx } from "../../src/bitcoin/tx.ts";
import { type Codec, listOf, optional, struct, union } from "../../src/codec/codec.ts";
import {
  amountSat,
  enumeration,
  expiry,
  feerate,
  flag,
  height,
  signature,
  text,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../../src/codec/primitives.ts";
import type { ClosePlan, OfferedClose, SignedClose, SimpleClose } from "../close/state.ts";
import { commitmentHtlc, nothing, once, outpoint, script } from "./parts.ts";

export const close: Codec<ClosePlan> = struct({
  localScript: optional(script),
  remoteScript: optional(script),
  localSent: flag,
  feerate,
});
const outputs = enumeration("closing_outputs", "both", "local", "remote");
export const signedClose: Codec<SignedClose> = struct({ fee: amountSat, outputs, txid, signature });
const offeredClose: Codec<OfferedClose> = struct({
  fee: amountSat,
  locktime: u32,
  closerScript: script,
  closeeScript: script,
  since: height,
  signatures: listOf(u8, struct({ outputs: enumeration("simple_outputs", "closer", "closee", "both"), signature })),
});
export const simpleClose: Codec<SimpleClose> = struct({
  offered: listOf(u8, offeredClose),
  complete: listOf(u8, tx),
  answered: struct({ since: height, count: u32 }),
});
export const cause = union(u8, {
  fault: [0, struct({ text })],
  peer_error: [1, struct({ text })],
  data_lost: [2, nothing],
  funding_spent: [3, nothing],
  requested: [4, nothing],
  deadline: [5, struct({ side: enumeration("htlc_side", "offered", "received"), id: u64, expiry })],
});
export const spends = listOf(u16, once(struct({ outpoint, tx, height })));
export const onChain = {
  cause,
  failedAt: optional(height),
  mutual: optional(tx),
  commitment: optional(tx),
  spends,
  revoked: optional(struct({ number: u64, htlcs: listOf(u16, commitmentHtlc) })),
  givenUp: listOf(u16, u64),
};
/** What a record of version 1 says of a failed channel: the chain, watched again, tells the rest once more. */
export const NOTHING_ON_CHAIN = {
  failedAt: undefined,
  mutual: undefined,
  commitment: undefined,
  spends: [],
  revoked: undefined,
  givenUp: [],
};
