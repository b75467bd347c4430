import { equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { toSatFloor } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { ClosingComplete } from "../../src/wire/closing.ts";
import type { ChannelEnv } from "../env.ts";
import type { PeerFault } from "../fault.ts";
import type { Signatures } from "../keys/signer.ts";
import { verifyFundingSignature } from "../keys/verify.ts";
import type { Online, Signing } from "../link/state.ts";
import { bind, commit, type Transition } from "../transition.ts";
import { buildSimpleClosing, closeeForm } from "../tx/simple-closing-tx.ts";
import { type Agreeing, assemble, completed } from "./complete.ts";
import { punish } from "./failure.ts";
import { closingMessage, formRequest, formSignatures, proposalOf, scriptsOf, termsOf } from "./proposal.ts";
import { isShutdownScript } from "./script.ts";
import type { CloseProposal, SimpleClose } from "./state.ts";

/** So many closing transactions of the peer are signed within so many blocks. RELIABILITY C27. Policy, not protocol. */
const ANSWERS_MAX = 10;
const ANSWERS_BLOCKS = 6;

/** The peer proposes a closing transaction that it pays for. BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
export function receiveClosingComplete(env: ChannelEnv, state: Agreeing, message: ClosingComplete): Transition {
  const { link, params, simple } = state;
  if (link.tag !== "online" || !link.shutdownSent || !link.shutdownReceived)
    return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
  const proposal = proposalOf(message);
  const fault = faultOf(env, state, proposal);
  if (fault !== undefined) return punish(state, fault);
  const terms = termsOf(state, "remote", proposal);
  const signatures = formSignatures(message);
  const outputs = closeeForm(
    terms,
    signatures.map((given) => given.outputs),
  );
  const given = signatures.find((one) => one.outputs === outputs);
  if (given === undefined) return punish(state, { code: "wrong_closing_forms" });
  const { tx, request } = formRequest(env, state, terms, outputs, "closee");
  // Said again after a reconnection it costs the peer nothing: the answer may have been lost.
  const isAgain = !link.closeAnswered && simple.complete.some((known) => txidOf(known) === request.txid);
  const answered = isAgain ? simple.answered : oneMore(env, simple.answered);
  if (answered === undefined) return punish(state, { code: "too_many_closings" });
  if (!verifyFundingSignature(terms.funding, tx, params.remote.basepoints.fundingPubkey, given.signature))
    return punish(state, { code: "bad_closing_signature" });
  const signing = { tag: "closing_sig", proposal, outputs, signature: given.signature } as const;
  const next = { ...state, simple: { ...simple, answered }, link: { ...link, signing, closeAnswered: true } };
  return commit(next, { tag: "NeedSignatures", request });
}

/** What is wrong with a proposal before its signatures are looked at. */
function faultOf(env: ChannelEnv, state: Agreeing, proposal: CloseProposal): PeerFault | undefined {
  const promised = state.params.remote.upfrontShutdownScript;
  if (proposal.fee > toSatFloor(state.commitments.balance.remote)) return { code: "bad_closing_fee" };
  if (!equalBytes(proposal.closeeScript, scriptsOf(state).local)) return { code: "closing_to_another_script" };
  if (promised !== undefined && !equalBytes(promised, proposal.closerScript))
    return { code: "shutdown_script_changed" };
  return isShutdownScript(proposal.closerScript, env.features) ? undefined : { code: "bad_closer_script" };
}

/** One more is counted; undefined when there were enough of them. */
function oneMore(
  { height }: ChannelEnv,
  { since, count }: SimpleClose["answered"],
): SimpleClose["answered"] | undefined {
  if (height < since || height >= since + ANSWERS_BLOCKS) return { since: height, count: 1 };
  return count < ANSWERS_MAX ? { since, count: count + 1 } : undefined;
}

/** Our signature is there: what the peer proposed is complete, and goes to it and to the chain. */
export function answerSigned(
  env: ChannelEnv,
  state: Agreeing,
  link: Online,
  { proposal, outputs, signature: remote }: Extract<Signing, { tag: "closing_sig" }>,
  { signature }: Signatures,
): Transition {
  const tx = buildSimpleClosing(termsOf(state, "remote", proposal), outputs);
  assert(outputs !== "closee" || tx.outputs.length === 1, "an output of the peer is left out, never one of ours");
  const close = { ...state.close, remoteScript: proposal.closerScript };
  const signed = assemble(state, tx, { local: signature, remote });
  const done = completed(env, { ...state, close, link: { ...link, signing: undefined } }, signed);
  const message = closingMessage(state, "closing_sig", proposal, [{ outputs, signature }]);
  return commit(done.state, bind(message), ...done.effects);
}
