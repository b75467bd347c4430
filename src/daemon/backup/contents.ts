import { type ChannelState, type FundedState, keptOthers, keptParams, type Restored } from "../../../channels/index.ts";
import { type BlockHeight, blockHeight } from "../../base/units.ts";
import type { ChannelEntry } from "../channel/table.ts";
import type { NodeContext } from "../context.ts";
import { loadPeers } from "../peer/records.ts";
import type { BackedUpChannel, BackupMark, StaticBackup } from "./static-backup.ts";

/** A static backup of these channels, with the addresses under which their peers were reached. */
export function backupOf(ctx: NodeContext, mark: BackupMark, entries: readonly ChannelEntry[]): StaticBackup {
  const channels = entries.flatMap((entry) => backedUp(entry) ?? []);
  const held = new Set(channels.map(({ params }) => params.remoteNodeId));
  const peers = loadPeers(ctx.store)
    .filter(({ peer }) => held.has(peer))
    .map(({ peer, address }) => ({ nodeId: peer, address }));
  return { network: ctx.params.network, mark, peers, channels, left: 0 };
}

/** Whether a channel may hold money of ours: before, nothing of ours has been signed for; after, nothing can come any more. */
export const isBackedUp = (state: ChannelState): state is FundedState | Restored =>
  state.tag === "Restored" || "commitments" in state;

/** Undefined for a channel that is over: nothing can come of it any more. */
function backedUp({ state }: ChannelEntry): BackedUpChannel | undefined {
  if (!isBackedUp(state)) return undefined;
  const { local: _ours, temporaryChannelId: _temporary, ...params } = keptParams(state.params);
  const since = state.tag === "Restored" ? state.since : firstWaited(state);
  return { params, others: keptOthers(state), since };
}
const firstWaited = ({ funding, commitments }: FundedState): BlockHeight =>
  blockHeight(Math.min(funding.since, ...commitments.others.map(({ progress }) => progress.since)));
