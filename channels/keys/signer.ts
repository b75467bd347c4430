import { equalBytes } from "../../src/base/bytes.ts";
import type { Outpoint, Txid } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type { Sat } from "../../src/base/units.ts";
import { SIGHASH_ALL, segwitSighash } from "../../src/bitcoin/sighash.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import type { Commitment } from "../tx/commitment.ts";
import { obscuredNumberOf } from "../tx/commitment-number.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import type { Funding } from "../tx/funding-tx.ts";
import { remoteHtlcSighash } from "../tx/htlc-tx.ts";
import { lockScript } from "../tx/lock.ts";
import { toRemoteLock } from "../tx/scripts.ts";
import type { CommitmentTerms } from "../tx/terms.ts";
import type { ChannelSecrets } from "./channel-keys.ts";
import { type ClosingRefusal, type ClosingShare, judgeClosing, paidTo } from "./close-judgement.ts";
import { deriveSecret } from "./derivation.ts";

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
      readonly htlcs: readonly SecondStageInput[];
    }
  | {
      /** Our own commitment, to be broadcast. After this no secret from `number` on may ever leave. */
      readonly purpose: "local_commitment";
      readonly funding: Funding;
      readonly number: bigint;
      readonly txid: Txid;
      readonly tx: Tx;
      /** Our per-commitment point for `number`. */
      readonly perCommitmentPoint: Uint8Array;
      readonly htlcs: readonly SecondStageInput[];
    }
  | {
      /** A splice: what it makes of the funding output at `index`. A commitment over what it makes has been signed before. */
      readonly purpose: "splice";
      readonly funding: Funding;
      readonly txid: Txid;
      readonly tx: Tx;
      readonly index: number;
    }
  | {
      /** A mutual close. */
      readonly purpose: "closing";
      readonly funding: Funding;
      readonly txid: Txid;
      readonly tx: Tx;
      readonly share: ClosingShare;
    };

/** 64 bytes compact, low-S. `htlcSignatures` are in the order of the request's `htlcs`. */
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
  /** The lowest number of our own commitments signed for broadcast. */
  readonly broadcastFrom: bigint | undefined;
  /** What hides the numbers in this channel's commitments; undefined while the signer has seen none. */
  readonly obscuringFactor: bigint | undefined;
}
export interface SignedCommitment {
  readonly funding: Outpoint;
  readonly number: bigint;
  readonly txid: Txid;
  /** What it gives us at once, in sat; undefined when the signer has not seen it. */
  readonly ours?: Sat | undefined;
}
/** What is signed for one funding is remembered as long as the channel: a peer that begins and gives up fills no more than that. Policy, not protocol. */
export const FUNDINGS_MAX = 4_096;

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
  /** The commitment may be on its way to the chain, so its secret must stay ours. */
  | { readonly code: "own_commitment_broadcast"; readonly broadcastFrom: bigint }
  /** The peer has had commitments signed for so many fundings of one channel, of which none came to anything. */
  | { readonly code: "too_many_fundings"; readonly maximum: number }
  /** Of the channel nothing is known but that it exists: what it has signed before is not known either. */
  | { readonly code: "state_unknown" }
  | ClosingRefusal;

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
  htlcs: commitment.htlcs.map(({ tx, amount, witnessScript }) => ({ tx, amount, witnessScript })),
});

/** The request for our own commitment, when it is to be broadcast. */
export const localCommitmentRequest = (
  terms: CommitmentTerms,
  perCommitmentPoint: Uint8Array,
  commitment: Commitment,
): SigningRequest => ({
  purpose: "local_commitment",
  funding: terms.funding,
  number: commitment.number,
  txid: commitment.txid,
  tx: commitment.tx,
  perCommitmentPoint,
  htlcs: commitment.htlcs.map(({ tx, amount, witnessScript }) => ({ tx, amount, witnessScript })),
});

export const closingRequest = (funding: Funding, tx: Tx, share: ClosingShare): SigningRequest => ({
  purpose: "closing",
  funding,
  txid: txidOf(tx),
  tx,
  share,
});

