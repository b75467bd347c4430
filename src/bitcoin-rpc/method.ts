import type { BlockHash, Outpoint, Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { ClaimedBlock } from "../bitcoin/block.ts";
import type { DeriveKey } from "../bitcoin/descriptor-script.ts";
import type { ClaimedTx } from "../bitcoin/tx.ts";
import type { NodeBrain } from "../chain/brain.ts";
import type { BlockRefusal } from "../chain/chain.ts";
import type { Coin } from "../chain/coins.ts";
import type { FilterStorage } from "../chain/filter-storage.ts";
import type { Asked, BaseNode, PackageVerdict } from "../ports/base-node.ts";
import type { BroadcastRefusal } from "../ports/chain-source.ts";
import type { Address } from "../ports/network.ts";
import type { Clock, Random } from "../ports/world.ts";
import type { Json } from "./json-text.ts";
import type { Scan } from "./methods/scan.ts";
import type { ArgsOf, Params } from "./params.ts";

/** The bundled node, as its RPC sees it: the port, and all that a node with a whole chain has besides. */
export interface WholeNode extends BaseNode {
  readonly brain: NodeBrain;
  /** The coins after the tip that `settled` has put on stable storage. */
  readonly files: { coinsOfEachTx(): Iterable<readonly (readonly [Outpoint, Coin])[]> };
  settled(): Promise<void>;
  readonly neighbours: {
    connectOnce(address: Address): Promise<unknown>;
    forget(address: Address): boolean;
    isNamed(address: Address): boolean;
  };
  /** What it serves to peers, as bits. */
  services(): bigint;
  /** Undefined where none are kept. */
  readonly filters: Pick<FilterStorage, "entry"> | undefined;
  broadcast(tx: ClaimedTx): Promise<Result<Txid, BroadcastRefusal>>;
  submitPackage(txs: readonly ClaimedTx[]): Asked<PackageVerdict>;
  testAccept(txs: readonly ClaimedTx[]): Asked<PackageVerdict>;
  submit(block: ClaimedBlock): Result<BlockHash, BlockRefusal>;
  /** By hand: the block and all on top of it are invalid from now on, or no longer. False for one that is not known. */
  invalidate(hash: BlockHash): boolean;
  reconsider(hash: BlockHash): boolean;
  prefer(hash: BlockHash): boolean;
  /** Called each time that the best chain is another one. The answer ends it. */
  onTip(listener: () => void): () => void;
}
/** What methods work with. */
export interface RpcContext {
  readonly node: WholeNode;
  readonly clock: Clock;
  readonly random: Random;
  /** Derives public keys, for one descriptor. */
  readonly derive: () => DeriveKey;
  readonly version: string;
  /** Topics and where they are published. */
  readonly published: readonly { readonly type: string; readonly address: string; readonly hwm: number }[];
  readonly startedAt: number;
  /** What is under way for all callers together. */
  readonly underWay: UnderWay;
  /** Aborted when the caller of this request has gone away. */
  readonly gone: AbortSignal;
  /** Asks the daemon to end. */
  readonly stop: () => void;
}
/** Bounds what callers may leave behind while they wait. */
export interface UnderWay {
  /** Calls that wait for a block. */
  waits: number;
  /** The one search among all coins. */
  scan: Scan | undefined;
}
export interface Method {
  readonly name: string;
  /** A sentence for `help`. */
  readonly about: string;
  readonly params: Params;
  /** Arguments that were read. Throws an `RpcFault` where it has no answer. */
  readonly run: (context: RpcContext, args: Readonly<Record<string, unknown>>) => Json | Promise<Json>;
}
/** Declares one: its arguments arrive read, with the types that they were declared with. */
export function method<P extends Params>(
  name: string,
  about: string,
  params: P,
  run: (context: RpcContext, args: ArgsOf<P>) => Json | Promise<Json>,
): Method {
  return { name, about, params, run: (context, args) => run(context, args as ArgsOf<P>) };
}

/** How a method is called, and what it does. */
export function helpOf({ name, params, about }: Method): string {
  const shown = Object.entries(params).map(([each, { optional }]) => (optional ? `( ${each} )` : `"${each}"`));
  const kinds = Object.entries(params).map(
    ([each, { kind, optional }]) => `  ${each} (${kind}${optional ? ", optional" : ""})`,
  );
  return [[name, ...shown].join(" "), about, ...kinds].join("\n");
}
