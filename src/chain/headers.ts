import type { BlockHash } from "../base/ids.ts";
import { KeptBytes } from "../base/kept-bytes.ts";
import { assert, err, ok, present, type Result } from "../base/result.ts";
import { type BlockHeight, blockHeight } from "../base/units.ts";
import { type BlockHeader, blockHashOf } from "../bitcoin/block.ts";
import { medianTimePast } from "../bitcoin/locks.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { hasProofOfWork, nextBits, workOf } from "../bitcoin/pow.ts";

/** A header in its place: all the way down to genesis it is linked by values, so any branch can be walked. */
export interface HeaderNode {
  readonly hash: BlockHash;
  readonly header: BlockHeader;
  readonly height: BlockHeight;
  /** Expected hashes of the whole chain up to and with this block. */
  readonly work: bigint;
  readonly previous: HeaderNode | undefined;
  /** The ancestor whose height is this one's with the lowest set bit cleared: makes any ancestor a few hops away. */
  readonly skip: HeaderNode | undefined;
  /** Headers that came earlier have a lower number. */
  readonly order: number;
}

/** All headers ever accepted. Mutable, but only grows. */
export interface HeaderTree {
  readonly params: ChainParams;
  readonly genesis: HeaderNode;
  readonly nodes: Map<BlockHash, HeaderNode>;
  /** Of all of them. */
  readonly merkleRoots: KeptBytes;
}

/** Why a header is refused; the codes are Bitcoin Core's. */
export interface HeaderFault {
  readonly code:
    | "prev-blk-not-found"
    | "bad-prevblk"
    | "high-hash"
    | "bad-diffbits"
    | "time-too-old"
    | "time-too-new"
    | "time-timewarp-attack"
    | "bad-version";
}

/** Blocks whose times are taken for the median. BIP 113 §Specification. */
export const MEDIAN_TIME_BLOCKS = 11;
/** A block's time may run ahead of ours by two hours. */
export const FUTURE_TIME_MAX_S = 2 * 60 * 60;
export function headerTree(params: ChainParams): HeaderTree {
  const header = params.genesis.header;
  const genesis: HeaderNode = {
    hash: blockHashOf(header),
    header,
    height: blockHeight(0),
    work: workOf(header.bits),
    previous: undefined,
    skip: undefined,
    order: 0,
  };
  return { params, genesis, nodes: new Map([[genesis.hash, genesis]]), merkleRoots: new KeptBytes() };
}

/** The ancestor at `height`, or the node itself. Undefined above it. */
export function ancestorAt(node: HeaderNode, height: number): HeaderNode | undefined {
  if (height > node.height || height < 0) return undefined;
  let at = node;
  while (at.height > height) {
    const skip = present(at.skip, "only genesis has no ancestors");
    at = skip.height >= height ? skip : present(at.previous, "only genesis has no parent");
  }
  return at;
}
export const isAncestor = (ancestor: HeaderNode, node: HeaderNode): boolean =>
  ancestorAt(node, ancestor.height) === ancestor;

/** The last block that two chains have in common. */
export function forkOf(a: HeaderNode, b: HeaderNode): HeaderNode {
  const height = Math.min(a.height, b.height);
  let left = present(ancestorAt(a, height), "a chain has every height up to its own");
  let right = present(ancestorAt(b, height), "a chain has every height up to its own");
  while (left !== right) {
    const fromLeft = left.skip;
    const fromRight = right.skip;
    if (fromLeft !== undefined && fromRight !== undefined && fromLeft !== fromRight) {
      left = fromLeft;
      right = fromRight;
    } else {
      left = present(left.previous, "all chains meet at genesis");
      right = present(right.previous, "all chains meet at genesis");
    }
  }
  return left;
}

/** The median of the last eleven times: what locktimes are compared with. BIP 113 §Specification. */
export function medianTimeOf(node: HeaderNode): number {
  const times: number[] = [];
  for (let at: HeaderNode | undefined = node; at !== undefined && times.length < MEDIAN_TIME_BLOCKS; at = at.previous) {
    times.push(at.header.time);
  }
  return medianTimePast(times);
}

/** The `bits` that a block on `previous` with this time must have. */
export function requiredBits(params: ChainParams, previous: HeaderNode, time: number): number {
  if (params.retargeting === "never") return previous.header.bits;
  const blockTime = ({ height, header }: HeaderNode) => ({ height, time: header.time, bits: header.bits });
  return nextBits(params, blockTime(previous), time, (height) =>
    blockTime(present(ancestorAt(previous, height), "the interval lies below")),
  );
}

