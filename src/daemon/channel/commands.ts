import { type Explanation, explain } from "../../../channels/index.ts";
import { equalBytes } from "../../base/bytes.ts";
import type { ChannelId, NodeId } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import { type Asked, ask, told } from "./asks.ts";
import { closeScript } from "./effects.ts";
import type { ChannelInfo, CloseRequest } from "./info.ts";
import { forgetByHand } from "./never-funded.ts";
import type { ChannelEntry } from "./table.ts";
import { promisedScript } from "./table.ts";
import { channelInfo } from "./views.ts";

/** How long somebody waits for `shutdown` to leave. Policy, not protocol. */
const CLOSING_MS_MAX = 30_000;

/**
 * Closes by agreement, or pays more for a close that is not mined; answers when that is durable and sent. When it cannot
 * leave for a while (updates of ours come first, or the peer has gone) the channel as it stands is the answer: the wish is
 * on disk, and is told on reconnection.
 */
export async function closeChannel(hosts: Hosts, request: CloseRequest): Promise<Result<ChannelInfo, CommandFault>> {
  const { ctx, channels, peers, wallet } = hosts;
  const entry = channels.table.byId(request.id);
  if (entry === undefined) return err({ code: "not_found", detail: "no such channel" });
  if (entry.asked !== undefined) return err({ code: "channel_busy", detail: "the channel is being opened or closed" });
  if (request.force) return forceClose(hosts, entry, request);
  if (peers.session(entry.peer) === undefined) {
    return err({ code: "peer_unreachable", detail: "the peer is not connected" });
  }
  const given = request.address === undefined ? undefined : scriptOfAddress(request.address, ctx.params);
  if (given !== undefined && !given.ok) {
    return err({ code: "bad_request", detail: `not an address of ${ctx.params.network}`, pointer: "/address" });
  }
  const promised = promisedScript(entry.state);
  if (given !== undefined && promised !== undefined && !equalBytes(given.value, promised)) {
    const detail = `the channel was opened to be closed to ${wallet.addressOf(promised)} alone`;
    return err({ code: "not_possible", detail, pointer: "/address" });
  }
  let isRefused = false;
  const asked = await new Promise<Asked>((resolve) => {
    ctx.turns.run((turn) => {
      ask(hosts, CLOSING_MS_MAX, entry, resolve, () => entry.asked?.({ tag: "done" }));
      const script = given?.value ?? closeScript(channels, turn, entry);
      const feerate = request.feerate ?? wallet.feerate();
      channels.apply(turn, entry, { tag: "Shutdown", script, feerate });
      isRefused = entry.asked === undefined;
    });
  });
  // The peer cannot have said anything yet.
  if (isRefused && asked.outcome.tag === "refused") return err({ code: "not_possible", detail: asked.outcome.detail });
  return told(hosts, asked);
}

/** Publishes our commitment; answers when that is durable. The peer is not asked. */
async function forceClose(
  hosts: Hosts,
  entry: ChannelEntry,
  { address, feerate }: CloseRequest,
): Promise<Result<ChannelInfo, CommandFault>> {
  if (address !== undefined || feerate !== undefined) {
    const detail = "a commitment pays where it was agreed on, at the fee that it has";
    return err({ code: "bad_request", detail, pointer: address === undefined ? "/feerateSatPerKw" : "/address" });
  }
  if (entry.state.tag === "Restored") return forget(hosts, entry);
  const asked = await new Promise<Asked>((resolve) => {
    hosts.ctx.turns.run((turn) => {
      ask(hosts, CLOSING_MS_MAX, entry, resolve, () => entry.asked?.({ tag: "done" }));
      hosts.channels.apply(turn, entry, { tag: "ForceClose" });
    });
  });
  if (asked.outcome.tag === "refused") return err({ code: "not_possible", detail: asked.outcome.detail });
  return told(hosts, asked);
}

/** One that is restored has nothing that could be published: it can only be forgotten, if nothing of it ever came. */
async function forget({ channels }: Hosts, entry: ChannelEntry): Promise<Result<ChannelInfo, CommandFault>> {
  const before = present(channelInfo(channels, entry), "a restored channel is shown");
  const forgotten = await forgetByHand(channels, entry);
  return forgotten.ok ? ok(before) : forgotten;
}

/** Why a channel was closed and what has come of its money; of one that is forgotten what was kept of it. */
export function explainChannel(hosts: Hosts, id: ChannelId): Explanation | undefined {
  const entry = hosts.channels.table.byId(id);
  return entry !== undefined && ("commitments" in entry.state || entry.state.tag === "Restored")
    ? explain(hosts.channels.env(entry), entry.state)
    : hosts.channels.ended.shown(id);
}

/** Peers with channels are dialled again after a start. */
export const channelPeers = (hosts: Hosts): ReadonlySet<NodeId> =>
  new Set(hosts.channels.table.settled().map(({ peer }) => peer));
