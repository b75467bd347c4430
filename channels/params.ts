import type { ChannelId, NodeId, Outpoint, ShortChannelId } from "../src/base/ids.ts";
import type { Msat, Sat } from "../src/base/units.ts";
import type { ChannelType } from "./channel-type.ts";
import type { Basepoints } from "./keys/commitment-keys.ts";

/** What one side announced in `open_channel` or `accept_channel`. Most of it binds the other side. BOLT 2 §The open_channel Message. */
export interface SideParams {
  readonly basepoints: Basepoints;
  /** Outputs below it are left out of this side's own commitment transactions. */
  readonly dustLimit: Sat;
  /** Of HTLCs that the other side offers. No amount type: all 64 bits set means no limit. */
  readonly maxHtlcValueInFlight: bigint;
  /** What the *other* side must keep on its own account. */
  readonly channelReserve: Sat;
  /** The smallest HTLC that the other side may offer. */
  readonly htlcMinimum: Msat;
  /** How long the *other* side waits for its `to_local`, in blocks. */
  readonly toSelfDelay: number;
  /** How many HTLCs the other side may have offered at once. */
  readonly maxAcceptedHtlcs: number;
  /** The script to which a mutual close must pay this side, if it bound itself. BOLT 2 §Closing Initiation: shutdown. */
  readonly upfrontShutdownScript: Uint8Array | undefined;
}

/** What was agreed at the opening and never changes again. */
export interface ChannelParams {
  readonly channelId: ChannelId;
  /** The id under which the channel was opened. */
  readonly temporaryChannelId: ChannelId;
  readonly remoteNodeId: NodeId;
  readonly opener: "local" | "remote";
  readonly announce: boolean;
  readonly type: ChannelType;
  /** By which name we let the peer know the channel beside its place in the chain; of channels from before there were any, none. */
  readonly localAlias: ShortChannelId | undefined;
  readonly funding: Outpoint;
  readonly capacity: Sat;
  /** Confirmations that the accepter asked for. */
  readonly minimumDepth: number;
  /** Of our own keys, as the host counts them. */
  readonly keyIndex: number;
  readonly local: SideParams;
  readonly remote: SideParams;
}

/** What a static backup keeps of them: enough to find the channel in the chain, and our balance in what ends it. */
export interface RestoredParams
  extends Pick<
    ChannelParams,
    | "channelId"
    | "temporaryChannelId"
    | "remoteNodeId"
    | "opener"
    | "announce"
    | "type"
    | "funding"
    | "capacity"
    | "keyIndex"
  > {
  readonly local: Pick<SideParams, "basepoints">;
  readonly remote: Pick<SideParams, "basepoints" | "toSelfDelay">;
}
