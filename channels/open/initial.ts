import type { Outpoint, Txid } from "../../src/base/ids.ts";
import { msat, toMsat } from "../../src/base/units.ts";
import { localCommitment, remoteCommitment, specOf } from "../commitments.ts";
import { NO_ATTEMPTS } from "../dual/state.ts";
import type { ChannelEnv } from "../env.ts";
import { EMPTY_SECRETS } from "../keys/commitment-secrets.ts";
import type { Signatures } from "../keys/signer.ts";
import type { Online } from "../link/state.ts";
import type { ChannelParams } from "../params.ts";
import type { Commitments, Funded, Proposal } from "../state.ts";
import { channelIdOf } from "../tx/funding-tx.ts";

/** A connection on which everything may be said. */
export const ONLINE: Online = {
  tag: "online",
  signSoon: false,
  announcementSent: false,
  shutdownSent: false,
  shutdownReceived: false,
  closingFee: undefined,
  closingFeeReceived: undefined,
  closingAgreed: false,
  closeOffered: undefined,
  closeAnswered: false,
  emptyCommitment: false,
  signing: undefined,
  quiescence: undefined,
  spliceWish: undefined,
  splicing: undefined,
  batch: undefined,
  negotiation: undefined,
  abortAnswered: false,
};

export const completeParams = (proposal: Proposal, funding: Outpoint): ChannelParams => ({
  ...proposal.params,
  funding,
  channelId: channelIdOf(funding),
});

const UNSIGNED: Signatures = { signature: new Uint8Array(64), htlcSignatures: [] };

/** Who holds what at the beginning: what was pushed stands on the accepter's side, and where both put in, it is said. */
type FirstTerms = Pick<Proposal, "feerate" | "remoteFirstPoint"> &
  (Pick<Proposal, "push"> | { readonly balance: Commitments["balance"] });
function openingBalance(terms: FirstTerms, params: ChannelParams): Commitments["balance"] {
  if ("balance" in terms) return terms.balance;
  const kept = msat(toMsat(params.capacity) - terms.push);
  return params.opener === "local" ? { local: kept, remote: terms.push } : { local: terms.push, remote: kept };
}

/** Commitment number 0 of both sides. What it holds counts only once the funding is deep enough. */
export function initialCommitments(
  proposal: FirstTerms,
  params: ChannelParams,
  signed: { readonly local: Signatures; readonly remoteTxid: Txid },
): Commitments {
  return {
    balance: openingBalance(proposal, params),
    feerate: proposal.feerate,
    feeUpdates: [],
    htlcs: [],
    local: { number: 0n, signatures: signed.local },
    remote: { number: 0n, point: proposal.remoteFirstPoint, txid: signed.remoteTxid },
    remoteNextPoint: undefined,
    sent: undefined,
    proposed: [],
    nextOfferedId: 0n,
    nextReceivedId: 0n,
    secrets: EMPTY_SECRETS,
    lastSent: "neither",
    others: [],
  };
}

/** The two first commitment transactions: ours for the peer's signature, the peer's for ours. */
export function firstCommitments(env: ChannelEnv, proposal: FirstTerms, params: ChannelParams) {
  const draft = initialCommitments(proposal, params, { local: UNSIGNED, remoteTxid: params.funding.txid });
  return {
    local: localCommitment(env, params, 0n, specOf(draft, "local")),
    remote: remoteCommitment(env, params, draft.remote, specOf(draft, "remote")),
  };
}

/** A channel whose money is about to be at stake. */
export function newlyFunded(env: ChannelEnv, params: ChannelParams, commitments: Commitments): Funded {
  return {
    params,
    commitments,
    funding: { since: env.height, confirmed: undefined, deep: false, tx: undefined },
    attempts: NO_ATTEMPTS,
    ready: { local: false, remote: false },
    remoteAlias: undefined,
    announcement: { local: undefined, remote: undefined },
    link: ONLINE,
  };
}
