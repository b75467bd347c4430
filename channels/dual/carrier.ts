import { utf8 } from "../../src/base/bytes.ts";
import type { ChannelId } from "../../src/base/ids.ts";
import type { TxAbort } from "../../src/wire/interactive-tx.ts";
import { describeTxFault, type TxFault } from "../interactive/fault.ts";
import type { Link, Online } from "../link/state.ts";
import type { ChannelState, WaitForFundingConfirmed } from "../state.ts";
import { advance, commit, propose, type Transition, type VolatileEffect } from "../transition.ts";
import type {
  ConstructingFunding,
  DualProposal,
  FundingAttempt,
  Negotiation,
  WaitForFundingSignatures,
} from "./state.ts";

/**
 * Where a negotiation happens: before the channel is anything, or beside a funding transaction that waits and is to be
 * replaced. What is said is the same; what is left when it fails is not.
 */
export type Replacing = WaitForFundingConfirmed & { readonly link: Online };
export type Carrier = ConstructingFunding | Replacing;
/** Where an attempt is signed. */
export type Signer = WaitForFundingSignatures | WaitForFundingConfirmed;

/** What is made of the first transaction or of another, before both have signed it. */
export type ConstructingOrSigning = ConstructingFunding | Signer;
/** The one that is being signed. */
export function attemptOf(state: ConstructingOrSigning): FundingAttempt | undefined {
  if (state.tag === "ConstructingFunding") return undefined;
  return state.tag === "WaitForFundingSignatures" ? state.attempt : state.attempts.next;
}

/** The carrier in a state that may be one. */
export function carrierOf(state: ChannelState): Carrier | undefined {
  if (state.tag === "ConstructingFunding") return state;
  return state.tag === "WaitForFundingConfirmed" && state.link.tag === "online" ? (state as Replacing) : undefined;
}
export const negotiationOf = (carrier: Carrier): Negotiation | undefined =>
  carrier.tag === "ConstructingFunding" ? carrier.negotiation : carrier.link.negotiation;

export function withNegotiation(carrier: Carrier, negotiation: Negotiation): Carrier {
  if (carrier.tag === "ConstructingFunding") return { ...carrier, negotiation };
  return { ...carrier, link: { ...carrier.link, negotiation } };
}
/** From here on the peer knows the channel by its own id. */
export const named = (carrier: Carrier, { params }: DualProposal): Carrier =>
  carrier.tag === "ConstructingFunding" ? { ...carrier, channelId: params.channelId } : carrier;

export const carriedId = (carrier: Carrier): ChannelId =>
  carrier.tag === "ConstructingFunding" ? carrier.channelId : carrier.params.channelId;

const printable = (text: string): Uint8Array => utf8(text.replace(/[^\x20-\x7e]/g, "?"));
export const abortMessage = (channelId: ChannelId, text: string): TxAbort => ({
  name: "tx_abort",
  channel_id: channelId,
  data: printable(text),
});

/**
 * Ends a negotiation for which nothing has been signed: the coins are free at once. What comes before the peer's own
 * `tx_abort` is not for a later one. BOLT 2 §The tx_abort Message.
 */
export function abortNegotiation(carrier: Carrier, reason: string): Transition {
  const told = propose(abortMessage(carriedId(carrier), reason));
  const aborting = withNegotiation(carrier, { stage: "aborting" });
  const before = negotiationOf(carrier);
  const kept: readonly VolatileEffect[] =
    before?.stage === "signing" ? [{ tag: "ReleaseFunding", txid: before.attempt.constructed.txid }] : [];
  return advance(aborting, told, { tag: "ReleaseCoins" }, ...kept, { tag: "NegotiationFailed", reason });
}
export const faulted = (carrier: Carrier, fault: TxFault): Transition =>
  abortNegotiation(carrier, describeTxFault(fault));

/** Gives up an attempt that we have not signed, and tells the peer `text`; the coins of a first one, and what only a later one spends, are free. */
export function abandonAttempt(state: Signer, attempt: FundingAttempt, reason: string, text = reason): Transition {
  const told = propose(abortMessage(state.params.channelId, text));
  const freed = { tag: "ReleaseFunding", txid: attempt.params.funding.txid } as const;
  const failed = { tag: "NegotiationFailed", reason } as const;
  if (state.tag === "WaitForFundingSignatures")
    return commit({ tag: "Closed", params: state.params, closingTxid: undefined }, told, freed, failed, {
      tag: "Forget",
      reason,
    });
  const link: Link = state.link.tag === "online" ? { ...state.link, negotiation: { stage: "aborting" } } : state.link;
  const attempts = { ...state.attempts, next: undefined };
  return commit({ ...state, link, attempts }, told, freed, failed);
}
