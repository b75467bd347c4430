import { equalBytes, toHex } from "../base/bytes.ts";
import { type BlockHash, type FilterHash, type FilterHeader, type Outpoint, outpointKey } from "../base/ids.ts";
import { assert, err, ok, type Result } from "../base/result.ts";
import {
  BASIC_FILTER,
  basicFilter,
  countOf,
  filterHashOf,
  filterHeaderOf,
  matchesAll,
  matchesAny,
} from "../bitcoin/filter.ts";
import { CHECKPOINT_BLOCKS } from "../bitcoin/filter-messages.ts";
import type { BitcoinMessageOf } from "../bitcoin/messages.ts";
import { OP } from "../bitcoin/opcodes.ts";
import { p2wpkhOf, p2wshOf, witnessProgramOf } from "../bitcoin/templates.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";

/**
 * What a light client makes of filters that it cannot compute: several peers are asked for the hashes, and where they
 * differ the block itself is fetched, which shows who lied. One honest peer is enough to miss nothing. BIP 157 §Client
 * Operation.
 */

/** A question for filter hashes: of the blocks from `start` up to `stop`. */
export interface AskedHashes {
  readonly start: number;
  readonly stop: HeaderNode;
  /** The filter header of the block before `start` that we hold. */
  readonly previous: FilterHeader;
  /** The filter header of `stop` that this peer named in a `cfcheckpt`. */
  readonly checkpoint?: FilterHeader;
}
/** What one peer says of them, oldest first. */
export interface Claim<P> {
  readonly peer: P;
  readonly hashes: readonly FilterHash[];
}
/**
 * Why an answer is no claim about the range. `other_past`: the peer differs from us below it, and has to be asked about
 * that first. The others are the peer's fault; `contradiction` means that it told another checkpoint before.
 */
export type ClaimFault = "not_asked" | "wrong_count" | "other_past" | "contradiction";

export function readClaim<P>(
  { start, stop, previous, checkpoint }: AskedHashes,
  peer: P,
  message: BitcoinMessageOf<"cfheaders">,
): Result<Claim<P>, ClaimFault> {
  if (message.filter_type !== BASIC_FILTER || message.stop_hash !== stop.hash) return err("not_asked");
  const hashes = message.filter_hashes;
  if (hashes.length !== stop.height - start + 1) return err("wrong_count");
  const own = hashes.reduce((before, hash) => filterHeaderOf(hash, before), message.previous_filter_header);
  if (checkpoint !== undefined && own !== checkpoint) return err("contradiction");
  return message.previous_filter_header === previous ? ok({ peer, hashes }) : err("other_past");
}

/** The checkpoints of a `cfcheckpt`, which must be as many as the chain up to `stop` has. */
export function readCheckpoints(
  stop: HeaderNode,
  { filter_type, stop_hash, filter_headers }: BitcoinMessageOf<"cfcheckpt">,
): Result<readonly FilterHeader[], ClaimFault> {
  if (filter_type !== BASIC_FILTER || stop_hash !== stop.hash) return err("not_asked");
  return filter_headers.length === Math.floor(stop.height / CHECKPOINT_BLOCKS)
    ? ok(filter_headers)
    : err("wrong_count");
}
/** The height of the first checkpoint on which lists differ: they part within the 1,000 blocks up to it. */
export function firstDifference(lists: readonly (readonly FilterHeader[])[]): number | undefined {
  const [first = [], ...others] = lists;
  const at = first.findIndex((header, index) => others.some((other) => other[index] !== header));
  return at < 0 ? undefined : (at + 1) * CHECKPOINT_BLOCKS;
}

/** A block of which peers name different filters, and who names which. */
export interface Conflict<P> {
  readonly height: number;
  readonly sides: ReadonlyMap<FilterHash, readonly P[]>;
}
/**
 * Goes through claims about one range from the block at `from` on, up to the first on which they differ. After that one
 * is settled, the claims of those who did not lie are compared from the block after it.
 * @param start  the height at which the claims begin
 */
export function compareClaims<P>(claims: readonly Claim<P>[], start: number, from = start): Conflict<P> | undefined {
  const [first, ...others] = claims;
  if (first === undefined) return undefined;
  assert(
    others.every(({ hashes }) => hashes.length === first.hashes.length),
    "claims are about one range",
  );
  for (let at = from - start; at < first.hashes.length; at++) {
    if (others.every(({ hashes }) => hashes[at] === first.hashes[at])) continue;
    const sides = new Map<FilterHash, P[]>();
    for (const { peer, hashes } of claims) {
      const hash = hashes[at] as FilterHash;
      sides.set(hash, [...(sides.get(hash) ?? []), peer]);
    }
    return { height: start + at, sides };
  }
  return undefined;
}

/** How a claimed filter is known to be false. */
export type Lie = "withheld" | "other_filter" | "malformed" | "omits_a_script" | "holds_too_much" | "not_computed";
/** `right`: it is the filter. `possible`: nothing that we know speaks against it. */
export type Verdict = "right" | "possible" | Lie;

