import type { Outpoint, Txid } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type { Sat } from "../../src/base/units.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { Commitment } from "../tx/commitment.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import type { Funding } from "../tx/funding-tx.ts";
import { remoteHtlcSighash } from "../tx/htlc-tx.ts";
import type { CommitmentTerms } from "../tx/terms.ts";
import { basepointsOf, type ChannelSecrets } from "./channel-keys.ts";
import type { CloseTerms, ClosingRefusal } from "./close-judgement.ts";
import { deriveSecret } from "./derivation.ts";
import { judge } from "./judgement.ts";
import type { SpliceRefusal, SpliceTerms } from "./splice-judgement.ts";

/** One second-stage transaction to sign: the output that it spends, and itself. */
export interface SecondStageInput {
  readonly tx: Tx;
  readonly amount: Sat;
  readonly witnessScript: Uint8Array;
}

/** What is to be signed and what for, complete, so that a signer in another process can judge it. All sign with our keys. */
export type SigningRequest =
  | {
      /** The peer's next commitment, for `funding_created`, `funding_signed` or `commitment_signed`. */
      readonly purpose: "remote_commitment";
      readonly funding: Funding;
      readonly format: CommitmentFormat;
      readonly number: bigint;
      readonly txid: Txid;
      readonly tx: Tx;
      /** The peer's per-commitment point for `number`. */
      readonly perCommitmentPoint: Uint8Array;
      /** Behind the peer's own output, and where its second stages pay. */
      readonly toLocalScript: Uint8Array;
      readonly htlcs: readonly SecondStageInput[];
    }
  | {
      /** Our own commitment, to be broadcast. After this no secret from `number` on may ever leave. */
      readonly purpose: "local_commitment";
      readonly funding: Funding;
      readonly format: CommitmentFormat;
      readonly number: bigint;
      readonly txid: Txid;
      readonly tx: Tx;
      /** Behind our own output, and behind those of HTLCs: made with our keys of `number`. */
      readonly toLocalScript: Uint8Array;
      readonly htlcScripts: readonly Uint8Array[];
      /** To which the peer's balance goes. */
      readonly remotePaymentBasepoint: Uint8Array;
    }
  | ({
      /** A splice: its input at `index` spends the funding output. Commitments over what it makes have been signed before. */
      readonly purpose: "splice";
      readonly txid: Txid;
      readonly index: number;
    } & SpliceTerms)
  | ({
      /** A mutual close. After this nothing of the channel may change any more. */
      readonly purpose: "closing";
      readonly txid: Txid;
    } & CloseTerms);

/** 64 bytes compact, low-S. `htlcSignatures` are in the order of the `htlcs` of the peer's commitment. */
export interface Signatures {
  readonly signature: Uint8Array;
  readonly htlcSignatures: readonly Uint8Array[];
}

/** What the signer has signed and may not contradict. It starts from what is durable and only ever gets stricter. */
export interface SignerMemory {
  /** The newest commitment of the peer that we signed, for each funding output. */
  readonly signed: readonly SignedCommitment[];
  /** Our own commitments below this number are revoked. */
  readonly revokedBelow: bigint;
  /** The lowest number of our own commitments signed for broadcast, or the one that a mutual close was signed in place of. */
  readonly broadcastFrom: bigint | undefined;
  /** What hides the numbers in this channel's commitments; undefined while the signer has seen none. */
  readonly obscuringFactor: bigint | undefined;
}
export interface SignedCommitment {
  readonly funding: Outpoint;
  readonly number: bigint;
  readonly txid: Txid;
}
export const FRESH_MEMORY: SignerMemory = {
  signed: [],
  revokedBelow: 0n,
  broadcastFrom: undefined,
  obscuringFactor: undefined,
};

export type SigningRefusal =
  /** The transaction is not the one named, not of the number named, or does not spend (only) the funding output. */
  | { readonly code: "malformed_request" }
  /** Another commitment of that number was signed: two valid states of one number cannot both be punished. */
  | { readonly code: "number_signed_before"; readonly number: bigint; readonly txid: Txid }
  /** No commitment of the peer's over what the splice makes was signed. */
  | { readonly code: "splice_unsigned" }
  /** A newer commitment was signed; going back would give the peer a choice of states. */
  | { readonly code: "number_went_back"; readonly newest: bigint }
  /** Whoever publishes it loses everything. */
  | { readonly code: "own_commitment_revoked"; readonly revokedBelow: bigint }
  /** It, or a mutual close, may be on its way to the chain: its secret must stay ours, and the channel as it is. */
  | { readonly code: "own_commitment_broadcast"; readonly broadcastFrom: bigint }
  /** The peer has had commitments signed for so many fundings of one channel, of which none came to anything. */
  | { readonly code: "too_many_fundings"; readonly maximum: number }
  /** Of the channel nothing is known but that it exists: what it has signed before is not known either. */
  | { readonly code: "state_unknown" }
  | ClosingRefusal
  | SpliceRefusal;

