import { equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { toMsat } from "../../src/base/units.ts";
import type { TxSignatures } from "../../src/wire/interactive-tx.ts";
import type { CommitmentSigned } from "../../src/wire/updates.ts";
import { punish } from "../close/failure.ts";
import { localTerms, remoteTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { describeFault } from "../fault.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import { describeTxFault } from "../interactive/fault.ts";
import {
  receivedWitnesses,
  signaturesMessage,
  signsFirst,
  underpays,
  type Witnesses,
} from "../interactive/signatures.ts";
import { remoteCommitmentRequest, type Signatures } from "../keys/signer.ts";
import { verifyCommitment } from "../keys/verify.ts";
import { deepEnough } from "../open/confirm.ts";
import { firstCommitments, initialCommitments, newlyFunded, ONLINE } from "../open/initial.ts";
import type { WaitForFundingConfirmed } from "../state.ts";
import { advance, bind, commit, type Effect, stay, type Transition } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import { abandonAttempt, type Carrier, negotiationOf, type Signer, withNegotiation } from "./carrier.ts";
import { completed } from "./completed.ts";
import type { DualProposal, FundingAttempt, Negotiation, WaitForFundingSignatures } from "./state.ts";

type Prepared = Extract<Negotiation, { stage: "signing" }>["attempt"];

/** What is to be signed of a constructed transaction. Both sides are at commitment number 0, without HTLCs. */
export function prepareAttempt(_env: ChannelEnv, proposal: DualProposal, constructed: ConstructedTx): Prepared {
  const { params, plan, feerate, remoteFirstPoint } = proposal;
  const funding = { txid: constructed.txid, vout: constructed.fundingVout };
  const balance = { local: toMsat(plan.contribution.local), remote: toMsat(plan.contribution.remote) };
  assert(balance.local + balance.remote === toMsat(params.capacity), "what both put in is what the channel holds");
  return { params: { ...params, funding }, feerate, remoteFirstPoint, balance, plan, constructed, witnesses: [] };
}

const proposedBy = ({ feerate, remoteFirstPoint, balance }: Prepared) => ({ feerate, remoteFirstPoint, balance });

/** Answers `NeedFundingWitnesses`: our coins are kept for this transaction, and what signs for them stays here. */
export function fundingWitnessed(env: ChannelEnv, carrier: Carrier, witnesses: Witnesses): Transition {
  const negotiation = negotiationOf(carrier);
  if (negotiation?.stage !== "signing") return stay();
  const attempt = { ...negotiation.attempt, witnesses };
  const { remote } = firstCommitments(env, proposedBy(attempt), attempt.params);
  const request = remoteCommitmentRequest(remoteTerms(attempt.params), attempt.remoteFirstPoint, remote);
  return advance(withNegotiation(carrier, { stage: "signing", attempt }), { tag: "NeedSignatures", request });
}

/** Our `commitment_signed`, once what it is for is remembered. BOLT 2 §Channel Establishment v2. */
export function attemptSigned(env: ChannelEnv, carrier: Carrier, { signature }: Signatures): Transition {
  const negotiation = negotiationOf(carrier);
  if (negotiation?.stage !== "signing") return stay();
  const { remote } = firstCommitments(env, proposedBy(negotiation.attempt), negotiation.attempt.params);
  const sent = { txid: remote.txid, signature };
  const attempt: FundingAttempt = { ...negotiation.attempt, sent, received: undefined, remoteWitnesses: undefined };
  const { params } = attempt;
  const message = bind(attemptCommitment(attempt));
  if (carrier.tag === "ConstructingFunding") {
    const next = { tag: "WaitForFundingSignatures", params, attempt, link: ONLINE } as const;
    return commit(next, message, { tag: "TimeSignatures" });
  }
  const attempts = { ...carrier.attempts, next: attempt };
  // From now on the peer may give up what it was not answered for.
  const link = { ...carrier.link, negotiation: undefined, abortAnswered: false };
  return commit({ ...carrier, link, attempts }, message, { tag: "TimeSignatures" });
}

export const attemptCommitment = ({ params, sent }: FundingAttempt): CommitmentSigned => ({
  name: "commitment_signed",
  channel_id: params.channelId,
  signature: sent.signature,
  htlc_signature: [],
});
export const attemptSignatures = ({ params, constructed, witnesses }: FundingAttempt): TxSignatures =>
  signaturesMessage(params.channelId, constructed, witnesses);

/**
 * The peer's signature on our first commitment: with it our coins can be got back, so now they may go in, if it is for us
 * to sign first. BOLT 2 §Channel Establishment v2.
 */
export function receiveAttemptCommitment(
  env: ChannelEnv,
  state: Signer,
  attempt: FundingAttempt,
  message: CommitmentSigned,
): Transition {
  if (attempt.received !== undefined)
    return equalBytes(attempt.received, message.signature)
      ? stay()
      : abandonAttempt(state, attempt, "signed otherwise before");
  const { params } = attempt;
  if (message.htlc_signature.length > 0) return abandonAttempt(state, attempt, "no htlcs in the first commitment");
  const { local } = firstCommitments(env, proposedBy(attempt), params);
  const remoteKey = params.remote.basepoints.fundingPubkey;
  const signatures: Signatures = { signature: message.signature, htlcSignatures: [] };
  const verified = verifyCommitment(localTerms(params), local.keys, local.commitment, remoteKey, signatures);
  if (!verified.ok) return abandonAttempt(state, attempt, describeFault(verified.error));
  const received: FundingAttempt = { ...attempt, received: message.signature };
  if (signsFirst(attempt.constructed, env.localNodeId, env.remoteNodeId)) return forUsToSign(env, state, received);
  if (state.tag === "WaitForFundingSignatures") return commit({ ...state, attempt: received });
  return commit({ ...state, attempts: { ...state.attempts, next: received } });
}

/** Nothing of the peer's is missing. The first transaction may be that of other channels too, of which only the host knows. */
function forUsToSign(env: ChannelEnv, state: Signer, attempt: FundingAttempt): Transition {
  if (state.tag === "WaitForFundingConfirmed") return signedByUs(env, state, attempt);
  return advance({ ...state, attempt }, { tag: "FundingHeld" });
}
/** Answers `FundingHeld`. */
export function allSigned(env: ChannelEnv, state: WaitForFundingSignatures): Transition {
  const { attempt } = state;
  const isOurs = signsFirst(attempt.constructed, env.localNodeId, env.remoteNodeId);
  if (attempt.received === undefined || (attempt.remoteWitnesses === undefined && !isOurs)) return stay();
  return signedByUs(env, state, attempt);
}

/** Our witnesses leave: from now on the channel may hold money of ours. */
function signedByUs(env: ChannelEnv, state: Signer, attempt: FundingAttempt): Transition {
  const { params, received } = attempt;
  assert(received !== undefined, "no tx_signatures without the peer's valid commitment_signed");
  const funded = fundedBy(env, state, attempt);
  const { script } = fundingOutput(
    params.local.basepoints.fundingPubkey,
    params.remote.basepoints.fundingPubkey,
    params.capacity,
  );
  const tx = completed(attempt);
  const complete: readonly Effect[] = tx === undefined ? [] : [{ tag: "Broadcast", tx, why: "funding" }];
  // Over another connection they are said when it is clear what the peer lacks.
  const said: readonly Effect[] = state.link.tag === "online" ? [bind(attemptSignatures(attempt))] : [];
  return deepEnough(env, funded, [
    ...said,
    { tag: "WatchFunding", outpoint: params.funding, script },
    ...complete,
    { tag: "NotifyUpdated" },
  ]);
}

/** The channel with this attempt for its funding; earlier ones may still be mined in its place. */
export function fundedBy(
  env: ChannelEnv,
  state: Signer | WaitForFundingConfirmed,
  attempt: FundingAttempt,
): WaitForFundingConfirmed {
  const { params, balance, feerate, remoteFirstPoint, received, sent } = attempt;
  assert(received !== undefined, "the peer's signature is on disk before our witnesses leave");
  const commitments = initialCommitments({ balance, feerate, remoteFirstPoint }, params, {
    local: { signature: received, htlcSignatures: [] },
    remoteTxid: sent.txid,
  });
  const tx = completed(attempt);
  if (state.tag === "WaitForFundingSignatures") {
    const fresh = newlyFunded(env, params, commitments);
    const attempts = { signed: [attempt], next: undefined };
    return { ...fresh, tag: "WaitForFundingConfirmed", link: state.link, funding: { ...fresh.funding, tx }, attempts };
  }
  const before = state.attempts.signed.filter((known) => known.params.funding.txid !== params.funding.txid);
  const attempts = { signed: [...before, attempt], next: undefined };
  // Until it is complete, the one before it is still ours to bring into the chain.
  return { ...state, params, commitments, funding: { ...state.funding, tx: tx ?? state.funding.tx }, attempts };
}
/** The peer's witnesses before ours have left: a fault in them costs us nothing but the attempt. BOLT 2 §Sharing funding signatures: tx_signatures. */
export function receiveFirstSignatures(
  env: ChannelEnv,
  state: Signer,
  attempt: FundingAttempt,
  message: TxSignatures,
): Transition {
  if (attempt.received === undefined) return abandonAttempt(state, attempt, "tx_signatures before commitment_signed");
  const received = receivedWitnesses(attempt.constructed, message);
  if (!received.ok) return abandonAttempt(state, attempt, describeTxFault(received.error));
  const fault = underpays(attempt.constructed, attempt.plan.feerate, received.value);
  if (fault !== undefined) return abandonAttempt(state, attempt, describeTxFault(fault));
  return forUsToSign(env, state, { ...attempt, remoteWitnesses: received.value });
}

/**
 * The peer's witnesses after ours: the transaction is complete. Ones that are wrong do not undo that ours are out; they
 * end the connection, so that there are not many of them (RELIABILITY U15).
 */
export function receiveLastSignatures(
  env: ChannelEnv,
  state: WaitForFundingConfirmed,
  message: TxSignatures,
): Transition {
  const { signed } = state.attempts;
  const attempt = signed.find(({ params }) => params.funding.txid === message.txid);
  // After channel_ready nothing of it matters. BOLT 2 §Sharing funding signatures: tx_signatures.
  if (attempt?.remoteWitnesses !== undefined || state.ready.remote) return stay();
  if (attempt === undefined)
    return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
  const received = receivedWitnesses(attempt.constructed, message);
  if (!received.ok) return punish(state, { code: "bad_tx_signatures", reason: received.error.code });
  const whole: FundingAttempt = { ...attempt, remoteWitnesses: received.value };
  const attempts = { ...state.attempts, signed: signed.map((known) => (known === attempt ? whole : known)) };
  const tx = completed(whole);
  const isCurrent = state.params.funding.txid === message.txid;
  const funding = isCurrent ? { ...state.funding, tx } : state.funding;
  const told: readonly Effect[] = tx === undefined ? [] : [{ tag: "Broadcast", tx, why: "funding" }];
  return deepEnough(env, { ...state, funding, attempts }, [...told, { tag: "NotifyUpdated" }]);
}