/** The request for our half of what a splice spends of the channel. */
export const spliceRequest = (funding: Funding, { tx, txid }: ConstructedTx, index: number): SigningRequest => ({
  purpose: "splice",
  funding,
  txid,
  tx,
  index,
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
  // Only a splice spends other coins with it.
  const index = request.purpose === "splice" ? request.index : 0;
  const input = request.tx.inputs[index];
  const spendsFunding =
    (request.tx.inputs.length === 1 || request.purpose === "splice") &&
    input?.prevout.txid === request.funding.outpoint.txid &&
    input.prevout.vout === request.funding.outpoint.vout;
  if (!spendsFunding || txidOf(request.tx) !== request.txid || !areSecondStages(request))
    return err({ code: "malformed_request" });
  const named = whereNumbered(memory, request);
  const remembered = named && remember(named, request, secp256k1.publicKey(secrets.paymentBasepoint));
  if (remembered === undefined) return err({ code: "malformed_request" });
  if (!remembered.ok) return remembered;
  const { witnessScript, amount } = request.funding;
  const signature = secp256k1.sign(segwitSighash(request.tx, index, witnessScript, amount), secrets.funding);
  return ok({ signatures: { signature, htlcSignatures: signHtlcs(secrets, request) }, memory: remembered.value });
}

/**
 * A commitment has the number that it is asked for by, and what is none has none: else one that is revoked could be had
 * under another name. The first commitment shows what hides the numbers of all. Undefined when it is not so.
 */
function whereNumbered(memory: SignerMemory, request: SigningRequest): SignerMemory | undefined {
  const obscured = obscuredNumberOf(request.tx);
  if (request.purpose === "closing" || request.purpose === "splice")
    return obscured === undefined || request.tx.inputs.length > 1 ? memory : undefined;
  if (obscured === undefined) return undefined;
  const factor = obscured ^ request.number;
  if (memory.obscuringFactor === undefined) return { ...memory, obscuringFactor: factor };
  return memory.obscuringFactor === factor ? memory : undefined;
}

/** Each spends an output of the commitment, of the amount and with the script that it says. */
function areSecondStages(request: SigningRequest): boolean {
  if (request.purpose === "closing" || request.purpose === "splice") return true;
  return request.htlcs.every(({ tx, amount, witnessScript }) => {
    const [input, ...others] = tx.inputs;
    if (input === undefined || others.length > 0 || input.prevout.txid !== request.txid) return false;
    const spent = request.tx.outputs[input.prevout.vout];
    return spent !== undefined && spent.amount === amount && equalBytes(spent.script, p2wshOf(witnessScript));
  });
}

function remember(
  memory: SignerMemory,
  request: SigningRequest,
  paymentBasepoint: Uint8Array,
): Result<SignerMemory, SigningRefusal> {
  if (request.purpose === "closing") {
    const entitled = signedOn(memory, request.funding.outpoint)?.ours;
    return judgeClosing(entitled, request) ?? ok(memory);
  }
  if (request.purpose === "splice") return spliceJudged(memory, request.txid);
  const { number, txid, tx } = request;
  if (request.purpose === "local_commitment") {
    if (number < memory.revokedBelow) return err({ code: "own_commitment_revoked", revokedBelow: memory.revokedBelow });
    const from = memory.broadcastFrom;
    return ok({ ...memory, broadcastFrom: from !== undefined && from < number ? from : number });
  }
  const funding = request.funding.outpoint;
  const before = signedOn(memory, funding);
  const ours = paidTo(tx, lockScript(toRemoteLock(paymentBasepoint, request.format)));
  if (before === undefined && memory.signed.length >= FUNDINGS_MAX)
    return err({ code: "too_many_fundings", maximum: FUNDINGS_MAX });
  if (before === undefined) return ok({ ...memory, signed: [...memory.signed, { funding, number, txid, ours }] });
  if (number < before.number) return err({ code: "number_went_back", newest: before.number });
  if (number === before.number) {
    return txid === before.txid ? ok(memory) : err({ code: "number_signed_before", number, txid: before.txid });
  }
  return ok({ ...memory, signed: memory.signed.map((s) => (s === before ? { funding, number, txid, ours } : s)) });
}
const signedOn = ({ signed }: SignerMemory, { txid, vout }: Outpoint): SignedCommitment | undefined =>
  signed.find(({ funding }) => funding.txid === txid && funding.vout === vout);
/** A channel moves only to a funding output over which both have signed commitments, and never once ours may be published. */
function spliceJudged(memory: SignerMemory, txid: Txid): Result<SignerMemory, SigningRefusal> {
  if (memory.broadcastFrom !== undefined)
    return err({ code: "own_commitment_broadcast", broadcastFrom: memory.broadcastFrom });
  return memory.signed.some(({ funding }) => funding.txid === txid) ? ok(memory) : err({ code: "splice_unsigned" });
}

function signHtlcs(secrets: ChannelSecrets, request: SigningRequest): readonly Uint8Array[] {
  if (request.purpose === "closing" || request.purpose === "splice" || request.htlcs.length === 0) return [];
  // BOLT 3 §HTLC-Timeout and HTLC-Success Transactions: what we sign for ourselves covers the whole transaction.
  const hashType = request.purpose === "local_commitment" ? SIGHASH_ALL : remoteHtlcSighash(request.format);
  const basepoint = secp256k1.publicKey(secrets.htlcBasepoint);
  const secret = deriveSecret(secrets.htlcBasepoint, basepoint, request.perCommitmentPoint);
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
