import type { BlockHash, Outpoint, Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { BlockHeight, SatPerKw } from "../base/units.ts";
import type { Tx } from "../bitcoin/tx.ts";

export interface BlockRef {
  readonly height: BlockHeight;
  readonly hash: BlockHash;
}
/** A transaction and where it stands in the best chain. */
export interface Confirmation {
  readonly tx: Tx;
  readonly block: BlockRef;
  /** Index within the block: the middle part of a short channel id. */
  readonly index: number;
}

/**
 * What the best chain did, in order and without gaps. A reorganisation is told as disconnections, newest block first,
 * then connections. `BlockConnected` comes after everything that happened in that block.
 */
export type ChainEvent =
  | { readonly tag: "OutpointSpent"; readonly outpoint: Outpoint; readonly by: Confirmation }
  | { readonly tag: "ScriptPaid"; readonly script: Uint8Array; readonly by: Confirmation; readonly vout: number }
  | { readonly tag: "BlockConnected"; readonly block: BlockRef; readonly previous: BlockHash; readonly time: number }
  | { readonly tag: "BlockDisconnected"; readonly block: BlockRef };

/**
 * A watch names the script as well as the outpoint, with the height from which on it can be met: a filter client
 * cannot match on a txid.
 */
export type Watch =
  | { readonly tag: "Outpoint"; readonly outpoint: Outpoint; readonly script: Uint8Array; readonly from: BlockHeight }
  | { readonly tag: "Script"; readonly script: Uint8Array; readonly from: BlockHeight };

export type BroadcastRefusal = { readonly code: "rejected"; readonly reason: string };

/** Where the node learns of the chain. */
export interface ChainSource {
  /** The best block known now. */
  tip(): BlockRef;
  /**
   * Begins to deliver events after `cursor` (undefined: from genesis). If `cursor` is no longer in the best chain the
   * disconnections down to the fork come first. `deliver` is never called before this returns.
   */
  start(cursor: BlockRef | undefined, deliver: (events: readonly ChainEvent[]) => void): void;
  /** Idempotent. Matches in blocks that were already delivered, from the watch's height on, are delivered again. */
  watch(watches: readonly Watch[]): void;
  /** The output if it stands unspent in the best chain, with its place. */
  unspent(outpoint: Outpoint): Promise<UnspentOutput | undefined>;
  /** The txid at a place of the best chain; for checking announced channels. */
  txidAt(height: BlockHeight, index: number): Promise<Txid | undefined>;
  /** Into the mempool and to the peers. Announcing again what is known or confirmed is not a refusal. */
  broadcast(tx: Tx): Promise<Result<Txid, BroadcastRefusal>>;
  /** For confirmation within `blocks`; undefined when nothing is known. */
  feerate(blocks: number): SatPerKw | undefined;
  stop(): Promise<void>;
}
export interface UnspentOutput {
  readonly amount: bigint;
  readonly script: Uint8Array;
  readonly block: BlockRef;
  readonly coinbase: boolean;
}
