import { equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { feeForWeightCeil, type Sat, sat, toSatFloor } from "../../src/base/units.ts";
import type { ClosingSig } from "../../src/wire/closing.ts";
import type { ChannelEnv } from "../env.ts";
import type { Signatures } from "../keys/signer.ts";
import { verifyFundingSignature } from "../keys/verify.ts";
import type { Online, Signing } from "../link/state.ts";
import { bind, commit, type Effect, type Transition } from "../transition.ts";
import { closingWeight } from "../tx/closing-tx.ts";
import { dustLimitOf } from "../tx/dust.ts";
import { buildSimpleClosing, closerForms, type SimpleOutputs } from "../tx/simple-closing-tx.ts";
import { type Agreeing, assemble, completed } from "./complete.ts";
import { punish } from "./failure.ts";
import {
  closingMessage,
  formRequest,
  formSignatures,
  isSameProposal,
  proposalOf,
  scriptsOf,
  termsOf,
} from "./proposal.ts";
import type { ClosePlan, CloseProposal, OfferedClose } from "./state.ts";

/** The peer may complete any of them; each new one pays more than those before. */
const OFFERED_KEPT = 8;
/** Final at once for every node, also for one that has not seen our newest block. */
const LOCKTIME = 0;

/**
 * What we would propose by a plan: its feerate, but at most half of what is ours, so that dear blocks cannot eat it while
 * the peer proposes a transaction of its own. A balance that is dust is lost in either. Undefined when that pays for no
 * way through the network. BOLT 2 §Closing Negotiation: closing_complete and closing_sig.
 */
export function proposalBy(env: ChannelEnv, state: Agreeing, plan: ClosePlan): CloseProposal | undefined {
  const scripts = scriptsOf({ ...state, close: plan });
  const weight = closingWeight([scripts.local, scripts.remote]);
  const balance = toSatFloor(state.commitments.balance.local);
  const dust = dustLimitOf(scripts.local);
  const most = balance < dust ? balance : sat(balance - (balance / 2n > dust ? (balance + 1n) / 2n : dust));
  const fair = feeForWeightCeil(plan.feerate, weight);
  const fee = fair < most ? fair : most;
  if (fee < feeForWeightCeil(env.policy.closingFeerateMin, weight)) return undefined;
  return { fee, locktime: LOCKTIME, closerScript: scripts.local, closeeScript: scripts.remote };
}

/** Our own closing transaction, on each connection anew: the same again unless the plan or the peer's script has changed. */
export function offerClose(env: ChannelEnv, state: Agreeing, effects: readonly Effect[]): Transition {
  if (state.tag === "Closing" && state.confirmed !== undefined) return commit(state, ...effects);
  const last = state.simple.offered.at(-1);
  const wanted = proposalBy(env, state, state.close);
  const isSame = last !== undefined && isSameProposal(last, { ...last, ...scriptsIn(state) });
  if (isSame && (wanted === undefined || wanted.fee <= last.fee)) return say(env, state, last, effects);
  return wanted === undefined ? commit(state, ...effects) : propose(env, state, wanted, effects);
}
const scriptsIn = (state: Agreeing): Pick<CloseProposal, "closerScript" | "closeeScript"> => {
  const { local, remote } = scriptsOf(state);
  return { closerScript: local, closeeScript: remote };
};

function propose(env: ChannelEnv, state: Agreeing, proposal: CloseProposal, effects: readonly Effect[]): Transition {
  const forms = closerForms(termsOf(state, "local", proposal));
  if (forms.length === 0) return commit(state, ...effects);
  return signNext(env, state, { ...proposal, since: env.height, signatures: [] }, forms, effects);
}

function signNext(
  env: ChannelEnv,
  state: Agreeing,
  offer: OfferedClose,
  unsigned: readonly SimpleOutputs[],
  effects: readonly Effect[],
): Transition {
  const [next] = unsigned;
  assert(next !== undefined && state.link.tag === "online", "a form is to be signed over a connection");
  const link: Online = { ...state.link, signing: { tag: "closing_complete", offer, unsigned } };
  const { request } = formRequest(env, state, termsOf(state, "local", offer), next, "closer");
  return commit({ ...state, link }, ...effects, { tag: "NeedSignatures", request });
}

/** Our signature is there: under the next form, or the proposal leaves. */
export function offerSigned(
  env: ChannelEnv,
  state: Agreeing,
  link: Online,
  { offer, unsigned: [outputs, ...rest] }: Extract<Signing, { tag: "closing_complete" }>,
  { signature }: Signatures,
): Transition {
  assert(outputs !== undefined, "the signature that was asked for is the one that comes");
  const signed = { ...offer, signatures: [...offer.signatures, { outputs, signature }] };
  if (rest.length > 0) return signNext(env, state, signed, rest, []);
  const offered = [...state.simple.offered, signed].slice(-OFFERED_KEPT);
  const next = { ...state, simple: { ...state.simple, offered }, link: { ...link, signing: undefined } };
  return say(env, next, signed, []);
}

function say(env: ChannelEnv, state: Agreeing, offer: OfferedClose, effects: readonly Effect[]): Transition {
  assert(state.link.tag === "online", "a close is proposed over a connection");
  const said = { ...state, link: { ...state.link, closeOffered: env.height } };
  const message = closingMessage(state, "closing_complete", offer, offer.signatures);
  return commit(said, ...effects, bind(message), { tag: "NotifyUpdated" });
}

/** The peer has signed what we proposed. BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
export function receiveClosingSig(env: ChannelEnv, state: Agreeing, message: ClosingSig): Transition {
  const { link, simple, params } = state;
  const offer = simple.offered.at(-1);
  if (link.tag !== "online" || link.closeOffered === undefined || offer === undefined)
    return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
  if (!isSameProposal(offer, proposalOf(message))) return punish(state, { code: "closing_sig_of_another" });
  const [answer, ...more] = formSignatures(message);
  const ours = offer.signatures.find(({ outputs }) => outputs === answer?.outputs);
  if (answer === undefined || ours === undefined || more.length > 0)
    return punish(state, { code: "wrong_closing_forms" });
  const terms = termsOf(state, "local", offer);
  const tx = buildSimpleClosing(terms, answer.outputs);
  if (!verifyFundingSignature(terms.funding, tx, params.remote.basepoints.fundingPubkey, answer.signature))
    return punish(state, { code: "bad_closing_signature" });
  const signed = assemble(state, tx, { local: ours.signature, remote: answer.signature });
  const done = completed(env, { ...state, link: { ...link, closeOffered: undefined } }, signed);
  return wantsMore(env, done.state, offer)
    ? offerClose(env, done.state, done.effects)
    : commit(done.state, ...done.effects);
}
/** The plan has changed while the answer was awaited. */
function wantsMore(env: ChannelEnv, state: Agreeing, { fee, closerScript }: OfferedClose): boolean {
  const wanted = proposalBy(env, state, state.close);
  return wanted !== undefined && (wanted.fee > fee || !equalBytes(wanted.closerScript, closerScript));
}

/** What a proposal must pay so that it takes the place of all that is out: BIP 125 §Implementation Details. In sat. */
export function replacementFee(state: Agreeing, fees: readonly Sat[]): Sat {
  const scripts = scriptsOf(state);
  const way = BigInt(Math.ceil(closingWeight([scripts.local, scripts.remote]) / 4));
  return sat(fees.reduce((most, fee) => (fee > most ? fee : most), 0n) + way);
}
