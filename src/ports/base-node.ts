import type { BlockHash, Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { BlockHeight, Sat } from "../base/units.ts";
import type { Block, BlockHeader } from "../bitcoin/block.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { EffectiveFee, PackageFault, PackageVerdict, TxVerdict } from "../chain/verdict.ts";
import type { BlockRef, ChainSource } from "./chain-source.ts";
import type { Address } from "./network.ts";

export type { EffectiveFee, PackageFault, PackageVerdict, TxVerdict };

/** The bundled Bitcoin node, as a daemon sees it: a chain source that also mines, serves peers and answers questions. */
export interface BaseNode extends ChainSource {
  info(): BaseNodeInfo;
  /**
   * Mines `count` blocks on the best chain, one after the other, with all rewards to `script`. Resolves with their
   * hashes once each is connected. Calls wait for earlier ones. Rejects after `stop`, and when the clock stands so
   * far behind the chain that its rules forbid a block now.
   */
  mine(count: number, script: Uint8Array): Promise<readonly BlockHash[]>;
  /** Any header that is known, of the best chain or not. */
  header(hash: BlockHash): PlacedHeader | undefined;
  /** Any block whose data is held, of the best chain or not. */
  block(hash: BlockHash): Block | undefined;
  blockAt(height: BlockHeight): Block | undefined;
  /** From the mempool or the best chain. */
  transaction(txid: Txid): FoundTx | undefined;
  utxoTotal(): UtxoTotal;
  /**
   * Several at once into the mempool and to the peers: a child with its parents, the child last, which may pay for parents
   * that pay too little. What can be taken alone is taken whatever becomes of the others.
   */
  submitPackage(txs: readonly Tx[]): Promise<PackageVerdict>;
  /**
   * What the mempool would say of a transaction, or of several with parents first; nothing is changed. Of several each has
   * to pay for itself, and none may take the place of what waits.
   */
  testAccept(txs: readonly Tx[]): Promise<PackageVerdict>;
  /** Waiting to be mined, parents before children. */
  mempool(): readonly MempoolTx[];
  peers(): readonly BasePeer[];
  /** Dials, and from then on dials again whenever the connection is lost. Tells how the first attempt went. */
  connect(address: Address): Promise<Result<void, DialFault>>;
  /** Accepts peers. Resolves with the address in use; rejects with the system's error. */
  listen(address: Address): Promise<Address>;
}
export interface BaseNodeInfo {
  readonly network: string;
  readonly tip: BlockRef;
  /** Of the best block, in seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** The best known header: higher than the tip while blocks are still to come. */
  readonly headers: BlockHeight;
  readonly synced: boolean;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  readonly utxos: UtxoTotal;
  readonly peers: number;
  /** Where it listens. */
  readonly address: Address | undefined;
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
export interface FoundTx {
  readonly tx: Tx;
  /** Undefined while it waits in the mempool. */
  readonly confirmed: { readonly block: BlockRef; readonly index: number } | undefined;
}
export interface MempoolTx {
  readonly txid: Txid;
  readonly tx: Tx;
  readonly fee: Sat;
  readonly vsize: number;
}
export interface BasePeer {
  readonly address: string;
  readonly inbound: boolean;
  readonly agent: string;
  readonly height: number;
}
export interface DialFault {
  readonly code: "unreachable" | "refused";
  readonly reason: string;
}
