import type { BlockHash, NodeId, ShortChannelId } from "../src/base/ids.ts";
import { type BlockHeight, type Msat, msat, type Sat, type SatPerKw, sat, satPerKw } from "../src/base/units.ts";
import type { ChannelKeys } from "./keys/channel-keys.ts";
import type { CommitmentFormat } from "./tx/format.ts";

/**
 * Everything around a channel that a step may depend on, as data: so any step can be replayed from what it was given.
 * The host fills it in anew for each step.
 */
export interface ChannelEnv {
  readonly chainHash: BlockHash;
  readonly height: BlockHeight;
  /** The estimator's rate for a commitment that should confirm soon; undefined when it has none. */
  readonly feerate: SatPerKw | undefined;
  readonly policy: ChannelPolicy;
  readonly localNodeId: NodeId;
  readonly remoteNodeId: NodeId;
  /** Features that both sides showed in `init`, as one bit field. */
  readonly features: Uint8Array;
  readonly keys: ChannelKeys;
  /** The name that a channel gets that is opened now: out of the reach of blocks, and of no other channel of this node. */
  readonly alias: ShortChannelId | undefined;
  /** From which the host derived `keys`. Written into the channel's state, durable before `open_channel` or `accept_channel` leaves. */
  readonly keyIndex: number;
  /** The node has begun a moment ago and has not heard the peer since, which may be about to prove that our record is an old copy. */
  readonly isUnheard: boolean;
}

/** What this node offers and accepts. Policy, not protocol, within the bounds of BOLT 2 §The open_channel Message. */
export interface ChannelPolicy {
  /** Which commitments a channel may have, the one that we would rather have first. */
  readonly formats: readonly CommitmentFormat[];
  readonly capacityMin: Sat;
  /** From 2^24 sat on, only between two nodes that both offer option_support_large_channel. */
  readonly capacityMax: Sat;
  /** Where a mutual close must pay us, for channels from now on; undefined leaves it open until the close. */
  readonly upfrontShutdownScript: Uint8Array | undefined;
  /** What we add to a channel that a peer opens with `open_channel2`, as long as the wallet has it. */
  readonly contribution: Sat;
  /** Whether peers may fund channels with confirmed coins only. BOLT 2 §The open_channel2 Message: require_confirmed_inputs. */
  readonly requireConfirmedInputs: boolean;
  readonly dustLimit: Sat;
  /** The highest dust limit that a peer may have: more would let it turn our HTLCs into fees. */
  readonly dustLimitMax: Sat;
  readonly htlcMinimum: Msat;
  /** Share of the capacity that the peer may have in flight towards us, in millionths. */
  readonly inFlightSharePpm: bigint;
  readonly maxAcceptedHtlcs: number;
  /** Blocks that the peer must wait for its own money after a unilateral close. */
  readonly toSelfDelay: number;
  /** The most that we are ready to wait ourselves. */
  readonly toSelfDelayMax: number;
  /** Peers whose channels may be used before their funding transaction is in a block: it could be taken back by any of them. */
  readonly zeroConfPeers: ReadonlySet<NodeId>;
  /** The most that channels of such peers may hold together until each is `minimumDepth` blocks deep. */
  readonly zeroConfMax: Sat;
  /** Confirmations before we call a channel that the peer funds ready. */
  readonly minimumDepth: number;
  /** The most confirmations that we are ready to wait for. */
  readonly minimumDepthMax: number;
  /** What each side must keep, in millionths of the capacity. */
  readonly reserveSharePpm: bigint;
  /** Lower bound of every reserve: above both anchors, so that the opener can always pay for them. */
  readonly reserveMin: Sat;
  /** The most that the peer may make us keep, in millionths of the capacity. */
  readonly reserveSharePpmMax: bigint;
  readonly feerateMin: SatPerKw;
  readonly feerateMax: SatPerKw;
  /** Of HTLCs without an output, which miners would get. BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat. */
  readonly maxDustExposure: Msat;
  /** As opener we keep the fee of this many times the present feerate in reserve. */
  readonly feeSpikeMultiple: number;
  /** HTLCs must expire at most this many blocks from now. */
  readonly expiryDeltaMax: number;
  /** Blocks after the expiry of an HTLC that we offered at which the channel fails. */
  readonly graceBlocks: number;
  /** Blocks before the expiry of an HTLC whose preimage we gave at which the channel fails. */
  readonly fulfillmentDeadlineBlocks: number;
  /** Confirmations after which what the chain did to an HTLC is told upstream. How deep BOLT 5 leaves to us. */
  readonly resolutionDepth: number;
  /** For which the wallet keeps coins, so that channels can be closed when blocks are dear. */
  readonly reserveFeerate: SatPerKw;
  /** Bounds of the feerate of a mutual close. */
  readonly closingFeerateMin: SatPerKw;
  /** Blocks that a peer has for a close by agreement, before the chain closes the channel; undefined: as many as it likes. */
  readonly closeBlocks: number | undefined;
  /** Whether option_simple_close is offered: without it both sides agree on one transaction. */
  readonly simpleClose: boolean;
}

export const DEFAULT_POLICY: ChannelPolicy = {
  formats: ["anchors"],
  capacityMin: sat(20_000n),
  capacityMax: sat(1_000_000_000n),
  upfrontShutdownScript: undefined,
  contribution: sat(0n),
  requireConfirmedInputs: false,
  dustLimit: sat(354n),
  dustLimitMax: sat(10_000n),
  htlcMinimum: msat(1n),
  inFlightSharePpm: 1_000_000n,
  maxAcceptedHtlcs: 483,
  toSelfDelay: 144,
  toSelfDelayMax: 2016,
  zeroConfPeers: new Set(),
  zeroConfMax: sat(1_000_000n),
  minimumDepth: 3,
  minimumDepthMax: 144,
  reserveSharePpm: 10_000n,
  reserveMin: sat(1_000n),
  reserveSharePpmMax: 100_000n,
  feerateMin: satPerKw(253),
  feerateMax: satPerKw(100_000),
  maxDustExposure: msat(50_000_000n),
  feeSpikeMultiple: 2,
  expiryDeltaMax: 2016,
  graceBlocks: 2,
  fulfillmentDeadlineBlocks: 18,
  resolutionDepth: 6,
  reserveFeerate: satPerKw(2_500),
  closingFeerateMin: satPerKw(253),
  closeBlocks: 288,
  simpleClose: true,
};
