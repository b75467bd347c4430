import type { ChannelState, DurableState } from "../../../channels/index.ts";
import type { Turn } from "../turn.ts";
import type { ChannelHostParts } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/** Tells once that a channel is to be closed by agreement, whoever wished it. Of one that fails the machine tells itself. */
export function tellClosing(
  { ctx: { events }, listener }: ChannelHostParts,
  turn: Turn,
  entry: ChannelEntry,
  before: ChannelState,
  next: DurableState,
): void {
  if (isAgreed(before) || !isAgreed(next)) return;
  events.record(turn, "channel.closing", { channelId: next.params.channelId, cause: "agreed", failed: false });
  turn.next((later) => listener.gone(later, entry));
}
const isAgreed = ({ tag }: ChannelState): boolean =>
  tag === "ShuttingDown" || tag === "Negotiating" || tag === "Closing";
