import type { Txid } from "../../src/base/ids.ts";
import type { SpliceLocked } from "../../src/wire/splicing.ts";
import { punish } from "../close/failure.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { isInDoubt, withoutDoubt } from "../fundings/doubt.ts";
import { splicesReplaced } from "../fundings/freed.ts";
import { lockedOn } from "../fundings/move.ts";
import type { OtherFunding } from "../fundings/other.ts";
import { offline } from "../link/offline.ts";
import { announceWhenDue } from "../normal/announce.ts";
import { tellUnresolved } from "../normal/receive-revocation.ts";
import { readyEffect } from "../open/confirm.ts";
import type { FundedState, FundingProgress, Normal } from "../state.ts";
import { bind, commit, type Effect, stay, type Transition } from "../transition.ts";
import { spliceLost } from "./lost.ts";
import { lockDepth } from "./rules.ts";
import { signingOf } from "./sign.ts";

export const lockedMessage = (state: Normal, { terms }: OtherFunding): SpliceLocked => ({
  name: "splice_locked",
  channel_id: state.params.channelId,
  splice_txid: terms.outpoint.txid,
});
const withOther = (state: Normal, before: OtherFunding, after: OtherFunding): Normal => ({
  ...state,
  commitments: {
    ...state.commitments,
    others: state.commitments.others.map((other) => (other === before ? after : other)),
  },
});

/** One of the splices is deep enough: we lock it. Undefined when none is. BOLT 2 §The splice_locked Message. */
export function lockDeepSplice(env: ChannelEnv, state: FundedState): Transition | undefined {
  if (state.tag !== "Normal" || state.commitments.others.length === 0) return undefined;
  // Our `channel_reestablish` has said otherwise: locked now, the peer would never hear of it.
  if (state.link.tag === "reestablishing") return undefined;
  const deep = state.commitments.others.find(
    ({ role, made, locked, progress: { confirmed } }) =>
      role === "active" &&
      made !== undefined &&
      (!locked.local || locked.remote) &&
      confirmed !== undefined &&
      env.height - confirmed.height + 1 >= lockDepth(env, state),
  );
  if (deep === undefined) return undefined;
  // The signatures of one in its place may be out on either side: first both know what there is.
  if (signingOf(state) !== undefined) return undefined;
  const isSaid = deep.locked.local;
  const ours: OtherFunding = {
    ...deep,
    progress: { ...deep.progress, deep: true },
    locked: { ...deep.locked, local: true },
  };
  const next = withOther(state, deep, ours);
  const said: readonly Effect[] = state.link.tag === "online" && !isSaid ? [bind(lockedMessage(state, ours))] : [];
  if (!ours.locked.remote) return commit(next, ...said, { tag: "NotifyUpdated" });
  const moved = locked(env, next, ours, said);
  return isSaid && moved.kind === "commit" && moved.next.tag === "Normal"
    ? parted(moved.next, moved.effects, MINED_AGAIN)
    : moved;
}

/** The peer has locked one. BOLT 2 §The splice_locked Message. */
export function receiveSpliceLocked(env: ChannelEnv, state: Normal, { splice_txid: txid }: SpliceLocked): Transition {
  const { params, commitments } = state;
  const other = commitments.others.find(({ terms }) => terms.outpoint.txid === txid);
  if (params.funding.txid === txid && isInDoubt(state) && !gaveWay(state, params.funding.txid))
    return commit(withoutDoubt(state), { tag: "NotifyUpdated" });
  // Said again, or of one that gave way to another.
  if (params.funding.txid === txid || other?.role === "past") return stay();
  // With our signatures the peer can have it mined, also when its own have not come here.
  if (other?.made?.signature === undefined) return punish(state, { code: "unknown_splice" });
  if (other.locked.remote && !other.locked.local) return stay();
  const theirs: OtherFunding = { ...other, locked: { ...other.locked, remote: true } };
  const next = withOther(state, other, theirs);
  return theirs.locked.local && !gaveWay(next, txid) ? locked(env, next, theirs, []) : commit(next);
}
/**
 * Since we locked it the chain has come to hold another one in its place. On that one nothing would be signed any more: it
 * is waited for which of both stays. BOLT 2 §The splice_locked Message.
 */
function gaveWay(state: Normal, txid: Txid): boolean {
  const { commitments, funding, params } = state;
  const isOther = (at: Txid, { confirmed }: FundingProgress): boolean => at !== txid && confirmed !== undefined;
  return (
    (isInDoubt(state) && isOther(params.funding.txid, funding)) ||
    commitments.others.some(
      ({ role, made, progress, terms }) =>
        role !== "past" && made !== undefined && isOther(terms.outpoint.txid, progress),
    )
  );
}

/**
 * The chain holds again what both had locked and it had given up, as deep as that is to be. Undefined while it does not.
 * BOLT 2 §Message Retransmission.
 */
export function lockedAgain(env: ChannelEnv, state: FundedState): Transition | undefined {
  const { confirmed } = state.funding;
  if (state.tag !== "Normal" || state.link.tag === "reestablishing" || !isInDoubt(state)) return undefined;
  if (confirmed === undefined || env.height - confirmed.height + 1 < lockDepth(env, state)) return undefined;
  return parted(withoutDoubt(state), [{ tag: "NotifyUpdated" }], MINED_AGAIN);
}
/** To say `splice_locked` once more is not for a peer that has moved long ago: it is told over a new connection. */
const MINED_AGAIN = "the locked splice is mined again";
function parted(state: Normal, effects: readonly Effect[], text: string): Transition {
  const { channelId } = state.params;
  const told: readonly Effect[] =
    state.link.tag === "offline" ? [] : [{ tag: "SendWarning", channelId, text, disconnect: true }];
  return commit(offline(state), ...spliceLost(state), ...effects, ...told);
}

/** Both have: it is the channel's funding from now on, and its short channel id is a new one. BOLT 2 §Splice Completion. */
function locked(env: ChannelEnv, state: Normal, { terms }: OtherFunding, effects: readonly Effect[]): Transition {
  const moved = lockedOn(state, terms.outpoint);
  assertConserved(moved.params, moved.commitments);
  // By another short channel id, whatever has been said on this connection.
  const { link } = moved;
  const fresh = link.tag === "online" ? { ...moved, link: { ...link, announcementSent: false } } : moved;
  const due = announceWhenDue(env, fresh);
  const all: readonly Effect[] = [
    ...effects,
    ...splicesReplaced(state, terms.outpoint),
    readyEffect(moved),
    ...tellUnresolved(env, moved),
    { tag: "NotifyUpdated" },
    ...due.effects,
  ];
  // What it said too early it says again over a new connection.
  if (link.tag === "online" && link.shutdownEarly === true) return parted(due.state, all, "the splice is locked");
  return commit(due.state, ...all);
}
