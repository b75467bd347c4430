import { compareBytes } from "../../src/base/bytes.ts";
import type { PaymentHash, Txid } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import {
  type CltvExpiry,
  type Msat,
  type Sat,
  type SatPerKw,
  sat,
  sumMsat,
  sumSat,
  toMsat,
  toSatFloor,
} from "../../src/base/units.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import type { CommitmentKeys } from "../keys/commitment-keys.ts";
import { obscureNumber } from "./commitment-number.ts";
import { ANCHOR_SAT, type CommitmentFormat, type HtlcSide } from "./format.ts";
import { secondStageTx } from "./htlc-tx.ts";
import { offeredHtlcScript, receivedHtlcScript, toLocalScript } from "./scripts.ts";
import type { CommitmentTerms } from "./terms.ts";
import { isTrimmed, openerCost } from "./weights.ts";

/** One pending HTLC as a commitment transaction sees it. Ids count per offering side, so (side, id) names it. */
export interface CommitmentHtlc {
  readonly id: bigint;
  readonly side: HtlcSide;
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
  readonly expiry: CltvExpiry;
}

/**
 * What a commitment transaction divides among whom, seen from its owner (local). The balances and HTLCs add up to the
 * capacity to the msat; fee and anchors are not yet taken off.
 */
export interface CommitmentSpec {
  readonly toLocal: Msat;
  readonly toRemote: Msat;
  readonly htlcs: readonly CommitmentHtlc[];
  readonly feerate: SatPerKw;
}

export type OutputRole =
  | { readonly tag: "to_local" }
  | { readonly tag: "to_remote" }
  | { readonly tag: "to_local_anchor" }
  | { readonly tag: "to_remote_anchor" }
  | { readonly tag: "htlc"; readonly htlc: CommitmentHtlc; readonly witnessScript: Uint8Array };
export interface CommitmentOutput {
  readonly role: OutputRole;
  readonly amount: Sat;
  readonly script: Uint8Array;
}

/** An HTLC with an output of its own, and the unsigned second-stage transaction that spends it for the owner. */
export interface UntrimmedHtlc {
  readonly htlc: CommitmentHtlc;
  readonly vout: number;
  readonly amount: Sat;
  readonly witnessScript: Uint8Array;
  readonly tx: Tx;
}

export interface Commitment {
  readonly number: bigint;
  /** Without its witness. */
  readonly tx: Tx;
  readonly txid: Txid;
  /** One for one with the transaction's outputs. */
  readonly outputs: readonly CommitmentOutput[];
  /** Behind the owner's own output, and behind that of each second stage. */
  readonly toLocalScript: Uint8Array;
  /** In the order of the outputs, which is the order of `htlc_signature`s in `commitment_signed`. */
  readonly htlcs: readonly UntrimmedHtlc[];
  readonly trimmed: readonly CommitmentHtlc[];
  /** What miners get, in sat: the nominal fee, all that was trimmed or dust, and every msat of rounding. */
  readonly fee: Sat;
}

/** How many HTLCs get an output. BOLT 3 §Trimmed Outputs. */
export function untrimmedCount(
  spec: CommitmentSpec,
  terms: { readonly dustLimit: Sat; readonly format: CommitmentFormat },
): number {
  let count = 0;
  for (const htlc of spec.htlcs) if (!isTrimmed(htlc, terms.dustLimit, spec.feerate, terms.format)) count++;
  return count;
}

/** Whether the opener's balance covers the fee and the anchors. To be asked before a change is accepted. BOLT 3 §Fee Payment. */
export const openerCanPay = (spec: CommitmentSpec, terms: CommitmentTerms): boolean =>
  toSatFloor(terms.opener === "local" ? spec.toLocal : spec.toRemote) >=
  openerCost(untrimmedCount(spec, terms), spec.feerate, terms.format);

/**
 * The commitment transaction of one side. Both sides compute it from the same spec, so every byte is fixed by BOLT 3:
 * a difference of one bit makes the peer's signature invalid and ends the channel.
 *
 * An opener who cannot pay the whole fee pays what it has. With anchors the callers make sure (`openerCanPay`) that
 * this does not happen, as the anchors must be paid by someone; outputs above the capacity are a bug of ours.
 *
 * Source: BOLT 3 §Commitment Transaction Construction.
 */
export function buildCommitment(
  terms: CommitmentTerms,
  keys: CommitmentKeys,
  number: bigint,
  spec: CommitmentSpec,
): Commitment {
  const all = spec.toLocal + spec.toRemote + sumMsat(spec.htlcs.map((htlc) => htlc.amount));
  assert(all === toMsat(terms.funding.amount), "balances and HTLCs add up to the capacity");
  const delayedScript = toLocalScript(keys.revocationPubkey, keys.localDelayedPubkey, terms.toSelfDelay);
  const delayedOutput = p2wshOf(delayedScript);
  const { untrimmed, trimmed } = divide(spec, terms);
  const outputs = [
    ...untrimmed.map((htlc) => htlcOutput(htlc, keys, terms.format)),
    ...mainOutputs(terms, spec, untrimmed.length, delayedOutput),
  ].sort(compareOutputs);
  const { locktime, sequence } = obscureNumber(number, terms.obscuringFactor);
  const tx: Tx = {
    version: 2,
    inputs: [{ prevout: terms.funding.outpoint, scriptSig: new Uint8Array(0), sequence, witness: [] }],
    outputs: outputs.map(({ amount, script }) => ({ amount, script })),
    locktime,
  };
  const txid = txidOf(tx);
  const paid = sumSat(outputs.map((output) => output.amount));
  assert(paid <= terms.funding.amount, "outputs do not exceed the capacity");
  const htlcs = outputs.flatMap((output, vout) =>
    output.role.tag === "htlc"
      ? [untrimmedHtlc(output.role, output.amount, { txid, vout, delayedOutput }, spec, terms)]
      : [],
  );
  const fee = sat(terms.funding.amount - paid);
  return { number, tx, txid, outputs, toLocalScript: delayedScript, htlcs, trimmed, fee };
}

