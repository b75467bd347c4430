import { forkOf, type HeaderNode } from "../headers.ts";
import type { Peer, Sync } from "./peer.ts";

/** How far a Bitcoin node has come with what it has yet to get. */
export interface SyncProgress {
  /** What comes now: headers, then the blocks that they name, or of a light client the filters of those blocks. */
  readonly stage: "headers" | "blocks" | "filters";
  /** Heights of which it is there, always below `total`. */
  readonly done: number;
  /** The height of the best known header; for headers an estimate, as nobody knows it before the last has come. */
  readonly total: number;
}

/** Policy, not protocol: a chain that is shorter by less is a matter of moments, or of a slow day. */
const HEADERS_BEHIND_MIN = 144;

/**
 * Of a node that follows blocks; undefined when nothing is known to be missing.
 * @param now  milliseconds
 */
export function syncProgress(sync: Sync, now: number): SyncProgress | undefined {
  const { tip, index } = sync.brain.chain;
  return headersProgress(sync, now) ?? progressTo(index.bestHeader, "blocks", tip);
}

/** The same of a light client, which has come as far as `standing` with filters. */
export function lightProgress(sync: Sync, standing: HeaderNode, now: number): SyncProgress | undefined {
  return headersProgress(sync, now) ?? progressTo(sync.brain.chain.tip, "filters", standing);
}

/** Of a node of which only the heights of its best block and its best header are known. */
export const progressBetween = (done: number, total: number): SyncProgress | undefined =>
  done < total ? { stage: "blocks", done, total } : undefined;

/** While a peer that says to have many more headers is waited for. */
function headersProgress({ brain: { chain }, peers }: Sync, now: number): SyncProgress | undefined {
  const { height, header } = chain.index.bestHeader;
  let furthest = { height: height as number, time: header.time };
  let told = 0;
  for (const peer of peers) {
    if (peer.headersAsked === undefined) continue;
    told = Math.max(told, peer.version?.start_height ?? 0);
    furthest = measured(peer, furthest);
  }
  if (told <= height) return undefined;
  const { pace, retargeting } = chain.params;
  const late = Math.max(Math.floor(now / 1000) - furthest.time, 0);
  // Where blocks keep no pace time tells nothing, and nobody gains by a lie.
  const total = retargeting === "never" ? told : furthest.height + Math.floor(late / pace.spacingS);
  // A long chain is gone through twice, and each time is half of the way: see `presync.ts`.
  const done = Math.floor((furthest.height + height) / 2);
  return total - height < HEADERS_BEHIND_MIN ? undefined : { stage: "headers", done, total };
}
interface Reached {
  readonly height: number;
  readonly time: number;
}
const measured = ({ presync }: Peer, known: Reached): Reached =>
  presync !== undefined && presync.run.height > known.height ? presync.run : known;

/** To the best known header from where a node stands. In a reorganisation all above the fork is still to come. */
function progressTo(best: HeaderNode, stage: "blocks" | "filters", standing: HeaderNode): SyncProgress | undefined {
  if (best.work <= standing.work) return undefined;
  return { stage, done: forkOf(best, standing).height, total: best.height };
}
