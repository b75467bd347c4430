import { assert } from "../../src/base/result.ts";
import type { CommitmentSigned } from "../../src/wire/updates.ts";
import { changes, move } from "../changes.ts";
import { assertConserved, remoteCommitment, remoteTerms, specOf } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { remoteCommitmentRequest, type Signatures } from "../keys/signer.ts";
import type { Online } from "../link/state.ts";
import type { ChannelState, Commitments, Funded, SentCommitment, UpdatingState } from "../state.ts";
import { advance, bind, commit, stay, type Transition } from "../transition.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";

/** Asks for the signatures on the peer's next commitment, if there is anything new in it. BOLT 2 §Committing Updates So Far: commitment_signed. */
export function signCommitment(env: ChannelEnv, state: ChannelState): Transition {
  if (state.tag !== "Normal" && state.tag !== "ShuttingDown") return stay();
  const { commitments, link, params } = state;
  if (link.tag !== "online" || link.signing !== undefined) return stay();
  const idle: Online = { ...link, signSoon: false };
  const point = commitments.remoteNextPoint;
  const number = commitments.remote.number + 1n;
  const due = commitments.sent === undefined && point !== undefined && number <= COMMITMENT_NUMBER_MAX;
  if (!due || !changes(commitments, "sent_commit")) return advance({ ...state, link: idle });
  const commitment = remoteCommitment(env, params, { number, point }, specOf(commitments, "remote_next"));
  const request = remoteCommitmentRequest(remoteTerms(params), point, commitment);
  const signing = { tag: "commitment", txid: commitment.txid } as const;
  return advance({ ...state, link: { ...idle, signing } }, { tag: "NeedSignatures", request });
}

/** The peer's next commitment is written before our signature leaves: it may be published from then on. */
export function sendCommitment(state: UpdatingState, link: Online, signatures: Signatures): Transition {
  const { commitments } = state;
  assert(commitments.sent === undefined, "at most one commitment of the peer is unrevoked");
  assert(link.signing?.tag === "commitment", "the signatures that were asked for are the ones that come");
  const { next } = move(commitments, "sent_commit");
  const sent: SentCommitment = { txid: link.signing.txid, signatures, updates: commitments.proposed };
  const after: Commitments = { ...next, sent, proposed: [], lastSent: "commitment_signed" };
  assertConserved(state.params, after);
  return commit(
    { ...state, commitments: after, link: { ...link, signing: undefined } },
    bind(commitmentMessage(state, signatures)),
  );
}

export const commitmentMessage = (state: Funded, { signature, htlcSignatures }: Signatures): CommitmentSigned => ({
  name: "commitment_signed",
  channel_id: state.params.channelId,
  signature,
  htlc_signature: htlcSignatures,
});
