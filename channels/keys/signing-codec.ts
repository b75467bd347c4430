import { strippedTx } from "../../src/bitcoin/tx.ts";
import { type Codec, listOf, refine, struct, union } from "../../src/codec/codec.ts";
import {
  amountSat,
  bytes,
  bytesOf,
  enumeration,
  i64,
  point,
  signature,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../../src/codec/primitives.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import type { Funding } from "../tx/funding-tx.ts";
import type { Lock } from "../tx/lock.ts";
import type { ClaimKey, ClaimRefusal, ClaimRequest } from "./claim-signer.ts";
import type { Basepoints } from "./commitment-keys.ts";
import type { PeersCommitment } from "./entitlement.ts";
import type { SecondStageInput, Signatures, SigningRefusal, SigningRequest } from "./signer.ts";

/** How questions to a signer and its answers travel to another process and back. */

const nothing = struct({});
const script = bytesOf(u16);
const funding: Codec<Funding> = struct({
  outpoint: struct({ txid, vout: u32 }),
  amount: amountSat,
  witnessScript: script,
});
const format = enumeration<CommitmentFormat>("format", "static_remotekey", "anchors");
const secondStage: Codec<SecondStageInput> = struct({ tx: strippedTx, amount: amountSat, witnessScript: script });
const peersCommitment: Codec<PeersCommitment> = struct({ tx: strippedTx, toLocalScript: script });
const commitment = { funding, format, number: u64, txid, tx: strippedTx, toLocalScript: script };

type Tagged<R> = R extends { readonly purpose: infer P } ? { readonly tag: P } & Omit<R, "purpose"> : never;
const tagged: Codec<Tagged<SigningRequest>> = union(u8, {
  remote_commitment: [1, struct({ ...commitment, perCommitmentPoint: point, htlcs: listOf(u16, secondStage) })],
  local_commitment: [2, struct({ ...commitment, htlcScripts: listOf(u16, script), remotePaymentBasepoint: point })],
  splice: [
    4,
    struct({
      funding,
      format,
      txid,
      tx: strippedTx,
      index: u16,
      next: funding,
      commitments: struct({ before: peersCommitment, after: peersCommitment }),
      share: struct({ contribution: i64, coins: amountSat, fee: amountSat }),
    }),
  ],
  closing: [
    3,
    struct({
      funding,
      format,
      txid,
      tx: strippedTx,
      commitment: peersCommitment,
      share: struct({ balance: amountSat, fee: amountSat, script, dustLimit: amountSat }),
    }),
  ],
});
export const signingRequest: Codec<SigningRequest> = refine(
  "signing_request",
  tagged,
  ({ tag, ...request }) => ({ purpose: tag, ...request }) as SigningRequest,
  ({ purpose, ...request }) => ({ tag: purpose, ...request }) as Tagged<SigningRequest>,
);
export const signaturesCodec: Codec<Signatures> = struct({ signature, htlcSignatures: listOf(u16, signature) });

type Coded<R> = R extends { readonly code: infer C } ? { readonly tag: C } & Omit<R, "code"> : never;
const codedRefusal: Codec<Coded<SigningRefusal>> = union(u8, {
  malformed_request: [1, nothing],
  number_signed_before: [2, struct({ number: u64, txid })],
  number_went_back: [3, struct({ newest: u64 })],
  own_commitment_revoked: [4, struct({ revokedBelow: u64 })],
  own_commitment_broadcast: [5, struct({ broadcastFrom: u64 })],
  state_unknown: [6, nothing],
  closing_pays_less: [7, struct({ due: amountSat, paid: amountSat })],
  closing_gives_away: [8, struct({ most: amountSat, given: amountSat })],
  splice_unsigned: [9, nothing],
  too_many_fundings: [10, struct({ maximum: u16 })],
  closing_with_htlcs: [11, nothing],
  fee_too_high: [12, struct({ most: amountSat, fee: amountSat })],
  splice_pays_less: [13, struct({ due: amountSat, paid: amountSat })],
  splice_output_missing: [14, struct({ due: amountSat, paid: amountSat })],
  splice_changes_htlcs: [15, nothing],
});
export const signingRefusal: Codec<SigningRefusal> = refine(
  "signing_refusal",
  codedRefusal,
  ({ tag, ...refusal }) => ({ code: tag, ...refusal }) as SigningRefusal,
  ({ code, ...refusal }) => ({ tag: code, ...refusal }) as Coded<SigningRefusal>,
);

const lock: Codec<Lock> = union(u8, {
  script: [1, struct({ witnessScript: script })],
  key: [2, struct({ publicKey: point })],
});
const claimKey: Codec<ClaimKey> = union(u8, {
  payment: [1, nothing],
  delayed: [2, struct({ point })],
  htlc: [3, struct({ point })],
  revocation: [4, struct({ secret: bytes(32) })],
  anchor: [5, nothing],
});
export const claimRequest: Codec<ClaimRequest> = struct({
  tx: strippedTx,
  index: u16,
  amount: amountSat,
  lock,
  key: claimKey,
});
const codedClaimRefusal: Codec<Coded<ClaimRefusal>> = union(u8, {
  malformed_request: [1, nothing],
  not_our_anchor: [2, nothing],
  not_our_output: [3, nothing],
  not_our_address: [4, struct({ output: u16 })],
});
export const claimRefusal: Codec<ClaimRefusal> = refine(
  "claim_refusal",
  codedClaimRefusal,
  ({ tag, ...refusal }) => ({ code: tag, ...refusal }) as ClaimRefusal,
  ({ code, ...refusal }) => ({ tag: code, ...refusal }) as Coded<ClaimRefusal>,
);

export const basepoints: Codec<Basepoints> = struct({
  fundingPubkey: point,
  revocationBasepoint: point,
  paymentBasepoint: point,
  delayedPaymentBasepoint: point,
  htlcBasepoint: point,
});
