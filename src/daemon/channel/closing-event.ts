import type { ChannelState, DurableState } from "../../../channels/index.ts";
import type { NodeContext } from "../context.ts";
import type { Turn } from "../turn.ts";

/** Tells once that a channel is to be closed by agreement, whoever wished it. Of one that fails the machine tells itself. */
export function tellClosing({ events }: NodeContext, turn: Turn, before: ChannelState, next: DurableState): void {
  if (isAgreed(before) || !isAgreed(next)) return;
  events.record(turn, "channel.closing", { channelId: next.params.channelId, cause: "agreed", failed: false });
}
const isAgreed = ({ tag }: ChannelState): boolean =>
  tag === "ShuttingDown" || tag === "Negotiating" || tag === "Closing";
