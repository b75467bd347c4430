import { equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { RevokeAndAck } from "../../src/wire/updates.ts";
import { move } from "../changes.ts";
import { punish } from "../close/failure.ts";
import { closeStep } from "../close/progress.ts";
import { assertConserved, remoteTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { OtherFunding } from "../fundings/other.ts";
import type { Htlc, IncomingHtlc, ReceivedHtlc } from "../htlc.ts";
import { insertSecret, secretIndex } from "../keys/commitment-secrets.ts";
import type { Commitments, Funded, FundedState, UpdatingState } from "../state.ts";
import type { Effect, Transition, VolatileEffect } from "../transition.ts";
import { isTrimmed } from "../tx/weights.ts";
import { dustExposure, highestFeerate, isDust } from "./bounds.ts";

/**
 * The peer gives up the commitment before the one that we signed last. Its secret is written before anything is built on
 * what is now irrevocable. BOLT 2 §Completing the Transition to the Updated State: revoke_and_ack.
 */
export function receiveRevocation(env: ChannelEnv, state: UpdatingState, message: RevokeAndAck): Transition {
  const { commitments, params } = state;
  const { sent, remote, remoteNextPoint } = commitments;
  if (sent === undefined || remoteNextPoint === undefined) return punish(state, { code: "unexpected_revocation" });
  const secret = message.per_commitment_secret;
  if (!secp256k1.isSecret(secret) || !equalBytes(secp256k1.publicKey(secret), remote.point))
    return punish(state, { code: "wrong_revocation_secret" });
  const secrets = insertSecret(commitments.secrets, secretIndex(remote.number), secret);
  if (!secrets.ok) return punish(state, { code: "wrong_revocation_secret" });
  if (!secp256k1.isPoint(message.next_per_commitment_point)) return punish(state, { code: "bad_point" });
  const { next, moved, gone } = move(commitments, "received_revocation");
  const after: Commitments = {
    ...next,
    remote: { number: remote.number + 1n, point: remoteNextPoint, txid: sent.txid },
    remoteNextPoint: message.next_per_commitment_point,
    sent: undefined,
    secrets: secrets.value,
    others: next.others.length === 0 ? next.others : next.others.map(othersRevoked),
  };
  assertConserved(params, after);
  assert(after.secrets.lowest === secretIndex(remote.number), "the secret of the revoked commitment is kept");
  const advanced = { ...state, commitments: after };
  const effects = [...revokedRecord(state), ...failures(gone), ...committed(env, advanced, moved)];
  return closeStep(env, advanced, effects);
}

/** On every funding on which the next one is signed, also on those that have been replaced since. */
const othersRevoked = (other: OtherFunding): OtherFunding =>
  other.sent === undefined
    ? other
    : { ...other, remote: { number: other.remote.number + 1n, txid: other.sent.txid }, sent: undefined };

/** What of the revoked commitment must be remembered to punish it: the HTLCs that have an output. */
function revokedRecord(state: Funded): readonly Effect[] {
  const { commitments, params } = state;
  if (commitments.htlcs.length === 0) return [];
  const terms = remoteTerms(params);
  const spec = specOf(commitments, "remote");
  const htlcs = spec.htlcs.filter((htlc) => !isTrimmed(htlc, terms.dustLimit, spec.feerate, terms.format));
  return htlcs.length === 0 ? [] : [{ tag: "RevokedHtlcs", number: commitments.remote.number, htlcs }];
}

/** Offered HTLCs that are irrevocably gone without a preimage: only now may anyone be told. BOLT 2 §Forwarding HTLCs. */
function failures(gone: readonly Htlc[]): readonly Effect[] {
  return gone.flatMap((htlc): readonly Effect[] => {
    const { removal } = htlc;
    if (htlc.side !== "offered" || removal === undefined || removal.tag === "fulfilled") return [];
    // Once a preimage was given the HTLC counts as paid, whatever the peer did afterwards.
    if (htlc.preimage !== undefined) return [];
    return [{ tag: "HtlcFailed", id: htlc.id, origin: htlc.origin, failure: removal }];
  });
}

/** Received HTLCs that have become irrevocable, unless the channel's own funding is in doubt: then they wait for `Ready`. */
function committed(env: ChannelEnv, state: UpdatingState, moved: readonly Htlc[]): readonly Effect[] {
  const htlcs = moved.filter((htlc): htlc is ReceivedHtlc => htlc.step === "RECEIVED_ADD_ACK_REVOCATION");
  return state.funding.deep ? tell(env, state, htlcs) : [];
}

function tell(env: ChannelEnv, state: FundedState, htlcs: readonly ReceivedHtlc[]) {
  if (htlcs.length === 0) return [];
  const { params, commitments } = state;
  const over = dustExposure(params, commitments) > env.policy.maxDustExposure;
  const feerate = highestFeerate(commitments);
  const faultOf = ({ amount, blinded }: ReceivedHtlc): IncomingHtlc["mustFail"] => {
    if (blinded) return "blinded_route";
    if (state.tag === "Failed") return "channel_failed";
    return over && isDust(params, "received", amount, feerate) ? "dust_exposure" : undefined;
  };
  return htlcs.map((received) => {
    const { id, amount, paymentHash, expiry, onion } = received;
    const mustFail = faultOf(received);
    const htlc: IncomingHtlc = { channelId: params.channelId, id, amount, paymentHash, expiry, onion, mustFail };
    return { tag: "HtlcCommitted", htlc } as const;
  });
}

/** Every received HTLC that is irrevocable and that nobody has decided on: what the host is told again after a restart. */
export function tellUnresolved(env: ChannelEnv, state: FundedState): readonly VolatileEffect[] {
  if (!state.funding.deep) return [];
  return tell(env, state, state.commitments.htlcs.filter(isOpen));
}
/** Whether this received HTLC is irrevocable, and nobody has decided on it: its channel still takes an answer. */
export const isUnresolved = ({ tag, commitments }: FundedState, id: bigint): boolean =>
  tag !== "Failed" && commitments.htlcs.some((htlc) => htlc.id === id && isOpen(htlc));
const isOpen = (htlc: Htlc): htlc is ReceivedHtlc =>
  htlc.step === "RECEIVED_ADD_ACK_REVOCATION" && htlc.removal === undefined;
