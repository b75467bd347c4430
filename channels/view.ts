import type { Outpoint, ShortChannelId, Txid } from "../src/base/ids.ts";
import { type Msat, msat, type Sat } from "../src/base/units.ts";
import { txidOf } from "../src/bitcoin/tx.ts";
import { cleared } from "./changes.ts";
import { localTerms, tally } from "./commitments.ts";
import { alternatives } from "./dual/alternatives.ts";
import type { FundingAttempt, WaitForFundingSignatures } from "./dual/state.ts";
import type { ChannelEnv } from "./env.ts";
import { activeOf, type OtherFunding } from "./fundings/other.ts";
import type { HtlcOrigin } from "./htlc.ts";
import { type SignedCommitment, type SignerMemory, signerMemory } from "./keys/signer.ts";
import { type DustRoom, dustRoom, receivable, spendable } from "./normal/bounds.ts";
import { isHolding } from "./normal/stfu.ts";
import { decided, spendOf } from "./onchain/decided.ts";
import type { Commitments, FundedState } from "./state.ts";

/** What people and path finding look at. Amounts are of our own current commitment. */
export interface ChannelView {
  readonly state: FundedState["tag"];
  /** HTLCs can be offered now. */
  readonly active: boolean;
  /** Where it stands in the chain. */
  readonly shortChannelId: ShortChannelId | undefined;
  /** The name that we gave the peer for it, and the one that the peer gave us. */
  readonly localAlias: ShortChannelId | undefined;
  readonly remoteAlias: ShortChannelId | undefined;
  readonly announced: boolean;
  /** Settled on our side, without what is pending. */
  readonly local: Msat;
  readonly remote: Msat;
  /** Pending in either direction, on our commitment. */
  readonly pending: Msat;
  readonly htlcs: number;
  /** The most that one HTLC can carry now, in each direction. */
  readonly spendable: Msat;
  readonly receivable: Msat;
  readonly localCommitmentNumber: bigint;
  readonly remoteCommitmentNumber: bigint;
  readonly closingTxid: Txid | undefined;
  /** Splices that both have signed and that are not locked. */
  readonly splices: readonly { readonly txid: Txid; readonly capacity: Sat; readonly confirmed: boolean }[];
}

const isUsable = (state: FundedState): boolean => state.tag === "Normal" && state.funding.deep;
const isOnline = (state: FundedState): boolean => isUsable(state) && state.link.tag === "online";
const isActive = (state: FundedState): boolean => isOnline(state) && !isHolding(state);

/** The most that one HTLC of ours can carry, and one that is dust. */
export interface Room {
  readonly spendable: Msat;
  readonly dust: DustRoom;
}
/** What each search for a route asks of every channel; undefined when it is not active. */
export const roomNow = (env: ChannelEnv, state: FundedState): Room | undefined =>
  isActive(state) ? roomIn(env, state, state.commitments) : undefined;

/** As `roomNow`, once any silence and all that is in both commitments is over, with the least that may come of it for us. */
export const roomSoon = (env: ChannelEnv, state: FundedState): Room | undefined =>
  isOnline(state) ? roomIn(env, state, cleared(state.commitments)) : undefined;

const roomIn = (env: ChannelEnv, { params }: FundedState, commitments: Commitments): Room => ({
  spendable: spendable(env, params, commitments),
  dust: dustRoom(env, params, commitments),
});

export function viewOf(env: ChannelEnv, state: FundedState): ChannelView {
  const { commitments, params, funding, announcement } = state;
  const { local, remote, htlcs } = tally(commitments, "local");
  const usable = isUsable(state);
  const active = isActive(state);
  return {
    state: state.tag,
    active,
    shortChannelId: funding.confirmed?.shortChannelId,
    localAlias: params.localAlias,
    remoteAlias: state.remoteAlias,
    announced: announcement.local !== undefined && announcement.remote !== undefined,
    local: msat(local),
    remote: msat(remote),
    pending: msat(htlcs.reduce((sum, htlc) => sum + htlc.amount, 0n)),
    htlcs: commitments.htlcs.length,
    spendable: active ? spendable(env, params, commitments) : msat(0n),
    receivable: usable ? receivable(params, commitments) : msat(0n),
    localCommitmentNumber: commitments.local.number,
    remoteCommitmentNumber: commitments.remote.number,
    closingTxid: closingTxid(state),
    splices: activeOf(commitments).map(({ terms, progress }) => ({
      txid: terms.outpoint.txid,
      capacity: terms.capacity,
      confirmed: progress.confirmed !== undefined,
    })),
  };
}

function closingTxid(state: FundedState): Txid | undefined {
  if (state.tag === "Failed") {
    const spend = spendOf(state, decided(state).params.funding);
    return spend === undefined ? undefined : txidOf(spend.tx);
  }
  if (state.tag !== "Closing") return undefined;
  return state.confirmed?.txid ?? txidOf(state.tx);
}

/**
 * Whether an HTLC that we have offered is there for this. An attempt or circuit on disk that no channel is pending for when
 * it is loaded was never covered by a `commitment_signed`: it did not happen.
 */
export const isPendingFor = (state: FundedState, origin: HtlcOrigin): boolean =>
  state.commitments.htlcs.some((htlc) => htlc.side === "offered" && sameOrigin(htlc.origin, origin));
function sameOrigin(a: HtlcOrigin, b: HtlcOrigin): boolean {
  if (a.tag === "payment") return b.tag === "payment" && a.paymentId === b.paymentId && a.attempt === b.attempt;
  return b.tag === "relay" && a.channelId === b.channelId && a.htlcId === b.htlcId;
}

const signedFor = ({ params, sent }: FundingAttempt) => ({ funding: params.funding, number: 0n, txid: sent.txid });

/** What the signer must know of a channel that is loaded before its funding is signed for. */
export const attemptMemoryOf = ({ attempt }: WaitForFundingSignatures): SignerMemory =>
  signerMemory({
    signed: [signedFor(attempt)],
    localNumber: 0n,
    broadcast: false,
    obscuringFactor: localTerms(attempt.params).obscuringFactor,
  });

/** What the signer must know of a channel that is loaded: it starts from what is durable. */
export function signerMemoryOf(state: FundedState): SignerMemory {
  const { local, remote, sent, others } = state.commitments;
  const newest = (funding: Outpoint, held: Pick<OtherFunding, "remote" | "sent">): SignedCommitment =>
    held.sent === undefined
      ? { funding, ...held.remote }
      : { funding, number: held.remote.number + 1n, txid: held.sent.txid };
  const { number, txid } = remote;
  const signed = [
    newest(state.params.funding, { remote: { number, txid }, sent }),
    ...others.map((other) => newest(other.terms.outpoint, other)),
  ];
  // Something that ends it may be out, or follows.
  const broadcast = state.tag === "Failed" || state.tag === "Negotiating" || state.tag === "Closing";
  const { next } = state.attempts;
  const attempts = [...alternatives(state), ...(next === undefined ? [] : [next])];
  return signerMemory({
    signed: [...attempts.map(signedFor), ...signed],
    localNumber: local.number,
    broadcast,
    obscuringFactor: localTerms(state.params).obscuringFactor,
  });
}
