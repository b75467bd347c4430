import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import { checkTransaction } from "../../src/bitcoin/check.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { isP2pkh, isP2sh, witnessProgramOf } from "../../src/bitcoin/templates.ts";
import { decodeClaimedTx, txidOf } from "../../src/bitcoin/tx.ts";
import type { TxAddInput, TxAddOutput } from "../../src/wire/interactive-tx.ts";
import { dustLimitOf } from "../tx/dust.ts";
import type { TxFault } from "./fault.ts";
import type { TxSession } from "./session.ts";
import type { Side, TxInput, TxOutput } from "./terms.ts";

/** Of each kind, during one construction. BOLT 2 §The tx_add_input Message. */
export const ADD_MESSAGES_MAX = 4096;
/** Says that the transaction may be replaced, as all implementations do. BOLT 2 §The tx_add_input Message. */
export const SEQUENCE = 0xffff_fffd;
/** With this bit a sequence is no lock; without it its low half is one. BIP 68 §Specification. */
const LOCK_DISABLED = 0x8000_0000;
const LOCK_MASK = 0xffff;
/** Nulldata that every node relays. Policy, not protocol. */
const NULLDATA_BYTES_MAX = 83;

/** The side that has nothing but its own parity is the one that an id belongs to. BOLT 2 §The tx_add_input Message. */
const parityOf = (session: TxSession, from: Side): bigint => (session.terms.initiator === from ? 0n : 1n);
export const isTheirs = (item: { readonly serialId: bigint; readonly from: Side }, serialId: bigint): boolean =>
  item.from === "remote" && item.serialId === serialId;

/** What a `tx_add_input` adds, or why the construction fails. BOLT 2 §The tx_add_input Message. */
export function receivedInput(session: TxSession, message: TxAddInput, from: Side): Result<TxInput, TxFault> {
  const { serial_id: serialId, sequence } = message;
  if (from === "remote" && session.received.inputs >= ADD_MESSAGES_MAX)
    return err({ code: "too_many_messages", maximum: ADD_MESSAGES_MAX });
  if ((serialId & 1n) !== parityOf(session, from)) return err({ code: "serial_id_parity", serialId });
  if (session.inputs.some((known) => known.serialId === serialId)) return err({ code: "serial_id_taken", serialId });
  if (sequence > SEQUENCE) return err({ code: "sequence_too_high", sequence });
  if (isLocked(sequence)) return err({ code: "sequence_locked", sequence });
  const spent = message.prevtx.length === 0 ? sharedSpend(session, message, from) : provenSpend(session, message);
  if (!spent.ok) return spent;
  const key = outpointKey(spent.value.outpoint);
  if (session.inputs.some(({ outpoint }) => outpointKey(outpoint) === key))
    return err({ code: "input_twice", serialId });
  return ok({ serialId, from, sequence, ...spent.value });
}

/** Policy, not protocol: a coin that cannot be spent for months would keep ours from being spent, too. */
const isLocked = (sequence: number): boolean => sequence < LOCK_DISABLED && (sequence & LOCK_MASK) !== 0;

type Spend = Pick<TxInput, "outpoint" | "spends" | "shared">;

/** The previous funding output: both know it, so it is named and not shown. BOLT 2 §Splice Transaction Construction. */
function sharedSpend(session: TxSession, message: TxAddInput, from: Side): Result<Spend, TxFault> {
  const { sharedInput, initiator } = session.terms;
  const named = message.shared_input_txid;
  if (sharedInput === undefined || named === undefined || from !== initiator)
    return err({ code: "shared_input_wrong" });
  const { outpoint, spends } = sharedInput;
  if (named !== outpoint.txid || message.prevtx_vout !== outpoint.vout) return err({ code: "shared_input_wrong" });
  return ok({ outpoint, spends, shared: true });
}

/**
 * An output that the peer shows with its whole transaction, whose txid so is what it claims to be. Only one of segwit: else
 * the peer could change the txid of what we sign for after our commitment is signed (RELIABILITY U6).
 */
function provenSpend({ terms }: TxSession, message: TxAddInput): Result<Spend, TxFault> {
  const { prevtx_vout: vout, serial_id: serialId } = message;
  if (message.shared_input_txid !== undefined) return err({ code: "shared_input_wrong" });
  const decoded = decodeClaimedTx(message.prevtx);
  const checked = decoded.ok ? checkTransaction(decoded.value) : decoded;
  if (!checked.ok) return err({ code: "prevtx_invalid" });
  const output = checked.value.outputs[vout];
  if (output === undefined) return err({ code: "prevtx_output_missing", vout });
  if (witnessProgramOf(output.script) === undefined) return err({ code: "input_not_segwit", serialId });
  const outpoint: Outpoint = { txid: txidOf(checked.value), vout };
  // Shown as a coin of the peer's, the money of both would count as its own (RELIABILITY C36).
  const shared = terms.sharedInput?.outpoint;
  if (shared !== undefined && outpointKey(shared) === outpointKey(outpoint)) return err({ code: "shared_input_wrong" });
  return ok({ outpoint, spends: { amount: output.amount, script: output.script.slice() }, shared: false });
}

/** What a `tx_add_output` adds, or why the construction fails. BOLT 2 §The tx_add_output Message. */
export function receivedOutput(session: TxSession, message: TxAddOutput): Result<TxOutput, TxFault> {
  const { serial_id: serialId, sats, script } = message;
  const { dustLimit } = session.terms;
  if (session.received.outputs >= ADD_MESSAGES_MAX)
    return err({ code: "too_many_messages", maximum: ADD_MESSAGES_MAX });
  if ((serialId & 1n) !== parityOf(session, "remote")) return err({ code: "serial_id_parity", serialId });
  if (session.outputs.some((known) => known.serialId === serialId)) return err({ code: "serial_id_taken", serialId });
  if (sats < dustLimit) return err({ code: "output_below_dust", minimum: dustLimit });
  if (!isRelayed(script)) return err({ code: "output_not_standard", serialId });
  // An older kind of script needs more, or no node relays what holds it.
  const relayed = dustLimitOf(script);
  if (sats < relayed) return err({ code: "output_below_dust", minimum: relayed });
  return ok({ serialId, from: "remote", output: { amount: sats, script } });
}

/** What the network relays. With another script nobody would see the transaction mined. */
const isRelayed = (script: Uint8Array): boolean =>
  witnessProgramOf(script) !== undefined ||
  isP2pkh(script) ||
  isP2sh(script) ||
  (script[0] === OP.RETURN && script.length <= NULLDATA_BYTES_MAX);
