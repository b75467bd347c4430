import type { ChannelType } from "../../../channels/index.ts";
import type { ChannelId, NodeId, Outpoint, ShortChannelId, Txid } from "../../base/ids.ts";
import type { Msat, Sat, SatPerKw } from "../../base/units.ts";

/** What a command takes that opens a channel. */
export interface OpenRequest {
  readonly nodeId: NodeId;
  readonly capacity: Sat;
  readonly push: Msat;
  readonly announce: boolean;
  readonly feerate?: SatPerKw;
  /** Whether its commitments have anchors; chosen by what the peer knows when it is not said. */
  readonly anchors?: boolean;
  /** Where our part must go when it is closed by agreement; the configured address, or open until then. */
  readonly closeAddress?: string;
  /** Named by aliases alone: where it stands in the chain stays between both. Only for a channel that is not announced. */
  readonly scidAlias?: boolean;
  /** To be used before a block holds it: for a peer that trusts us. */
  readonly zeroConf?: boolean;
  /** Whether the peer may help to fund it, where both sides can: so unless it is said otherwise or something is pushed. */
  readonly dual?: boolean;
}
/** What a command takes that pays more for a funding transaction which waits. */
export interface BumpFundingRequest {
  readonly id: ChannelId;
  readonly feerate: SatPerKw;
}
/** What a command takes that puts coins of the wallet into a channel, or takes some of our balance out to an address. */
export interface SpliceCommand {
  readonly id: ChannelId;
  readonly direction: "in" | "out";
  readonly amount: Sat;
  /** Where what is taken out goes: the node's own wallet unless it is said. */
  readonly address?: string;
  readonly feerate?: SatPerKw;
}
/** What a command takes that opens several, all funded by one transaction. */
export interface BatchRequest {
  readonly channels: readonly Omit<OpenRequest, "feerate" | "dual" | "zeroConf">[];
  readonly feerate?: SatPerKw;
}
/** What a command takes that closes one. */
export interface CloseRequest {
  readonly id: ChannelId;
  /** Without the peer: our commitment goes to the chain. Address and feerate are of no use then. */
  readonly force?: boolean;
  readonly address?: string;
  readonly feerate?: SatPerKw;
}
/** A channel as people see it. */
export interface ChannelInfo {
  readonly id: ChannelId;
  readonly peer: NodeId;
  readonly state: string;
  readonly active: boolean;
  readonly opener: "local" | "remote";
  readonly announced: boolean;
  readonly type: ChannelType;
  /** Where it stands in the chain. */
  readonly shortChannelId: ShortChannelId | undefined;
  /** The name that we gave the peer for it, and the one that the peer gave us. */
  readonly localAlias: ShortChannelId | undefined;
  readonly remoteAlias: ShortChannelId | undefined;
  readonly funding: Outpoint | undefined;
  readonly capacity: Sat;
  readonly local: Msat;
  readonly remote: Msat;
  readonly spendable: Msat;
  readonly receivable: Msat;
  readonly htlcs: number;
  readonly localCommitmentNumber: bigint;
  readonly remoteCommitmentNumber: bigint;
  /** Where our part must go when it is closed by agreement, if that was said at the opening. */
  readonly closeAddress: string | undefined;
  readonly closingTxid: Txid | undefined;
  /** Splices that wait to take the place of its funding. */
  readonly splices: readonly { readonly txid: Txid; readonly capacity: Sat; readonly confirmed: boolean }[];
}
