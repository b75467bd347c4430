import { compareBytes, equalBytes } from "../base/bytes.ts";
import { encode } from "../codec/codec.ts";
import { bytesOf } from "../codec/primitives.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256, taggedHash } from "../crypto/hash.ts";
import { schnorr, type TweakedKey } from "../crypto/schnorr.ts";
import type { WitnessProgram } from "./templates.ts";

/** The only leaf version with a meaning. BIP 342 §Specification. */
export const TAPSCRIPT_LEAF_VERSION = 0xc0;
/** Of the first byte of a control block; the bit left out is the parity of the output's key. */
const LEAF_VERSION_MASK = 0xfe;
const ANNEX_TAG = 0x50;
const ANCHOR_PROGRAM = Uint8Array.of(0x4e, 0x73);
const CONTROL_BASE_BYTES = 33;
const CONTROL_NODE_BYTES = 32;
const CONTROL_DEPTH_MAX = 128;

const lengthed = bytesOf(compactSize);
const tapLeaf = taggedHash("TapLeaf");
const tapBranch = taggedHash("TapBranch");
const tapTweak = taggedHash("TapTweak");

/** What a tree of scripts commits to at a leaf. BIP 341 §Script validation rules. */
export const leafHash = (leafVersion: number, script: Uint8Array): Uint8Array =>
  tapLeaf(Uint8Array.of(leafVersion), encode(lengthed, script));
/** What it commits to above two others, in either order. BIP 341 §Script validation rules. */
export const branchHash = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  compareBytes(a, b) <= 0 ? tapBranch(a, b) : tapBranch(b, a);
/** What is added to an internal key for the root of a tree, or for none. BIP 341 §Constructing and spending Taproot outputs. */
export const tweakHash = (internalKey: Uint8Array, root?: Uint8Array): Uint8Array =>
  root === undefined ? tapTweak(internalKey) : tapTweak(internalKey, root);

/** The key of the output that commits to an internal key and the root of a tree of scripts; undefined for what is no key. */
export const outputKey = (internalKey: Uint8Array, root?: Uint8Array): TweakedKey | undefined =>
  schnorr.tweakKey(internalKey, tweakHash(internalKey, root));

/** Whether the program is a taproot output's, where it stands in a scriptPubKey itself. BIP 341 §Script validation rules. */
export const isTaproot = ({ version, program }: WitnessProgram): boolean => version === 1 && program.length === 32;

/** Pays to anyone: made to be spent by whoever wants to pay for the transaction that holds it. Policy, not protocol. */
export const isPayToAnchor = ({ version, program }: WitnessProgram): boolean =>
  version === 1 && equalBytes(program, ANCHOR_PROGRAM);

/** A witness without its annex. */
export interface TaprootWitness {
  readonly elements: readonly Uint8Array[];
  readonly annex: Uint8Array | undefined;
}
/** The annex is the last of two or more elements, if it begins with 0x50. BIP 341 §Script validation rules. */
export function splitAnnex(witness: readonly Uint8Array[]): TaprootWitness {
  const last = witness.length >= 2 ? witness.at(-1) : undefined;
  if (last?.[0] !== ANNEX_TAG) return { elements: witness, annex: undefined };
  return { elements: witness.slice(0, -1), annex: last };
}
/** As signatures cover it: with its length in front. BIP 341 §Common signature message. */
export const annexHash = (annex: Uint8Array): Uint8Array => sha256(encode(lengthed, annex));

/** Where a script stands in the tree that an output commits to. */
export interface ControlBlock {
  readonly leafVersion: number;
  /** Of the output's key. */
  readonly odd: boolean;
  readonly internalKey: Uint8Array;
  /** The hashes beside the way from the leaf to the root. */
  readonly path: readonly Uint8Array[];
}
/** The leaf version that a control block names in its first byte. */
export const leafVersionOf = (control: Uint8Array): number => (control[0] ?? 0) & LEAF_VERSION_MASK;

/** Undefined when the length is none that a control block has. BIP 341 §Script validation rules. */
export function parseControlBlock(bytes: Uint8Array): ControlBlock | undefined {
  const depth = (bytes.length - CONTROL_BASE_BYTES) / CONTROL_NODE_BYTES;
  if (!Number.isInteger(depth) || depth < 0 || depth > CONTROL_DEPTH_MAX) return undefined;
  const path = Array.from({ length: depth }, (_, level) => {
    const at = CONTROL_BASE_BYTES + level * CONTROL_NODE_BYTES;
    return bytes.subarray(at, at + CONTROL_NODE_BYTES);
  });
  const odd = ((bytes[0] as number) & 1) === 1;
  return { leafVersion: leafVersionOf(bytes), odd, internalKey: bytes.subarray(1, CONTROL_BASE_BYTES), path };
}

/** Whether the output with this key commits to the leaf at that place. BIP 341 §Script validation rules. */
export function isCommitted(key: Uint8Array, { internalKey, odd, path }: ControlBlock, leaf: Uint8Array): boolean {
  const output = outputKey(internalKey, path.reduce(branchHash, leaf));
  return output !== undefined && output.odd === odd && equalBytes(output.key, key);
}
