import type { Txid } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { sumSat } from "../../src/base/units.ts";
import type { TxSignatures } from "../../src/wire/interactive-tx.ts";
import type { CommitmentSigned } from "../../src/wire/updates.ts";
import { releaseHeld } from "../changes.ts";
import { fail, punish } from "../close/failure.ts";
import {
  agreedRemote,
  assertConserved,
  localCommitment,
  localTerms,
  remoteCommitment,
  remoteTerms,
  specOf,
} from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { describeFault } from "../fault.ts";
import { commitmentsOn, type OtherFunding, paramsOn } from "../fundings/other.ts";
import { watchFunding } from "../fundings/watch.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import { describeTxFault } from "../interactive/fault.ts";
import {
  completeTx,
  ownInputs,
  receivedWitnesses,
  sharedSignature,
  signaturesMessage,
  signsFirst,
  underpays,
  type Witnesses,
} from "../interactive/signatures.ts";
import { remoteCommitmentRequest, type Signatures, spliceRequest } from "../keys/signer.ts";
import type { SpliceTerms } from "../keys/splice-judgement.ts";
import { verifyCommitment } from "../keys/verify.ts";
import { commitmentMessage } from "../normal/sign.ts";
import type { Funded, FundedState, Normal } from "../state.ts";
import { advance, bind, commit, type Effect, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { fundingWitness } from "../tx/witnesses.ts";
import { abandonSplice, type OnlineNormal, onlineNormal, withSplicing } from "./abort.ts";
import { draftOf } from "./rules.ts";
import { resumed } from "./silence.ts";
import { isBegunByUs, type SplicePlan, type SpliceTx } from "./state.ts";

export const signingOf = ({ commitments }: Funded): OtherFunding | undefined =>
  commitments.others.find(({ role }) => role === "signing");
const madeOf = ({ made }: OtherFunding): SpliceTx => present(made, "a splice is made by both");
const replaced = (state: Normal, before: OtherFunding, after: OtherFunding): Normal => {
  const others = state.commitments.others.map((other) => (other === before ? after : other));
  return { ...state, commitments: { ...state.commitments, others } };
};

/** Asks for our signature on the peer's commitment over the new funding: of the number that it has now. BOLT 2 §The commitment_signed Message. */
export function needCommitment(
  env: ChannelEnv,
  state: OnlineNormal,
  plan: SplicePlan,
  constructed: ConstructedTx,
  witnesses: Witnesses,
  effects: readonly VolatileEffect[],
): Transition {
  const { commitment, on } = theirCommitment(env, state, draftOf(env, state, plan, constructed));
  const request = remoteCommitmentRequest(remoteTerms(on), state.commitments.remote.point, commitment);
  const next = withSplicing(state, { stage: "signing", plan, constructed, witnesses });
  return advance(next, ...effects, { tag: "NeedSignatures", request });
}
function theirCommitment(env: ChannelEnv, { params, commitments }: Normal, funding: OtherFunding) {
  const on = paramsOn(params, funding.terms);
  const spec = specOf(commitmentsOn(commitments, funding), "remote");
  return { on, commitment: remoteCommitment(env, on, commitments.remote, spec) };
}

/** Answers `NeedFundingWitnesses`: our coins are kept for this transaction, and what signs for them stays here. */
export function spliceWitnessed(env: ChannelEnv, state: OnlineNormal, witnesses: Witnesses): Transition {
  const { splicing, signing } = state.link;
  if (signing?.tag === "splice") return witnessedAgain(env, state, witnesses);
  if (splicing?.stage !== "signing") return stay();
  return needCommitment(env, state, splicing.plan, splicing.constructed, witnesses, []);
}

/** Our `commitment_signed`, once what it is for is remembered. BOLT 2 §The commitment_signed Message. */
export function spliceCommitted(env: ChannelEnv, state: OnlineNormal, sent: Signatures): Transition {
  const { splicing } = state.link;
  assert(splicing?.stage === "signing", "the signatures that were asked for are the ones that come");
  const { plan, constructed, witnesses } = splicing;
  const draft = draftOf(env, state, plan, constructed);
  const { commitment } = theirCommitment(env, state, draft);
  const made: SpliceTx = {
    constructed,
    feerate: plan.feerate,
    sent,
    received: false,
    witnesses,
    signature: undefined,
    remote: undefined,
  };
  const { number } = state.commitments.remote;
  const added: OtherFunding = { ...draft, remote: { number, txid: commitment.txid }, made };
  const others = [...state.commitments.others, added];
  const next = withSplicing({ ...state, commitments: { ...state.commitments, others } }, undefined);
  return commit(next, bind(spliceCommitment(next, added)), { tag: "TimeSignatures" });
}
export const spliceCommitment = ({ params }: Funded, funding: OtherFunding): CommitmentSigned =>
  commitmentMessage(params, madeOf(funding).sent, funding.terms.outpoint.txid);
export const spliceSignatures = ({ params }: Funded, funding: OtherFunding): TxSignatures => {
  const { constructed, witnesses, signature } = madeOf(funding);
  return signaturesMessage(params.channelId, constructed, witnesses, present(signature, "we have signed"));
};

/**
 * The peer's signatures on our commitment over the new funding: with them what we put in can be got back, so now it may go
 * in, if it is for us to sign first. It revokes nothing. BOLT 2 §The commitment_signed Message.
 */
export function receiveSpliceCommitment(
  env: ChannelEnv,
  state: Normal,
  funding: OtherFunding,
  message: CommitmentSigned,
): Transition {
  const made = madeOf(funding);
  if (made.received) return stay();
  const { number } = state.commitments.local;
  const on = paramsOn(state.params, funding.terms);
  const spec = specOf(commitmentsOn(state.commitments, funding), "local");
  const { keys, commitment } = localCommitment(env, on, number, spec);
  const signatures = { signature: message.signature, htlcSignatures: message.htlc_signature };
  const remoteKey = on.remote.basepoints.fundingPubkey;
  const verified = verifyCommitment(localTerms(on), keys, commitment, remoteKey, signatures);
  if (!verified.ok) return abandonSplice(state, describeFault(verified.error), "first");
  const received: OtherFunding = { ...funding, local: { number, signatures }, made: { ...made, received: true } };
  const next = replaced(state, funding, received);
  if (!signsFirst(made.constructed, env.localNodeId, env.remoteNodeId)) return commit(next);
  return needShared(env, next, received, []);
}

/**
 * Asks for our signature on what both spend; that the peer's on our commitment are here is on disk before it leaves. Coins of
 * ours that were given back while the peer was silent are taken anew before, if they are still there.
 */
export function needShared(
  env: ChannelEnv,
  state: Normal,
  funding: OtherFunding,
  effects: readonly Effect[],
): Transition {
  const { constructed, received } = madeOf(funding);
  assert(received, "no tx_signatures without the peer's valid commitment_signed");
  const { link } = state;
  assert(link.tag === "online", "a splice is signed over a connection");
  const asking: Normal = { ...state, link: { ...link, signing: { tag: "splice", txid: constructed.txid } } };
  const isOurs = ownInputs(constructed, "local").length > 0;
  return commit(
    asking,
    ...effects,
    isOurs ? { tag: "NeedFundingWitnesses", constructed } : shared(env, state, funding),
  );
}
/** Shows the signer what is ours before and after. */
function shared(env: ChannelEnv, state: Normal, funding: OtherFunding): VolatileEffect {
  const { constructed } = madeOf(funding);
  const { tx, txid, inputs, fee } = constructed;
  const on = paramsOn(state.params, funding.terms);
  const coins = sumSat(ownInputs(constructed, "local").map(({ spends }) => spends.amount));
  const terms: SpliceTerms = {
    tx,
    funding: localTerms(state.params).funding,
    next: localTerms(on).funding,
    format: state.params.type.format,
    commitments: {
      before: agreedRemote(env, state),
      after: agreedRemote(env, { params: on, commitments: commitmentsOn(state.commitments, funding) }),
    },
    share: { contribution: funding.shift.local / 1_000n, coins, fee: fee.local },
  };
  const index = inputs.findIndex((input) => input.shared);
  return { tag: "NeedSignatures", request: spliceRequest(terms, txid, index) };
}
function witnessedAgain(env: ChannelEnv, state: OnlineNormal, witnesses: Witnesses): Transition {
  const funding = signingOf(state);
  if (funding === undefined) return stay();
  const made = { ...madeOf(funding), witnesses };
  const again = { ...funding, made };
  return advance(replaced(state, funding, again), shared(env, state, again));
}

/** Our `tx_signatures`: from now on the channel may move to the new funding. BOLT 2 §The tx_signatures Message. */
export function spliceSigned(state: Normal, { signature }: Signatures): Transition {
  const online = onlineNormal(state);
  const funding = signingOf(state);
  if (online === undefined || funding === undefined) return stay();
  const made = { ...madeOf(funding), signature };
  const signed: OtherFunding = { ...funding, made };
  const quiet: OnlineNormal = { ...online, link: { ...online.link, signing: undefined } };
  const effects: readonly Effect[] = [bind(spliceSignatures(state, signed)), watchFunding(funding.terms)];
  if (made.remote === undefined) return commit(replaced(quiet, funding, signed), ...effects);
  return finished(quiet, funding, signed, effects);
}

/** The peer's witnesses, and its signature on what both spend. BOLT 2 §The tx_signatures Message. */
export function receiveSpliceSignatures(
  env: ChannelEnv,
  state: Normal,
  funding: OtherFunding | undefined,
  message: TxSignatures,
): Transition {
  if (funding === undefined) return receiveAgain(state, message);
  const { constructed, received, signature, feerate } = madeOf(funding);
  const isOut = signature !== undefined;
  if (!received) return abandonSplice(state, "tx_signatures before commitment_signed", "first");
  const witnesses = receivedWitnesses(constructed, message);
  const { terms } = { terms: localTerms(state.params).funding };
  const spends = present(
    constructed.inputs.find(({ shared }) => shared),
    "what both spend",
  ).spends;
  const shared = { outpoint: terms.outpoint, spends, witnessScript: terms.witnessScript };
  const remoteKey = state.params.remote.basepoints.fundingPubkey;
  const theirs = sharedSignature(constructed, shared, remoteKey, message);
  if (!theirs.ok) return fail(state, { tag: "fault", text: describeTxFault(theirs.error) });
  if (!witnesses.ok)
    return isOut ? wrong(state, witnesses.error.code) : abandon(state, describeTxFault(witnesses.error));
  const fault = isOut ? undefined : underpays(constructed, feerate, witnesses.value);
  if (fault !== undefined) return abandon(state, describeTxFault(fault));
  const remote = { witnesses: witnesses.value, signature: theirs.value };
  const whole: OtherFunding = { ...funding, made: { ...madeOf(funding), remote } };
  if (!isOut) return needShared(env, replaced(state, funding, whole), whole, []);
  const online = onlineNormal(state);
  assert(online !== undefined, "a splice is signed over a connection");
  return finished(online, funding, whole, []);
}
const abandon = (state: Normal, reason: string): Transition => abandonSplice(state, reason, "first");
/** Ours are out: a fault in the peer's undoes nothing, and ends the connection (RELIABILITY U15). */
const wrong = (state: Normal, reason: string): Transition => punish(state, { code: "bad_tx_signatures", reason });

/** Of a splice that is whole: said again on a reconnection. */
function receiveAgain(state: Normal, message: TxSignatures): Transition {
  const known = state.commitments.others.some(
    ({ terms, made }) => made !== undefined && terms.outpoint.txid === message.txid,
  );
  if (known || state.params.funding.txid === message.txid) return stay();
  return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
}

/**
 * A block holds the splice for which our signatures are out, though the peer has told us none of its own: both have signed.
 * Undefined where nothing was missing.
 */
export function wholeByBlock(state: FundedState, txid: Txid): Transition | undefined {
  const signing = signingOf(state);
  if (state.tag !== "Normal" || signing?.terms.outpoint.txid !== txid || signing.made?.signature === undefined)
    return undefined;
  const next = replaced(state, signing, { ...signing, role: "active" });
  const effects: readonly Effect[] = [toldOf(signing), { tag: "NotifyUpdated" }];
  const online = onlineNormal(next);
  if (online !== undefined) return resumed(online, effects);
  return commit({ ...next, commitments: releaseHeld(next.commitments) }, ...effects);
}

/** Both have signed: it may be mined, every update is made on it too, and the channel speaks again. */
function finished(
  state: OnlineNormal,
  before: OtherFunding,
  signed: OtherFunding,
  effects: readonly Effect[],
): Transition {
  const tx = spliceTxOf(state, signed);
  const active: OtherFunding = { ...signed, role: "active", progress: { ...signed.progress, tx } };
  const next = replaced(state, before, active) as OnlineNormal;
  assertConserved(next.params, next.commitments);
  return resumed(next, [...effects, { tag: "Broadcast", tx, why: "splice" }, toldOf(signed), { tag: "NotifyUpdated" }]);
}
const toldOf = (signed: OtherFunding): Effect => ({
  tag: "SpliceSigned",
  txid: signed.terms.outpoint.txid,
  isOurs: isBegunByUs(madeOf(signed)),
});
function spliceTxOf({ params }: Funded, funding: OtherFunding) {
  const { constructed, witnesses, signature, remote } = madeOf(funding);
  assert(signature !== undefined && remote !== undefined, "both have signed");
  const shared = fundingWitness(
    { pubkey: params.local.basepoints.fundingPubkey, signature },
    { pubkey: params.remote.basepoints.fundingPubkey, signature: remote.signature },
    localTerms(params).funding.witnessScript,
  );
  return completeTx(constructed, { local: witnesses, remote: remote.witnesses }, shared);
}
