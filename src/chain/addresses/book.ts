import { utf8 } from "../../base/bytes.ts";
import { encode } from "../../codec/codec.ts";
import { u64le } from "../../codec/primitives.ts";
import { type SipKey, sipHash, sipKey } from "../../crypto/siphash.ts";
import { groupOf, isPublicPlace, type Place, placeKey } from "./place.ts";

/**
 * Where other nodes are said to be. Each address has one seat, which a secret key and its netgroup decide, and among those of
 * hearsay the netgroup of whoever told of it: so who owns one network, or tells of a million addresses, owns few seats. All
 * numbers are policy, not protocol; all times are in seconds since 1970-01-01 UTC.
 */
export interface AddressBook {
  /** 16 secret bytes, the same ones for as long as the book is kept. */
  readonly secret: Uint8Array;
  readonly nodes: Map<string, KnownNode>;
  /** By seat: hearsay, and those that have once answered us. */
  readonly heard: Map<number, KnownNode>;
  readonly proven: Map<number, KnownNode>;
  readonly key: SipKey;
  readonly chance: { readonly key: SipKey; drawn: bigint };
}
export interface KnownNode {
  readonly place: Place;
  readonly key: string;
  readonly group: string;
  /** The netgroup of who told of it first. */
  readonly source: string;
  services: bigint;
  /** When it was last seen by anybody, as far as told. */
  seen: number;
  /** When we dialled it last, when it answered last, and how often it did not since then. 0: never. */
  dialled: number;
  reached: number;
  failures: number;
  table: "heard" | "proven";
  seat: number;
}
/** What a message says of a node. */
export interface ToldNode {
  readonly place: Place;
  readonly services: bigint;
  readonly seen: number;
}

const BUCKET_SEATS = 64;
const BUCKETS = { heard: 256, proven: 64 } as const;
/** Buckets that one netgroup can fill with what it tells, and with its own addresses. */
const SOURCE_BUCKETS = 16;
const GROUP_BUCKETS = 4;
const MINUTE_S = 60;
const DAY_S = 86_400;
/** Who was seen longest ago, or is seen in the future, or never answers, is not worth a seat. */
const SEEN_MAX_S = 30 * DAY_S;
const AHEAD_MAX_S = 10 * MINUTE_S;
const FAILURES_NEW_MAX = 3;
const FAILURES_MAX = 10;
const FAITHFUL_S = 7 * DAY_S;
/** What others say of time is taken for a little older. */
const HEARSAY_S = 2 * 3600;
const ANSWER_MAX = 1000;
const ANSWER_PERCENT_MAX = 23;

/**
 * An empty book.
 * @param secret  16 random bytes, kept with the book
 * @param seed    16 other ones, new at each start: all chance in the book comes from them
 */
export const addressBook = (secret: Uint8Array, seed: Uint8Array): AddressBook => ({
  secret,
  nodes: new Map(),
  heard: new Map(),
  proven: new Map(),
  key: sipKey(secret),
  chance: { key: sipKey(seed), drawn: 0n },
});

/** A number from 0 to below `below`, which is at most 2^32. */
export function draw({ chance }: AddressBook, below: number): number {
  chance.drawn++;
  return sipHash(chance.key, encode(u64le, chance.drawn)).low % below;
}
/** A number that only the book can tell, always the same for the same parts. */
export const lotOf = ({ key }: AddressBook, ...parts: readonly (string | number | bigint)[]): number =>
  sipHash(key, utf8(parts.join(" "))).low;

/** Whether a node is not worth keeping. */
export function isHopeless(node: KnownNode, now: number): boolean {
  if (now - node.dialled < MINUTE_S) return false;
  if (node.seen > now + AHEAD_MAX_S || now - node.seen > SEEN_MAX_S) return true;
  if (node.reached === 0) return node.failures >= FAILURES_NEW_MAX;
  return now - node.reached > FAITHFUL_S && node.failures >= FAILURES_MAX;
}

/** Notes what `source`, a netgroup, tells of a node. Whether it is one that was not known and has got a seat. */
export function learn(book: AddressBook, told: ToldNode, source: string, now: number): boolean {
  if (!isPublicPlace(told.place)) return false;
  const key = placeKey(told.place);
  const known = book.nodes.get(key);
  const seen = (told.seen > now + AHEAD_MAX_S ? now - 5 * DAY_S : told.seen) - HEARSAY_S;
  if (known !== undefined) {
    // Hearsay about one that answers us tells nothing.
    if (known.table === "proven") return false;
    if (seen > known.seen) known.seen = seen;
    // Whoever told of it first may have said less than it serves, so that it is never called.
    known.services |= told.services;
    return false;
  }
  const { place, services } = told;
  const node: KnownNode = {
    place,
    key,
    group: groupOf(place),
    source,
    services,
    seen,
    dialled: 0,
    reached: 0,
    failures: 0,
    table: "heard",
    seat: 0,
  };
  return !isHopeless(node, now) && seatHeard(book, node, now);
}

/** We dial it. It counts as failed until it answers. */
export function noteDialled(book: AddressBook, place: Place, now: number): void {
  const node = book.nodes.get(placeKey(place));
  if (node === undefined) return;
  node.dialled = now;
  node.failures++;
}
/** It has answered as a node of our network does. */
export function noteReached(book: AddressBook, place: Place, services: bigint, now: number): void {
  learn(book, { place, services, seen: now }, groupOf(place), now);
  const node = book.nodes.get(placeKey(place));
  if (node === undefined) return;
  Object.assign(node, { services, seen: now, reached: now, failures: 0 });
  if (node.table === "heard") seatProven(book, node, now);
}

