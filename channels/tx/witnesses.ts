import { compareBytes } from "../../src/base/bytes.ts";
import { idBytes, type Preimage } from "../../src/base/ids.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { CommitmentFormat } from "./format.ts";
import { remoteHtlcSighash } from "./htlc-tx.ts";

const EMPTY = new Uint8Array(0);

/** A funding key and what it signed with SIGHASH_ALL, 64 bytes compact. */
export interface FundingSignature {
  readonly pubkey: Uint8Array;
  readonly signature: Uint8Array;
}

/** Spends the funding output: signatures in the order of their keys. BOLT 3 §Commitment Transaction. */
export function fundingWitness(
  a: FundingSignature,
  b: FundingSignature,
  witnessScript: Uint8Array,
): readonly Uint8Array[] {
  const [first, second] = compareBytes(a.pubkey, b.pubkey) <= 0 ? [a, b] : [b, a];
  return [
    EMPTY,
    scriptSignature(first.signature, SIGHASH_ALL),
    scriptSignature(second.signature, SIGHASH_ALL),
    witnessScript,
  ];
}

/** The signatures of both sides on a second-stage transaction, 64 bytes compact. */
export interface SecondStageSignatures {
  readonly remote: Uint8Array;
  readonly local: Uint8Array;
}

/**
 * Spends an HTLC output of the owner's commitment through its second stage: with the preimage an HTLC-success, without
 * one an HTLC-timeout. BOLT 3 §HTLC-Timeout and HTLC-Success Transactions.
 */
export const secondStageWitness = (
  signatures: SecondStageSignatures,
  preimage: Preimage | undefined,
  witnessScript: Uint8Array,
  format: CommitmentFormat,
): readonly Uint8Array[] => [
  EMPTY,
  scriptSignature(signatures.remote, remoteHtlcSighash(format)),
  scriptSignature(signatures.local, SIGHASH_ALL),
  preimage === undefined ? EMPTY : idBytes(preimage),
  witnessScript,
];

/** The transaction with the witness of its only input. */
export function withWitness(tx: Tx, witness: readonly Uint8Array[]): Tx {
  return { ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness })) };
}
