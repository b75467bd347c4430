import { printable, utf8 } from "../../src/base/bytes.ts";
import type { ChannelId } from "../../src/base/ids.ts";
import type { TxAbort } from "../../src/wire/interactive-tx.ts";
import { fail } from "../close/failure.ts";
import { unsignedSpliceFreed } from "../fundings/freed.ts";
import { describeTxFault, type TxFault } from "../interactive/fault.ts";
import type { Online } from "../link/state.ts";
import type { Asking } from "../normal/queue.ts";
import { isQuiescent } from "../normal/stfu.ts";
import type { FundedState, Normal } from "../state.ts";
import { advance, commit, type Effect, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { resumed } from "./silence.ts";
import { isBegunByUs, isOurs, type Splicing } from "./state.ts";

export type OnlineNormal = Normal & { readonly link: Online };
export const onlineNormal = (state: Normal): OnlineNormal | undefined =>
  state.link.tag === "online" ? (state as OnlineNormal) : undefined;
export const withSplicing = (state: OnlineNormal, splicing: Splicing | undefined): OnlineNormal => ({
  ...state,
  link: { ...state.link, splicing },
});

export const abortMessage = (channelId: ChannelId, text: string): TxAbort => ({
  name: "tx_abort",
  channel_id: channelId,
  data: utf8(text.replace(/[^\x20-\x7e]/g, "?")),
});

/** Who asked for the splice, if we did, is told that there will be none, and its coins are free. */
function gaveUp(splicing: Splicing | undefined, reason: string): readonly VolatileEffect[] {
  if (!isOurs(splicing)) return [];
  const kept: readonly VolatileEffect[] =
    splicing?.stage === "signing" ? [{ tag: "ReleaseFunding", txid: splicing.constructed.txid }] : [];
  return [{ tag: "ReleaseCoins" }, ...kept, { tag: "NegotiationFailed", reason }];
}

/** Nothing is signed: we give up, and pass over what the peer says until it has heard so. BOLT 2 §The tx_abort Message. */
export function abortSplice(state: OnlineNormal, reason: string): Transition {
  const given = givenUp(state, reason);
  return advance(given.state, ...given.effects);
}
export function givenUp(state: OnlineNormal, reason: string): Asking<OnlineNormal> {
  const told = propose(abortMessage(state.params.channelId, reason));
  const effects = [told, ...gaveUp(state.link.splicing, reason)];
  return { state: withSplicing(state, { stage: "aborting" }), effects };
}
/** The splice that one was to replace is in a block: the attempt is given up. Undefined without one. BOLT 2 §The tx_init_rbf Message. */
export function withoutAttempt(state: FundedState): Asking<OnlineNormal> | undefined {
  const online = state.tag === "Normal" ? onlineNormal(state) : undefined;
  const stage = online?.link.splicing?.stage;
  if (online === undefined || stage === undefined || stage === "aborting") return undefined;
  return givenUp(online, "a splice is in a block");
}
export const spliceFaulted = (state: OnlineNormal, fault: TxFault): Transition =>
  abortSplice(state, describeTxFault(fault));

/** The transaction that both sides were signing, without ours having left; the channel is as it was. */
export function abandonSplice(state: Normal, reason: string, said: "first" | "echo"): Transition {
  const { commitments, params } = state;
  const signing = commitments.others.find(({ role }) => role === "signing");
  const others = commitments.others.filter((other) => other !== signing);
  const without: Normal = { ...state, commitments: { ...commitments, others } };
  const isOurOwn = signing?.made !== undefined && isBegunByUs(signing.made);
  const failed: readonly Effect[] = isOurOwn ? [{ tag: "NegotiationFailed", reason }] : [];
  const freed: readonly Effect[] =
    signing === undefined ? [] : [{ tag: "ReleaseFunding", txid: signing.terms.outpoint.txid }, ...failed];
  const effects: readonly Effect[] = [
    propose(abortMessage(params.channelId, reason)),
    ...freed,
    { tag: "NotifyUpdated" },
  ];
  const online = onlineNormal(without);
  if (online === undefined) return commit(without, ...effects);
  if (said === "first") return commit(withSplicing(online, { stage: "aborting" }), ...effects);
  return resumed(withSplicing(online, undefined), effects);
}

/** It is quiet, and for the peer to say what for. */
const isPeersSilence = ({ link }: OnlineNormal): boolean =>
  link.quiescence?.initiator === "remote" && isQuiescent(link);

/** The peer gives up, or has heard that we do. BOLT 2 §The tx_abort Message. */
export function receiveAbort(state: OnlineNormal, message: TxAbort): Transition {
  const { splicing } = state.link;
  if (splicing?.stage === "aborting") return resumed(withSplicing(state, undefined), []);
  const reason = `the peer gave up: ${printable(message.data)}`;
  const signing = state.commitments.others.find(({ role }) => role === "signing");
  if (signing?.made?.signature !== undefined) {
    // Our signatures are out and the transaction may still be mined: on no other funding may updates go on without it.
    return fail(state, { tag: "fault", text: "splice given up after our signatures" });
  }
  if (signing !== undefined) return abandonSplice(state, reason, "echo");
  // Of nothing: two that answer each other's would go on for ever.
  if (splicing === undefined && !isPeersSilence(state)) return stay();
  const told = propose(abortMessage(state.params.channelId, "as you wish"));
  return resumed(withSplicing(state, undefined), [told, ...gaveUp(splicing, reason)]);
}

/**
 * Somebody here, or the time, ends a splice. Once our `commitment_signed` has left, the peer's signatures may be out and nobody
 * can take them back: then only our coins are free, and the splice goes on if they are still there when it is for us to sign.
 */
export function giveUpSplice(state: Normal, reason: string): Transition {
  const online = onlineNormal(state);
  if (online?.link.signing?.tag === "splice")
    return abandonSplice({ ...online, link: { ...online.link, signing: undefined } }, reason, "first");
  // What is under way meanwhile is the peer's: it is not what was waited for.
  if (online?.link.spliceWish !== undefined) {
    const next: Normal = { ...online, link: { ...online.link, spliceWish: undefined } };
    return advance(next, { tag: "ReleaseCoins" }, { tag: "NegotiationFailed", reason });
  }
  const unsigned = unsignedSpliceFreed(state);
  if (unsigned.length > 0) return stay(...unsigned);
  if (online?.link.splicing === undefined || online.link.splicing.stage === "aborting") return stay();
  return abortSplice(online, reason);
}
