import type { BlockHash, Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { BlockHeight, Sat } from "../base/units.ts";
import type { Block, BlockHeader } from "../bitcoin/block.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { BlockState } from "../chain/branches.ts";
import type { SyncProgress } from "../chain/sync/progress.ts";
import type { EffectiveFee, PackageFault, PackageVerdict, TxVerdict } from "../chain/verdict.ts";
import type { BlockRef, ChainSource } from "./chain-source.ts";
import type { Address } from "./network.ts";

export type { BlockState, EffectiveFee, PackageFault, PackageVerdict, SyncProgress, TxVerdict };

/**
 * A Bitcoin node, as a daemon sees it: a chain source that also answers questions. The bundled one reads them from its own
 * disk; one on the other side of a wire may be slow, silent, or not know: each answer comes later, or with a fault.
 */
export interface BaseNode extends ChainSource {
  info(): Asked<BaseNodeInfo>;
  /** Whether the best known header's block is the tip, and the chain not shorter than is known of it. Known without asking anybody. */
  synced(): boolean;
  /** What it has yet to get, as far as that is known; undefined when it is in step. Known without asking anybody. */
  progress(): SyncProgress | undefined;
  /**
   * Since when no block has come, in milliseconds, if that is for so long that somebody may be keeping them from us: for
   * an hour at most, and never where nobody mines for money. Known without asking anybody.
   */
  staleSince(): number | undefined;
  /** Calls each time that the tip is another one or progress may have been made, or that it is stale. The answer ends it. */
  onProgress(listener: () => void): () => void;
  /**
   * Mines `count` blocks on the best chain, one after the other, with all rewards to `script`. Resolves with their
   * hashes once each is connected. Calls wait for earlier ones. Rejects after `stop`, and when the clock stands so
   * far behind the chain that its rules forbid a block now.
   */
  mine(count: number, script: Uint8Array): Asked<readonly BlockHash[]>;
  /** Any header that is known, of the best chain or not. */
  header(hash: BlockHash): Asked<PlacedHeader | undefined>;
  /** Any block whose data is held, of the best chain or not. */
  block(hash: BlockHash): Asked<Block | undefined>;
  blockAt(height: BlockHeight): Asked<Block | undefined>;
  /** From the mempool or the best chain. */
  transaction(txid: Txid): Asked<FoundTx | undefined>;
  utxoTotal(): Asked<UtxoTotal>;
  /**
   * All headers of so many heights up to `to`, or up to the highest that is known: the best chain first, then what stands
   * beside it.
   */
  branches(heights: number, to?: BlockHeight): Asked<readonly KnownBlock[]>;
  /** Where the best chain asked for another difficulty than before, the first block first. Of a long one not all such places. */
  difficulty(): Asked<readonly DifficultyStep[]>;
  /**
   * Several at once into the mempool and to the peers: a child with its parents, the child last, which may pay for parents
   * that pay too little. What can be taken alone is taken whatever becomes of the others.
   */
  submitPackage(txs: readonly Tx[]): Asked<PackageVerdict>;
  /**
   * What the mempool would say of a transaction, or of several with parents first; nothing is changed. Of several each has
   * to pay for itself, and none may take the place of what waits.
   */
  testAccept(txs: readonly Tx[]): Asked<PackageVerdict>;
  /** Waiting to be mined, parents before children. */
  mempool(): Asked<readonly MempoolTx[]>;
  peers(): Asked<readonly BasePeer[]>;
  /** Dials, and from then on dials again whenever the connection is lost. Tells how the first attempt went. */
  connect(address: Address): Promise<Result<void, DialFault>>;
}
export type Asked<T> = Promise<Result<T, ChainFault>>;
/**
 * Why a question about the chain has no answer: this kind of node never gives one; it does not keep that (pruned, or not
 * indexed); it does not answer now. `detail` is a sentence for a person.
 */
export interface ChainFault {
  readonly code: "not_offered" | "not_held" | "unavailable";
  readonly detail: string;
}
export interface BaseNodeInfo {
  /** What kind of node it is: the bundled one, a light client, or somebody else's. */
  readonly source: "embedded" | "compact" | "bitcoind";
  readonly network: string;
  readonly tip: BlockRef;
  /** Of the best block, in seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** The best known header: higher than the tip while blocks are still to come. */
  readonly headers: BlockHeight;
  readonly synced: boolean;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  /** Undefined where the node does not keep count. */
  readonly utxos: UtxoTotal | undefined;
  readonly peers: number;
  /** Where it listens. */
  readonly address: Address | undefined;
  /** Of a light client alone: how far filter headers are agreed on, and filters looked through. */
  readonly filters: { readonly headers: BlockHeight; readonly scanned: BlockHeight } | undefined;
}
/** All unspent outputs of the best chain. Outputs that can never be spent (OP_RETURN) are not among them. */
export interface UtxoTotal {
  readonly count: number;
  readonly total: Sat;
}
export interface PlacedHeader {
  readonly header: BlockHeader;
  readonly height: BlockHeight;
  /** Expected hashes of its whole chain. */
  readonly work: bigint;
  /** Blocks of the best chain that stand on it, itself counted; 0 when it is not in the best chain. */
  readonly confirmations: number;
}
export interface KnownBlock {
  readonly hash: BlockHash;
  readonly header: BlockHeader;
  readonly height: BlockHeight;
  readonly state: BlockState;
}
export interface DifficultyStep {
  readonly height: BlockHeight;
  readonly header: BlockHeader;
}
export interface FoundTx {
  readonly tx: Tx;
  /** Undefined while it waits in the mempool. */
  readonly confirmed: { readonly block: BlockRef; readonly index: number } | undefined;
}
export interface MempoolTx {
  readonly txid: Txid;
  readonly fee: Sat;
  readonly vsize: number;
}
export interface BasePeer {
  readonly address: string;
  readonly inbound: boolean;
  readonly agent: string;
  readonly height: number;
  /** The bits of what it says to serve. */
  readonly services: bigint;
  /** When the connection began, in milliseconds since 1970-01-01 UTC. */
  readonly since: number;
  /** How long its last answer to a ping took, in milliseconds. */
  readonly pingMs: number | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}
export interface DialFault {
  readonly code: "unreachable" | "refused" | "not_offered";
  readonly reason: string;
}
