import { keptParams } from "../../../channels/index.ts";
import { type ChannelEntry, paramsOf, sinceOf } from "../channel-table.ts";
import type { NodeContext } from "../context.ts";
import { loadPeers } from "../peer-records.ts";
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

/** Undefined for a channel that is over: nothing can come of it any more. */
function backedUp({ state }: ChannelEntry): BackedUpChannel | undefined {
  const params = paramsOf(state);
  const since = sinceOf(state);
  if (params === undefined || since === undefined) return undefined;
  const { local: _ours, temporaryChannelId: _temporary, ...kept } = keptParams(params);
  return { params: kept, since };
}
