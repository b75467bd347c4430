import type { Outpoint, Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { BlockHeight, SatPerKw } from "../base/units.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { BlockRef, ChainEvent, Confirmation, SpendSeen, Watch } from "../chain/events.ts";
import type { FeeCare } from "../chain/fees.ts";

export type { BlockRef, ChainEvent, Confirmation, FeeCare, SpendSeen, Watch };

/**
 * Takes what a chain tells. It may answer with a promise that resolves once everything that follows from these events is
 * durable with the listener: until then it might be started again from before them, and blocks that it would need are kept.
 * Without a promise nothing is waited for.
 */
export type Deliver = (events: readonly ChainEvent[]) => void | Promise<void>;

export type BroadcastRefusal = { readonly code: "rejected"; readonly reason: string };

/** Where the node learns of the chain. */
export interface ChainSource {
  /** The best block known now. */
  tip(): BlockRef;
  /**
   * Begins to deliver events after `cursor` (undefined: from genesis). If `cursor` is no longer in the best chain the
   * disconnections down to the fork come first; if it is of no chain ever seen (an emptied chain folder) it is told as
   * disconnected and everything follows from genesis on. `deliver` is never called before this returns, and only with
   * blocks that are on stable storage. Called once. Throws a readable error when a block that has to be told is not kept
   * any more; before this is called none is deleted.
   *
   * A spend of a watched outpoint by a transaction that waits in the mempool is told as `SpendSeen`: once for each
   * outpoint whenever such a transaction comes in, from whatever side (a reorganisation may bring it back), and once if it
   * waits already when the source is started or the outpoint is first watched; from which height it is watched does not
   * matter. A hint, not a part of the chain: it has no place in the order of blocks, moves no cursor, is not kept over a
   * restart, and nothing tells when the transaction is replaced or forgotten.
   */
  start(cursor: BlockRef | undefined, deliver: Deliver): void;
  /**
   * Idempotent. Matches in blocks that were already delivered, from the watch's height on, are delivered again, oldest
   * first, without their `BlockConnected`. May be called before `start`; never delivers before it returns. Blocks that a
   * source has deleted since are not looked at: the listener has had them, and what it watched then is in its store.
   * Who watches something old for the first time asks for the lowest block before.
   */
  watch(watches: readonly Watch[]): void;
  /** The output if it stands unspent in the best chain, with its place. */
  unspent(outpoint: Outpoint): Promise<UnspentOutput | undefined>;
  /** The txid at a place of the best chain; for checking announced channels. */
  txidAt(height: BlockHeight, index: number): Promise<Txid | undefined>;
  /**
   * Into the mempool, where it may take the place of what spends the same coins and pays less, and to the peers.
   * Announcing again what is known or confirmed is not a refusal.
   */
  broadcast(tx: Tx): Promise<Result<Txid, BroadcastRefusal>>;
  /** For confirmation within `blocks`, 1 to 1008; undefined when nothing is known. Economical unless told. */
  feerate(blocks: number, care?: FeeCare): SatPerKw | undefined;
  stop(): Promise<void>;
}
export interface UnspentOutput {
  readonly amount: bigint;
  readonly script: Uint8Array;
  readonly block: BlockRef;
  readonly coinbase: boolean;
}