/** The scripts that the block certainly has, and of how many inputs we do not know what they spend. */
interface Contents {
  readonly paid: readonly Uint8Array[];
  readonly spent: readonly Uint8Array[];
  readonly unknown: number;
}
function contentsOf({ block, txids }: HashedBlock, scriptOf: (outpoint: Outpoint) => Uint8Array | undefined): Contents {
  const within = new Map<string, Uint8Array>();
  const paid: Uint8Array[] = [];
  const spent: Uint8Array[] = [];
  let unknown = 0;
  for (const [index, tx] of block.txs.entries()) {
    for (const { prevout, witness } of index === 0 ? [] : tx.inputs) {
      const said = scriptOf(prevout);
      const script = within.get(outpointKey(prevout)) ?? (said && isShownBy(said, witness) ? said : undefined);
      if (script === undefined) unknown++;
      else if (script.length > 0) spent.push(script);
    }
    const txid = txids[index];
    for (const [vout, { script }] of tx.outputs.entries()) {
      if (txid !== undefined) within.set(outpointKey({ txid, vout }), script);
      if (script.length > 0 && script[0] !== OP.RETURN) paid.push(script);
    }
  }
  return { paid, spent, unknown };
}

/** Whoever had an output watched need not have said what it pays to: what spends a hash of a script or key shows that. */
function isShownBy(script: Uint8Array, witness: readonly Uint8Array[]): boolean {
  const program = witnessProgramOf(script);
  if (program?.version !== 0) return true;
  const last = witness.at(-1);
  return last !== undefined && equalBytes(script, program.program.length === 32 ? p2wshOf(last) : p2wpkhOf(last));
}

/**
 * Judges the filters that peers claim for a block by the block.
 * @param filters   by the hash claimed; undefined where nobody who claims it sends it
 * @param scriptOf  what an outpoint holds, as far as it was said: what we watch, or have validated
 */
export function judge(
  hashed: HashedBlock,
  filters: ReadonlyMap<FilterHash, Uint8Array | undefined>,
  scriptOf: (outpoint: Outpoint) => Uint8Array | undefined,
): ReadonlyMap<FilterHash, Verdict> {
  const contents = contentsOf(hashed, scriptOf);
  const { hash: block } = hashed;
  const computed =
    contents.unknown === 0 ? filterHashOf(basicFilter(block, hashed.block.txs, contents.spent)) : undefined;
  const verdicts = new Map<FilterHash, Verdict>();
  for (const [claimed, filter] of filters) {
    if (computed !== undefined) verdicts.set(claimed, claimed === computed ? "right" : "not_computed");
    else verdicts.set(claimed, judgeOne(block, claimed, filter, contents));
  }
  return verdicts;
}
function judgeOne(
  block: BlockHash,
  claimed: FilterHash,
  filter: Uint8Array | undefined,
  { paid, spent, unknown }: Contents,
): Verdict {
  if (filter === undefined) return "withheld";
  if (filterHashOf(filter) !== claimed) return "other_filter";
  const certain = [...paid, ...spent];
  const count = countOf(filter);
  const matched = matchesAll(filter, block, certain);
  if (!count.ok || !matched.ok) return "malformed";
  if (!matched.value) return "omits_a_script";
  const distinct = new Set(certain.map(toHex)).size;
  return count.value > distinct + unknown ? "holds_too_much" : "possible";
}

/** What follows from the verdicts. */
export interface Settlement<P> {
  /** To part with, and never to ask again. */
  readonly liars: readonly P[];
  /**
   * The one filter that is left. Undefined when several could be right: nobody is blamed, and the block, which is here,
   * is looked through itself.
   */
  readonly accepted: FilterHash | undefined;
}
export function settle<P>({ sides }: Conflict<P>, verdicts: ReadonlyMap<FilterHash, Verdict>): Settlement<P> {
  const hashes = [...sides.keys()];
  const right = hashes.filter((hash) => verdicts.get(hash) === "right");
  const left = right.length > 0 ? right : hashes.filter((hash) => verdicts.get(hash) === "possible");
  const liars = hashes.filter((hash) => !left.includes(hash)).flatMap((hash) => sides.get(hash) ?? []);
  return { liars, accepted: left.length === 1 ? left[0] : undefined };
}

/**
 * Whether a block has to be fetched for these scripts. Bytes that are no filter say nothing, so the block is fetched.
 * @param agreed  the hash that all peers claim, or that was accepted
 * @returns       undefined when the filter is not the one that was agreed on: whoever sent it lied
 */
export function mayConcern(
  { block_hash, filter }: BitcoinMessageOf<"cfilter">,
  agreed: FilterHash,
  scripts: readonly Uint8Array[],
): boolean | undefined {
  if (filterHashOf(filter) !== agreed) return undefined;
  const matched = matchesAny(filter, block_hash, scripts);
  return !matched.ok || matched.value;
}
