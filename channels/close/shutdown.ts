import { equalBytes } from "../../src/base/bytes.ts";
import type { SatPerKw } from "../../src/base/units.ts";
import type { Shutdown } from "../../src/wire/closing.ts";
import type { ChannelEnv } from "../env.ts";
import { isHolding } from "../normal/quiescence.ts";
import type {
  ChannelState,
  ClosePlan,
  Closing,
  Negotiating,
  Normal,
  ShuttingDown,
  WaitForChannelReady,
  WaitForFundingConfirmed,
} from "../state.ts";
import { type CommandRefusal, type Effect, stay, type Transition } from "../transition.ts";
import { punish } from "./failure.ts";
import { closeStep, resumeClose } from "./progress.ts";
import { isPeersShutdownScript, isShutdownScript } from "./script.ts";

type Open = WaitForFundingConfirmed | WaitForChannelReady | Normal;
const isOpen = (state: ChannelState): state is Open =>
  state.tag === "Normal" || state.tag === "WaitForFundingConfirmed" || state.tag === "WaitForChannelReady";

/** We want to close, or name the script that the peer's wish to close calls for. BOLT 2 §Closing Initiation: shutdown. */
export function shutDown(env: ChannelEnv, state: ChannelState, script: Uint8Array, feerate: SatPerKw): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: "Shutdown", reason });
  if (!isShutdownScript(script, env.features)) return refuse({ code: "bad_script" });
  const promised = "commitments" in state ? state.params.local.upfrontShutdownScript : undefined;
  if (promised !== undefined && !equalBytes(promised, script)) return refuse({ code: "another_script_promised" });
  if (feerate < env.policy.closingFeerateMin || feerate > env.policy.feerateMax)
    return refuse({ code: "feerate_out_of_range", requested: feerate });
  if (isOpen(state)) {
    if (isHolding(state)) return refuse({ code: "quiescing" });
    const close: ClosePlan = { localScript: script, remoteScript: undefined, localSent: false, feerate };
    return closeStep(env, shuttingDown(state, close), [{ tag: "NotifyUpdated" }]);
  }
  if (state.tag !== "ShuttingDown") return refuse({ code: "wrong_state", state: state.tag });
  if (state.close.localScript !== undefined) return refuse({ code: "already_shutting_down" });
  return closeStep(env, { ...state, close: { ...state.close, localScript: script, feerate } }, []);
}

const shuttingDown = (state: Open, close: ClosePlan): ShuttingDown => ({ ...state, tag: "ShuttingDown", close });

/** The peer wants to close, or says so again after a reconnection. */
export function receiveShutdown(
  env: ChannelEnv,
  state: Open | ShuttingDown | Negotiating | Closing,
  message: Shutdown,
): Transition {
  const script = message.scriptpubkey;
  const bound = isOpen(state) ? undefined : state.close.remoteScript;
  const promised = bound ?? state.params.remote.upfrontShutdownScript;
  if (promised !== undefined && !equalBytes(promised, script))
    return punish(state, { code: "shutdown_script_changed" });
  if (!isPeersShutdownScript(script, env.features)) return punish(state, { code: "bad_shutdown_script" });
  const { link } = state;
  if (link.tag !== "online") return stay();
  const received = { ...link, shutdownReceived: true };
  if (state.tag === "Negotiating" || state.tag === "Closing")
    return link.shutdownReceived ? stay() : resumeClose(env, { ...state, link: received }, []);
  const plan: ClosePlan = isOpen(state)
    ? { localScript: undefined, remoteScript: script, localSent: false, feerate: env.policy.closingFeerateMin }
    : { ...state.close, remoteScript: script };
  const next: ShuttingDown = { ...state, tag: "ShuttingDown", close: plan, link: received };
  const asks: readonly Effect[] = plan.localScript === undefined ? [{ tag: "NeedCloseScript" }] : [];
  return closeStep(env, next, [...asks, { tag: "NotifyUpdated" }]);
}
