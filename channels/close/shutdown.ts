import { equalBytes, printable } from "../../src/base/bytes.ts";
import { feeForWeightCeil, type SatPerKw, satPerKw, toSatFloor } from "../../src/base/units.ts";
import { isUnspendable } from "../../src/bitcoin/templates.ts";
import type { Shutdown } from "../../src/wire/closing.ts";
import type { ErrorMessage } from "../../src/wire/setup.ts";
import type { ChannelEnv } from "../env.ts";
import { activeOf, type OtherFunding } from "../fundings/other.ts";
import type { Online } from "../link/state.ts";
import { isHolding } from "../normal/stfu.ts";
import { PEER_CLOSES, spliceLost } from "../splice/lost.ts";
import { lockDepth } from "../splice/rules.ts";
import { isEmpty, isSilenceWanted, silenceForgone } from "../splice/silence.ts";
import type {
  ChannelState,
  Closing,
  Negotiating,
  Normal,
  ShuttingDown,
  WaitForChannelReady,
  WaitForFundingConfirmed,
} from "../state.ts";
import { advance, type CommandRefusal, type Effect, stay, type Transition } from "../transition.ts";
import { closingWeight } from "../tx/closing-tx.ts";
import { punish } from "./failure.ts";
import { closeStep, resumeClose } from "./progress.ts";
import { raiseClose } from "./raise.ts";
import { isPeersShutdownScript, isShutdownScript, isSimpleClose } from "./script.ts";
import type { ClosePlan } from "./state.ts";

type Open = WaitForFundingConfirmed | WaitForChannelReady | Normal;
const isOpen = (state: ChannelState): state is Open =>
  state.tag === "Normal" || state.tag === "WaitForFundingConfirmed" || state.tag === "WaitForChannelReady";

/** We want to close, or name the script that the peer's wish to close calls for. BOLT 2 §Closing Initiation: shutdown. */
export function shutDown(env: ChannelEnv, state: ChannelState, script: Uint8Array, feerate: SatPerKw): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: "Shutdown", reason });
  // Data would leave our money to miners.
  if (!isShutdownScript(script, env.features) || isUnspendable(script)) return refuse({ code: "bad_script" });
  const promised = "commitments" in state ? state.params.local.upfrontShutdownScript : undefined;
  if (promised !== undefined && !equalBytes(promised, script)) return refuse({ code: "another_script_promised" });
  if (state.tag === "ShuttingDown") return nameScript(env, state, script, feerate) ?? refuse(ALREADY);
  if (feerate < env.policy.closingFeerateMin || feerate > env.policy.feerateMax)
    return refuse({ code: "feerate_out_of_range", requested: feerate });
  if (isOpen(state)) {
    if (isHolding(state)) return refuse({ code: "quiescing" });
    // BOLT 2 §Closing Initiation: shutdown: none while a splice is not locked.
    const splices = activeOf(state.commitments);
    if (splices.length > 0) return refuse({ code: "splice_pending", blocks: blocksToLock(env, state, splices) });
    const close: ClosePlan = { localScript: script, remoteScript: undefined, localSent: false, feerate };
    return closeStep(env, shuttingDown(state, close), [{ tag: "NotifyUpdated" }]);
  }
  if (state.tag === "Negotiating" || state.tag === "Closing") return raiseClose(env, state, script, feerate);
  return refuse({ code: "wrong_state", state: state.tag });
}
/** At least so many more blocks until the one of them that comes first is as deep as the channel has to be. */
function blocksToLock(env: ChannelEnv, state: Open, splices: readonly OtherFunding[]): number {
  const lacking = splices.map(
    ({ progress: { confirmed } }) =>
      lockDepth(env, state) - (confirmed === undefined ? 0 : env.height - confirmed.height + 1),
  );
  return Math.max(Math.min(...lacking), 0);
}
const ALREADY: CommandRefusal = { code: "already_shutting_down" };

/** The peer is answered whatever the estimate says: of that as much counts as is allowed. Undefined when it has been. */
function nameScript(
  env: ChannelEnv,
  state: ShuttingDown,
  script: Uint8Array,
  feerate: SatPerKw,
): Transition | undefined {
  if (state.close.localScript !== undefined) return undefined;
  const { closingFeerateMin, feerateMax } = env.policy;
  const fair = satPerKw(Math.min(Math.max(feerate, closingFeerateMin), feerateMax));
  const paid = isSimpleClose(env.features) && canPay(state, fair) ? state.close.feerate : fair;
  return closeStep(env, { ...state, close: { ...state.close, localScript: script, feerate: paid } }, []);
}

