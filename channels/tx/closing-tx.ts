import { assert } from "../../src/base/result.ts";
import { feeForWeight, type Msat, type Sat, type SatPerKw, sat, sumSat, toSatFloor } from "../../src/base/units.ts";
import { compareTxOuts } from "../../src/bitcoin/coins.ts";
import { SEQUENCE_FINAL, type Tx, type TxOut } from "../../src/bitcoin/tx.ts";
import type { Funding } from "./funding-tx.ts";

/** One side of a mutual close: its balance and where that goes. */
export interface ClosingSide {
  readonly balance: Msat;
  readonly script: Uint8Array;
}
/** What a legacy mutual close divides: agreed in `shutdown`, and in the balances once no HTLC is left. */
export interface ClosingTerms {
  readonly funding: Funding;
  readonly opener: "local" | "remote";
  readonly local: ClosingSide;
  readonly remote: ClosingSide;
}
/** Which outputs a closing transaction has. One without any is not a transaction. */
export type ClosingOutputs = "both" | "local" | "remote";

/** Weight units around the outputs: one input with a 2-of-2 witness of two 73-byte signatures. BOLT 3 §Legacy Closing Transaction. */
const CLOSING_BASE_WEIGHT = 4 * (4 + 1 + 41 + 1 + 4) + 2 + 1 + 1 + 2 * 74 + 72;
const outputWeight = (script: Uint8Array): number => 4 * (8 + 1 + script.length);

/** The weight of a closing transaction with these outputs, at most. */
export const closingWeight = (scripts: readonly Uint8Array[]): number =>
  scripts.reduce((weight, script) => weight + outputWeight(script), CLOSING_BASE_WEIGHT);
/** The fee that a feerate asks of a closing transaction that pays both sides, in sat. */
export const closingFee = (terms: ClosingTerms, feerate: SatPerKw): Sat =>
  feeForWeight(feerate, closingWeight([terms.local.script, terms.remote.script]));

/** What each side gets on chain, in sat: its balance rounded down, less the fee for the opener; undefined if that cannot pay. */
export function closingAmounts(
  terms: ClosingTerms,
  fee: Sat,
): { readonly local: Sat; readonly remote: Sat } | undefined {
  const local = toSatFloor(terms.local.balance) - (terms.opener === "local" ? fee : 0n);
  const remote = toSatFloor(terms.remote.balance) - (terms.opener === "remote" ? fee : 0n);
  return local < 0n || remote < 0n ? undefined : { local: sat(local), remote: sat(remote) };
}

/** Which outputs are left when those below a dust limit are dropped; undefined when none is. BOLT 3 §Legacy Closing Transaction. */
export function closingOutputs(
  amounts: { readonly local: Sat; readonly remote: Sat },
  dust: Sat,
): ClosingOutputs | undefined {
  if (amounts.local >= dust) return amounts.remote >= dust ? "both" : "local";
  return amounts.remote >= dust ? "remote" : undefined;
}

/**
 * The unsigned transaction of a legacy mutual close. A side may leave out its own output, and drops the ones below its
 * own dust limit, so one fee can have several valid forms. BOLT 3 §Legacy Closing Transaction.
 *
 * @param fee  sat, taken from the opener; what is dropped goes to miners on top of it
 */
export function buildClosing(terms: ClosingTerms, fee: Sat, outputs: ClosingOutputs): Tx {
  const amounts = closingAmounts(terms, fee);
  assert(amounts !== undefined, "the opener can pay the closing fee");
  const txOutputs: TxOut[] = [];
  if (outputs !== "remote") txOutputs.push({ amount: amounts.local, script: terms.local.script });
  if (outputs !== "local") txOutputs.push({ amount: amounts.remote, script: terms.remote.script });
  txOutputs.sort(compareTxOuts);
  assert(sumSat(txOutputs.map((output) => output.amount)) + fee <= terms.funding.amount, "a close creates no money");
  return {
    version: 2,
    inputs: [{ prevout: terms.funding.outpoint, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] }],
    outputs: txOutputs,
    locktime: 0,
  };
}
