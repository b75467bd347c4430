import { putHash, type Txid } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { sha256d, sha256dInto } from "../crypto/hash.ts";
import { OP } from "./opcodes.ts";
import { type ClaimedTx, type Tx, txidOf, wtxidOf } from "./tx.ts";

/** Hashes are 32 bytes in the order hashed. */
export interface MerkleRoot {
  readonly root: Uint8Array;
  /**
   * Two neighbours were equal: the list has the same root without the repetition (CVE-2012-2459), so a block that shows
   * it must be refused without calling its hash invalid.
   */
  readonly mutated: boolean;
}

/** Pairs are hashed together up to the root; the last of an odd row is paired with itself. No leaves give zeros. */
export const merkleRoot = (leaves: readonly Uint8Array[]): MerkleRoot =>
  rootOver(leaves.length, (out, at, index) => out.set(leaves[index] as Uint8Array, at));
/** @param put  writes a leaf into memory that is used row after row: blocks have thousands */
function rootOver(count: number, put: (out: Uint8Array, at: number, index: number) => void): MerkleRoot {
  const row = new Uint8Array(HASH_BYTES * (count + 1));
  for (let index = 0; index < count; index++) put(row, HASH_BYTES * index, index);
  let mutated = false;
  for (let left = count; left > 1; left = (left + 1) >> 1) {
    if (left % 2 === 1) row.copyWithin(HASH_BYTES * left, HASH_BYTES * (left - 1), HASH_BYTES * left);
    for (let from = 0, to = 0; from < left; from += 2, to++) {
      const pair = row.subarray(HASH_BYTES * from, HASH_BYTES * (from + 2));
      mutated ||= from + 1 < left && isTwice(pair);
      sha256dInto(row, HASH_BYTES * to, pair);
    }
  }
  return { root: row.slice(0, HASH_BYTES), mutated };
}
function isTwice(pair: Uint8Array): boolean {
  for (let i = 0; i < HASH_BYTES; i++) if (pair[i] !== pair[HASH_BYTES + i]) return false;
  return true;
}
const HASH_BYTES = 32;
function nextRow(row: readonly Uint8Array[]): readonly Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let i = 0; i < row.length; i += 2)
    next.push(hashPair(row[i] as Uint8Array, row[i + 1] ?? (row[i] as Uint8Array)));
  return next;
}
function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return sha256d(pair);
}

/** The siblings from leaf to root: with the leaf and its index they prove that it is under the root. */
export function merkleBranch(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  assert(Number.isInteger(index) && index >= 0 && index < leaves.length, "the leaf of a branch exists");
  const branch: Uint8Array[] = [];
  let row = leaves;
  for (let at = index; row.length > 1; at >>= 1) {
    branch.push(row[at ^ 1] ?? present(row[at], "a row holds the leaf's ancestor"));
    row = nextRow(row);
  }
  return branch;
}
/** The root that a leaf at `index` has with these siblings. */
export function rootOfBranch(leaf: Uint8Array, index: number, branch: readonly Uint8Array[]): Uint8Array {
  let at = index;
  let hash = leaf;
  for (const sibling of branch) {
    hash = at % 2 === 1 ? hashPair(sibling, hash) : hashPair(hash, sibling);
    at = Math.floor(at / 2);
  }
  return hash;
}

/** The root that a header commits to: over the txids. */
export const txMerkleRoot = (txs: readonly ClaimedTx[]): MerkleRoot => txidMerkleRoot(txs.map(txidOf));
export const txidMerkleRoot = (txids: readonly Txid[]): MerkleRoot =>
  rootOver(txids.length, (out, at, index) => putHash(out, at, txids[index] as Txid));
/** Over the wtxids, with zeros for the coinbase. BIP 141 §Commitment structure. */
export const witnessMerkleRoot = (txs: readonly Tx[]): Uint8Array =>
  rootOver(txs.length, (out, at, index) => {
    if (index > 0) putHash(out, at, wtxidOf(txs[index] as Tx));
  }).root;

/** OP_RETURN, a push of 36 bytes, and the header of the commitment. BIP 141 §Commitment structure. */
const COMMITMENT_PREFIX = Uint8Array.of(OP.RETURN, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_BYTES = COMMITMENT_PREFIX.length + 32;

/** The hash over witness root and reserved value. BIP 141 §Commitment structure. */
export const witnessCommitment = (witnessRoot: Uint8Array, reserved: Uint8Array): Uint8Array =>
  hashPair(witnessRoot, reserved);
/** The scriptPubKey of the coinbase output that holds the commitment. BIP 141 §Commitment structure. */
export function commitmentScript(commitment: Uint8Array): Uint8Array {
  assert(commitment.length === 32, "a witness commitment has 32 bytes");
  const bytes = new Uint8Array(COMMITMENT_BYTES);
  bytes.set(COMMITMENT_PREFIX);
  bytes.set(commitment, COMMITMENT_PREFIX.length);
  return bytes;
}
/** Which output of a coinbase holds the commitment: the last that has the form of one. BIP 141 §Commitment structure. */
export function commitmentOutputOf(coinbase: Tx): number | undefined {
  const at = coinbase.outputs.findLastIndex(
    ({ script }) =>
      script.length >= COMMITMENT_BYTES && COMMITMENT_PREFIX.every((byte, index) => script[index] === byte),
  );
  return at < 0 ? undefined : at;
}
export function committedWitness(coinbase: Tx): Uint8Array | undefined {
  const at = commitmentOutputOf(coinbase);
  return at === undefined ? undefined : coinbase.outputs[at]?.script.slice(COMMITMENT_PREFIX.length, COMMITMENT_BYTES);
}
