import type { FilterHash } from "../../base/ids.ts";
import { filterHeaderOf } from "../../bitcoin/filter.ts";
import { CHECKPOINT_BLOCKS, FILTER_HASHES_MAX } from "../../bitcoin/filter-messages.ts";
import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import type { FilterLink } from "../filter-storage.ts";
import { firstDifference, readCheckpoints, readClaim } from "../filter-sync.ts";
import { ancestorAt, forkOf, type HeaderNode, isAncestor } from "../headers.ts";
import { type Peer, type SyncEffect, send } from "../sync/peer.ts";
import { beginDispute } from "./dispute.ts";
import {
  ANSWER_MS,
  type Dispute,
  expose,
  type Light,
  type LightPeer,
  linkOf,
  nodeAt,
  rangeOf,
  tipOf,
} from "./light.ts";

/**
 * Filter headers: every peer is asked for the hashes of all filters, and what they say is compared block by block. The
 * filter tip goes on as far as all agree; who comes later is compared with what was agreed on before.
 */

/** Asks peers for filter hashes that they were not asked for yet. */
export function askFilterHeaders(light: Light, now: number): readonly SyncEffect[] {
  return [...light.peers].flatMap(([peer, about]) => {
    if (!peer.ready || peer.best === undefined || about.asked !== undefined || about.claim !== undefined) return [];
    const shared = forkOf(peer.best, tipOf(light));
    if (about.checked === undefined) {
      const isLong = light.filterTip.height >= CHECKPOINT_BLOCKS && isAncestor(light.filterTip, shared);
      if (isLong) return [askCheckpoints(light, peer, about, now)];
      beginAt(light, about, 0);
    }
    return askHashes(light, peer, about, { shared, now });
  });
}
function askCheckpoints({ filterTip: stop }: Light, peer: Peer, about: LightPeer, now: number): SyncEffect {
  about.asked = { name: "getcfcheckpt", start: 0, stop, until: now + ANSWER_MS };
  return send(peer, { name: "getcfcheckpt", filter_type: 0, stop_hash: stop.hash });
}
function askHashes(
  light: Light,
  peer: Peer,
  about: LightPeer,
  { shared, now }: { readonly shared: HeaderNode; readonly now: number },
): readonly SyncEffect[] {
  const start = (about.checked?.height ?? 0) + 1;
  if (start > shared.height) return [];
  const stop = nodeAt(light, Math.min(shared.height, start + FILTER_HASHES_MAX - 1));
  about.asked = { name: "getcfheaders", start, stop, until: now + ANSWER_MS };
  return [send(peer, { name: "getcfheaders", ...rangeOf({ start, stop }) })];
}
/** From here on the peer is compared with what is agreed on: below, it has said the same. */
function beginAt(light: Light, about: LightPeer, height: number): void {
  about.checked = nodeAt(light, height);
  about.past = linkOf(light, about.checked).header;
}

/** The checkpoints show within which 1,000 blocks the peer first differs from what is agreed on. */
export function onCheckpoints(
  light: Light,
  peer: Peer,
  about: LightPeer,
  message: BitcoinMessageOf<"cfcheckpt">,
): readonly SyncEffect[] {
  const { asked } = about;
  if (asked?.name !== "getcfcheckpt" || message.stop_hash !== asked.stop.hash) return [];
  about.asked = undefined;
  const theirs = readCheckpoints(asked.stop, message);
  if (!theirs.ok) return [expose(peer, theirs.error)];
  if (!isAncestor(asked.stop, light.filterTip)) return [];
  const ours = theirs.value.map((_, index) => linkOf(light, nodeAt(light, (index + 1) * CHECKPOINT_BLOCKS)).header);
  const differs = firstDifference([ours, theirs.value]);
  beginAt(light, about, differs === undefined ? ours.length * CHECKPOINT_BLOCKS : differs - CHECKPOINT_BLOCKS);
  return [];
}

export function onFilterHeaders(
  light: Light,
  peer: Peer,
  about: LightPeer,
  message: BitcoinMessageOf<"cfheaders">,
): readonly SyncEffect[] {
  const { asked, checked } = about;
  // An answer to a question that a reorganisation has overtaken.
  if (asked?.name !== "getcfheaders" || message.stop_hash !== asked.stop.hash) return [];
  about.asked = undefined;
  if (checked?.height !== asked.start - 1 || !isAncestor(asked.stop, tipOf(light))) return [];
  const claim = readClaim({ ...asked, previous: about.past }, peer, message);
  if (!claim.ok) return [expose(peer, claim.error)];
  const nodes = claim.value.hashes.map((_, index) => nodeAt(light, asked.start + index));
  about.claim = { nodes, hashes: claim.value.hashes };
  return [];
}

/**
 * Compares what was claimed, up to the first block on which somebody differs. Whether the filter tip has moved. Of what is past
 * somebody may differ meanwhile: whoever does, and shows no filter, would keep all others waiting.
 */
