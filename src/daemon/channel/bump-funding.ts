import { err, type Result } from "../../base/result.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import { type Asked, ask, told } from "./asks.ts";
import type { BumpFundingRequest, ChannelInfo } from "./info.ts";

/** How long somebody waits for a peer's answers before a replacement is given up. Policy, not protocol. */
const BUMPING_MS_MAX = 60_000;

/**
 * Pays more for a funding transaction that waits, if it was made together with the peer; answers when the one in its place
 * is on its way.
 */
export async function bumpFunding(
  hosts: Hosts,
  { id, feerate }: BumpFundingRequest,
): Promise<Result<ChannelInfo, CommandFault>> {
  const { ctx, channels, peers } = hosts;
  const entry = channels.table.byId(id);
  if (entry === undefined) return err({ code: "not_found", detail: "no such channel" });
  if (entry.asked !== undefined) return err({ code: "channel_busy", detail: "the channel is being opened or closed" });
  if (peers.session(entry.peer) === undefined) {
    return err({ code: "peer_unreachable", detail: "the peer is not connected" });
  }
  let isRefused = false;
  const asked = await new Promise<Asked>((resolve) => {
    ctx.turns.run((turn) => {
      ask(hosts, BUMPING_MS_MAX, entry, resolve, () => {
        const reason = "the peer did not answer in time";
        ctx.turns.run((later) => channels.apply(later, entry, { tag: "AbortOpening", reason }));
        entry.asked?.({ tag: "refused", detail: reason });
      });
      channels.apply(turn, entry, { tag: "BumpFunding", feerate });
      isRefused = entry.asked === undefined;
    });
  });
  if (isRefused && asked.outcome.tag === "refused") return err({ code: "not_possible", detail: asked.outcome.detail });
  return told(hosts, asked);
}
