import { assert } from "../../src/base/result.ts";
import { type Sat, sat, sumSat, toSatFloor } from "../../src/base/units.ts";
import { compareTxOuts } from "../../src/bitcoin/coins.ts";
import { isUnspendable } from "../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";
import type { ClosingSide } from "./closing-tx.ts";
import { isDustOutput } from "./dust.ts";
import type { Funding } from "./funding-tx.ts";

/** What a closing transaction by option_simple_close divides, and who of the two makes it and pays for it: the closer. */
export interface SimpleClosingTerms {
  readonly funding: Funding;
  readonly closer: ClosingSide;
  readonly closee: ClosingSide;
  /** Taken from the closer, in sat. */
  readonly fee: Sat;
  readonly locktime: number;
}
/** Which outputs it has. Only the side with less may be left out of it. */
export type SimpleOutputs = "closer" | "closee" | "both";

/** It says that another one may take its place. BIP 125 §Implementation Details. */
export const SEQUENCE_REPLACEABLE = 0xffff_fffd;

/** The output of each side: its balance rounded down, nothing where its script is data. BOLT 3 §Closing Transaction. */
function outputsOf({ closer, closee, fee }: SimpleClosingTerms): { readonly closer: TxOut; readonly closee: TxOut } {
  const left = toSatFloor(closer.balance) - fee;
  assert(left >= 0n, "the closer pays no more than it has");
  const output = (script: Uint8Array, amount: Sat): TxOut => ({
    amount: isUnspendable(script) ? sat(0n) : amount,
    script,
  });
  return { closer: output(closer.script, sat(left)), closee: output(closee.script, toSatFloor(closee.balance)) };
}

/**
 * The unsigned closing transaction that the closer makes. What is left out of it, or is data, goes to miners on top of
 * the fee. BOLT 3 §Closing Transaction.
 */
export function buildSimpleClosing(terms: SimpleClosingTerms, outputs: SimpleOutputs): Tx {
  const { funding, locktime, fee } = terms;
  const { closer, closee } = outputsOf(terms);
  const paid = outputs === "both" ? [closer, closee].sort(compareTxOuts) : [outputs === "closer" ? closer : closee];
  assert(sumSat(paid.map(({ amount }) => amount)) + fee <= funding.amount, "a close creates no money");
  const input = {
    prevout: funding.outpoint,
    scriptSig: new Uint8Array(0),
    sequence: SEQUENCE_REPLACEABLE,
    witness: [],
  };
  return { version: 2, inputs: [input], outputs: paid, locktime };
}

/**
 * Which forms of its transaction the closer signs: the side with less can do without an output of its own, and an output
 * that is dust has to go. Empty when every output would be dust. BOLT 2 §Closing Negotiation: closing_complete and closing_sig.
 */
export function closerForms(terms: SimpleClosingTerms): readonly SimpleOutputs[] {
  const { closer, closee } = outputsOf(terms);
  const isLesser = terms.closer.balance < terms.closee.balance;
  if (isDustOutput(closer) && isDustOutput(closee)) return [];
  if (isLesser) return isDustOutput(closer) ? ["closee"] : ["both"];
  return isDustOutput(closee) ? ["closer"] : ["closer", "both"];
}

/**
 * Which form the closee signs, of those that the closer has signed: one without its own output only where that is dust. BOLT 2
 * §Closing Negotiation: closing_complete and closing_sig.
 */
export function closeeForm(terms: SimpleClosingTerms, signed: readonly SimpleOutputs[]): SimpleOutputs {
  if (isDustOutput(outputsOf(terms).closee)) return "closer";
  return signed.includes("both") ? "both" : "closee";
}