function divide(spec: CommitmentSpec, terms: CommitmentTerms) {
  const untrimmed: CommitmentHtlc[] = [];
  const trimmed: CommitmentHtlc[] = [];
  for (const htlc of spec.htlcs) {
    if (isTrimmed(htlc, terms.dustLimit, spec.feerate, terms.format)) trimmed.push(htlc);
    else untrimmed.push(htlc);
  }
  return { untrimmed, trimmed };
}

function htlcOutput(htlc: CommitmentHtlc, keys: CommitmentKeys, format: CommitmentFormat): CommitmentOutput {
  const witnessScript =
    htlc.side === "offered"
      ? offeredHtlcScript(keys, htlc.paymentHash, format)
      : receivedHtlcScript(keys, htlc.paymentHash, htlc.expiry, format);
  return {
    role: { tag: "htlc", htlc, witnessScript },
    amount: toSatFloor(htlc.amount),
    script: p2wshOf(witnessScript),
  };
}

interface MainAmounts {
  readonly local?: Sat;
  readonly remote?: Sat;
}
/** What each side has in it once the fee and the anchors are taken off; nothing where that is dust. BOLT 3 §Commitment Transaction Outputs. */
function mainAmounts(terms: CommitmentTerms, spec: CommitmentSpec, untrimmed: number): MainAmounts {
  const cost = openerCost(untrimmed, spec.feerate, terms.format);
  const less = (balance: Msat, pays: boolean): Sat => {
    const whole = toSatFloor(balance);
    return pays ? sat(whole > cost ? whole - cost : 0n) : whole;
  };
  const local = less(spec.toLocal, terms.opener === "local");
  const remote = less(spec.toRemote, terms.opener === "remote");
  return { ...(local >= terms.dustLimit ? { local } : {}), ...(remote >= terms.dustLimit ? { remote } : {}) };
}

/** Whether a commitment has any output. Of one without, no block would take what its funding output holds. */
export function hasOutputs(spec: CommitmentSpec, terms: CommitmentTerms): boolean {
  const untrimmed = untrimmedCount(spec, terms);
  const { local, remote } = mainAmounts(terms, spec, untrimmed);
  return untrimmed > 0 || local !== undefined || remote !== undefined;
}

/** Balances that are not dust, and with anchors one for each side that has something to claim. BOLT 3 §Commitment Transaction Outputs. */
function mainOutputs(
  terms: CommitmentTerms,
  spec: CommitmentSpec,
  untrimmed: number,
  delayedOutput: Uint8Array,
): readonly CommitmentOutput[] {
  const { local, remote } = mainAmounts(terms, spec, untrimmed);
  const outputs: CommitmentOutput[] = [];
  if (local !== undefined) outputs.push({ role: { tag: "to_local" }, amount: local, script: delayedOutput });
  if (remote !== undefined) outputs.push({ role: { tag: "to_remote" }, amount: remote, script: terms.toRemoteOutput });
  const { anchors } = terms;
  if (anchors === undefined) return outputs;
  if (local !== undefined || untrimmed > 0)
    outputs.push({ role: { tag: "to_local_anchor" }, amount: ANCHOR_SAT, script: anchors.local });
  if (remote !== undefined || untrimmed > 0)
    outputs.push({ role: { tag: "to_remote_anchor" }, amount: ANCHOR_SAT, script: anchors.remote });
  return outputs;
}

function untrimmedHtlc(
  role: Extract<OutputRole, { tag: "htlc" }>,
  amount: Sat,
  from: { readonly txid: Txid; readonly vout: number; readonly delayedOutput: Uint8Array },
  spec: CommitmentSpec,
  terms: CommitmentTerms,
): UntrimmedHtlc {
  const { txid, vout, delayedOutput } = from;
  const tx = secondStageTx(role.htlc, { txid, vout, amount }, delayedOutput, spec.feerate, terms.format);
  return { htlc: role.htlc, vout, amount, witnessScript: role.witnessScript, tx };
}

/** Lesser value first, then lesser script, then (offered HTLCs of one hash and value) the earlier expiry. BOLT 3 §Transaction Output Ordering. */
export function compareOutputs(a: CommitmentOutput, b: CommitmentOutput): number {
  if (a.amount !== b.amount) return a.amount < b.amount ? -1 : 1;
  return compareBytes(a.script, b.script) || expiryOf(a) - expiryOf(b);
}
const expiryOf = (output: CommitmentOutput): number => (output.role.tag === "htlc" ? output.role.htlc.expiry : 0);
