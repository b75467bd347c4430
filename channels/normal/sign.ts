import { assert, present } from "../../src/base/result.ts";
import { hasFeature } from "../../src/wire/features.ts";
import { CommitmentSigned, type StartBatch } from "../../src/wire/updates.ts";
import { changes, move } from "../changes.ts";
import { assertConserved, remoteCommitment, remoteTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { activeOf, type OnFunding, type OtherFunding, onOthers } from "../fundings/other.ts";
import { remoteCommitmentRequest, type Signatures } from "../keys/signer.ts";
import type { Online, SignedOn } from "../link/state.ts";
import type { ChannelState, Commitments, Funded, SentCommitment, UpdatingState } from "../state.ts";
import { advance, bind, commit, type Effect, propose, stay, type Transition } from "../transition.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";

/** Asks for the signatures on the peer's next commitment, if there is anything new in it. BOLT 2 §Committing Updates So Far: commitment_signed. */
export function signCommitment(env: ChannelEnv, state: ChannelState): Transition {
  if (state.tag !== "Normal" && state.tag !== "ShuttingDown") return stay();
  const { commitments, link } = state;
  if (link.tag !== "online" || link.signing !== undefined) return stay();
  const idle: Online = { ...link, signSoon: false };
  const number = commitments.remote.number + 1n;
  const isOpen = commitments.sent === undefined && commitments.remoteNextPoint !== undefined;
  if (!isOpen || number > COMMITMENT_NUMBER_MAX || !changes(commitments, "sent_commit"))
    return advance({ ...state, link: idle });
  return askFor(env, state, idle, state, []);
}

/** The commitment on one funding after the other: each answer brings the next question. */
function askFor(
  env: ChannelEnv,
  state: UpdatingState,
  link: Online,
  on: OnFunding,
  signed: readonly SignedOn[],
): Transition {
  const point = present(state.commitments.remoteNextPoint, "the peer has given the point of its next commitment");
  const number = state.commitments.remote.number + 1n;
  const commitment = remoteCommitment(env, on.params, { number, point }, specOf(on.commitments, "remote_next"));
  const request = remoteCommitmentRequest(remoteTerms(on.params), point, commitment);
  const signing = { tag: "commitment", txid: commitment.txid, signed } as const;
  return advance({ ...state, link: { ...link, signing } }, { tag: "NeedSignatures", request });
}

/** The peer's next commitment, on every funding, is written before our signatures leave: it may be published from then on. */
export function sendCommitment(
  env: ChannelEnv,
  state: UpdatingState,
  link: Online,
  signatures: Signatures,
): Transition {
  const { commitments, params } = state;
  assert(commitments.sent === undefined, "at most one commitment of the peer is unrevoked");
  assert(link.signing?.tag === "commitment", "the signatures that were asked for are the ones that come");
  const signed = [...link.signing.signed, { txid: link.signing.txid, signatures }];
  const following = onOthers(params, commitments)[signed.length - 1];
  if (following !== undefined) return askFor(env, state, link, following, signed);
  const [first, ...rest] = signed;
  const { next } = move(commitments, "sent_commit");
  const sent: SentCommitment = { ...present(first, "signed"), updates: commitments.proposed };
  const others = rest.length === 0 ? commitments.others : withSent(commitments, rest);
  const after: Commitments = { ...next, sent, others, proposed: [], lastSent: "commitment_signed" };
  assertConserved(params, after);
  const done = { ...state, commitments: after, link: { ...link, signing: undefined } };
  return commit(done, ...commitmentEffects(env, done));
}
function withSent(commitments: Commitments, signed: readonly SignedOn[]): readonly OtherFunding[] {
  const active = activeOf(commitments);
  return commitments.others.map((other) => {
    const sent = signed[active.indexOf(other)];
    return sent === undefined ? other : { ...other, sent };
  });
}

/** BOLT 9 §Assigned Feature Flags. */
const OPTION_SPLICE = 62;

/**
 * What we have signed last, as it leaves, the same each time: one message, or one for each funding with `start_batch` in
 * front. BOLT 2 §Batching channel messages.
 */
export function commitmentEffects(env: ChannelEnv, { params, commitments }: Funded): readonly Effect[] {
  const { channelId, funding } = params;
  const sent = present(commitments.sent, "something is signed");
  const active = activeOf(commitments);
  const named = active.length > 0 || hasFeature(env.features, OPTION_SPLICE);
  const first = commitmentMessage(params, sent.signatures, named ? funding.txid : undefined);
  if (active.length === 0) return [bind(first)];
  const messages = active.map((other) => {
    const { signatures } = present(other.sent, "what is signed is signed on every funding");
    return commitmentMessage(params, signatures, other.terms.outpoint.txid);
  });
  const batch: StartBatch = {
    name: "start_batch",
    channel_id: channelId,
    batch_size: messages.length + 1,
    message_type: CommitmentSigned.type,
  };
  return [propose(batch), bind(first), ...messages.map(bind)];
}

export const commitmentMessage = (
  { channelId }: Pick<Funded["params"], "channelId">,
  { signature, htlcSignatures }: Signatures,
  funding?: Funded["params"]["funding"]["txid"],
): CommitmentSigned => ({
  name: "commitment_signed",
  channel_id: channelId,
  signature,
  htlc_signature: htlcSignatures,
  ...(funding === undefined ? {} : { funding_txid: funding }),
});
