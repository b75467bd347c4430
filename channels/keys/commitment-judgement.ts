import { equalBytes } from "../../src/base/bytes.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { hash160 } from "../../src/crypto/hash.ts";
import { obscuringFactor } from "../tx/commitment-number.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import { lockScript, scriptLock } from "../tx/lock.ts";
import { anchorScript, toRemoteLock } from "../tx/scripts.ts";
import { needsPeer } from "./claim-judgement.ts";
import type { Basepoints } from "./commitment-keys.ts";
import { derivePublicKey, deriveRevocationPublicKey } from "./derivation.ts";
import { isToLocal, peerKeyIn } from "./entitlement.ts";
import type { SecondStageInput, SigningRequest } from "./signer.ts";

type Of<P extends SigningRequest["purpose"]> = Extract<SigningRequest, { readonly purpose: P }>;

/** Where keys and branches stand in every HTLC script. BOLT 3 §Offered HTLC Outputs, BOLT 3 §Received HTLC Outputs. */
const HTLC = { revocationHash: [3, 23], remoteHtlcPubkey: [28, 61], branch: 66 } as const;
/** And the key in `to_local`, which begins with the one that revokes. BOLT 3 §to_local Output. */
const REVOCATION = [2, 35] as const;
const delayedIn = (script: Uint8Array): Uint8Array => script.subarray(-35, -2);

/**
 * Whether it is a commitment of the peer's, and its second stages pay to where its own output does. So one of ours that is
 * revoked is not taken for one of the peer's, and no signature under a second stage takes an HTLC to somebody else: where we
 * could claim it alone after its expiry, a second stage has none.
 *
 * It is the peer's if it pays our balance to our key, as none of ours does. Where it pays us nothing, whatever is in it must
 * be made with our revocation key, which costs more to find out.
 */
export function isPeersCommitment(keys: Basepoints, request: Of<"remote_commitment">): boolean {
  const { tx, htlcs, format } = request;
  const toRemote = lockScript(toRemoteLock(keys.paymentBasepoint, format));
  const paysUs = tx.outputs.some(({ script }) => equalBytes(script, toRemote));
  if (paysUs && htlcs.length === 0) return true;
  return isDivided(keys, request, toRemote) && (paysUs || canBePunished(keys, request));
}
/** Whether each output is of a known kind, the peer's own is what is shown, and second stages pay there. */
function isDivided(keys: Basepoints, request: Of<"remote_commitment">, toRemote: Uint8Array): boolean {
  const { tx, htlcs, toLocalScript } = request;
  const others = [toRemote, ...anchorOutputs(keys, request)];
  const delayed = p2wshOf(toLocalScript);
  const spent = new Set(htlcs.map((htlc) => htlc.tx.inputs[0]?.prevout.vout));
  return (
    tx.outputs.every(
      ({ script }, at) => spent.has(at) || [delayed, ...others].some((one) => equalBytes(one, script)),
    ) && htlcs.every((htlc) => isSecondStage(htlc, delayed))
  );
}
function isSecondStage({ tx, witnessScript }: SecondStageInput, delayed: Uint8Array): boolean {
  const [output, ...others] = tx.outputs;
  // Taken for an HTLC, the peer's own output would say no more where the others pay.
  if (isToLocal(witnessScript)) return false;
  if (output === undefined || others.length > 0 || !equalBytes(output.script, delayed)) return false;
  // BOLT 3 §HTLC-Timeout and HTLC-Success Transactions: only an HTLC that the owner offered has a locktime.
  return witnessScript[HTLC.branch] === OP.NOTIF || tx.locktime === 0;
}
function canBePunished(keys: Basepoints, request: Of<"remote_commitment">): boolean {
  const { toLocalScript, htlcs, perCommitmentPoint } = request;
  const revocationPubkey = deriveRevocationPublicKey(keys.revocationBasepoint, perCommitmentPoint);
  const hash = hash160(revocationPubkey);
  return (
    isToLocal(toLocalScript) &&
    equalBytes(toLocalScript.subarray(...REVOCATION), revocationPubkey) &&
    htlcs.every(({ witnessScript }) => equalBytes(witnessScript.subarray(...HTLC.revocationHash), hash))
  );
}

/**
 * Whether it is our own commitment of the number that it is asked for by: each of its outputs is an anchor, the peer's, or
 * made with our keys of that number. What hides the numbers must be what follows from the keys that the peer is paid to, so
 * that the number is right of one that has nothing of ours.
 * @param perCommitmentPoint ours, of that number
 */
export function isOwnCommitment(
  keys: Basepoints,
  perCommitmentPoint: Uint8Array,
  factor: bigint | undefined,
  request: Of<"local_commitment">,
): boolean {
  const { tx, format, toLocalScript, htlcScripts, remotePaymentBasepoint: theirs } = request;
  const ours = keys.paymentBasepoint;
  if (obscuringFactor(ours, theirs) !== factor && obscuringFactor(theirs, ours) !== factor) return false;
  const delayedPubkey = derivePublicKey(keys.delayedPaymentBasepoint, perCommitmentPoint);
  const htlcPubkey = derivePublicKey(keys.htlcBasepoint, perCommitmentPoint);
  const isMade =
    isToLocal(toLocalScript) &&
    equalBytes(delayedIn(toLocalScript), delayedPubkey) &&
    htlcScripts.every((script) => needsPeer(scriptLock(script), htlcPubkey));
  if (!isMade) return false;
  const known = [
    lockScript(toRemoteLock(theirs, format)),
    ...anchorOutputs(keys, request),
    ...[toLocalScript, ...htlcScripts].map(p2wshOf),
  ];
  return tx.outputs.every(({ script }) => known.some((one) => equalBytes(one, script)));
}

function anchorOutputs(
  { fundingPubkey }: Basepoints,
  { funding, format }: { readonly funding: SigningRequest["funding"]; readonly format: CommitmentFormat },
): readonly Uint8Array[] {
  const peerKey = peerKeyIn(funding, fundingPubkey);
  if (format !== "anchors" || peerKey === undefined) return [];
  return [fundingPubkey, peerKey].map((key) => p2wshOf(anchorScript(key)));
}
