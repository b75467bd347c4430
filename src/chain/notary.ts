import { concat, equalBytes, utf8 } from "../base/bytes.ts";
import { assert } from "../base/result.ts";
import { merkleBranch, merkleRoot, rootOfBranch } from "../bitcoin/merkle.ts";
import { OP } from "../bitcoin/opcodes.ts";
import { pushBytes } from "../bitcoin/script.ts";
import type { Tx } from "../bitcoin/tx.ts";
import { taggedHash } from "../crypto/hash.ts";

/**
 * That a document was there when a block was made: the merkle root over the hashes of documents stands in an output that
 * nobody can spend. Whoever holds a document, its branch and the proof of the transaction needs headers alone to see it.
 */
const MARK = utf8("sluice1:");
const HASH_BYTES = 32;
/** What the transactions of stamps are called in the list of the wallet. */
export const STAMP_LABEL = "stamp of documents";
/** A leaf is hashed unlike what stands above it, so that no inner node passes for a document. */
const leafOf = taggedHash("sluice/notary");
/** Many more documents than anybody stamps at once. */
const DEPTH_MAX = 32;

/** Where a document stands under a root. */
export interface DocumentProof {
  readonly index: number;
  /** 32 bytes each. */
  readonly branch: readonly Uint8Array[];
}

/**
 * The root over documents, and where each stands, in their order.
 * @param hashes  their SHA-256, one or more
 */
export function gatherDocuments(hashes: readonly Uint8Array[]): {
  readonly root: Uint8Array;
  readonly proofs: readonly DocumentProof[];
} {
  assert(hashes.length > 0, "there is something to stamp");
  const leaves = hashes.map((hash) => leafOf(hash));
  return {
    root: merkleRoot(leaves).root,
    proofs: leaves.map((_, index) => ({ index, branch: merkleBranch(leaves, index) })),
  };
}

/** The script of the output that holds a root. */
export function stampScript(root: Uint8Array): Uint8Array {
  assert(root.length === HASH_BYTES, "a root has 32 bytes");
  return concat(Uint8Array.of(OP.RETURN), pushBytes(concat(MARK, root)));
}

/** Whether the document with this SHA-256 is under a root that the transaction holds. */
export function isStamped(hash: Uint8Array, { index, branch }: DocumentProof, tx: Tx): boolean {
  const isPlace = Number.isInteger(index) && index >= 0 && index < 2 ** branch.length;
  if (!isPlace || branch.length > DEPTH_MAX || branch.some(({ length }) => length !== HASH_BYTES)) return false;
  const script = stampScript(rootOfBranch(leafOf(hash), index, branch));
  return tx.outputs.some((output) => equalBytes(output.script, script));
}
