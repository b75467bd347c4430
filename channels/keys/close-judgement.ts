import { equalBytes } from "../../src/base/bytes.ts";
import { err, type Result } from "../../src/base/result.ts";
import { type Sat, sat, sumSat } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { Funding } from "../tx/funding-tx.ts";

/** What of a mutual close is ours. */
export interface ClosingShare {
  /** Rounded down, in sat. */
  readonly balance: Sat;
  /** What of it we pay to miners. */
  readonly fee: Sat;
  readonly script: Uint8Array;
  /** What is left of it may be left out below this. */
  readonly dustLimit: Sat;
}
/** More than that is not dust, whatever whoever asks takes for it. BOLT 3 §Dust Limits. */
const CLOSING_DUST_MAX = 1_000n;

export type ClosingRefusal =
  /** A mutual close that leaves out what is ours, or some of it. */
  | { readonly code: "closing_pays_less"; readonly due: Sat; readonly paid: Sat }
  /** A mutual close would give the peer more than the newest commitment does, in sat. */
  | { readonly code: "closing_gives_away"; readonly most: Sat; readonly given: Sat };

/** What of a transaction goes to this script, in sat. */
export const paidTo = ({ outputs }: Pick<Tx, "outputs">, script: Uint8Array): Sat =>
  sumSat(outputs.filter((output) => equalBytes(output.script, script)).map(({ amount }) => amount));

/**
 * Why a mutual close is not signed: not by what is said to be ours, nor by the newest commitment. Undefined when it is.
 * @param entitled what that commitment gives us; undefined when the signer has not seen it
 */
export function judgeClosing(
  entitled: Sat | undefined,
  { funding, tx, share }: { readonly funding: Funding; readonly tx: Tx; readonly share: ClosingShare },
): Result<never, ClosingRefusal> | undefined {
  // No HTLC is left: the peer has at most what that commitment does not give us.
  const given = sat(sumSat(tx.outputs.map(({ amount }) => amount)) - paidTo(tx, share.script));
  const most = sat(funding.amount - (entitled ?? 0n));
  return given > most ? err({ code: "closing_gives_away", most, given }) : paysOurs(tx, share);
}

/** Why a mutual close is not signed: it does not pay us what we have there. Undefined when it does. */
function paysOurs(
  { outputs }: Pick<Tx, "outputs">,
  { balance, fee, script, dustLimit }: ClosingShare,
): Result<never, ClosingRefusal> | undefined {
  const paid = paidTo({ outputs }, script);
  const due = sat(balance > fee ? balance - fee : 0n);
  const isDust = due < dustLimit && due < CLOSING_DUST_MAX;
  return paid >= due || isDust ? undefined : err({ code: "closing_pays_less", due, paid });
}
