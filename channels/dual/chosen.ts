import type { Txid } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { NO_SIMPLE_CLOSE } from "../close/state.ts";
import { splicesReplaced, unsignedSpliceFreed } from "../fundings/freed.ts";
import { ownInputs } from "../interactive/signatures.ts";
import { offline } from "../link/offline.ts";
import { initialCommitments } from "../open/initial.ts";
import { spliceLost } from "../splice/lost.ts";
import type { Closing, Commitments, Funded, FundedState, Negotiating } from "../state.ts";
import { type Effect, propose } from "../transition.ts";
import { alternatives } from "./alternatives.ts";
import { abortMessage } from "./carrier.ts";
import { completed } from "./completed.ts";
import { type FundingAttempt, type FundingAttempts, NO_ATTEMPTS } from "./state.ts";

/** Whether any transaction that may fund the channel spends coins of ours. */
export const spendsOurCoins = ({ signed }: FundingAttempts): boolean =>
  signed.some(({ constructed }) => constructed.inputs.some(({ from }) => from === "local"));

/** Every transaction that may fund the channel, as far as it is signed. */
export const fundingTxs = ({ attempts, funding: { tx } }: Funded): readonly Tx[] => {
  const made = attempts.signed.map((attempt) => completed(attempt) ?? attempt.constructed.tx);
  return tx === undefined || made.some((known) => txidOf(known) === txidOf(tx)) ? made : [...made, tx];
};

/** Nothing of the newest transaction is missing, so that there is something to wait for. */
export const isWhole = ({ attempts: { signed }, funding: { confirmed } }: Funded): boolean =>
  signed.length === 0 || confirmed !== undefined || signed.at(-1)?.remoteWitnesses !== undefined;

/** Nothing has been revoked yet: each attempt has the same commitments, but for what they spend. */
const isUntouched = ({ local, remote, sent, htlcs }: Commitments): boolean =>
  local.number === 0n && remote.number === 0n && sent === undefined && htlcs.length === 0;

/**
 * The channel as it is funded by this transaction, which a block holds: that decides which of the attempts it is, and ends
 * what was to replace it. Undefined when it is none of them, or when updates have been made that only another one knows.
 */
export function fundedWith(
  state: FundedState,
  txid: Txid,
): { readonly state: FundedState; readonly effects: readonly Effect[] } | undefined {
  const attempt = alternatives(state).find(({ params }) => params.funding.txid === txid);
  if (attempt === undefined || !isUntouched(state.commitments)) return undefined;
  const alone = withoutReplacement(state);
  const chosen = switched(alone.state, attempt);
  const effects = [...alone.effects, ...withoutSplices(state, attempt)];
  if (chosen.tag !== "Negotiating" && !isSplicing(state)) return { state: chosen, effects };
  return { state: offline(chosen), effects: [...effects, ...begunAnew(chosen)] };
}
/** Over a new connection a close is negotiated from the beginning, and a splice of what is there. BOLT 2 §Channel Close. */
const begunAnew = ({ link, params: { channelId } }: FundedState): readonly Effect[] => {
  const text = "another transaction funds the channel: what is under way is to be begun anew";
  return link.tag === "offline" ? [] : [{ tag: "SendWarning", channelId, text, disconnect: true }];
};

const isSplicing = ({ tag, link, commitments: { others } }: FundedState): boolean =>
  tag === "Normal" &&
  (others.some(({ role }) => role !== "past") || (link.tag === "online" && link.quiescence !== undefined));
/** A splice of what the other one had made can never be mined. */
const withoutSplices = (state: FundedState, { params }: FundingAttempt): readonly Effect[] => [
  ...spliceLost(state, "another transaction funds the channel"),
  ...unsignedSpliceFreed(state),
  ...(state.commitments.others.length === 0 ? [] : splicesReplaced(state, params.funding)),
];

/**
 * The peer has given up the newest attempt, for which we have signed and it has not: it may be mined yet, but the one before it is
 * the newest that both know of. Undefined when there is none such. BOLT 2 §The tx_abort Message.
 */
export function withoutNewest(state: FundedState): FundedState | undefined {
  const { signed } = state.attempts;
  // That a block holds one has decided.
  if (state.funding.confirmed !== undefined) return undefined;
  const [before, newest] = signed.slice(-2);
  if (before === undefined || newest === undefined || newest.remoteWitnesses !== undefined) return undefined;
  const attempts = { ...state.attempts, signed: [...signed.slice(0, -2), newest, before] };
  return switched({ ...state, attempts }, before);
}

function switched(state: FundedState, attempt: FundingAttempt): FundedState {
  const { params, received, sent } = attempt;
  assert(received !== undefined, "an attempt that we have signed was signed by the peer before");
  const local = { signature: received, htlcSignatures: [] };
  const first = initialCommitments(attempt, params, { local, remoteTxid: sent.txid });
  const commitments = { ...first, remoteNextPoint: state.commitments.remoteNextPoint };
  const tx = completed(attempt);
  const funding = { ...state.funding, tx };
  // What was signed to end the other one does not end this one.
  if (state.tag === "Failed")
    return { ...state, params, commitments, funding, mutual: undefined, commitment: undefined };
  if (state.tag === "Negotiating" || state.tag === "Closing")
    return { ...notClosed(state), params, commitments, funding };
  return { ...state, params, commitments, funding };
}

function notClosed(state: Negotiating | Closing): Negotiating {
  const fresh = { tag: "Negotiating", signed: [], simple: NO_SIMPLE_CLOSE } as const;
  if (state.tag === "Negotiating") return { ...state, ...fresh };
  const { tx: _tx, confirmed: _confirmed, ...before } = state;
  return { ...before, ...fresh };
}

/** An attempt that we have not signed is given up: one is mined, or the peer has called the channel ready. BOLT 2 §The tx_init_rbf Message. */
export function withoutReplacement<S extends FundedState>(
  state: S,
): { readonly state: S; readonly effects: readonly Effect[] } {
  const { next } = state.attempts;
  const { link } = state;
  const negotiation = link.tag === "online" ? link.negotiation : undefined;
  if (next === undefined && (negotiation === undefined || negotiation.stage === "aborting"))
    return { state, effects: [] };
  const reason = "the funding transaction is in a block";
  const told = link.tag === "online" ? [propose(abortMessage(state.params.channelId, reason))] : [];
  const freed: Effect =
    next === undefined ? { tag: "ReleaseCoins" } : { tag: "ReleaseFunding", txid: next.params.funding.txid };
  const attempts = { ...state.attempts, next: undefined };
  const aborting = link.tag === "online" ? { ...link, negotiation: { stage: "aborting" } as const } : link;
  const after = { ...state, link: aborting, attempts };
  return { state: after, effects: [...told, freed, { tag: "NegotiationFailed", reason }] };
}

/**
 * Both sides call it ready: of the ways to it only those are kept that a reorganisation may still lead to, or one that holds
 * coins of both, as the peer may spend its own otherwise once no block holds it (RELIABILITY U11).
 */
export const settledAttempts = (attempts: FundingAttempts): FundingAttempts =>
  attempts.signed.length > 1 || attempts.signed.some(isOfBoth) ? attempts : NO_ATTEMPTS;
const isOfBoth = ({ constructed }: FundingAttempt): boolean =>
  ownInputs(constructed, "local").length > 0 && ownInputs(constructed, "remote").length > 0;
