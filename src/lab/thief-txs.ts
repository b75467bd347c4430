import { localTerms } from "../../channels/commitments.ts";
import { type ChannelSecrets, channelKeys, FRESH_MEMORY, type FundedState, sign } from "../../channels/index.ts";
import { type ClaimKey, signClaim } from "../../channels/keys/claim-signer.ts";
import { localCommitmentRequest } from "../../channels/keys/signer.ts";
import type { Commitment } from "../../channels/tx/commitment.ts";
import { scriptLock } from "../../channels/tx/lock.ts";
import { toLocalScript } from "../../channels/tx/scripts.ts";
import { fundingWitness, secondStageWitness, withWitness } from "../../channels/tx/witnesses.ts";
import { ANYONE } from "../adapters/memory/chain.ts";
import type { Outpoint, Preimage } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { type Sat, sat } from "../base/units.ts";
import { scriptSignature } from "../bitcoin/der.ts";
import { script } from "../bitcoin/script.ts";
import { SIGHASH_ALL } from "../bitcoin/sighash.ts";
import { p2wshOf } from "../bitcoin/templates.ts";
import type { Tx, TxIn } from "../bitcoin/tx.ts";
import { ownCommitment } from "./publishable.ts";

/** Where everything goes that a thief gets away with. */
export const LOOT = p2wshOf(script(2n));
const ANYONE_SCRIPT = script(1n);
const NOTHING = new Uint8Array(0);
const SWEEP_FEE = 300n;

/** A coin that anyone may spend: the thief pays its fees with those. */
export interface Coin {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
}
/** One of a node's own commitments, with the means to publish it and to claim its outputs. */
export interface Stolen {
  readonly state: FundedState;
  readonly secrets: ChannelSecrets;
  readonly commitment: Commitment;
  readonly point: Uint8Array;
  /** What its outputs and its second stages pay to the owner after the delay. */
  readonly delayedScript: Uint8Array;
}

/** From a record of a node's past: its own commitment as it was then. */
export function stolenFrom(state: FundedState, secrets: ChannelSecrets): Stolen {
  const { derived, commitment } = ownCommitment(state, channelKeys(secrets));
  const { revocationPubkey, localDelayedPubkey, perCommitmentPoint: point } = derived;
  const delayedScript = toLocalScript(revocationPubkey, localDelayedPubkey, state.params.remote.toSelfDelay);
  return { state, secrets, commitment, point, delayedScript };
}

/** With the signatures of both: the peer's as it gave it then. */
export function publication({ state, secrets, commitment }: Stolen): Tx {
  const { params, commitments } = state;
  const signed = sign(secrets, FRESH_MEMORY, localCommitmentRequest(localTerms(params), commitment));
  assert(signed.ok, "a thief's memory is short");
  const ours = { pubkey: params.local.basepoints.fundingPubkey, signature: signed.value.signatures.signature };
  const { signature } = commitments.local.signatures;
  const theirs = { pubkey: params.remote.basepoints.fundingPubkey, signature };
  return withWitness(commitment.tx, fundingWitness(ours, theirs, localTerms(params).funding.witnessScript));
}

/** An HTLC-timeout, or with the preimage an HTLC-success, whose fee a coin pays. */
export function secondStage(stolen: Stolen, at: number, preimage: Preimage | undefined, coin: Coin, fee: bigint): Tx {
  const { state, secrets, commitment, point } = stolen;
  const { amount, witnessScript, tx: bare } = present(commitment.htlcs[at], "an HTLC with an output");
  const tx: Tx = {
    ...bare,
    inputs: [...bare.inputs, purseInput(coin)],
    outputs: [...bare.outputs, { amount: sat(coin.amount - fee), script: ANYONE }],
  };
  const key: ClaimKey = { tag: "htlc", point };
  const local = signClaim(secrets, { tx, index: 0, amount, lock: scriptLock(witnessScript), key });
  assert(local.ok, "the input is there");
  const remote = present(state.commitments.local.signatures.htlcSignatures[at], "the peer signed every second stage");
  return withFirst(tx, secondStageWitness({ remote, local: local.value }, preimage, witnessScript, "anchors"));
}
const purseInput = ({ outpoint }: Coin): TxIn => ({
  prevout: outpoint,
  scriptSig: NOTHING,
  sequence: 0xffff_fffd,
  witness: [ANYONE_SCRIPT],
});

/** What the delay protects, once it is over. */
export function sweep({ state, secrets, point, delayedScript }: Stolen, { outpoint, amount }: Coin): Tx | undefined {
  if (amount < SWEEP_FEE * 2n) return undefined;
  const sequence = state.params.remote.toSelfDelay;
  const tx: Tx = {
    version: 2,
    inputs: [{ prevout: outpoint, scriptSig: NOTHING, sequence, witness: [] }],
    outputs: [{ amount: sat(amount - SWEEP_FEE), script: LOOT }],
    locktime: 0,
  };
  const key: ClaimKey = { tag: "delayed", point };
  const signature = signClaim(secrets, { tx, index: 0, amount, lock: scriptLock(delayedScript), key });
  assert(signature.ok, "the input is there");
  return withFirst(tx, [scriptSignature(signature.value, SIGHASH_ALL), NOTHING, delayedScript]);
}
function withFirst(tx: Tx, witness: readonly Uint8Array[]): Tx {
  const [first, ...others] = tx.inputs;
  return { ...tx, inputs: [{ ...present(first, "an input"), witness }, ...others] };
}
