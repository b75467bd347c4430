import type { BlockHash, NodeId, ShortChannelId } from "../../src/base/ids.ts";
import type { BlockHeight } from "../../src/base/units.ts";

/** What is to be done about a gossip message. Strangers' mistakes are values here, never throws. */
export type Verdict =
  /** Once the signatures that `signatureChecks` lists are verified. `relay`: other peers may have it from us. */
  | { readonly tag: "Accept"; readonly signer: NodeId; readonly relay: boolean }
  | { readonly tag: "Ignore"; readonly reason: IgnoreReason }
  /** Not now: when the channel has been announced, or its funding is deep enough. */
  | { readonly tag: "Hold"; readonly until: ShortChannelId }
  | { readonly tag: "Punish"; readonly warning: string; readonly disconnect: boolean };
export type IgnoreReason =
  | "other-chain"
  | "unknown-channel"
  | "unknown-node"
  | "stale"
  | "duplicate"
  | "too-far-ahead"
  /** The funding output is not there, was spent, or is another one. */
  | "unproven"
  | "spent";

/** For a channel's announcement: the chain has to prove it. */
export interface NeedsFunding {
  readonly tag: "NeedsFunding";
  readonly shortChannelId: ShortChannelId;
  /** What the output's script must be. */
  readonly script: Uint8Array;
}

/** What a judgement depends on beside the graph. */
export interface JudgeContext {
  readonly chain: BlockHash;
  readonly height: BlockHeight;
  /** Unix seconds. */
  readonly now: number;
}

export const ignore = (reason: IgnoreReason): Verdict => ({ tag: "Ignore", reason });

/** Messages of the future are dropped from here on: 14 days, in seconds. Policy, not protocol (RELIABILITY D4). */
export const AHEAD_SECONDS_MAX = 14 * 24 * 60 * 60;
/** Longer messages are kept and not passed on: nobody needs them. BOLT 7 §The channel_announcement Message. */
export const RELAYED_BYTES_MAX = 4096;
