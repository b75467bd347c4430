import { type ChannelId, type NodeId, type Outpoint, outpointKey } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Sat, UnixMs } from "../../base/units.ts";
import type { CommandFault } from "../command-fault.ts";
import type { Hosts } from "../hosts.ts";
import { parseBackupText, type SealFault } from "./sealed.ts";
import type { BackedUpChannel, StaticBackup } from "./static-backup.ts";

/** The newest static backup, sealed. */
export interface BackupInfo {
  readonly text: string;
  readonly changedAt: UnixMs;
  /** Channels in it. */
  readonly channels: number;
}
/** What a file says, held against this node. */
export interface BackupCheck {
  readonly network: string;
  readonly changedAt: UnixMs;
  /** It has every channel that the node has. */
  readonly isComplete: boolean;
  readonly channels: readonly CheckedChannel[];
  /** Of the node, and not in it. */
  readonly missing: readonly ChannelId[];
}
export interface CheckedChannel {
  readonly id: ChannelId;
  readonly peer: NodeId;
  readonly capacity: Sat;
  readonly funding: Outpoint;
  /** `unknown`: neither is it open here nor was it ever closed here. */
  readonly standing: "open" | "closed" | "unknown";
}

export interface BackupCommands {
  /** To be kept elsewhere: with the words it gives back every channel that there is now. */
  backup(): BackupInfo;
  /** Whether a file is a backup of these words, what is in it, and what this node has beyond it. */
  verifyBackup(text: string): Result<BackupCheck, CommandFault>;
}
export function backupCommands({ ctx, backup, channels }: Hosts): BackupCommands {
  const standingOf = (id: ChannelId): CheckedChannel["standing"] => {
    const entry = channels.table.byId(id);
    if (entry !== undefined) return entry.state.tag === "Closed" ? "closed" : "open";
    return channels.ended.shown(id) === undefined ? "unknown" : "closed";
  };
  const checked = ({ params }: BackedUpChannel): CheckedChannel => {
    const { channelId: id, remoteNodeId: peer, capacity, funding } = params;
    return { id, peer, capacity, funding, standing: standingOf(id) };
  };
  return {
    backup: () => {
      const current = backup.current();
      return { text: backup.text(), changedAt: current.mark.changedAt, channels: current.channels.length };
    },
    verifyBackup: (text) => {
      const parsed = parseBackupText(ctx.signer.backupKey, text);
      if (!parsed.ok) return err({ code: "bad_request", detail: `This is ${WHY[parsed.error.code]}.` });
      const { network, mark } = parsed.value;
      const missing = missingFrom(parsed.value, backup.current());
      const found = parsed.value.channels.map(checked);
      return ok({ network, changedAt: mark.changedAt, isComplete: missing.length === 0, channels: found, missing });
    },
  };
}

const fundingsOf = ({ params, others }: BackedUpChannel): readonly string[] =>
  [params.funding, ...others.map(({ outpoint }) => outpoint)].map(outpointKey);
/** A channel is in it only with every output that its money may stand in. */
function missingFrom(given: StaticBackup, current: StaticBackup): readonly ChannelId[] {
  return current.channels
    .filter((channel) => {
      const same = given.channels.find(({ params }) => params.channelId === channel.params.channelId);
      const has = new Set(same === undefined ? [] : fundingsOf(same));
      return !fundingsOf(channel).every((funding) => has.has(funding));
    })
    .map(({ params }) => params.channelId);
}

/** Said of a file that is no backup of these words. */
export const WHY: { readonly [C in SealFault["code"]]: string } = {
  not_a_backup: "not a backup of Sluice",
  other_words: "a backup of other words",
  damaged: "a backup of these words that is damaged",
};