export function compare(light: Light): boolean {
  let moved = false;
  for (;;) {
    const [past] = [...light.peers].flatMap(([peer, about]) => catchUp(light, peer, about) ?? []);
    if (light.dispute !== undefined && light.dispute.agreed === undefined) return moved;
    const next = frontier(light);
    if (next === undefined || !advance(light, next)) {
      light.dispute ??= past;
      return moved;
    }
    moved = true;
  }
}

/** Goes through a peer's claim as far as filters are agreed on, or to where it differs. */
function catchUp(light: Light, peer: Peer, about: LightPeer): Dispute | undefined {
  while (about.claim !== undefined && about.checked !== undefined && about.checked.height < light.filterTip.height) {
    const { nodes, hashes } = about.claim;
    const [node, hash] = [nodes[0] as HeaderNode, hashes[0] as FilterHash];
    const agreed = linkOf(light, node).hash;
    if (hash !== agreed && !light.doubtful.has(node.hash)) {
      const sides = new Map([
        [agreed, vouchersFor(light, node)],
        [hash, [peer]],
      ]);
      return beginDispute(node, sides, agreed);
    }
    take(about, 1);
  }
  return undefined;
}
/** Peers that have said of this block what is agreed on. */
const vouchersFor = ({ peers }: Light, { height }: HeaderNode): readonly Peer[] =>
  [...peers].filter(([, { checked }]) => checked !== undefined && checked.height >= height).map(([peer]) => peer);

/** So many blocks of a claim are compared. */
function take(about: LightPeer, count: number): void {
  const { claim } = about;
  if (claim === undefined) return;
  about.past = claim.hashes.slice(0, count).reduce((before, hash) => filterHeaderOf(hash, before), about.past);
  about.checked = claim.nodes[count - 1] ?? about.checked;
  about.claim =
    claim.hashes.length === count ? undefined : { nodes: claim.nodes.slice(count), hashes: claim.hashes.slice(count) };
}

/** The peers that are abreast of us and know the next block, when each of them has said what its filter is. */
function frontier(light: Light): readonly Peer[] | undefined {
  const next = ancestorAt(tipOf(light), light.filterTip.height + 1);
  if (next === undefined) return undefined;
  const abreast = [...light.peers].filter(
    ([{ ready, best }, { checked }]) =>
      ready && best !== undefined && isAncestor(next, best) && checked === light.filterTip,
  );
  if (abreast.length === 0 || abreast.some(([, { claim }]) => claim === undefined)) return undefined;
  return abreast.map(([peer]) => peer);
}

/** Agrees on the filters of as many blocks as these peers say the same of. */
function advance(light: Light, peers: readonly Peer[]): boolean {
  const claims = peers.flatMap((peer) => light.peers.get(peer)?.claim ?? []);
  const [first] = claims;
  if (first === undefined) return false;
  const length = Math.min(...claims.map(({ hashes }) => hashes.length));
  let same = 0;
  while (same < length && claims.every(({ hashes }) => hashes[same] === first.hashes[same])) same++;
  agree(light, first.nodes.slice(0, same), first.hashes);
  if (same < length && light.dispute === undefined) {
    const sides = new Map<FilterHash, Peer[]>();
    for (const peer of peers) {
      const hash = light.peers.get(peer)?.claim?.hashes[same] as FilterHash;
      sides.set(hash, [...(sides.get(hash) ?? []), peer]);
    }
    light.dispute = beginDispute(first.nodes[same] as HeaderNode, sides, undefined);
  }
  for (const peer of peers) {
    const about = light.peers.get(peer);
    if (about !== undefined && same > 0) take(about, same);
  }
  return same > 0;
}

/** These blocks have these filters from now on. */
export function agree(light: Light, nodes: readonly HeaderNode[], hashes: readonly FilterHash[]): void {
  const last = nodes.at(-1);
  if (last === undefined) return;
  let { header } = linkOf(light, light.filterTip);
  const links = nodes.map((node, index): FilterLink & { readonly block: HeaderNode["hash"] } => {
    const hash = hashes[index] as FilterHash;
    header = filterHeaderOf(hash, header);
    return { block: node.hash, hash, header };
  });
  light.storage.commit({ tag: "Filters", links, tip: last.hash });
  light.filterTip = last;
}

/** Filters above a block are not agreed on any more: it left the best chain, or somebody had lied about the next one. */
export function backTo(light: Light, node: HeaderNode): void {
  for (const about of light.peers.values()) {
    if (about.claim !== undefined && !isAncestor(about.claim.nodes.at(-1) as HeaderNode, tipOf(light)))
      about.claim = undefined;
    if (about.checked === undefined || about.checked.height <= node.height) continue;
    about.claim = undefined;
    // Of a peer whose filter header differs from ours the earlier ones are not known any more.
    if (about.past === light.storage.link(about.checked.hash)?.header) beginAt(light, about, node.height);
    else about.checked = undefined;
  }
  if (light.filterTip === node) return;
  light.storage.commit({ tag: "Filters", links: [], tip: node.hash });
  light.filterTip = node;
}
