import { assert, present } from "../../src/base/result.ts";
import { feeForWeightCeil, type Sat, type SatPerKw, sat, satPerKw, toSatFloor } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { ClosingSigned } from "../../src/wire/closing.ts";
import { agreedRemote, localTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { describeFault } from "../fault.ts";
import { closingRequest, type Signatures } from "../keys/signer.ts";
import { verifyFundingSignature } from "../keys/verify.ts";
import type { Online, Signing } from "../link/state.ts";
import type { Closing } from "../state.ts";
import { bind, commit, type Effect, stay, type Transition } from "../transition.ts";
import {
  buildClosing,
  type ClosingOutputs,
  type ClosingTerms,
  closingAmounts,
  closingOutputs,
  closingWeight,
} from "../tx/closing-tx.ts";
import { hasDust } from "../tx/dust.ts";
import { DUST_THRESHOLD } from "../tx/weights.ts";
import { type Agreeing, assemble } from "./complete.ts";
import { punish } from "./failure.ts";
import type { SignedClose } from "./state.ts";

/** Old proposals are of no use: each new one replaces those before. */
const SIGNED_KEPT = 8;

function termsOf(state: Agreeing): ClosingTerms {
  const { params, commitments, close } = state;
  return {
    funding: localTerms(params).funding,
    opener: params.opener,
    local: { balance: commitments.balance.local, script: present(close.localScript, "our script is agreed") },
    remote: { balance: commitments.balance.remote, script: present(close.remoteScript, "the peer's script is agreed") },
  };
}

/** What the dust limits of nodes come to at most that differ from ours, in sat. Policy, not protocol. */
const DUST_MAX = DUST_THRESHOLD.p2pkh;
/**
 * Below it an output is dropped, in sat. Each side drops by its own limit: what one of them drops the other cannot keep, and
 * for the sake of it both would sign different transactions for ever. BOLT 3 §Legacy Closing Transaction.
 */
function dropBelow({ params: { local, remote } }: Agreeing): Sat {
  const theirs = remote.dustLimit < DUST_MAX ? remote.dustLimit : DUST_MAX;
  return local.dustLimit > theirs ? local.dustLimit : theirs;
}

interface FeeRange {
  readonly min: Sat;
  readonly max: Sat;
}
/** What we accept: as opener up to twice what we think fair, as accepter all that will be relayed, as the opener pays. */
function acceptable(env: ChannelEnv, state: Agreeing): FeeRange & { readonly ideal: Sat } {
  const terms = termsOf(state);
  const weight = closingWeight([terms.local.script, terms.remote.script]);
  const payer = state.params.opener === "local" ? terms.local : terms.remote;
  const balance = toSatFloor(payer.balance);
  const capped = (feerate: SatPerKw): Sat => {
    const fee = feeForWeightCeil(feerate, weight);
    return fee > balance ? balance : fee;
  };
  const { closingFeerateMin } = env.policy;
  const fair = satPerKw(Math.max(state.close.feerate, closingFeerateMin));
  const max = state.params.opener === "local" ? capped(satPerKw(fair * 2)) : balance;
  return { min: capped(closingFeerateMin), max, ideal: capped(fair) };
}

/** The opener begins, on every connection anew. BOLT 2 §Legacy Closing Negotiation: closing_signed. */
export function startNegotiation(env: ChannelEnv, state: Agreeing, effects: readonly Effect[]): Transition {
  assert(state.link.tag === "online", "a close is negotiated over a connection");
  if (state.params.opener !== "local") return commit(state, ...effects);
  const last = state.signed[state.signed.length - 1];
  if (last === undefined) return ask(env, state, acceptable(env, state).ideal, effects);
  const said = { ...state, link: { ...state.link, closingFee: last.fee } };
  return commit(said, ...effects, bind(closingMessage(env, state, last)));
}

function ask(env: ChannelEnv, state: Agreeing, fee: Sat, effects: readonly Effect[]): Transition {
  const terms = termsOf(state);
  const amounts = closingAmounts(terms, fee);
  const outputs = amounts && closingOutputs(amounts, dropBelow(state));
  // Nothing would be left to anybody: the commitment transactions are as good.
  if (outputs === undefined) {
    const text = describeFault({ code: "bad_closing_fee" });
    return commit(state, ...effects, {
      tag: "SendWarning",
      channelId: state.params.channelId,
      text,
      disconnect: false,
    });
  }
  const tx = buildClosing(terms, fee, outputs);
  if (hasDust(tx)) return after(state, effects, punish(state, { code: "closing_output_is_dust" }));
  return needSignature(env, state, { fee, outputs, tx, complete: undefined }, effects);
}
/** What a step has led to before it came to this. What both have signed before is out all the same, and fails no more. */
function after(state: Agreeing, effects: readonly Effect[], transition: Transition): Transition {
  if (transition.kind === "stay") return commit(state, ...effects, ...transition.effects);
  assert(transition.kind === "commit", "a channel that fails is written");
  return commit(transition.next, ...effects, ...transition.effects);
}

function needSignature(
  env: ChannelEnv,
  state: Agreeing,
  wanted: Omit<Extract<Signing, { tag: "closing" }>, "tag">,
  effects: readonly Effect[],
): Transition {
  const link: Online = { ...(state.link as Online), signing: { tag: "closing", ...wanted } };
  const { funding, local } = termsOf(state);
  const share = {
    balance: toSatFloor(local.balance),
    fee: state.params.opener === "local" ? wanted.fee : sat(0n),
    script: local.script,
    dustLimit: dropBelow(state),
  };
  const { format } = state.params.type;
  const request = closingRequest({ funding, format, tx: wanted.tx, commitment: agreedRemote(env, state), share });
  return commit({ ...state, link }, ...effects, { tag: "NeedSignatures", request });
}

const closingMessage = (env: ChannelEnv, state: Agreeing, { fee, signature }: SignedClose): ClosingSigned => {
  const { min, max } = acceptable(env, state);
  return {
    name: "closing_signed",
    channel_id: state.params.channelId,
    fee_satoshis: fee,
    signature,
    fee_range: { min_fee_satoshis: min < fee ? min : fee, max_fee_satoshis: max > fee ? max : fee },
  };
};

/** Our signature is there: what it completes is broadcast, what it proposes is sent. */
export function sendClosing(env: ChannelEnv, state: Agreeing, link: Online, signatures: Signatures): Transition {
  const { signing } = link;
  assert(signing?.tag === "closing", "the signatures that were asked for are the ones that come");
  const { fee, outputs, tx, complete } = signing;
  const ours: SignedClose = { fee, outputs, txid: txidOf(tx), signature: signatures.signature };
  const signed = [...state.signed, ours].slice(-SIGNED_KEPT);
  const next = { ...state, signed, link: { ...link, signing: undefined, closingFee: fee } };
  const message = bind(closingMessage(env, next, ours));
  if (complete === undefined) return commit(next, message);
  return closed(next, assemble(state, tx, { local: ours.signature, remote: complete }), [message]);
}

function closed(state: Agreeing, tx: Tx, effects: readonly Effect[]): Transition {
  const confirmed = state.tag === "Closing" ? state.confirmed : undefined;
  const link: Online = { ...(state.link as Online), closingAgreed: true };
  const next: Closing = { ...state, tag: "Closing", tx, confirmed, link };
  return commit(next, ...effects, { tag: "Broadcast", tx, why: "mutual_close" }, { tag: "NotifyUpdated" });
}

/** The peer signs a closing transaction. BOLT 2 §Legacy Closing Negotiation: closing_signed. */
export function receiveClosing(env: ChannelEnv, state: Agreeing, message: ClosingSigned): Transition {
  const { link } = state;
  if (link.tag !== "online" || !link.shutdownSent || !link.shutdownReceived)
    return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
  const fee = message.fee_satoshis;
  const isOver = state.tag === "Closing" && state.confirmed !== undefined;
  if (isOver || (link.closingAgreed && fee === link.closingFee)) return stay();
  // One agreement for each connection: else a peer could have us sign, write and publish without end.
  if (link.closingAgreed) return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
  const found = signedVariant(state, fee, message.signature);
  if (found === undefined) return punish(state, { code: "bad_closing_signature" });
  if (hasDust(found.tx)) return punish(state, { code: "closing_output_is_dust" });
  const ours = state.signed.find((known) => known.fee === fee && known.outputs === found.outputs);
  if (ours !== undefined) {
    const reply = link.closingFee === fee ? [] : [bind(closingMessage(env, state, ours))];
    const said = { ...state, link: { ...link, closingFee: fee } };
    return closed(said, assemble(state, found.tx, { local: ours.signature, remote: message.signature }), reply);
  }
  const range = acceptable(env, state);
  if (fee >= range.min && fee <= range.max)
    return needSignature(env, state, { fee, ...found, complete: message.signature }, []);
  const counter = counterFee(state, link, message, range);
  if (counter === undefined) return punish(state, { code: "bad_closing_fee" });
  if (counter === "out_of_range") return punish(state, { code: "closing_fee_out_of_range" });
  return ask(env, { ...state, link: { ...link, closingFeeReceived: fee } }, counter, []);
}

/**
 * Which closing transaction the peer signed. One without our output only if that may be dropped: leaving
 * out an output is its owner's choice. BOLT 3 §Legacy Closing Transaction.
 */
function signedVariant(
  state: Agreeing,
  fee: Sat,
  signature: Uint8Array,
): { readonly outputs: ClosingOutputs; readonly tx: Tx } | undefined {
  const terms = termsOf(state);
  const amounts = closingAmounts(terms, fee);
  if (amounts === undefined) return undefined;
  const variants: ClosingOutputs[] = amounts.local >= dropBelow(state) ? ["both", "local"] : ["remote", "both"];
  for (const outputs of variants) {
    const tx = buildClosing(terms, fee, outputs);
    if (verifyFundingSignature(terms.funding, tx, state.params.remote.basepoints.fundingPubkey, signature))
      return { outputs, tx };
  }
  return undefined;
}

/** What to answer to a fee that we do not accept; undefined when the rules leave nothing, or the peer leaves the rules. */
function counterFee(
  state: Agreeing,
  link: Online,
  message: ClosingSigned,
  ours: FeeRange,
): Sat | "out_of_range" | undefined {
  const theirs = message.fee_range;
  if (theirs === undefined) return betweenFee(link, message.fee_satoshis, ours);
  const min = theirs.min_fee_satoshis > ours.min ? theirs.min_fee_satoshis : ours.min;
  const max = theirs.max_fee_satoshis < ours.max ? theirs.max_fee_satoshis : ours.max;
  if (min > max) return undefined;
  // An accepter speaks once; an opener's range was known. BOLT 2 §Legacy Closing Negotiation: closing_signed.
  return state.params.opener === "local" || link.closingFee !== undefined ? "out_of_range" : min;
}

/** Beyond what we accept in all, in sat. Policy, not protocol. */
const BEYOND_MAX = 64n;
/**
 * With a peer that names no range both fees come closer with each message. Half way towards the peer, but not beyond
 * what we would accept: step by step it could take everything. From there on by one sat, and not for ever: some nodes come a
 * tenth of the way each time, and an answer has to lie between.
 */
function betweenFee(
  { closingFee: sent, closingFeeReceived: before }: Online,
  fee: Sat,
  ours: FeeRange,
): Sat | undefined {
  if (sent === undefined) return ours.min;
  if (before !== undefined && !isBetween(fee, sent, before)) return undefined;
  const middle = (sent + fee) / 2n;
  const within = middle < ours.min ? ours.min : middle > ours.max ? ours.max : middle;
  const answer = within <= sent && sent < fee ? sent + 1n : within;
  return isBetween(answer, sent, fee) && answer <= ours.max + BEYOND_MAX ? sat(answer) : undefined;
}
const isBetween = (fee: bigint, a: bigint, b: bigint): boolean => (a < fee && fee < b) || (b < fee && fee < a);
