import { type Explanation, explain } from "../../channels/index.ts";
import { type ChannelId, channelId, type NodeId } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { satPerKw } from "../base/units.ts";
import { scriptOfAddress } from "../bitcoin/address.ts";
import type { ChannelEntry, Outcome } from "./channel-table.ts";
import { channelInfo } from "./channel-views.ts";
import { reserveOf } from "./closing-reserve.ts";
import type { CommandFault } from "./commands.ts";
import type { Hosts } from "./hosts.ts";
import type { ChannelInfo, CloseRequest, OpenRequest } from "./views.ts";
import { keptFor } from "./wallet/faults.ts";

/** The feerate of a commitment when the chain source has no estimate. Policy, not protocol. */
const COMMITMENT_FEERATE_MIN = 2_500;
/** How long somebody waits for a peer's answers before an opening is given up, and for `shutdown` to leave. Policy, not protocol. */
const OPENING_MS_MAX = 60_000;
const CLOSING_MS_MAX = 30_000;

/** Opens a channel with a connected peer; answers when the funding transaction is on its way. */
export async function openChannel(hosts: Hosts, request: OpenRequest): Promise<Result<ChannelInfo, CommandFault>> {
  const { ctx, peers, channels, wallet } = hosts;
  if (peers.session(request.nodeId) === undefined) {
    return err({ code: "peer_unreachable", detail: "connect to the peer first", pointer: "/nodeId" });
  }
  const funds = wallet.balance().confirmed + wallet.balance().unconfirmed;
  const kept = reserveOf(channels.table.settled(), ctx.policy.channel, 1);
  const needed = request.capacity + kept;
  if (funds < needed) {
    const detail = `needs ${needed} sat on the chain${keptFor(kept)}, ${funds} sat are there`;
    return err({ code: "insufficient_balance", detail, pointer: "/capacitySat" });
  }
  const asked = await new Promise<Asked>((resolve) => {
    ctx.turns.run((turn) => {
      const entry = channels.begin(turn, request.nodeId, channelId(ctx.random.bytes(32)));
      ask(hosts, OPENING_MS_MAX, entry, resolve, () => {
        const reason = "the peer did not answer in time";
        ctx.turns.run((later) => channels.apply(later, entry, { tag: "AbortOpening", reason }));
      });
      entry.fundingFeerate = request.feerate;
      const feerate = satPerKw(Math.max(wallet.feerate(), COMMITMENT_FEERATE_MIN));
      const { capacity, push, announce } = request;
      const temporaryChannelId = entry.temporaryId;
      channels.apply(turn, entry, { tag: "Open", temporaryChannelId, capacity, push, feerate, announce });
      if (entry.state.tag === "Fresh") channels.drop(turn, entry, "refused by our own rules");
    });
  });
  return told(hosts, asked);
}

/**
 * Closes by agreement; answers when `shutdown` is durable and sent. When it cannot leave for a while (updates of ours come
 * first, or the peer has gone) the channel as it stands is the answer: the wish is on disk, and is told on reconnection.
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
  const asked = await new Promise<Asked>((resolve) => {
    ctx.turns.run((turn) => {
      ask(hosts, CLOSING_MS_MAX, entry, resolve, () => entry.asked?.({ tag: "done" }));
      const script = given?.value ?? wallet.newScript(turn, "channel closed", { branch: "change" });
      const feerate = request.feerate ?? wallet.feerate();
      channels.apply(turn, entry, { tag: "Shutdown", script, feerate });
    });
  });
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
  const asked = await new Promise<Asked>((resolve) => {
    hosts.ctx.turns.run((turn) => {
      ask(hosts, CLOSING_MS_MAX, entry, resolve, () => entry.asked?.({ tag: "done" }));
      hosts.channels.apply(turn, entry, { tag: "ForceClose" });
    });
  });
  if (asked.outcome.tag === "refused") return err({ code: "not_possible", detail: asked.outcome.detail });
  return told(hosts, asked);
}

/** Why a channel was closed and what has come of its money; of one that is forgotten what was kept of it. */
export function explainChannel(hosts: Hosts, id: ChannelId): Explanation | undefined {
  const entry = hosts.channels.table.byId(id);
  return entry !== undefined && ("commitments" in entry.state || entry.state.tag === "Restored")
    ? explain(hosts.channels.env(entry), entry.state)
    : hosts.channels.ended.shown(id);
}

interface Asked {
  readonly entry: ChannelEntry;
  readonly outcome: Outcome;
}
/** Somebody waits for the outcome; after a while without one `late` is called. */
function ask(
  { ctx }: Hosts,
  limitMs: number,
  entry: ChannelEntry,
  resolve: (asked: Asked) => void,
  late: () => void,
): void {
  const asked = (outcome: Outcome): void => {
    cancel();
    if (entry.asked === asked) entry.asked = undefined;
    resolve({ entry, outcome });
  };
  entry.asked = asked;
  const cancel = ctx.clock.after(limitMs, () => {
    if (entry.asked === asked) late();
  });
}
function told(hosts: Hosts, { entry, outcome }: Asked): Result<ChannelInfo, CommandFault> {
  if (outcome.tag === "refused") return err({ code: "peer_refused", detail: outcome.detail });
  const info = channelInfo(hosts.channels, entry);
  return info === undefined ? err({ code: "not_possible", detail: "the channel is gone" }) : ok(info);
}

/** Peers with channels are dialled again after a start. */
export const channelPeers = (hosts: Hosts): ReadonlySet<NodeId> =>
  new Set(hosts.channels.table.settled().map(({ peer }) => peer));
