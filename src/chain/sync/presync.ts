import type { BlockHash } from "../../base/ids.ts";
import { type BlockHeader, blockHashOf } from "../../bitcoin/block.ts";
import { HEADERS_MAX, PROTOCOL_VERSION } from "../../bitcoin/messages.ts";
import { hasProofOfWork, workOf } from "../../bitcoin/pow.ts";
import type { Chain } from "../chain.ts";
import { HeaderRun } from "../header-run.ts";
import { type HeaderNode, locatorOf } from "../headers.ts";
import { discourage, type Peer, type Sync, type SyncEffect, send, ZEROS } from "./peer.ts";

/**
 * Headers that are easy to make must not fill our memory. A long chain whose work is too little so far is gone through
 * twice: first it is only checked and measured, and when it has shown enough work it is asked for again and kept.
 */
export interface Presync {
  /** The header that the peer's chain stands on, which is kept already. */
  readonly from: HeaderNode;
  readonly run: HeaderRun;
  /** The end of the last hash of each message of the first pass: what has followed is fixed by it. */
  readonly marks: bigint[];
  /** In the second pass, how many of the messages have come. */
  fetched: number | undefined;
}
/** Blocks by which a chain that is told of may fall short of ours. Policy, not protocol. */
const BEHIND_BLOCKS = 144;
/** Messages of a first pass: eight million headers. */
const MARKS_MAX = 4_096;

/** A chain with less is not worth our memory. */
function worthwhileWork({ params, tip }: Chain): bigint {
  const near = tip.work - BigInt(BEHIND_BLOCKS) * workOf(tip.header.bits);
  return near > params.minimumWork ? near : params.minimumWork;
}

/** Whether a single header would lengthen a chain that is not worth our memory. */
export function isPoor(chain: Chain, { previous, bits }: BlockHeader): boolean {
  const parent = chain.index.tree.nodes.get(previous);
  return parent !== undefined && parent.work + workOf(bits) < worthwhileWork(chain);
}

/** What to do about headers before they may be kept; undefined when they may. */
export function screenHeaders(
  sync: Sync,
  peer: Peer,
  headers: readonly BlockHeader[],
  now: number,
): readonly SyncEffect[] | undefined {
  const { presync } = peer;
  if (presync?.fetched !== undefined) return fetchAgain(peer, presync, presync.fetched, headers);
  if (presync !== undefined) return measure(sync, peer, presync, headers, now);
  const { chain } = sync.brain;
  const { nodes } = chain.index.tree;
  const [first, last] = [headers[0], headers.at(-1)];
  const from = first && nodes.get(first.previous);
  if (from === undefined || last === undefined || nodes.has(blockHashOf(last))) return undefined;
  const wanted = worthwhileWork(chain);
  if (from.work >= wanted) return undefined;
  if (!headers.every((header) => hasProofOfWork(blockHashOf(header), header.bits, chain.params)))
    return [discourage(peer, "high-hash")];
  if (from.work + headers.reduce((sum, { bits }) => sum + workOf(bits), 0n) >= wanted) return undefined;
  if (headers.length < HEADERS_MAX) return [];
  const begun: Presync = { from, run: new HeaderRun(chain.params, from), marks: [], fetched: undefined };
  peer.presync = begun;
  return measure(sync, peer, begun, headers, now);
}

function measure(
  { brain }: Sync,
  peer: Peer,
  presync: Presync,
  headers: readonly BlockHeader[],
  now: number,
): readonly SyncEffect[] {
  const { from, run, marks } = presync;
  for (const header of headers) {
    const fault = run.take(header, Math.floor(now / 1000));
    if (fault === undefined) continue;
    peer.presync = undefined;
    // Its chain may have changed meanwhile, or its clock may run ahead.
    return fault.code === "prev-blk-not-found" || fault.code === "time-too-new" ? [] : [discourage(peer, fault.code)];
  }
  marks.push(markOf(run.hash));
  if (run.work >= worthwhileWork(brain.chain)) {
    presync.fetched = 0;
    return [askFrom(peer, locatorOf(from), now)];
  }
  if (marks.length >= MARKS_MAX) return [discourage(peer, "many headers of little work")];
  if (headers.length === HEADERS_MAX) return [askFrom(peer, [run.hash, ...locatorOf(from)], now)];
  // That was all, and it is too little.
  peer.presync = undefined;
  return [];
}

/** A message of the second pass may be kept when it ends as it did in the first. */
function fetchAgain(
  peer: Peer,
  presync: Presync,
  fetched: number,
  headers: readonly BlockHeader[],
): readonly SyncEffect[] | undefined {
  const last = headers.at(-1);
  if (last === undefined || markOf(blockHashOf(last)) !== presync.marks[fetched])
    return [discourage(peer, "shows another chain than before")];
  presync.fetched = fetched + 1;
  if (presync.fetched === presync.marks.length) peer.presync = undefined;
  return undefined;
}

const MARK_DIGITS = 16;
const markOf = (hash: BlockHash): bigint => BigInt(`0x${hash.slice(-MARK_DIGITS)}`);

function askFrom(peer: Peer, locator: readonly BlockHash[], now: number): SyncEffect {
  peer.headersAsked = now;
  return send(peer, { name: "getheaders", version: PROTOCOL_VERSION, locator, stop: ZEROS });
}
