import { assert, present } from "../../src/base/result.ts";
import type { CommitmentSigned, RevokeAndAck } from "../../src/wire/updates.ts";
import { changes, move } from "../changes.ts";
import { punish } from "../close/failure.ts";
import { closeStep } from "../close/progress.ts";
import { assertConserved, localCommitment, localTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { verifyCommitment } from "../keys/verify.ts";
import type { Commitments, Funded, UpdatingState } from "../state.ts";
import { bind, type Transition } from "../transition.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";

/**
 * The peer signs our next commitment. Once every signature in it is checked and written it replaces the one before,
 * whose secret leaves in the same step: no state of ours ever waits between the two.
 * BOLT 2 §Committing Updates So Far: commitment_signed.
 */
export function receiveCommitment(env: ChannelEnv, state: UpdatingState, message: CommitmentSigned): Transition {
  const { commitments, params, link } = state;
  assert(link.tag === "online", "nothing is signed for us before both sides know where they stand");
  // A sender must not do so, and some do by mistake. One costs a write and is taken; a row of them says that no end will come.
  const isEmpty = !changes(commitments, "received_commit");
  if (isEmpty && link.emptyCommitment) return punish(state, { code: "commitment_without_updates" });
  const number = commitments.local.number + 1n;
  if (number > COMMITMENT_NUMBER_MAX) return punish(state, { code: "commitment_numbers_used_up" });
  const committed = move(commitments, "received_commit").next;
  const { keys, commitment } = localCommitment(env, params, number, specOf(committed, "local"));
  const signatures = { signature: message.signature, htlcSignatures: message.htlc_signature };
  const remoteKey = params.remote.basepoints.fundingPubkey;
  const verified = verifyCommitment(localTerms(params), keys, commitment, remoteKey, signatures);
  if (!verified.ok) return punish(state, verified.error);
  const revoked = move(committed, "sent_revocation");
  const after: Commitments = {
    ...revoked.next,
    local: { number, signatures },
    lastSent: "revoke_and_ack",
  };
  assertConserved(params, after);
  assert(after.local.number === commitments.local.number + 1n, "each revocation moves our commitment on by one");
  const next = { ...state, commitments: after, link: { ...link, emptyCommitment: isEmpty } };
  const settled = revoked.gone.length > 0 ? [{ tag: "NotifyUpdated" } as const] : [];
  return closeStep(env, next, [bind(revocationMessage(env, next)), ...settled]);
}

/** Gives up the commitment before our current one for ever. BOLT 2 §Completing the Transition to the Updated State: revoke_and_ack. */
export function revocationMessage(env: ChannelEnv, state: Funded): RevokeAndAck {
  const { number } = state.commitments.local;
  assert(number > 0n, "there is a commitment before the current one");
  const secret = present(env.keys.commitmentSecret(number - 1n), "our own secrets can be derived");
  const point = env.keys.commitmentPoint(number + 1n < COMMITMENT_NUMBER_MAX ? number + 1n : COMMITMENT_NUMBER_MAX);
  return {
    name: "revoke_and_ack",
    channel_id: state.params.channelId,
    per_commitment_secret: secret,
    next_per_commitment_point: point,
  };
}
