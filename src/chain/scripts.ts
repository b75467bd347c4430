import type { Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type ScriptFlags, STANDARD_FLAGS } from "../bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../bitcoin/interpreter/verify.ts";
import { type Tx, wtxidOf } from "../bitcoin/tx.ts";
import { type Coin, outputsOf } from "./coins.ts";

/**
 * The wtxids of transactions whose scripts were found good under the policy's flags, which hold every rule that a block
 * of any height must keep. What a transaction spends is fixed by its wtxid, so the answer never changes.
 */
export type VerifiedScripts = Set<Txid>;
/** Beyond this the oldest are forgotten and would be verified again. */
const VERIFIED_MAX = 50_000;

/** Whether every input may spend its coin; the error names the input and the script error. */
export function checkScripts(
  tx: Tx,
  coins: readonly Coin[],
  flags: ScriptFlags,
  verified: VerifiedScripts,
): Result<void, string> {
  const wtxid = wtxidOf(tx);
  if (verified.has(wtxid)) return ok(undefined);
  const checked = verifyInputs(tx, outputsOf(coins), flags);
  if (!checked.ok) return err(`input ${checked.error.index}: ${checked.error.error}`);
  if (flags === STANDARD_FLAGS) remember(verified, wtxid);
  return ok(undefined);
}
function remember(verified: VerifiedScripts, wtxid: Txid): void {
  const [oldest] = verified;
  if (verified.size >= VERIFIED_MAX && oldest !== undefined) verified.delete(oldest);
  verified.add(wtxid);
}
