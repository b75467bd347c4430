import { hashBytes } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { COMPACT_VERSION } from "../../bitcoin/compact-messages.ts";
import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import { encode } from "../../codec/codec.ts";
import { u64le } from "../../codec/primitives.ts";
import { sipHash, sipKey } from "../../crypto/siphash.ts";
import { readBlock } from "../chain.ts";
import { compactBlock } from "../compact-block.ts";
import { ancestorAt, forkOf, type HeaderNode, isAncestor } from "../headers.ts";
import { type Peer, type Sync, type SyncEffect, send } from "./peer.ts";

/** How news of our best chain go out, and from whom we want to hear them first. */

/** More new blocks than this are announced by the last one alone. BIP 130 §Specification. */
const ANNOUNCED_HEADERS_MAX = 8;
/** Peers that announce blocks to us compactly, and no more. BIP 152 §Implementation Notes. */
const ANNOUNCERS_MAX = 3;

/** Tells every peer that cannot know it yet of our best chain: by the block itself or by headers where it asked for that. */
export function announceTip(sync: Sync): readonly SyncEffect[] {
  const { tip } = sync.brain.chain;
  const effects: SyncEffect[] = [];
  for (const peer of sync.peers) {
    if (!peer.ready || knowsOf(peer, tip)) continue;
    const news = newsFor(peer, tip);
    const isNext = tip.previous !== undefined && knowsOf(peer, tip.previous);
    peer.told = tip;
    if (peer.compact === "high" && isNext) effects.push(send(peer, compactMessage(sync, peer, tip)));
    else if (peer.wantsHeaders && news !== undefined) effects.push(send(peer, { name: "headers", headers: news }));
    else effects.push(send(peer, { name: "inv", inventory: [{ kind: "block", id: tip.hash }] }));
  }
  return effects;
}
const knowsOf = ({ best, told }: Peer, node: HeaderNode): boolean =>
  (best !== undefined && isAncestor(node, best)) || (told !== undefined && isAncestor(node, told));

/** The headers from what the peer knows (genesis at least) to `tip`, when they are few. */
function newsFor({ best, told }: Peer, tip: HeaderNode): readonly HeaderNode["header"][] | undefined {
  const forks = [best, told].map((known) => (known === undefined ? 0 : forkOf(known, tip).height));
  const from = Math.max(...forks);
  return tip.height - from > ANNOUNCED_HEADERS_MAX ? undefined : chainHeaders(tip, from + 1, tip.height);
}
export function chainHeaders(tip: HeaderNode, from: number, to: number): readonly HeaderNode["header"][] {
  const headers: HeaderNode["header"][] = [];
  for (let height = from; height <= to; height++) {
    headers.push(present(ancestorAt(tip, height), "heights up to the tip").header);
  }
  return headers;
}

/** The block of a node as a compact one. The last one made is kept: many peers want the same. */
export function compactMessage(sync: Sync, peer: Peer, node: HeaderNode): BitcoinMessageOf<"cmpctblock"> {
  if (sync.compact?.node !== node) {
    const message = {
      name: "cmpctblock",
      ...compactBlock(readBlock(sync.brain.chain, node), nonceFor(peer, node)),
    } as const;
    sync.compact = { node, message };
  }
  return sync.compact.message;
}
/** Another one for each block, which nobody can tell who does not know the connection's own random number. */
function nonceFor({ nonce }: Peer, { hash }: HeaderNode): bigint {
  const { high, low } = sipHash(sipKey(hashBytes(hash).subarray(0, 16)), encode(u64le, nonce));
  return (BigInt(high) << 32n) | BigInt(low);
}

/**
 * A peer that has just brought the newest block is asked to tell of the next ones by `cmpctblock` at once, in the place of
 * the one that did so longest ago. A peer that we dialled stays among them, as those who dial us may all be one.
 */
export function chooseAnnouncer({ announcers }: Sync, peer: Peer): readonly SyncEffect[] {
  if (peer.compact === "none") return [];
  const at = announcers.indexOf(peer);
  if (at >= 0) announcers.splice(at, 1);
  announcers.push(peer);
  if (at >= 0) return [];
  const ask = send(peer, { name: "sendcmpct", announce: true, version: COMPACT_VERSION });
  if (announcers.length <= ANNOUNCERS_MAX) return [ask];
  const isLastDialled = announcers.filter(({ inbound }) => !inbound).length === 1 && announcers[0]?.inbound === false;
  const [dropped] = announcers.splice(isLastDialled ? 1 : 0, 1);
  const stop = send(present(dropped, "one too many"), { name: "sendcmpct", announce: false, version: COMPACT_VERSION });
  return [stop, ask];
}
