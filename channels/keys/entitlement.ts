import { equalBytes } from "../../src/base/bytes.ts";
import { type Sat, sumSat } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import { type Funding, fundingScript } from "../tx/funding-tx.ts";
import { lockScript } from "../tx/lock.ts";
import { anchorScript, toRemoteLock } from "../tx/scripts.ts";
import type { Basepoints } from "./commitment-keys.ts";

/** No peer whose commitments are signed leaves out a larger output as dust. Policy, not protocol. */
export const TRIMMED_MAX = 10_000n;

/** What of a transaction goes to this script, in sat. */
export const paidTo = ({ outputs }: Pick<Tx, "outputs">, script: Uint8Array): Sat =>
  sumSat(outputs.filter((output) => equalBytes(output.script, script)).map(({ amount }) => amount));

/**
 * The peer's key behind a funding output; undefined when it is none of this channel. Nothing else is ever signed with the
 * funding key but an anchor, so that a signature is worth nothing where the peer could have named another script.
 */
export function peerKeyIn({ witnessScript }: Pick<Funding, "witnessScript">, ours: Uint8Array): Uint8Array | undefined {
  // OP_2, two keys of 33 bytes with their lengths, OP_2, OP_CHECKMULTISIG. BOLT 3 §Funding Transaction Output.
  const keys = [witnessScript.subarray(2, 35), witnessScript.subarray(36, 69)] as const;
  const theirs = equalBytes(keys[0], ours) ? keys[1] : keys[0];
  return theirs.length === 33 && equalBytes(fundingScript(ours, theirs), witnessScript) ? theirs : undefined;
}

/** A commitment of the peer's, as a signer is shown it. */
export interface PeersCommitment {
  readonly tx: Tx;
  /** Behind the peer's own output, so that it is not taken for an HTLC, nor an HTLC for it. */
  readonly toLocalScript: Uint8Array;
}
/** What it says of the money in a channel. */
export interface Entitlement {
  /** What it gives us at once, in sat. */
  readonly ours: Sat;
  readonly htlcs: readonly TxOut[];
}
/** Undefined where what is said to be the peer's own output is something else. */
export function entitlementOf(
  { tx: { outputs }, toLocalScript }: PeersCommitment,
  { funding, format }: { readonly funding: Pick<Funding, "witnessScript">; readonly format: CommitmentFormat },
  { paymentBasepoint, fundingPubkey }: Pick<Basepoints, "paymentBasepoint" | "fundingPubkey">,
): Entitlement | undefined {
  const peerKey = peerKeyIn(funding, fundingPubkey);
  if (peerKey === undefined || !isToLocal(toLocalScript)) return undefined;
  const toRemote = lockScript(toRemoteLock(paymentBasepoint, format));
  const known = [
    toRemote,
    p2wshOf(toLocalScript),
    ...[fundingPubkey, peerKey].map((key) => p2wshOf(anchorScript(key))),
  ];
  const htlcs = outputs.filter(({ script }) => known.every((one) => !equalBytes(one, script)));
  return { ours: paidTo({ outputs }, toRemote), htlcs };
}
/** An HTLC begins with another opcode, so that it is not taken for it. BOLT 3 §to_local Output. */
export const isToLocal = (script: Uint8Array): boolean =>
  script[0] === OP.IF && script[1] === 33 && script[35] === OP.ELSE && script.at(-1) === OP.CHECKSIG;
