import type { NodeId } from "../../base/ids.ts";
import { hasFeature } from "../../wire/features.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { ChannelHost } from "../channel/host.ts";
import type { NodeContext } from "../context.ts";
import type { NodeParts } from "../node-parts.ts";
import type { Peers } from "../peer/peers.ts";
import type { PeerSession } from "../peer/session.ts";
import { PeerStorageHost } from "../peer/storage-host.ts";
import type { Turn } from "../turn.ts";
import type { WalletHost } from "../wallet/host.ts";
import { BackupHost, PROVIDE_STORAGE } from "./host.ts";
import { RecoveryHost } from "./recovery-host.ts";

/** What outlives a disk: our own backup, what is restored from it, and what peers have us keep for them. */
export interface Safekeeping {
  readonly backup: BackupHost;
  readonly recovery: RecoveryHost;
  readonly peerStorage: PeerStorageHost;
}
export function safekeepingOf(
  ctx: NodeContext,
  { backupFile: file, wordsWereUsed = false }: NodeParts,
  rooms: { readonly wallet: WalletHost; readonly channels: () => ChannelHost; readonly peers: () => Peers },
): Safekeeping {
  const { channels } = rooms;
  const recovery = new RecoveryHost({ ctx, ...rooms, wordsWereUsed });
  const restore: RecoveryHost["restore"] = (turn, found) => recovery.restore(turn, found);
  const backup = new BackupHost({ ctx, ...rooms, file, restore });
  const peerStorage = new PeerStorageHost(
    ctx,
    () => channels().table,
    (turn, peer, blob) => channels().tell(turn, peer, { name: "peer_storage_retrieval", blob }),
  );
  return { recovery, backup, peerStorage };
}

/** `init` has been exchanged: what is kept for the peer is the first that it hears, before anything of channels. */
export function safekeptConnected(
  { peerStorage }: Safekeeping,
  turn: Turn,
  peer: NodeId,
  { features }: PeerSession,
): void {
  if (hasFeature(features, PROVIDE_STORAGE)) peerStorage.peerConnected(turn, peer);
}
/** Whether the message was one of peer storage, which channels know nothing of. */
export function safekeptMessage(
  { backup, peerStorage }: Safekeeping,
  turn: Turn,
  peer: NodeId,
  message: WireMessage,
): boolean {
  switch (message.name) {
    case "peer_storage":
      peerStorage.store(turn, peer, message.blob);
      return true;
    case "peer_storage_retrieval":
      backup.retrieved(turn, peer, message.blob);
      return true;
    case "channel_reestablish":
    case "error":
      backup.peerSpoke(turn, peer);
      return false;
    default:
      return false;
  }
}