/** A peer that wants to close pays for that itself: what we offer beside it is the least that is relayed. */
function canPay({ commitments, close }: ShuttingDown, feerate: SatPerKw): boolean {
  const script = close.remoteScript;
  return (
    script !== undefined &&
    toSatFloor(commitments.balance.remote) >= feeForWeightCeil(feerate, closingWeight([script, script]))
  );
}

const shuttingDown = (state: Open, close: ClosePlan): ShuttingDown => ({ ...state, tag: "ShuttingDown", close });

/**
 * The peer wants to close while a splice is not locked, as some do. Parted with, it would say so again at once, and for as long
 * as that takes: it is parted with when both have locked the splice. BOLT 2 §Closing Initiation: shutdown.
 */
export function shutdownTooEarly(state: Open): Transition {
  const { link, params } = state;
  if (link.tag !== "online" || link.shutdownEarly === true) return stay();
  const text = "shutdown while a splice is not locked";
  const told = { tag: "SendWarning", channelId: params.channelId, text, disconnect: false } as const;
  return advance({ ...state, link: { ...link, shutdownEarly: true } }, told);
}

/** The peer wants to close, or says so again after a reconnection. */
export function receiveShutdown(
  env: ChannelEnv,
  state: Open | ShuttingDown | Negotiating | Closing,
  message: Shutdown,
): Transition {
  const script = message.scriptpubkey;
  const { link } = state;
  if (link.tag !== "online") return stay();
  const promised = state.params.remote.upfrontShutdownScript ?? boundScript(env, state);
  if (promised !== undefined && !equalBytes(promised, script))
    return punish(state, { code: "shutdown_script_changed" });
  if (!isPeersShutdownScript(script, env.features)) return punish(state, { code: "bad_shutdown_script" });
  // Once said on a connection it is said.
  if (link.shutdownReceived) return stay();
  const received = { ...link, shutdownReceived: true };
  if (state.tag === "Negotiating" || state.tag === "Closing") {
    const before = state.close.remoteScript;
    const signed = before !== undefined && equalBytes(before, script) ? state.signed : [];
    return resumeClose(env, { ...state, signed, close: { ...state.close, remoteScript: script }, link: received }, []);
  }
  const plan: ClosePlan = isOpen(state)
    ? { localScript: undefined, remoteScript: script, localSent: false, feerate: env.policy.closingFeerateMin }
    : { ...state.close, remoteScript: script };
  const open = isSilenceWanted(state) ? silenceForgone(state) : wishForgone(state, link);
  const next: ShuttingDown = {
    ...open.state,
    tag: "ShuttingDown",
    close: plan,
    link: { ...open.state.link, shutdownReceived: true },
  };
  const asks: readonly Effect[] = plan.localScript === undefined ? [{ tag: "NeedCloseScript" }] : [];
  return closeStep(env, next, [...open.effects, ...asks, { tag: "NotifyUpdated" }]);
}

/** Nor does a splice come for which nothing has been said yet. */
const wishForgone = <S extends Open | ShuttingDown>(state: S, link: Online) => ({
  state: { ...state, link: { ...link, spliceWish: undefined } },
  effects: spliceLost(state, PEER_CLOSES),
});

/** What nodes of some years ago say to a `shutdown` while anything is pending. They forget it, and go on with the channel. */
export const SHUTDOWN_UNHEARD = ["link failed to shutdown", "cannot co-op close channel w/ active htlcs"] as const;
/**
 * The peer has not taken our `shutdown`, and hears it again with the next change of the channel, or at once where none will
 * come. Undefined when that is not what its `error` says. BOLT 2 §Closing Initiation: shutdown.
 */
export function shutdownUnheard(env: ChannelEnv, state: ChannelState, message: ErrorMessage): Transition | undefined {
  const text = printable(message.data);
  if (!SHUTDOWN_UNHEARD.some((known) => known === text)) return undefined;
  if (state.tag !== "ShuttingDown" || state.link.tag !== "online") return undefined;
  const { shutdownSent, shutdownReceived } = state.link;
  if (!shutdownSent || shutdownReceived) return undefined;
  const unheard: ShuttingDown = { ...state, link: { ...state.link, shutdownSent: false } };
  const told = { tag: "PeerWarned", text } as const;
  const isClean = isEmpty(state.commitments) && state.commitments.sent === undefined;
  return isClean ? closeStep(env, unheard, [told]) : advance(unheard, told);
}

/** What the peer said before: final on one connection, and for ever where nothing may change it. BOLT 2 §Channel Close. */
function boundScript(env: ChannelEnv, state: Open | ShuttingDown | Negotiating | Closing): Uint8Array | undefined {
  if (isOpen(state)) return undefined;
  const isSaid = state.link.tag === "online" && state.link.shutdownReceived;
  return isSimpleClose(env.features) && !isSaid ? undefined : state.close.remoteScript;
}
