import { scidBlock } from "../../src/base/ids.ts";
import type { ChannelUpdate } from "../../src/wire/gossip.ts";
import { directionOf, type Gossip, isDisabled, STALE_SECONDS } from "../graph/apply.ts";
import { type Graph, startOf } from "../graph/graph.ts";
import { AHEAD_SECONDS_MAX, ignore, type JudgeContext, RELAYED_BYTES_MAX, type Verdict } from "./verdict.ts";

const DONT_FORWARD_BIT = 2;
/** Policy, not protocol: an update may come before the announcement of its channel, if that can exist by now. */
const BEHIND_BLOCKS_MAX = 12;

/**
 * Judges an update of a channel, the cheapest rule first. Its signature is not touched here. One for an unannounced
 * channel of our own belongs to that channel's host and is never shown to this.
 */
export function judgeUpdate(
  graph: Graph,
  { message, bytes }: Gossip<ChannelUpdate>,
  { chain, height, now }: JudgeContext,
): Verdict {
  if (message.chain_hash !== chain) return ignore("other-chain");
  if (message.timestamp === 0 || now - message.timestamp > STALE_SECONDS) return ignore("stale");
  if (message.timestamp - now > AHEAD_SECONDS_MAX) return ignore("too-far-ahead");
  const forwardable = (message.message_flags & DONT_FORWARD_BIT) === 0;
  const channel = graph.channels.get(message.short_channel_id);
  if (channel === undefined) {
    const possible = forwardable && scidBlock(message.short_channel_id) <= height + BEHIND_BLOCKS_MAX;
    return possible ? { tag: "Hold", until: message.short_channel_id } : ignore("unknown-channel");
  }
  if (channel.spentAt !== undefined && !isDisabled(message)) return ignore("spent");
  const direction = directionOf(message);
  const known = channel.policies[direction];
  if (known !== undefined && known.timestamp > message.timestamp) return ignore("stale");
  if (known !== undefined && known.timestamp === message.timestamp) return ignore("duplicate");
  const relay = forwardable && bytes.length <= RELAYED_BYTES_MAX;
  return { tag: "Accept", signer: startOf(channel, direction).id, relay };
}
