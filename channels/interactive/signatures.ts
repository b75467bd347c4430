import type { ChannelId } from "../../src/base/ids.ts";
import { assert, err, ok, present, type Result } from "../../src/base/result.ts";
import { feeForWeight, type SatPerKw } from "../../src/base/units.ts";
import { isStrictDer } from "../../src/bitcoin/der.ts";
import { STANDARD_FLAGS } from "../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../src/bitcoin/interpreter/verify.ts";
import { SIGHASH_ALL, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { isStandardWitness } from "../../src/bitcoin/standard-witness.ts";
import { isTaproot, splitAnnex } from "../../src/bitcoin/taproot.ts";
import { witnessProgramOf } from "../../src/bitcoin/templates.ts";
import { type Tx, witnessSize } from "../../src/bitcoin/tx.ts";
import { decode, encode, listOf } from "../../src/codec/codec.ts";
import { bytesOf } from "../../src/codec/primitives.ts";
import { compactSize } from "../../src/codec/varint.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { TxSignatures } from "../../src/wire/interactive-tx.ts";
import type { ConstructedTx } from "./constructed.ts";
import type { TxFault } from "./fault.ts";
import type { SharedInput, Side, TxInput } from "./terms.ts";
import { inputWeight } from "./weight.ts";

/** The witnesses of one side's inputs, in the order of the transaction; what both sign for is not among them. */
export type Witnesses = readonly (readonly Uint8Array[])[];

const stack = listOf(compactSize, bytesOf(compactSize));
/** A signature without a low R is a byte longer than the least that was charged for, and a node need not make another. */
const WITNESS_SLACK_BYTES = 2;

/** The inputs that one side alone signs for, in the order of the transaction. */
export const ownInputs = ({ inputs }: ConstructedTx, side: Side): readonly TxInput[] =>
  inputs.filter(({ from, shared }) => from === side && !shared);

/**
 * Whether we send `tx_signatures` before the peer: who put in less does, and at a tie who has the lesser node id. What both
 * spend counts for who added it. BOLT 2 §The tx_signatures Message.
 */
export function signsFirst({ inputs }: ConstructedTx, localNodeId: string, remoteNodeId: string): boolean {
  const put = (side: Side): bigint =>
    inputs.reduce((sum, { from, spends }) => sum + (from === side ? spends.amount : 0n), 0n);
  const [local, remote] = [put("local"), put("remote")];
  return local === remote ? localNodeId < remoteNodeId : local < remote;
}

/** Our `tx_signatures`. To leave only when the peer's valid `commitment_signed` is on disk. BOLT 2 §Sharing funding signatures: tx_signatures. */
export function signaturesMessage(
  channelId: ChannelId,
  constructed: ConstructedTx,
  witnesses: Witnesses,
  sharedSignature?: Uint8Array,
): TxSignatures {
  assert(witnesses.length === ownInputs(constructed, "local").length, "each input of ours has its witness");
  return {
    name: "tx_signatures",
    channel_id: channelId,
    txid: constructed.txid,
    witnesses: witnesses.map((elements) => encode(stack, elements)),
    ...(sharedSignature === undefined ? {} : { shared_input_signature: sharedSignature }),
  };
}

/** The transaction with all its witnesses. */
export function completeTx(
  { tx, inputs }: ConstructedTx,
  witnesses: { readonly [S in Side]: Witnesses },
  sharedWitness: readonly Uint8Array[] = [],
): Tx {
  const next = { local: 0, remote: 0 };
  const signed = tx.inputs.map((input, at) => {
    const { from, shared } = present(inputs[at], "each input is known");
    return { ...input, witness: shared ? sharedWitness : (witnesses[from][next[from]++] ?? []) };
  });
  return { ...tx, inputs: signed };
}

/**
 * The peer's witnesses, each tried against the coin that it spends; or why they are none. Whether they weigh more than
 * the peer pays for is for `underpays` to say: with our own signatures out it changes nothing.
 */
export function receivedWitnesses(constructed: ConstructedTx, message: TxSignatures): Result<Witnesses, TxFault> {
  if (message.txid !== constructed.txid) return err({ code: "signed_txid_wrong" });
  const inputs = ownInputs(constructed, "remote");
  const [expected, received] = [inputs.length, message.witnesses.length];
  if (expected !== received) return err({ code: "witness_count", expected, received });
  const witnesses: Uint8Array[][] = [];
  for (const [at, { serialId }] of inputs.entries()) {
    const decoded = decode(stack, message.witnesses[at] as Uint8Array);
    if (!decoded.ok || decoded.value.length === 0) return err({ code: "witness_malformed", serialId });
    witnesses.push(decoded.value.map((element) => element.slice()));
  }
  const fault = witnessFault(constructed, witnesses);
  return fault === undefined ? ok(witnesses) : err(fault);
}

function witnessFault(constructed: ConstructedTx, witnesses: Witnesses): TxFault | undefined {
  const tx = completeTx(constructed, { local: [], remote: witnesses });
  const prevouts = constructed.inputs.map(({ spends }) => spends);
  const sighashes = sighashesOf(tx, prevouts);
  for (const [index, { from, shared, serialId, spends }] of constructed.inputs.entries()) {
    if (from === "local" || shared) continue;
    const input = present(tx.inputs[index], "each input is known");
    if (!signsAll(spends.script, input.witness)) return { code: "witness_not_sighash_all", serialId };
    const valid =
      isStandardWitness(spends.script, input) && verifyInput(tx, index, prevouts, STANDARD_FLAGS, sighashes).ok;
    if (!valid) return { code: "witness_invalid", serialId };
  }
  return undefined;
}

/**
 * Whether every signature in a witness covers the whole transaction. Of a script it is not known which of its elements are
 * signatures: all that look like one must say so. A taproot signature of 64 bytes says it by its length.
 */
function signsAll(script: Uint8Array, witness: readonly Uint8Array[]): boolean {
  const program = witnessProgramOf(script);
  if (program !== undefined && isTaproot(program)) {
    const { elements } = splitAnnex(witness);
    const signatures = elements.length === 1 ? elements : elements.slice(0, -2);
    return signatures.every((element) => element.length !== 65 || element[64] === SIGHASH_ALL);
  }
  return witness.every((element) => !isStrictDer(element) || element.at(-1) === SIGHASH_ALL);
}

/**
 * Whether the peer's witnesses weigh more than it pays for, so that the transaction's feerate is below what was agreed
 * (RELIABILITY U13). Who has not signed yet need not.
 */
export function underpays(constructed: ConstructedTx, feerate: SatPerKw, witnesses: Witnesses): TxFault | undefined {
  const inputs = ownInputs(constructed, "remote");
  const charged = inputs.reduce((sum, input) => sum + inputWeight(input), 0);
  const actual = witnesses.reduce((sum, elements) => sum + 4 * 41 + witnessSize(elements) - WITNESS_SLACK_BYTES, 0);
  if (actual <= charged) return undefined;
  const needed = feeForWeight(feerate, constructed.remoteWeight + actual - charged);
  const fee = constructed.fee.remote;
  return fee < needed ? { code: "witness_too_heavy", fee, needed } : undefined;
}

/** The peer's signature for the output that both spend. BOLT 2 §The tx_signatures Message. */
export function sharedSignature(
  { tx, inputs }: ConstructedTx,
  shared: SharedInput,
  remoteFundingPubkey: Uint8Array,
  { shared_input_signature: signature }: TxSignatures,
): Result<Uint8Array, TxFault> {
  const index = inputs.findIndex((input) => input.shared);
  const digest = sighashesOf(tx).segwit(index, shared.witnessScript, shared.spends.amount, SIGHASH_ALL);
  return signature !== undefined && secp256k1.verify(signature, digest, remoteFundingPubkey)
    ? ok(signature)
    : err({ code: "shared_signature_wrong" });
}
