import { concat, equalBytes } from "../base/bytes.ts";
import { type BlockHash, hashBytes, type Txid } from "../base/ids.ts";
import { type Block, type BlockHeader, blockHashOf, type ClaimedBlock, encodeHeader } from "../bitcoin/block.ts";
import { COMPACT_TXS_MAX, type CompactBlock } from "../bitcoin/compact-messages.ts";
import { txMerkleRoot } from "../bitcoin/merkle.ts";
import { type ClaimedTx, type Tx, wtxidOf } from "../bitcoin/tx.ts";
import { encode } from "../codec/codec.ts";
import { u64le } from "../codec/primitives.ts";
import { sha256 } from "../crypto/hash.ts";
import { type SipKey, sipHash, sipKey } from "../crypto/siphash.ts";

/**
 * Blocks told by short ids of their transactions, and put together again from what the mempool holds. Short ids collide
 * now and then; a block that comes out wrong is fetched whole, and nobody is to blame. BIP 152 §Specification.
 */

/** A transaction that may be in a block. */
export interface Candidate {
  readonly wtxid: Txid;
  readonly tx: Tx;
}
/** A block of which some transactions are not here. Immutable, so it can be filled as often as anybody answers. */
export interface PartialBlock {
  readonly hash: BlockHash;
  readonly header: BlockHeader;
  /** In the block's order; undefined where one is missing. */
  readonly txs: readonly (ClaimedTx | undefined)[];
  /** Indexes of those, ascending: what `getblocktxn` asks for. */
  readonly missing: readonly number[];
}
/** Why a compact block or the answer to our question cannot come from an honest peer. */
export type CompactFault = "no_transactions" | "too_many_transactions" | "prefilled_out_of_range" | "wrong_count";
export type Rebuilt =
  /** Every transaction is there and the header commits to them. */
  | { readonly tag: "Whole"; readonly block: ClaimedBlock }
  | { readonly tag: "Missing"; readonly partial: PartialBlock }
  /** Two transactions have one short id, somewhere: the block must be fetched whole. */
  | { readonly tag: "Collision" }
  | { readonly tag: "Invalid"; readonly fault: CompactFault };

const invalid = (fault: CompactFault): Rebuilt => ({ tag: "Invalid", fault });

/** BIP 152 §Short transaction IDs. */
const keyOf = (header: BlockHeader, nonce: bigint): SipKey =>
  sipKey(sha256(concat(encodeHeader(header), encode(u64le, nonce))).subarray(0, 16));
function shortIdOf(key: SipKey, wtxid: Txid): number {
  const { high, low } = sipHash(key, hashBytes(wtxid));
  return (high & 0xffff) * 2 ** 32 + low;
}

/**
 * A block as `cmpctblock` tells it: nobody can have the coinbase, so it is prefilled.
 * @param nonce  64 random bits; another one for each block
 */
export function compactBlock({ header, txs }: Block, nonce: bigint): CompactBlock {
  const key = keyOf(header, nonce);
  const short_ids = txs.slice(1).map((tx) => shortIdOf(key, wtxidOf(tx)));
  return { header, nonce, short_ids, prefilled: txs.slice(0, 1).map((tx) => ({ index: 0, tx })) };
}

/** The block behind a `cmpctblock`, as far as the candidates (mempool, and whatever else is at hand) give it. */
export function rebuild(compact: CompactBlock, candidates: Iterable<Candidate>): Rebuilt {
  const { header, nonce, short_ids, prefilled } = compact;
  const count = short_ids.length + prefilled.length;
  if (count === 0) return invalid("no_transactions");
  if (count > COMPACT_TXS_MAX) return invalid("too_many_transactions");
  // The indexes ascend, so the last one is the greatest.
  if ((prefilled.at(-1)?.index ?? 0) >= count) return invalid("prefilled_out_of_range");
  const txs = new Array<ClaimedTx | undefined>(count).fill(undefined);
  for (const { index, tx } of prefilled) txs[index] = tx;
  const places = new Map<number, number>();
  let place = 0;
  for (const id of short_ids) {
    while (txs[place] !== undefined) place++;
    places.set(id, place++);
  }
  if (places.size < short_ids.length) return { tag: "Collision" };
  for (const [index, { tx }] of pick(places, keyOf(header, nonce), candidates)) txs[index] = tx;
  return finish({ hash: blockHashOf(header), header, txs, missing: gapsIn(txs) });
}

/** The one candidate for each place. Where two have its short id, none can be trusted and the peer is asked. */
function pick(
  places: ReadonlyMap<number, number>,
  key: SipKey,
  candidates: Iterable<Candidate>,
): ReadonlyMap<number, Candidate> {
  const picked = new Map<number, Candidate>();
  const doubtful = new Set<number>();
  if (places.size === 0) return picked;
  for (const candidate of candidates) {
    const place = places.get(shortIdOf(key, candidate.wtxid));
    if (place === undefined || doubtful.has(place)) continue;
    const other = picked.get(place);
    if (other === undefined) picked.set(place, candidate);
    else if (other.wtxid !== candidate.wtxid) {
      picked.delete(place);
      doubtful.add(place);
    }
  }
  return picked;
}
const gapsIn = (txs: readonly (ClaimedTx | undefined)[]): readonly number[] =>
  txs.flatMap((tx, index) => (tx === undefined ? [index] : []));

/** The block with what a `blocktxn` brought, which must be exactly what was missing, in order. */
export function fill(partial: PartialBlock, answer: readonly ClaimedTx[]): Rebuilt {
  if (answer.length !== partial.missing.length) return invalid("wrong_count");
  const txs = [...partial.txs];
  partial.missing.forEach((index, at) => {
    txs[index] = answer[at];
  });
  return finish({ ...partial, txs, missing: [] });
}

function finish(partial: PartialBlock): Rebuilt {
  if (partial.missing.length > 0) return { tag: "Missing", partial };
  const { header } = partial;
  const txs = partial.txs.filter((tx) => tx !== undefined);
  const { root, mutated } = txMerkleRoot(txs);
  if (mutated || !equalBytes(root, header.merkleRoot)) return { tag: "Collision" };
  return { tag: "Whole", block: { header, txs } };
}

/** What a `getblocktxn` asks for; undefined when it names a transaction that the block does not have. */
export function txsAt({ txs }: Block, indexes: readonly number[]): readonly Tx[] | undefined {
  const found = indexes.flatMap((index) => txs[index] ?? []);
  return found.length === indexes.length ? found : undefined;
}
