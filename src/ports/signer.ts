import type { ChannelSigner, SignerMemory } from "../../channels/index.ts";
import type { NodeId } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { AddressType, KeyPath } from "../bitcoin/key-path.ts";
import type { SIGHASH_ALL, SIGHASH_DEFAULT } from "../bitcoin/sighash.ts";
import type { Tx, TxOut } from "../bitcoin/tx.ts";
import type { StaticKey } from "../crypto/static-key.ts";

/**
 * Everything that follows from the node's words and is not to be known. Law:
 *
 * - It answers at once, also from another process. When it is gone or does not answer within its time, it throws: then the
 *   node stops, as it does when its disk refuses a write.
 * - It remembers what it has signed and which secrets it has given, and refuses what contradicts that.
 * - What it remembers counts for good once `keep` has said so. Answers that were given since rest on this process, and must
 *   not leave it before: whoever restarts without them may ask anew.
 */
export interface Signer {
  readonly nodeId: NodeId;
  /** The node's key in connections and onions. */
  readonly nodeKey: StaticKey;
  /** By the node's key: invoices, gossip and receipts. `digest` is 32 bytes. */
  signAsNode(digest: Uint8Array): { readonly signature: Uint8Array; readonly recovery: number };
  /** From which all keys of streams that are on sale here follow. No money rests on it. 32 bytes. */
  readonly streamMaster: Uint8Array;
  /** Under which static backups are sealed. No money rests on it: a backup signs nothing. 32 bytes. */
  readonly backupKey: Uint8Array;

  /** It remembers channels of an earlier life of the node, or that its words had one: one without any data has lost them. */
  readonly hasSigned: boolean;

  /** What is public of the wallet. */
  readonly accounts: { readonly [T in AddressType]: PublicAccount };
  /** The witnesses of these inputs, in their order. Where a payment goes is the owner's decision, and not judged. */
  signWallet(request: WalletRequest): Result<readonly (readonly Uint8Array[])[], WalletRefusal>;

  /**
   * The keys of the channel with this index. An index is used for one channel, ever.
   * @param remembered what the record of the channel says of it, `FRESH_MEMORY` of a channel that has none; undefined of one
   *   that is known from a backup alone, for which nothing but claims is ever asked
   */
  channel(index: number, remembered: SignerMemory | undefined): Result<ChannelSigner, OldRecord>;
  /**
   * An opening came to nothing: for that channel nothing is asked any more, so nothing need be held of one for which nothing
   * was given. Strangers begin as many as they like.
   */
  forget(index: number): void;
  /** Says up to where answers have been given; for `keep`. */
  mark(): number;
  /** Resolves once all that was remembered up to a mark is on stable storage. To be called when the node's own records are. */
  keep(mark: number): Promise<void>;
}

/** Whoever has it knows every address of an account, and can spend nothing. */
export interface PublicAccount {
  /** Of the master key. BIP 32 §Key identifiers. */
  readonly fingerprint: number;
  /** From the master key to the account; hardened steps have their highest bit set. */
  readonly steps: readonly number[];
  readonly xpub: string;
}

/** A transaction that spends coins of the wallet, with all that its signatures cover. */
export interface WalletRequest {
  readonly tx: Tx;
  /** What each input spends, also those of others. */
  readonly spent: readonly TxOut[];
  readonly inputs: readonly WalletInput[];
}
export interface WalletInput {
  readonly index: number;
  readonly path: KeyPath;
  /** Of taproot, whether the signature says that it covers everything or leaves it unsaid; others say it always. */
  readonly hashType: typeof SIGHASH_DEFAULT | typeof SIGHASH_ALL;
}
export interface WalletRefusal {
  /** An input that is not there, or that spends what does not pay to the key named. */
  readonly code: "not_our_coin";
  readonly index: number;
}

/** The record of a channel is older than what the signer has signed for it: it comes from an old copy of the data. */
export interface OldRecord {
  readonly code: "old_record";
  readonly detail: string;
}

/** Nothing may be done with data that are older than what has left this node: it does not start, or stops. */
export class OldCopy extends Error {
  override readonly name = "OldCopy";
}
