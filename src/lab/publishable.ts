import { localTerms, specOf } from "../../channels/commitments.ts";
import type { ChannelKeys, FundedState } from "../../channels/index.ts";
import { commitmentKeys } from "../../channels/keys/commitment-keys.ts";
import { verifyCommitment } from "../../channels/keys/verify.ts";
import { buildCommitment, type Commitment } from "../../channels/tx/commitment.ts";
import type { Txid } from "../base/ids.ts";

export function ownCommitment({ params, commitments }: FundedState, keys: ChannelKeys) {
  const { number } = commitments.local;
  const { local, remote } = params;
  const derived = commitmentKeys(keys.derived, local.basepoints, remote.basepoints, keys.commitmentPoint(number));
  const commitment: Commitment = buildCommitment(localTerms(params), derived, number, specOf(commitments, "local"));
  return { derived, commitment };
}

/** Of the commitment that a node would publish, made again from what is on its disk. */
export const ownTxid = (state: FundedState, keys: ChannelKeys): Txid => ownCommitment(state, keys).commitment.txid;

/** At every moment there is a commitment that we could publish: signed by the peer, second stages too. RELIABILITY R1. */
export function auditPublishable(state: FundedState, keys: ChannelKeys): string | undefined {
  const { derived, commitment } = ownCommitment(state, keys);
  const { fundingPubkey } = state.params.remote.basepoints;
  const { local } = state.commitments;
  const verified = verifyCommitment(localTerms(state.params), derived, commitment, fundingPubkey, local.signatures);
  return verified.ok ? undefined : `commitment ${local.number} cannot be published: ${verified.error.code}`;
}
