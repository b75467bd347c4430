import { NODE_COMPACT_FILTERS, NODE_NETWORK, NODE_WITNESS } from "../../bitcoin/messages.ts";
import type { Purpose, Sync } from "../sync/peer.ts";
import { type AddressBook, type KnownNode, pick } from "./book.ts";
import { groupOf, isPublicPlace, type Place, placeKey } from "./place.ts";

/** A connection that we have, or are about to have, with somebody whom we called. */
export interface Call {
  readonly place: Place;
  readonly purpose: Purpose;
}
export interface Calls {
  readonly current: readonly Call[];
  /** To be called first for blocks alone: those of before the restart. */
  readonly anchors: readonly Place[];
  /** One more than usual, as those that we have bring no blocks. */
  readonly extra: boolean;
  readonly feelerDue: boolean;
  /** The bits of what they must serve. */
  readonly needed: bigint;
  readonly isShunned: (place: Place) => boolean;
}
/** Policy, not protocol. */
export const RELAY_CALLS = 8;
const BLOCKS_CALLS = 2;

/** What those must serve whom a node calls: blocks with witnesses; to a light client filters too. */
export const neededBy = ({ role }: Pick<Sync, "role">): bigint =>
  NODE_NETWORK | NODE_WITNESS | (role === "light" ? NODE_COMPACT_FILTERS : 0n);

/**
 * Whom to call next, and for what; undefined when there are enough, or nobody is known. No two are in one netgroup, whatever
 * the book is full of: so eight of them are in eight, and one operator is at most one of them.
 * @param now  in seconds
 */
export function nextCall(book: AddressBook, calls: Calls, now: number): Call | undefined {
  const groups = new Set(calls.current.map(({ place }) => groupOf(place)));
  const isFree = (place: Place): boolean => !groups.has(groupOf(place)) && !calls.isShunned(place);
  const isWanted = ({ place, services, dialled }: KnownNode): boolean =>
    isFree(place) && (services & calls.needed) === calls.needed && now - dialled >= 60;
  const count = (purpose: Purpose): number => calls.current.filter((call) => call.purpose === purpose).length;
  const from = (purpose: Purpose): Call | undefined => {
    const node = pick(book, { now, from: purpose === "feeler" ? "heard" : "any", isWanted });
    return node && { place: node.place, purpose };
  };
  if (count("blocks") < BLOCKS_CALLS) {
    const anchor = calls.anchors.find((place) => isPublicPlace(place) && isFree(place));
    if (anchor !== undefined) return { place: anchor, purpose: "blocks" };
  }
  if (count("relay") < RELAY_CALLS + (calls.extra ? 1 : 0)) return from("relay");
  if (count("blocks") < BLOCKS_CALLS) return from("blocks");
  return calls.feelerDue && count("feeler") === 0 ? from("feeler") : undefined;
}

/** Of anchors those that are not called yet. */
export const anchorsLeft = (anchors: readonly Place[], called: Place): readonly Place[] =>
  anchors.filter((anchor) => placeKey(anchor) !== placeKey(called));
