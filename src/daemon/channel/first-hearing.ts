import type { ChannelState } from "../../../channels/index.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/** After a start: time for a few attempts to reach a peer, and far less than a block takes. Policy, not protocol. */
export const PEERS_FIRST_MS = 60_000;

/** Every channel that was read from the disk waits for its peer, which may prove that the record is an old copy. */
export function expectPeers({ parts: { ctx }, table }: ChannelHost): void {
  const until = ctx.clock.now() + ctx.policy.peersFirstMs;
  for (const entry of table.settled()) entry.unheardUntil = until;
}
/**
 * Then all look at their deadlines, without another block: those whose peers have had their time and said nothing, and those
 * that heard of the blocks which came meanwhile before their peers had spoken.
 */
export function endWaitForPeers(host: ChannelHost): void {
  const { clock, turns, policy } = host.parts.ctx;
  if (policy.peersFirstMs === 0) return;
  clock.after(policy.peersFirstMs, () =>
    turns.run((turn) => {
      for (const entry of host.table.settled()) {
        entry.unheardUntil = undefined;
        host.apply(turn, entry, { tag: "BlockConnected", height: host.parts.height() });
      }
    }),
  );
}
/** `channel_reestablish` has come and fits. */
export function noteHeard(entry: ChannelEntry, next: ChannelState): void {
  if ("link" in next && next.link.tag === "online") entry.unheardUntil = undefined;
}