function seatHeard(book: AddressBook, node: KnownNode, now: number): boolean {
  const spread = lotOf(book, node.source, node.group) % SOURCE_BUCKETS;
  const seat = seatIn(book, "heard", lotOf(book, node.source, spread), node);
  const sitting = book.heard.get(seat);
  if (sitting !== undefined && !isHopeless(sitting, now)) return false;
  if (sitting !== undefined) book.nodes.delete(sitting.key);
  settle(book, node, "heard", seat);
  return true;
}
/** One that has answered within a week keeps its seat: nobody can drive it out by being there as well. */
function seatProven(book: AddressBook, node: KnownNode, now: number): void {
  const spread = lotOf(book, node.key) % GROUP_BUCKETS;
  const seat = seatIn(book, "proven", lotOf(book, node.group, spread), node);
  const sitting = book.proven.get(seat);
  if (sitting !== undefined && now - sitting.reached < FAITHFUL_S) return;
  book.heard.delete(node.seat);
  settle(book, node, "proven", seat);
  if (sitting === undefined) return;
  book.nodes.delete(sitting.key);
  seatHeard(book, sitting, now);
}
function seatIn(book: AddressBook, table: KnownNode["table"], lot: number, { key }: KnownNode): number {
  const bucket = lot % BUCKETS[table];
  return bucket * BUCKET_SEATS + (lotOf(book, table, bucket, key) % BUCKET_SEATS);
}
function settle(book: AddressBook, node: KnownNode, table: KnownNode["table"], seat: number): void {
  node.table = table;
  node.seat = seat;
  book[table].set(seat, node);
  book.nodes.set(node.key, node);
}

/** Puts a node in that was in a kept book; what does not fit any more is left out. */
export function putBack(
  book: AddressBook,
  node: Omit<KnownNode, "key" | "group" | "table" | "seat">,
  now: number,
): void {
  const { place, source, services, seen, dialled, reached, failures } = node;
  learn(book, { place, services, seen }, source, now);
  const kept = book.nodes.get(placeKey(place));
  if (kept === undefined) return;
  Object.assign(kept, { seen, dialled, reached, failures });
  if (reached > 0) seatProven(book, kept, now);
}

/** How likely a node is dialled when it is drawn: less soon after we dialled it, and less for each time in vain. */
function chanceOf({ dialled, failures }: KnownNode, now: number): number {
  const rested = now - dialled < 10 * MINUTE_S ? 0.01 : 1;
  return rested * 0.66 ** Math.min(failures, 8);
}
const LOTS = 1_000_000;

/**
 * A node to dial, drawn bucket first, so that full buckets are drawn no more often than others; from those that have
 * answered as often as from hearsay, or from hearsay alone. Undefined when there is none that is wanted.
 */
export function pick(
  book: AddressBook,
  { now, from, isWanted }: { now: number; from: "any" | "heard"; isWanted: (node: KnownNode) => boolean },
): KnownNode | undefined {
  const first = from === "heard" || draw(book, 2) === 0 ? "heard" : "proven";
  const tables = from === "heard" ? ([first] as const) : ([first, first === "heard" ? "proven" : "heard"] as const);
  for (const table of tables) {
    const found = pickFrom(book, table, now, isWanted);
    if (found !== undefined) return found;
  }
  return undefined;
}
function pickFrom(
  book: AddressBook,
  table: KnownNode["table"],
  now: number,
  isWanted: (node: KnownNode) => boolean,
): KnownNode | undefined {
  if (book[table].size === 0) return undefined;
  const buckets = BUCKETS[table];
  const [bucket, place] = [draw(book, buckets), draw(book, BUCKET_SEATS)];
  let eagerness = 1;
  let isAnyWanted = false;
  // What is unlikely the first time round is likely the next: somebody is found if anybody is wanted.
  for (let round = 0; round < 3; round++) {
    for (let step = 0; step < buckets * BUCKET_SEATS; step++) {
      const seat =
        ((bucket + Math.floor(step / BUCKET_SEATS)) % buckets) * BUCKET_SEATS + ((place + step) % BUCKET_SEATS);
      const node = book[table].get(seat);
      if (node === undefined || !isWanted(node) || isHopeless(node, now)) continue;
      isAnyWanted = true;
      if (draw(book, LOTS) < chanceOf(node, now) * eagerness * LOTS) return node;
      eagerness *= 1.2;
    }
    if (!isAnyWanted) return undefined;
  }
  return undefined;
}

/** What an asker is told: some of those worth keeping, and never most of the book. */
export function sampleOf(book: AddressBook, now: number): readonly KnownNode[] {
  const nodes = [...book.nodes.values()];
  const count = Math.min(ANSWER_MAX, Math.floor((nodes.length * ANSWER_PERCENT_MAX) / 100));
  const sample: KnownNode[] = [];
  for (let left = nodes.length; left > 0 && sample.length < count; left--) {
    const at = draw(book, left);
    const node = nodes[at] as KnownNode;
    nodes[at] = nodes[left - 1] as KnownNode;
    if (!isHopeless(node, now)) sample.push(node);
  }
  return sample;
}
