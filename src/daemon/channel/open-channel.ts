import { type ChannelKeys, type ChannelType, formatFor, temporaryDualId } from "../../../channels/index.ts";
import { type ChannelId, channelId, type NodeId } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type SatPerKw, satPerKw } from "../../base/units.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import { featureBits, hasFeature } from "../../wire/features.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import { offeredInit } from "../offered.ts";
import { keptFor } from "../wallet/faults.ts";
import { type Asked, ask, told } from "./asks.ts";
import { reserveOf } from "./closing-reserve.ts";
import type { ChannelInfo, OpenRequest } from "./info.ts";

/** The feerate of a commitment when the chain source has no estimate. Policy, not protocol. */
const COMMITMENT_FEERATE_MIN = 2_500;
/** How long somebody waits for a peer's answers before an opening is given up. Policy, not protocol. */
export const OPENING_MS_MAX = 60_000;

/** Opens a channel with a connected peer; answers when the funding transaction is on its way. */
export async function openChannel(hosts: Hosts, request: OpenRequest): Promise<Result<ChannelInfo, CommandFault>> {
  const { ctx, peers, channels, wallet } = hosts;
  if (peers.session(request.nodeId) === undefined) {
    return err({ code: "peer_unreachable", detail: "connect to the peer first", pointer: "/peer" });
  }
  const type = typeFor(hosts, request);
  if (!type.ok) return type;
  const script = request.closeAddress === undefined ? ok(undefined) : scriptOfAddress(request.closeAddress, ctx.params);
  if (!script.ok) {
    return err({ code: "bad_request", detail: `not an address of ${ctx.params.network}`, pointer: "/closeAddress" });
  }
  const funds = wallet.balance().confirmed + wallet.balance().unconfirmed;
  const kept = reserveOf(channels.table.settled(), ctx.policy.channel, [type.value.format]);
  const needed = request.capacity + kept;
  if (funds < needed) {
    const detail = `needs ${needed} sat on the chain${keptFor(kept)}, ${funds} sat are there`;
    return err({ code: "insufficient_balance", detail, pointer: "/capacitySat" });
  }
  let isRefused = false;
  const asked = await new Promise<Asked>((resolve) => {
    ctx.turns.run((turn) => {
      const isDual = (request.dual ?? true) && request.push === 0n && bothFund(hosts, request.nodeId);
      const entry = channels.begin(turn, request.nodeId, isDual ? dualId : channelId(ctx.random.bytes(32)));
      ask(hosts, OPENING_MS_MAX, entry, resolve, () => {
        const reason = "the peer did not answer in time";
        ctx.turns.run((later) => channels.apply(later, entry, { tag: "AbortOpening", reason }));
      });
      entry.fundingFeerate = request.feerate;
      const feerate = commitmentFeerate(hosts);
      const { capacity, push, announce } = request;
      const { temporaryId: temporaryChannelId } = entry;
      const common = { temporaryChannelId, feerate, announce, type: type.value, shutdownScript: script.value };
      const fundingFeerate = request.feerate ?? wallet.feerate();
      if (isDual) channels.apply(turn, entry, { tag: "OpenDual", contribution: capacity, fundingFeerate, ...common });
      else channels.apply(turn, entry, { tag: "Open", capacity, push, ...common });
      if (entry.state.tag === "Fresh") channels.drop(turn, entry, "refused by our own rules");
      isRefused = entry.asked === undefined;
    });
  });
  // Nobody has been asked.
  if (isRefused && asked.outcome.tag === "refused") return err({ code: "not_possible", detail: asked.outcome.detail });
  // Old blocks may be gone, and with them what a peer would have to see. Alone a channel can be funded all the same.
  if (asked.outcome.tag === "refused" && asked.entry.lacksPrevious)
    return openChannel(hosts, { ...request, dual: false });
  return told(hosts, asked);
}

/** What a channel is called that both sides may fund. */
export const dualId = ({ revocationBasepoint }: ChannelKeys): ChannelId => temporaryDualId(revocationBasepoint);
const DUAL_FUND_BIT = 28;
const ZEROCONF_BIT = 50;
/** Where both sides can fund channels together. Nothing can be pushed in one of those. BOLT 2 §Channel Establishment v2. */
export function bothFund({ ctx, peers }: Hosts, nodeId: NodeId): boolean {
  const ours = featureBits(offeredInit(ctx.policy.channel));
  const theirs = peers.session(nodeId)?.features ?? new Uint8Array(0);
  return hasFeature(ours, DUAL_FUND_BIT) && hasFeature(theirs, DUAL_FUND_BIT);
}

/** What the first commitments pay. */
export const commitmentFeerate = ({ wallet }: Hosts): SatPerKw =>
  satPerKw(Math.max(wallet.feerate(), COMMITMENT_FEERATE_MIN));

/** What is proposed: what was asked for, else the first of ours that the peer knows. */
export function typeFor({ ctx, peers }: Hosts, request: OpenRequest): Result<ChannelType, CommandFault> {
  const { nodeId, announce, anchors, scidAlias = false, zeroConf = false } = request;
  const { channel } = ctx.policy;
  if (scidAlias && announce) {
    return err({
      code: "bad_request",
      detail: "a public channel is known by its place in the chain",
      pointer: "/scidAlias",
    });
  }
  const features = peers.session(nodeId)?.features ?? new Uint8Array(0);
  if (zeroConf && !(channel.zeroConfPeers.size > 0 && hasFeature(features, ZEROCONF_BIT))) {
    const detail = "such channels are for two nodes that both have set --zero-conf-peers";
    return err({ code: "not_possible", detail, pointer: "/zeroConf" });
  }
  const wanted = channel.formats.filter((format) => anchors === undefined || anchors === (format === "anchors"));
  const format = formatFor(wanted, features);
  if (format !== undefined) return ok({ format, scidAlias, zeroConf });
  const ours = wanted.length > 0 ? "the peer has no such channels" : "this node is not set up for such channels";
  return err({ code: "not_possible", detail: ours, pointer: "/anchors" });
}
