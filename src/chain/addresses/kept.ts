import { parseHex, toHex, utf8 } from "../../base/bytes.ts";
import { sha256 } from "../../crypto/hash.ts";
import { type AddressBook, addressBook, putBack } from "./book.ts";
import type { Place } from "./place.ts";

/** The address book as text for a file: the hash of what follows, and then that. */

const VERSION = 1;
const SECRET_BYTES = 16;
const IP_BYTES = 16;
const NODES_MAX = 100_000;
const ANCHORS_MAX = 2;

export interface KeptBook {
  readonly book: AddressBook;
  /** Those that were connected with for blocks alone: the first ones to be dialled. */
  readonly anchors: readonly Place[];
}

export function bookText({ book, anchors }: KeptBook): string {
  const nodes = [...book.nodes.values()].map(({ place, source, services, seen, dialled, reached, failures }) => [
    toHex(place.ip),
    place.port,
    source,
    services.toString(),
    seen,
    dialled,
    reached,
    failures,
  ]);
  const kept = anchors.map(({ ip, port }) => [toHex(ip), port]);
  const body = JSON.stringify({ version: VERSION, secret: toHex(book.secret), anchors: kept, nodes });
  return `${toHex(sha256(utf8(body)))}\n${body}\n`;
}

/**
 * The book of such a text; undefined when it is not whole, or not one at all. A single entry that makes no sense is left out.
 * @param seed  16 random bytes
 * @param now   in seconds
 */
export function readBook(text: string, seed: Uint8Array, now: number): KeptBook | undefined {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1, -1);
  if (end < 0 || text.slice(0, end) !== toHex(sha256(utf8(body)))) return undefined;
  const { version, secret, anchors, nodes } = parsed(body);
  const secretBytes = typeof secret === "string" ? parseHex(secret) : undefined;
  if (version !== VERSION || secretBytes?.length !== SECRET_BYTES) return undefined;
  if (!Array.isArray(nodes) || !Array.isArray(anchors)) return undefined;
  const book = addressBook(secretBytes, seed);
  // Who has answered comes first: nobody is to lose a seat to hearsay.
  for (const isProven of [true, false])
    for (const node of nodes.slice(0, NODES_MAX)) restore(book, node, isProven, now);
  return { book, anchors: anchors.slice(0, ANCHORS_MAX).flatMap((anchor) => placeIn(anchor) ?? []) };
}
function restore(book: AddressBook, entry: unknown, isProven: boolean, now: number): void {
  const place = placeIn(entry);
  if (place === undefined) return;
  const [, , source, services, ...times] = entry as readonly unknown[];
  if (typeof source !== "string" || typeof services !== "string" || !/^\d{1,20}$/.test(services)) return;
  if (times.length !== 4 || !times.every(isCount)) return;
  const [seen, dialled, reached, failures] = times as [number, number, number, number];
  if (reached > 0 !== isProven) return;
  putBack(book, { place, source, services: BigInt(services), seen, dialled, reached, failures }, now);
}
function placeIn(entry: unknown): Place | undefined {
  if (!Array.isArray(entry)) return undefined;
  const [hex, port] = entry as readonly unknown[];
  const ip = typeof hex === "string" ? parseHex(hex) : undefined;
  return ip?.length === IP_BYTES && isCount(port) && port <= 0xffff ? { ip, port } : undefined;
}
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