/** The request for the peer's signature-bearing messages. `local` in `terms` is the peer, who owns the commitment. */
export const remoteCommitmentRequest = (
  terms: CommitmentTerms,
  perCommitmentPoint: Uint8Array,
  commitment: Commitment,
): SigningRequest => ({
  purpose: "remote_commitment",
  funding: terms.funding,
  format: terms.format,
  number: commitment.number,
  txid: commitment.txid,
  tx: commitment.tx,
  perCommitmentPoint,
  toLocalScript: commitment.toLocalScript,
  htlcs: commitment.htlcs.map(({ tx, amount, witnessScript }) => ({ tx, amount, witnessScript })),
});

/** The request for our own commitment, when it is to be broadcast. Its second stages are claims, once it is in the chain. */
export const localCommitmentRequest = (terms: CommitmentTerms, commitment: Commitment): SigningRequest => ({
  purpose: "local_commitment",
  funding: terms.funding,
  format: terms.format,
  number: commitment.number,
  txid: commitment.txid,
  tx: commitment.tx,
  toLocalScript: commitment.toLocalScript,
  htlcScripts: commitment.htlcs.map(({ witnessScript }) => witnessScript),
  remotePaymentBasepoint: terms.remotePaymentBasepoint,
});

export const closingRequest = (terms: CloseTerms): SigningRequest => ({
  purpose: "closing",
  txid: txidOf(terms.tx),
  ...terms,
});

/** The request for our half of what a splice spends of the channel. */
export const spliceRequest = (terms: SpliceTerms, txid: Txid, index: number): SigningRequest => ({
  purpose: "splice",
  txid,
  index,
  ...terms,
});

/**
 * Signs with the channel's secrets, or says why not. The caller keeps the memory that comes back, and uses no
 * signature before it has.
 */
export function sign(
  secrets: ChannelSecrets,
  memory: SignerMemory,
  request: SigningRequest,
): Result<{ readonly signatures: Signatures; readonly memory: SignerMemory }, SigningRefusal> {
  const remembered = judge(secrets, memory, request);
  if (!remembered.ok) return remembered;
  const { witnessScript, amount } = request.funding;
  const index = request.purpose === "splice" ? request.index : 0;
  const signature = secp256k1.sign(segwitSighash(request.tx, index, witnessScript, amount), secrets.funding);
  return ok({ signatures: { signature, htlcSignatures: signHtlcs(secrets, request) }, memory: remembered.value });
}

function signHtlcs(secrets: ChannelSecrets, request: SigningRequest): readonly Uint8Array[] {
  if (request.purpose !== "remote_commitment" || request.htlcs.length === 0) return [];
  const hashType = remoteHtlcSighash(request.format);
  const { htlcBasepoint } = basepointsOf(secrets);
  const secret = deriveSecret(secrets.htlcBasepoint, htlcBasepoint, request.perCommitmentPoint);
  return request.htlcs.map(({ tx, amount, witnessScript }) =>
    secp256k1.sign(segwitSighash(tx, 0, witnessScript, amount, hashType), secret),
  );
}

/** To be called before the secret of our commitment `number` leaves: from then on it is never signed for broadcast. */
export function markRevoked(memory: SignerMemory, number: bigint): Result<SignerMemory, SigningRefusal> {
  const from = memory.broadcastFrom;
  if (from !== undefined && number >= from) return err({ code: "own_commitment_broadcast", broadcastFrom: from });
  return ok(number < memory.revokedBelow ? memory : { ...memory, revokedBelow: number + 1n });
}

/** The memory of a channel that is loaded from its durable state. */
export const signerMemory = (durable: {
  /** The newest commitment of the peer that we signed, for each funding output. */
  readonly signed: readonly SignedCommitment[];
  /** The number of our own current commitment: all below are revoked. */
  readonly localNumber: bigint;
  readonly broadcast: boolean;
  /** See `SignerMemory`. */
  readonly obscuringFactor: bigint;
}): SignerMemory => ({
  signed: durable.signed,
  revokedBelow: durable.localNumber,
  broadcastFrom: durable.broadcast ? durable.localNumber : undefined,
  obscuringFactor: durable.obscuringFactor,
});
