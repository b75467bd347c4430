import { hasFeature } from "../../src/wire/features.ts";
import type { Stfu } from "../../src/wire/splicing.ts";
import { punish } from "../close/failure.ts";
import type { ChannelEnv } from "../env.ts";
import { offline } from "../link/offline.ts";
import type { Quiescence } from "../link/state.ts";
import type { OnlineNormal } from "../splice/abort.ts";
import { beginSplice } from "../splice/begin.ts";
import { spliceLost } from "../splice/lost.ts";
import type { ChannelState, Normal } from "../state.ts";
import { advance, type CommandRefusal, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { hasPending, isHolding, OPTION_QUIESCE, quiet, sayStfu } from "./stfu.ts";

/** We want silence: no new update of ours from here on, and `stfu` as soon as none is pending. BOLT 2 §Channel Quiescence. */
export function quiesce(env: ChannelEnv, state: ChannelState): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: "Quiesce", reason });
  if (state.tag !== "Normal") return refuse({ code: "wrong_state", state: state.tag });
  if (state.link.tag !== "online") return refuse({ code: "not_connected" });
  if (!hasFeature(env.features, OPTION_QUIESCE)) return refuse({ code: "not_negotiated" });
  if (isHolding(state)) return refuse({ code: "quiescing" });
  const quiescence: Quiescence = { sent: false, received: false, initiator: "local" };
  const said = sayStfu({ ...state, link: { ...state.link, quiescence } });
  return advance(said.state, { tag: "TimeQuiescence" }, ...said.effects);
}

/** The peer asks for silence or grants it: nothing that it has sent may be pending. BOLT 2 §Channel Quiescence. */
export function receiveStfu(env: ChannelEnv, state: Normal, message: Stfu): Transition {
  const { link, commitments, params } = state;
  const fault = { code: "unexpected_message", message: message.name, state: state.tag } as const;
  if (link.tag !== "online" || !hasFeature(env.features, OPTION_QUIESCE)) return punish(state, fault);
  const before = link.quiescence;
  const replies = message.initiator === 0;
  if (before?.received === true || (replies && before?.sent !== true)) return punish(state, fault);
  if (hasPending(commitments, "remote", params.opener)) return punish(state, { code: "stfu_with_pending_updates" });
  // Both asked at once: as if the one who did not open had replied.
  const initiator = replies ? "local" : before?.sent === true ? params.opener : "remote";
  const quiescence: Quiescence = { sent: before?.sent === true, received: true, initiator };
  const timed: readonly VolatileEffect[] = before === undefined ? [{ tag: "TimeQuiescence" }] : [];
  const next: Normal = { ...state, link: { ...link, quiescence } };
  if (quiescence.sent) {
    const began = beginSplice(env, next as OnlineNormal);
    const effects = [...timed, quiet(quiescence)];
    return began === undefined ? advance(next, ...effects) : advance(began.state, ...effects, ...began.effects);
  }
  const said = sayStfu(next);
  return advance(said.state, ...timed, ...said.effects);
}

/**
 * Silence has lasted too long: HTLCs cannot wait for it. Parting ends it, and what was held is sent on the next connection.
 * BOLT 2 §Channel Quiescence.
 */
export function quiescenceTimedOut(state: ChannelState): Transition {
  if (!("commitments" in state) || state.link.tag !== "online" || state.link.quiescence === undefined) return stay();
  const text = "the channel has been quiescent for too long";
  return advance(offline(state), ...spliceLost(state), {
    tag: "SendWarning",
    channelId: state.params.channelId,
    text,
    disconnect: true,
  });
}
