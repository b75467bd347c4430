import type { Txid } from "../../src/base/ids.ts";
import { hasFeature } from "../../src/wire/features.ts";
import type { ChannelReestablish } from "../../src/wire/updates.ts";
import type { ChannelEnv } from "../env.ts";
import { isInDoubt } from "../fundings/doubt.ts";
import type { OtherFunding } from "../fundings/other.ts";
import { signsFirst } from "../interactive/signatures.ts";
import type { Funded, FundedState, Normal } from "../state.ts";
import { bind, type Effect, propose } from "../transition.ts";
import { abortMessage } from "./abort.ts";
import { OPTION_SPLICE } from "./begin.ts";
import { signingOf, spliceCommitment, spliceSignatures } from "./sign.ts";

/** Bits of `retransmit_flags`. BOLT 2 §Message Retransmission. */
const COMMITMENT_SIGNED = 1;
const ANNOUNCEMENT_SIGNATURES = 1;

/** What `channel_reestablish` says of splices. BOLT 2 §Message Retransmission. */
export function spliceReestablish(
  env: ChannelEnv,
  state: Funded,
): Pick<ChannelReestablish, "next_funding" | "my_current_funding_locked"> {
  const signing = signingOf(state);
  const next =
    signing === undefined
      ? {}
      : {
          next_funding: {
            next_funding_txid: signing.terms.outpoint.txid,
            retransmit_flags: signing.made?.received === true ? 0 : COMMITMENT_SIGNED,
          },
        };
  if (!hasFeature(env.features, OPTION_SPLICE)) return next;
  const ours = state.commitments.others.filter((other) => other.role === "active" && other.locked.local);
  // Of several, over forks of the chain, the one that it holds.
  const locked = ours.find(({ progress }) => progress.confirmed !== undefined) ?? ours.at(-1);
  const txid = locked?.terms.outpoint.txid ?? (state.ready.local ? state.params.funding.txid : undefined);
  if (txid === undefined) return next;
  const lacks = state.params.announce && (locked !== undefined || state.announcement.remote === undefined);
  return {
    ...next,
    my_current_funding_locked: {
      my_current_funding_locked_txid: txid,
      retransmit_flags: lacks ? ANNOUNCEMENT_SIGNATURES : 0,
    },
  };
}

/** What of a splice is said again before all else. */
export interface SpliceResumed<S> {
  readonly state: S;
  readonly effects: readonly Effect[];
  /** It is for us to sign the transaction now. */
  readonly signs: OtherFunding | undefined;
}
/** What the peer lacks of a splice; `mismatch` when the two mean different ones. BOLT 2 §Message Retransmission. */
export function resumeSplice<S extends FundedState>(
  env: ChannelEnv,
  state: S,
  message: ChannelReestablish,
): SpliceResumed<S> | "mismatch" {
  const wanted = message.next_funding;
  const signing = signingOf(state);
  if (wanted === undefined) return { state, effects: [], signs: undefined };
  const txid = wanted.next_funding_txid;
  if (signing !== undefined && signing.terms.outpoint.txid !== txid) return "mismatch";
  const known = state.commitments.others.find((other) => other.made !== undefined && isOf(other, txid));
  // Both have locked that one, so that a block has shown the peer what it lacks, and we remember no more how it was made.
  if (known === undefined && state.params.funding.txid === txid) return { state, effects: [], signs: undefined };
  if (known?.made === undefined) return unknown(state);
  const { received, signature, constructed } = known.made;
  const again = (wanted.retransmit_flags & COMMITMENT_SIGNED) !== 0 ? [bind(spliceCommitment(state, known))] : [];
  if (signature !== undefined)
    return { state, effects: [...again, bind(spliceSignatures(state, known))], signs: undefined };
  const signs = received && signsFirst(constructed, env.localNodeId, env.remoteNodeId) ? known : undefined;
  return { state, effects: again, signs };
}
const isOf = ({ terms }: OtherFunding, txid: Txid): boolean => terms.outpoint.txid === txid;

/** The peer may forget it: it was never signed by both. BOLT 2 §Message Retransmission. */
function unknown<S extends FundedState>(state: S): SpliceResumed<S> {
  const told = propose(abortMessage(state.params.channelId, "unknown funding transaction"));
  if (state.tag !== "Normal" || state.link.tag !== "online") return { state, effects: [told], signs: undefined };
  const aborting: Normal = { ...state, link: { ...state.link, splicing: { stage: "aborting" } } };
  return { state: aborting as S, effects: [told], signs: undefined };
}

/** Whether `channel_reestablish` locks a splice of ours, or one again that the chain had given up. BOLT 2 §Message Retransmission. */
export function lockedByPeer(state: Funded, message: ChannelReestablish): Txid | undefined {
  const txid = message.my_current_funding_locked?.my_current_funding_locked_txid;
  const pending = state.commitments.others.some(
    ({ role, made, terms }) => role !== "past" && made?.signature !== undefined && terms.outpoint.txid === txid,
  );
  return pending || (isInDoubt(state) && state.params.funding.txid === txid) ? txid : undefined;
}
/**
 * The peer has locked what is no funding of this channel here: it is told so, and nothing else. Whether it signs for one that
 * we have, its next signature shows; where it does not, that ends the channel. BOLT 2 §Message Retransmission.
 */
export function lockedUnknown(state: Funded, message: ChannelReestablish): readonly Effect[] {
  const txid = message.my_current_funding_locked?.my_current_funding_locked_txid;
  const { params, commitments, attempts } = state;
  const own = [params, ...attempts.signed.map((attempt) => attempt.params)].map(({ funding }) => funding.txid);
  if (txid === undefined || own.includes(txid) || commitments.others.some((other) => isOf(other, txid))) return [];
  const text = `no funding of this channel is ${txid}`;
  return [{ tag: "SendWarning", channelId: params.channelId, text, disconnect: false }];
}
export const wantsAnnouncement = ({ my_current_funding_locked: locked }: ChannelReestablish): boolean =>
  locked !== undefined && (locked.retransmit_flags & ANNOUNCEMENT_SIGNATURES) !== 0;
