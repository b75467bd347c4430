import { channelTypeBits, channelTypeOf, type RestoredFunding, type RestoredParams } from "../../../channels/index.ts";
import { equalBytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { BlockHeight, UnixMs } from "../../base/units.ts";
import { type Codec, listOf, refine, struct } from "../../codec/codec.ts";
import {
  amountSat,
  bytes,
  bytesOf,
  channelId,
  enumeration,
  flag,
  height,
  nodeId,
  point,
  text,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../../codec/primitives.ts";
import { time, versioned } from "../../payments/record-codecs.ts";
import type { Address } from "../../ports/network.ts";

/**
 * What must be known beside the words to get the money of all channels back, without any state of theirs: so it changes
 * only when a channel comes or goes, and an old one does no harm.
 */
export interface StaticBackup {
  readonly network: string;
  readonly mark: BackupMark;
  readonly peers: readonly { readonly nodeId: NodeId; readonly address: Address }[];
  readonly channels: readonly BackedUpChannel[];
  /** Channels that are not in it because they did not fit. */
  readonly left: number;
}
/** Which backup it is, of which store. */
export interface BackupMark {
  /** Drawn by chance when the store was made: two stores of the same words are told apart by it. 16 bytes. */
  readonly lineage: Uint8Array;
  /** Counts the changes of the set of channels of that store. */
  readonly generation: bigint;
  /** When it last changed. */
  readonly changedAt: UnixMs;
}
/**
 * Whether a backup proves that its own store, which has counted `mark`, is an old copy: the store that made the backup came
 * further, or counted as many changes and others. RELIABILITY P5.
 */
export const isAhead = (found: BackupMark, mark: BackupMark): boolean =>
  equalBytes(found.lineage, mark.lineage) &&
  (found.generation > mark.generation || (found.generation === mark.generation && found.changedAt !== mark.changedAt));
/** Our own keys are not in it: they follow from the words and the index. */
export interface BackedUpChannel {
  readonly params: Omit<RestoredParams, "local" | "temporaryChannelId">;
  /** Other outputs that hold, may come to hold or held its money: splices are under way. */
  readonly others: readonly RestoredFunding[];
  /** From which block on its funding transaction may be in the chain. */
  readonly since: BlockHeight;
}

const LINEAGE_BYTES = 16;
const markFields = { lineage: bytes(LINEAGE_BYTES), generation: u64, changedAt: time };
/** The record in the store, written in the group of the change that it counts. */
export const markRecord: Codec<BackupMark> = versioned(1, struct(markFields));

const basepoints = struct({
  fundingPubkey: point,
  revocationBasepoint: point,
  paymentBasepoint: point,
  delayedPaymentBasepoint: point,
  htlcBasepoint: point,
});
const outpoint = struct({ txid, vout: u16 });
const channel: Codec<BackedUpChannel> = struct({
  params: struct({
    channelId,
    remoteNodeId: nodeId,
    opener: enumeration("opener", "local", "remote"),
    announce: flag,
    type: refine("channel_type", bytesOf(u8), channelTypeOf, channelTypeBits),
    funding: outpoint,
    capacity: amountSat,
    keyIndex: u32,
    remote: struct({ basepoints, toSelfDelay: u16 }),
  }),
  others: listOf(u8, struct({ outpoint, capacity: amountSat, keys: struct({ local: point, remote: point }) })),
  since: height,
});
const address = struct({ host: text, port: u16 });

/** A layout that has been written once is read for ever: the next one takes the next number. */
export const staticBackup: Codec<StaticBackup> = versioned(
  1,
  struct({
    network: text,
    mark: struct(markFields),
    peers: listOf(u16, struct({ nodeId, address })),
    channels: listOf(u16, channel),
    left: u32,
  }),
);
