import { tx, txOut } from "../../src/bitcoin/tx.ts";
import { type Codec, listOf, optional, refine, struct } from "../../src/codec/codec.ts";
import {
  amountMsat,
  amountSat,
  bytesOf,
  enumeration,
  feerate,
  flag,
  point,
  signature,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../../src/codec/primitives.ts";
import { compactSize } from "../../src/codec/varint.ts";
import {
  type FundingAttempt,
  type FundingAttempts,
  type FundingPlan,
  NO_ATTEMPTS,
  type WaitForFundingSignatures,
} from "../dual/state.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import { OFFLINE } from "../link/state.ts";
import { params } from "./params.ts";
import { nothing, once } from "./parts.ts";

const side = enumeration("side", "local", "remote");
const outpoint = struct({ txid, vout: u32 });
const plan: Codec<FundingPlan> = struct({
  initiator: side,
  feerate,
  locktime: u32,
  contribution: struct({ local: amountSat, remote: amountSat }),
  requiresConfirmed: struct({ local: flag, remote: flag }),
  replaces: listOf(u8, struct({ txid, inputs: listOf(u16, outpoint), fee: amountSat })),
});
export const constructed: Codec<ConstructedTx> = struct({
  tx,
  txid,
  inputs: listOf(u16, struct({ serialId: u64, from: side, outpoint, spends: txOut, sequence: u32, shared: flag })),
  fundingVout: u16,
  fee: struct({ local: amountSat, remote: amountSat }),
  remoteWeight: u32,
});
export const witnesses = listOf(u16, listOf(compactSize, bytesOf(compactSize)));
const attempt: Codec<FundingAttempt> = once(
  struct({
    params,
    feerate,
    remoteFirstPoint: point,
    balance: struct({ local: amountMsat, remote: amountMsat }),
    plan,
    constructed,
    sent: struct({ txid, signature }),
    received: optional(signature),
    witnesses,
    remoteWitnesses: optional(witnesses),
  }),
);
/** The funding transactions of a channel that both sides make. */
export const attempts: Codec<FundingAttempts> = struct({ signed: listOf(u8, attempt), next: optional(attempt) });
/** Before version 3 one side alone made it. */
export const noAttempts: Codec<FundingAttempts> = refine(
  "no_attempts",
  nothing,
  () => NO_ATTEMPTS,
  () => ({}),
);

/** A channel whose first funding transaction nobody has signed yet. */
export const unsigned: Codec<Omit<WaitForFundingSignatures, "tag">> = refine(
  "unsigned",
  struct({ attempt }),
  (value) => ({ ...value, params: value.attempt.params, link: OFFLINE }),
  (value) => value,
);
