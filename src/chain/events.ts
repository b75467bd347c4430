import type { BlockHash, Outpoint } from "../base/ids.ts";
import type { BlockHeight } from "../base/units.ts";
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
 * then connections. `BlockConnected` comes after everything that happened in that block. `SpendSeen` stands outside of
 * all this.
 */
export type ChainEvent =
  | { readonly tag: "OutpointSpent"; readonly outpoint: Outpoint; readonly by: Confirmation }
  | { readonly tag: "ScriptPaid"; readonly script: Uint8Array; readonly by: Confirmation; readonly vout: number }
  | { readonly tag: "BlockConnected"; readonly block: BlockRef; readonly previous: BlockHash; readonly time: number }
  | { readonly tag: "BlockDisconnected"; readonly block: BlockRef }
  | SpendSeen;

/**
 * A transaction that waits in the mempool spends a watched outpoint. A hint: best effort, it may come twice, in no order
 * with blocks, and no event undoes it. What the transaction shows (a preimage, say) is known from then on; what it does is
 * not certain.
 */
export interface SpendSeen {
  readonly tag: "SpendSeen";
  readonly outpoint: Outpoint;
  readonly tx: Tx;
}

/**
 * A watch names the script as well as the outpoint, with the height from which on it can be met: a filter client
 * cannot match on a txid.
 */
export type Watch =
  | { readonly tag: "Outpoint"; readonly outpoint: Outpoint; readonly script: Uint8Array; readonly from: BlockHeight }
  | { readonly tag: "Script"; readonly script: Uint8Array; readonly from: BlockHeight };
