import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import { draw, learn, lotOf, sampleOf, type ToldNode } from "../addresses/book.ts";
import {
  groupOf,
  isPublicNetwork,
  isPublicPlace,
  networkAddressOf,
  type Place,
  placeKey,
  placeOfAddress,
} from "../addresses/place.ts";
import { type Peer, type Sync, type SyncEffect, send } from "./peer.ts";
import { RollingSet } from "./rolling-set.ts";
import { servicesOf } from "./services.ts";

/** What peers tell each other of where nodes are. All numbers are policy, not protocol. */

/** What a peer and we have told each other of addresses. Mutable. */
export interface AddressTalk {
  /** It takes `addrv2`. BIP 155 §Signaling support and compatibility. */
  v2: boolean;
  /** Somebody who speaks of addresses: only they are told of any. */
  open: boolean;
  /** Milliseconds that it has saved for addresses, of which each costs some, and up to when they are counted. */
  credit: number;
  creditAt: number;
  /** We asked for what it knows, and its answer is not over. */
  asked: boolean;
  /** It asked us, which is answered once. */
  answered: boolean;
  /** To be told, together with what comes until then. */
  readonly due: ToldNode[];
  toldAt: number;
  readonly known: RollingSet<string>;
}
/** One address in ten seconds. */
const ADDRESS_COST_MS = 10_000;
/** What a peer may save, and what it gets for an answer that we asked for. */
const CREDIT_MAX_MS = 1000 * ADDRESS_COST_MS;
const MESSAGE_MAX = 1000;
/** A message with more than this is an answer, not news. */
const NEWS_MAX = 10;
const NEWS_AGE_S = 600;
const NEWS_PEERS = 2;
const KNOWN_MAX = 5000;
const TELL_EVERY_MS = 30_000;
const DAY_S = 86_400;

export const noAddressTalk = (now: number): AddressTalk => ({
  v2: false,
  open: false,
  credit: ADDRESS_COST_MS,
  creditAt: now,
  asked: false,
  answered: false,
  due: [],
  toldAt: now,
  known: new RollingSet(KNOWN_MAX),
});

/** To a peer that we dialled on a network of strangers: where we are, if anybody can reach us, and what else it knows. */
export function greetWithAddress(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const isAlone = !isPublicNetwork(sync.brain.chain.params.network);
  if (peer.inbound || peer.purpose !== "relay" || isAlone) return [];
  const talk = peer.addresses;
  talk.open = true;
  talk.asked = true;
  talk.credit = CREDIT_MAX_MS;
  const seen = Math.floor(now / 1000);
  const own = sync.own === undefined ? [] : [{ place: sync.own, services: servicesOf(sync), seen }];
  return [...(own.length > 0 ? [told(peer, own)] : []), send(peer, { name: "getaddr" })];
}

export function onAddressMessage(
  sync: Sync,
  peer: Peer,
  message: BitcoinMessageOf<"getaddr" | "addr" | "addrv2">,
  now: number,
): readonly SyncEffect[] {
  if (message.name === "getaddr") return answer(sync, peer, now);
  takeAll(sync, peer, message, now);
  return [];
}

/** Answered once, and only to who has called us: others would learn by it which addresses we got from them. */
function answer(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const talk = peer.addresses;
  if (!peer.inbound || talk.answered) return [];
  talk.answered = true;
  talk.open = true;
  const sample = sampleOf(sync.addresses, Math.floor(now / 1000));
  for (const { key } of sample) talk.known.add(key);
  return sample.length === 0 ? [] : [told(peer, sample)];
}

/** Takes what a peer tells of others, as much as it has credit for; what is past that is not looked at. */
function takeAll(sync: Sync, peer: Peer, message: BitcoinMessageOf<"addr" | "addrv2">, now: number): void {
  // It was told that we want none.
  if (peer.purpose !== "relay") return;
  const talk = peer.addresses;
  talk.open = true;
  const saved = Math.max(0, now - talk.creditAt);
  talk.credit = Math.max(talk.credit, Math.min(CREDIT_MAX_MS, talk.credit + saved));
  talk.creditAt = now;
  const count = message.addresses.length;
  const isNews = !talk.asked && count <= NEWS_MAX;
  if (count < MESSAGE_MAX && count > NEWS_MAX) talk.asked = false;
  for (let at = 0; at < count && talk.credit >= ADDRESS_COST_MS; at++) {
    talk.credit -= ADDRESS_COST_MS;
    const node = toldAt(message, at);
    if (node !== undefined) take(sync, peer, node, isNews, Math.floor(now / 1000));
  }
}
function take(sync: Sync, peer: Peer, node: ToldNode, isNews: boolean, now: number): void {
  if (!isPublicPlace(node.place)) return;
  const key = placeKey(node.place);
  peer.addresses.known.add(key);
  learn(sync.addresses, node, peer.place === undefined ? "unknown" : groupOf(peer.place), now);
  if (!isNews || Math.abs(now - node.seen) > NEWS_AGE_S) return;
  // For a day the same peers hear of the same address, so that saying it often makes it no better known.
  const lot = ({ nonce }: Peer): number => lotOf(sync.addresses, key, Math.floor(now / DAY_S), nonce);
  const hearers = [...sync.peers]
    .filter((other) => other !== peer && other.ready && other.purpose === "relay" && other.addresses.open)
    .sort((a, b) => lot(a) - lot(b));
  for (const { addresses } of hearers.slice(0, NEWS_PEERS)) noteDue(sync, addresses, node, key);
}
function noteDue(sync: Sync, talk: AddressTalk, node: ToldNode, key: string): void {
  if (talk.known.has(key)) return;
  talk.known.add(key);
  if (talk.due.length < MESSAGE_MAX) talk.due.push(node);
  else talk.due[draw(sync.addresses, MESSAGE_MAX)] = node;
}
function toldAt(message: BitcoinMessageOf<"addr" | "addrv2">, at: number): ToldNode | undefined {
  if (message.name === "addr") {
    const entry = message.addresses[at];
    if (entry === undefined) return undefined;
    const { services, ip, port } = entry.address;
    return { place: { ip, port }, services, seen: entry.time };
  }
  const entry = message.addresses[at];
  const place: Place | undefined = entry && placeOfAddress(entry.address, entry.port);
  return entry && place && { place, services: entry.services, seen: entry.time };
}

/** Tells a peer of what has come since the last time, when that is long enough ago for nobody to see where it came from. */
export function tellAddresses(peer: Peer, now: number): readonly SyncEffect[] {
  const talk = peer.addresses;
  if (talk.due.length === 0 || now - talk.toldAt < TELL_EVERY_MS) return [];
  talk.toldAt = now;
  return [told(peer, talk.due.splice(0))];
}
function told(peer: Peer, nodes: readonly ToldNode[]): SyncEffect {
  if (peer.addresses.v2) {
    const addresses = nodes.map(({ place, services, seen }) => ({
      time: seen,
      services,
      address: networkAddressOf(place),
      port: place.port,
    }));
    return send(peer, { name: "addrv2", addresses });
  }
  const addresses = nodes.map(({ place: { ip, port }, services, seen }) => ({
    time: seen,
    address: { services, ip, port },
  }));
  return send(peer, { name: "addr", addresses });
}
