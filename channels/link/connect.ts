import type { ChannelReestablish } from "../../src/wire/updates.ts";
import { fail, failureText } from "../close/failure.ts";
import { closeStep, resumeClose } from "../close/progress.ts";
import { resumeAttempt } from "../dual/reconnect.ts";
import type { ChannelEnv } from "../env.ts";
import { describeFault, type PeerFault } from "../fault.ts";
import type { OtherFunding } from "../fundings/other.ts";
import { announceAgain, announceWhenDue } from "../normal/announce.ts";
import { readyEffect, readyMessage } from "../open/confirm.ts";
import { ONLINE } from "../open/initial.ts";
import { lockDeepSplice, receiveSpliceLocked } from "../splice/lock.ts";
import { lockedByPeer, lockedUnknown, resumeSplice, wantsAnnouncement } from "../splice/reconnect.ts";
import { needShared } from "../splice/sign.ts";
import type { ChannelState, FundedState } from "../state.ts";
import { advance, bind, commit, type Effect, stay, type Transition } from "../transition.ts";
import { negotiationLost } from "./lost.ts";
import { offline } from "./offline.ts";
import { judgeReestablish, reestablishMessage, type Verdict } from "./reestablish.ts";
import { retransmission } from "./retransmit.ts";
import { sentAgain } from "./stale.ts";
import { begun } from "./state.ts";

/** `init` is exchanged: `channel_reestablish` first of all, and what it counts is on disk before. BOLT 2 §Message Retransmission. */
export function connected(env: ChannelEnv, state: ChannelState): Transition {
  if (!("commitments" in state)) return stay();
  const back = offline(state);
  if (back.tag === "Failed") {
    const error = { tag: "SendError", channelId: back.params.channelId, text: failureText(back.cause) } as const;
    // A peer that is ahead of us needs our numbers to see that it has to close.
    if (back.cause.tag === "data_lost") return commit(back, bind(reestablishMessage(env, back)), error);
    return advance(back, error);
  }
  // A peer that has seen the end of it too knows no such channel any more, and could only be alarmed.
  if (back.tag === "Closing" && back.confirmed !== undefined) return advance(back);
  const { state: fresh, effects } = sentAgain(env, back);
  return commit(
    { ...fresh, link: { tag: "reestablishing", ...begun(fresh.link) } },
    ...effects,
    bind(reestablishMessage(env, fresh)),
  );
}

/** The connection is gone. An opening that holds no money goes with it. */
export function disconnected(state: ChannelState): Transition {
  if ("commitments" in state) {
    if (state.link.tag === "offline") return stay();
    return advance(offline(state), ...negotiationLost(state));
  }
  if (state.tag === "Closed" || state.tag === "Fresh" || state.tag === "Aborted") return stay();
  const reason = "disconnected while opening";
  return advance({ tag: "Aborted", reason }, { tag: "Forget", reason });
}

const FAULTS: { readonly [T in Exclude<Verdict["tag"], "resume" | "we_lost_data">]: PeerFault["code"] } = {
  peer_lost_data: "reestablish_lost_state",
  wrong_secret: "reestablish_wrong_secret",
  unproven_future: "reestablish_unproven_future",
};

/** The peer says where it stands: what it lacks is sent again, in the order in which it was sent first. */
export function receiveReestablish(env: ChannelEnv, state: FundedState, message: ChannelReestablish): Transition {
  if (state.tag === "Failed" || state.link.tag !== "reestablishing") return stay();
  const verdict = judgeReestablish(env, state.commitments, message);
  if (verdict.tag === "we_lost_data") return fail(state, { tag: "data_lost" });
  // The peer has forgotten what both have signed the end of. It is on its way into the chain: nothing would be better.
  if (verdict.tag !== "resume" && state.tag === "Closing") return stay();
  if (verdict.tag !== "resume") {
    const fault = { code: FAULTS[verdict.tag] } as PeerFault;
    return fail(state, { tag: "fault", text: describeFault(fault) });
  }
  const locked = deepByNow(env, peerHasLocked(env, { ...state, link: { ...ONLINE, ...begun(state.link) } }, message));
  const online = locked.state;
  const { local, others } = state.commitments;
  // A splice says that both were ready. BOLT 2 §Message Retransmission.
  const both = local.number === 0n && message.next_commitment_number === 1n && others.length === 0;
  const ready: readonly Effect[] = state.ready.local && both ? [bind(readyMessage(env, state))] : [];
  const resumed = state.tag === "Normal" ? resumeSplice(env, online, message) : resumeAttempt(online, message);
  if (resumed === "mismatch") return fail(state, { tag: "fault", text: "another funding transaction was expected" });
  const effects = [
    ...lockedUnknown(state, message),
    ...locked.effects,
    ...resumed.effects,
    ...ready,
    ...retransmission(env, online, verdict),
  ];
  const gone = goOn(env, resumed.state, effects, wantsAnnouncement(message));
  const signs: OtherFunding | undefined = "signs" in resumed ? (resumed.signs as OtherFunding | undefined) : undefined;
  if (signs === undefined || gone.kind !== "commit" || gone.next.tag !== "Normal") return gone;
  return needShared(env, gone.next, signs, gone.effects);
}

interface Told {
  readonly state: FundedState;
  readonly effects: readonly Effect[];
}
/** What the peer has locked while we did not hear it. BOLT 2 §Message Retransmission. */
function peerHasLocked(env: ChannelEnv, state: FundedState, message: ChannelReestablish): Told {
  const txid = lockedByPeer(state, message);
  if (txid === undefined || state.tag !== "Normal") return { state, effects: [] };
  const { channelId } = state.params;
  const transition = receiveSpliceLocked(env, state, {
    name: "splice_locked",
    channel_id: channelId,
    splice_txid: txid,
  });
  return transition.kind === "commit" && transition.next.tag === "Normal"
    ? { state: transition.next, effects: transition.effects }
    : { state, effects: [] };
}

/** A splice that has become deep enough since we said where we stand. */
function deepByNow(env: ChannelEnv, told: Told): Told {
  const transition = lockDeepSplice(env, told.state);
  return transition?.kind === "commit" && transition.next.tag === "Normal"
    ? { state: transition.next, effects: [...told.effects, ...transition.effects] }
    : told;
}

function goOn(env: ChannelEnv, state: FundedState, effects: readonly Effect[], announces: boolean): Transition {
  switch (state.tag) {
    case "Normal": {
      const due = announces ? announceAgain(env, state) : announceWhenDue(env, state);
      const told: readonly Effect[] = state.funding.deep ? [readyEffect(state)] : [];
      return closeStep(env, due.state, [...effects, ...told, ...due.effects, { tag: "NotifyUpdated" }]);
    }
    case "ShuttingDown":
      return closeStep(env, state, [...effects, { tag: "NotifyUpdated" }]);
    case "Negotiating":
    case "Closing":
      return resumeClose(env, state, effects);
    default:
      return commit(state, ...effects, { tag: "NotifyUpdated" });
  }
}
