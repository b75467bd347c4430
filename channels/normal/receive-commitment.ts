import { assert, present } from "../../src/base/result.ts";
import { CommitmentSigned, type StartBatch } from "../../src/wire/updates.ts";
import { changes, move } from "../changes.ts";
import { punish } from "../close/failure.ts";
import { closeStep } from "../close/progress.ts";
import { assertConserved, localCommitment, localTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { PeerFault } from "../fault.ts";
import { activeOf, type OnFunding, type OtherFunding, onOthers } from "../fundings/other.ts";
import type { Signatures } from "../keys/signer.ts";
import { verifyCommitment } from "../keys/verify.ts";
import type { Commitments, UpdatingState } from "../state.ts";
import { advance, bind, stay, type Transition } from "../transition.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";
import { revocationMessage } from "./update-messages.ts";

/** As many fundings as one channel may have at once. BOLT 2 §Batching channel messages. */
export const BATCH_MAX = 20;

/** Several `commitment_signed` follow that are to be taken together. BOLT 2 §Batching channel messages. */
export function receiveBatch(state: UpdatingState, message: StartBatch): Transition {
  const { link, params } = state;
  const { batch_size: size, message_type: type } = message;
  assert(link.tag === "online", "nothing is signed for us before both sides know where they stand");
  if (size > BATCH_MAX) return punish(state, { code: "batch_too_large", maximum: BATCH_MAX });
  if (size <= 1)
    return stay({
      tag: "SendWarning",
      channelId: params.channelId,
      text: "a batch has two messages or more",
      disconnect: false,
    });
  if (type !== CommitmentSigned.type) return stay();
  return advance({ ...state, link: { ...link, batch: { size, messages: [] } } });
}

/** The peer signs our next commitment: at once, or on each of the channel's fundings in a batch. */
export function receiveCommitment(env: ChannelEnv, state: UpdatingState, message: CommitmentSigned): Transition {
  const { commitments, link } = state;
  assert(link.tag === "online", "nothing is signed for us before both sides know where they stand");
  const { batch } = link;
  if (batch === undefined) {
    if (activeOf(commitments).length > 0) return punish(state, { code: "commitment_without_batch" });
    return takeCommitments(env, state, [message]);
  }
  const messages = [...batch.messages, message];
  if (messages.length < batch.size) return advance({ ...state, link: { ...link, batch: { ...batch, messages } } });
  const chosen = oneForEach(state, messages);
  if ("code" in chosen) return punish(state, chosen);
  return takeCommitments(env, { ...state, link: { ...link, batch: undefined } }, chosen);
}

/** The message of a batch for each funding, the current one first. Those for fundings that are over are left aside. */
function oneForEach(
  { params, commitments }: UpdatingState,
  messages: readonly CommitmentSigned[],
): readonly CommitmentSigned[] | PeerFault {
  if (messages.some(({ funding_txid }) => funding_txid === undefined)) return { code: "batch_without_funding_txid" };
  const chosen: CommitmentSigned[] = [];
  for (const { txid } of [params.funding, ...activeOf(commitments).map(({ terms }) => terms.outpoint)]) {
    const found = messages.find(({ funding_txid }) => funding_txid === txid);
    if (found === undefined) return { code: "commitment_missing", funding: txid };
    chosen.push(found);
  }
  return chosen;
}

/**
 * Once every signature on every funding is checked and written our next commitment replaces the one before, whose secret
 * leaves in the same step: no state of ours ever waits between the two, and one revocation answers them all.
 * BOLT 2 §Committing Updates So Far: commitment_signed.
 */
function takeCommitments(env: ChannelEnv, state: UpdatingState, messages: readonly CommitmentSigned[]): Transition {
  const { commitments, params, link } = state;
  assert(link.tag === "online", "nothing is signed for us before both sides know where they stand");
  // A sender must not do so, and some do by mistake. One costs a write and is taken; a row of them says that no end will come.
  const isEmpty = !changes(commitments, "received_commit");
  if (isEmpty && link.emptyCommitment) return punish(state, { code: "commitment_without_updates" });
  const number = commitments.local.number + 1n;
  if (number > COMMITMENT_NUMBER_MAX) return punish(state, { code: "commitment_numbers_used_up" });
  const committed = move(commitments, "received_commit").next;
  const signed: Signatures[] = [];
  for (const [at, on] of [{ params, commitments: committed }, ...onOthers(params, committed)].entries()) {
    const message = present(messages[at], "one message for each funding");
    const signatures = { signature: message.signature, htlcSignatures: message.htlc_signature };
    const fault = signatureFault(env, on, number, signatures);
    if (fault !== undefined) return punish(state, fault);
    signed.push(signatures);
  }
  const [signatures, ...rest] = signed;
  const revoked = move(committed, "sent_revocation");
  const after: Commitments = {
    ...revoked.next,
    local: { number, signatures: present(signatures, "signed") },
    others: rest.length === 0 ? commitments.others : withSigned(commitments, number, rest),
    lastSent: "revoke_and_ack",
  };
  assertConserved(params, after);
  assert(after.local.number === commitments.local.number + 1n, "each revocation moves our commitment on by one");
  const next = { ...state, commitments: after, link: { ...link, emptyCommitment: isEmpty } };
  const settled = revoked.gone.length > 0 ? [{ tag: "NotifyUpdated" } as const] : [];
  return closeStep(env, next, [bind(revocationMessage(env, next)), ...settled]);
}

function signatureFault(
  env: ChannelEnv,
  { params, commitments }: OnFunding,
  number: bigint,
  signatures: Signatures,
): PeerFault | undefined {
  const { keys, commitment } = localCommitment(env, params, number, specOf(commitments, "local"));
  const remoteKey = params.remote.basepoints.fundingPubkey;
  const verified = verifyCommitment(localTerms(params), keys, commitment, remoteKey, signatures);
  return verified.ok ? undefined : verified.error;
}

function withSigned(commitments: Commitments, number: bigint, signed: readonly Signatures[]): readonly OtherFunding[] {
  const active = activeOf(commitments);
  return commitments.others.map((other) => {
    const signatures = signed[active.indexOf(other)];
    return signatures === undefined ? other : { ...other, local: { number, signatures } };
  });
}
