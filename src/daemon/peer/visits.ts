import type { NodeId } from "../../base/ids.ts";
import type { UnixMs } from "../../base/units.ts";

/** Policy, not protocol: so many times in an hour it is kept that one peer came or went. */
export const VISITS_MAX = 20;
export const VISITS_MS = 3_600_000;

/**
 * Which comings and goings are kept in the event log, for ever: of peers with a channel, and of each no more than a line that
 * breaks now and then brings about. A peer that comes back a hundred times a second fills no disk.
 */
export class Visits {
  readonly #hasChannel: (peer: NodeId) => boolean;
  readonly #kept = new Map<NodeId, { readonly since: UnixMs; count: number }>();

  constructor(hasChannel: (peer: NodeId) => boolean) {
    this.#hasChannel = hasChannel;
  }
  /** Counts this one, which is kept if it may be. */
  isKept(peer: NodeId, now: UnixMs): boolean {
    if (!this.#hasChannel(peer)) return false;
    const known = this.#kept.get(peer);
    if (known === undefined || now - known.since >= VISITS_MS) {
      this.#kept.set(peer, { since: now, count: 1 });
      return true;
    }
    known.count++;
    return known.count <= VISITS_MAX;
  }
}
