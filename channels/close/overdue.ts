import { type BlockHeight, blockHeight } from "../../src/base/units.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelState } from "../state.ts";
import { stay, type Transition } from "../transition.ts";
import { punish } from "./failure.ts";

/**
 * From which height on a close by agreement waits for nothing but the peer; undefined where there is none that does.
 * HTLCs that were pending when it was asked for have until they expire; one that the peer adds later gives it no more time.
 * Connections that come and go do not count: a host keeps it on disk, and gives it back at each block as `CloseAwaited`.
 *
 * @param known  what the last answer for this channel was
 */
export function closeAwaited(
  height: BlockHeight,
  state: ChannelState,
  known: BlockHeight | undefined,
): BlockHeight | undefined {
  if (state.tag !== "ShuttingDown" && state.tag !== "Negotiating") return undefined;
  // Of what no block has funded nothing could be published.
  if (state.funding.confirmed === undefined) return undefined;
  const { htlcs } = state.commitments;
  if (known === undefined) return blockHeight(Math.max(height, ...htlcs.map(({ expiry }) => expiry)));
  return htlcs.length === 0 && height < known ? height : known;
}

/** The peer has had its time: the chain closes the channel. Policy, not protocol. */
export function closeOverdue(env: ChannelEnv, state: ChannelState, since: BlockHeight): Transition {
  const { closeBlocks } = env.policy;
  const isAwaited = state.tag === "ShuttingDown" || state.tag === "Negotiating";
  if (!isAwaited || closeBlocks === undefined || env.height < since + closeBlocks) return stay();
  // An old copy may know only that it was begun.
  if (env.isUnheard) return stay();
  return punish(state, { code: "closing_never_agreed" });
}
