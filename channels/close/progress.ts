import { assert } from "../../src/base/result.ts";
import type { Shutdown } from "../../src/wire/closing.ts";
import type { ChannelEnv } from "../env.ts";
import { queueSign } from "../normal/queue.ts";
import { sayStfu } from "../normal/stfu.ts";
import type { Closing, Negotiating, ShuttingDown, UpdatingState } from "../state.ts";
import { bind, commit, type Effect, type Transition } from "../transition.ts";
import { startNegotiation } from "./legacy.ts";
import { offerClose } from "./offer.ts";
import { isSimpleClose } from "./script.ts";
import { NO_SIMPLE_CLOSE } from "./state.ts";

/**
 * The end of every step that commits: asks for a signature if one is due, and on a channel that is shutting down goes on
 * as far as it can: our `shutdown` once our updates are committed, then the negotiation once nothing is pending.
 */
export function closeStep(env: ChannelEnv, updated: UpdatingState, effects: readonly Effect[]): Transition {
  const { state, effects: asked } = queueSign(updated);
  if (state.tag === "Normal") {
    const quiet = sayStfu(state);
    return commit(quiet.state, ...effects, ...asked, ...quiet.effects);
  }
  const shut = withShutdown(state);
  const all = [...effects, ...asked, ...shut.effects];
  return isQuiet(shut.state) ? negotiate(env, shut.state, all) : commit(shut.state, ...all);
}

/** The same for a channel whose negotiation was interrupted by a reconnection. */
export function resumeClose(env: ChannelEnv, closing: Negotiating | Closing, effects: readonly Effect[]): Transition {
  const { state, effects: sent } = withShutdown(closing);
  const all = [...effects, ...sent];
  return bothShut(state) ? begin(env, state, all) : commit(state, ...all);
}

/** As the features of this connection have it, whatever was said on one before. BOLT 2 §Channel Close. */
const begin = (env: ChannelEnv, state: Negotiating | Closing, effects: readonly Effect[]): Transition =>
  isSimpleClose(env.features) ? offerClose(env, state, effects) : startNegotiation(env, state, effects);

/** BOLT 2 §Closing Initiation: shutdown. Our own updates come first, unless a `shutdown` of ours has left before. */
function withShutdown<S extends ShuttingDown | Negotiating | Closing>(
  state: S,
): { readonly state: S; readonly effects: readonly Effect[] } {
  const { link, close, commitments, params } = state;
  const script = close.localScript;
  if (link.tag !== "online" || link.shutdownSent || script === undefined) return { state, effects: [] };
  const pending = commitments.proposed.length > 0 || (commitments.sent?.updates.length ?? 0) > 0;
  if (pending && !close.localSent) return { state, effects: [] };
  const message: Shutdown = { name: "shutdown", channel_id: params.channelId, scriptpubkey: script };
  const next = { ...state, close: { ...close, localSent: true }, link: { ...link, shutdownSent: true } };
  return { state: next, effects: [bind(message)] };
}

const bothShut = ({ link }: ShuttingDown | Negotiating | Closing): boolean =>
  link.tag === "online" && link.shutdownSent && link.shutdownReceived;

/** No HTLC, no fee change and no revocation is outstanding on either side. BOLT 2 §Legacy Closing Negotiation: closing_signed. */
function isQuiet(state: ShuttingDown): boolean {
  const { htlcs, feeUpdates, sent, proposed } = state.commitments;
  return (
    bothShut(state) && htlcs.length === 0 && feeUpdates.length === 0 && sent === undefined && proposed.length === 0
  );
}

function negotiate(env: ChannelEnv, state: ShuttingDown, effects: readonly Effect[]): Transition {
  const { htlcs, balance } = state.commitments;
  assert(htlcs.length === 0, "no HTLC is left behind");
  assert(balance.local >= 0n && balance.remote >= 0n, "both sides have what the channel says");
  return begin(env, { ...state, tag: "Negotiating", signed: [], simple: NO_SIMPLE_CLOSE }, effects);
}