/**
 * Takes a header into the tree, or tells why not. Known ones are found again.
 * @param now  seconds since 1970-01-01 UTC
 */
export function addHeader(tree: HeaderTree, header: BlockHeader, now: number): Result<HeaderNode, HeaderFault> {
  const hash = blockHashOf(header);
  const known = tree.nodes.get(hash);
  if (known !== undefined) return ok(known);
  if (!hasProofOfWork(hash, header.bits, tree.params)) return err({ code: "high-hash" });
  const previous = tree.nodes.get(header.previous);
  if (previous === undefined) return err({ code: "prev-blk-not-found" });
  const fault = faultInPlace(tree.params, header, placeAfter(tree.params, previous, header.time), now);
  return fault === undefined ? ok(insertHeader(tree, header, hash, previous)) : err(fault);
}

/** Puts a header that was checked before (now or in an earlier run) into the tree. */
export function insertHeader(tree: HeaderTree, header: BlockHeader, hash: BlockHash, previous: HeaderNode): HeaderNode {
  assert(header.previous === previous.hash && !tree.nodes.has(hash), "a header is put in once, onto its parent");
  const height = previous.height + 1;
  // A chain has a million: what they have in common is kept once, and their roots together.
  const merkleRoot = tree.merkleRoots.keep(header.merkleRoot);
  const node: HeaderNode = {
    hash,
    header: { ...header, previous: previous.hash, merkleRoot },
    height: blockHeight(height),
    work: previous.work + workOf(header.bits),
    previous,
    skip: ancestorAt(previous, height & (height - 1)),
    order: tree.nodes.size,
  };
  tree.nodes.set(hash, node);
  return node;
}

/** What the chain below a header asks of it. */
export interface HeaderPlace {
  readonly height: number;
  readonly previousTime: number;
  readonly medianTime: number;
  readonly bits: number;
}
const placeAfter = (params: ChainParams, previous: HeaderNode, time: number): HeaderPlace => ({
  height: previous.height + 1,
  previousTime: previous.header.time,
  medianTime: medianTimeOf(previous),
  bits: requiredBits(params, previous, time),
});

/** Why a header with its proof of work may not stand there; undefined when it may. */
export function faultInPlace(
  params: ChainParams,
  { version, time, bits }: BlockHeader,
  place: HeaderPlace,
  now: number,
): HeaderFault | undefined {
  if (bits !== place.bits) return { code: "bad-diffbits" };
  if (time <= place.medianTime) return { code: "time-too-old" };
  if (isTimewarp(params, time, place)) return { code: "time-timewarp-attack" };
  if (time > now + FUTURE_TIME_MAX_S) return { code: "time-too-new" };
  return oldVersion(params, version, place.height) ? { code: "bad-version" } : undefined;
}

type Moment = Pick<HeaderPlace, "height" | "previousTime">;
/** BIP 94 §Specification: the first block of an interval may be earlier than the last one by the time of one block, and no more. */
const isTimewarp = ({ retargeting, pace }: ChainParams, time: number, { height, previousTime }: Moment): boolean =>
  retargeting === "testnet4" && height % pace.retargetBlocks === 0 && time < previousTime - pace.spacingS;
/** The earliest time that a block on `previous` may have. */
export function earliestTime(params: ChainParams, previous: HeaderNode): number {
  const height = previous.height + 1;
  const time = medianTimeOf(previous) + 1;
  const allowed = previous.header.time - params.pace.spacingS;
  return isTimewarp(params, time, { height, previousTime: previous.header.time }) ? allowed : time;
}

/** BIP 34, 66 and 65 each retired the version below theirs. */
const oldVersion = ({ activation }: ChainParams, version: number, height: number): boolean =>
  (version < 2 && height >= activation.bip34) ||
  (version < 3 && height >= activation.bip66) ||
  (version < 4 && height >= activation.bip65);

/** Hashes from the tip down, ever further apart, to find the fork with another node's chain. */
export function locatorOf(tip: HeaderNode): readonly BlockHash[] {
  const hashes: BlockHash[] = [];
  let step = 1;
  for (let height: number = tip.height; height > 0; height -= step) {
    hashes.push(present(ancestorAt(tip, height), "heights below the tip").hash);
    if (hashes.length >= 10) step *= 2;
  }
  hashes.push(present(ancestorAt(tip, 0), "genesis").hash);
  return hashes;
}

/** More work wins; of equals the one that came first. */
export const isBetter = (candidate: HeaderNode, than: HeaderNode): boolean =>
  candidate.work > than.work || (candidate.work === than.work && candidate.order < than.order);
