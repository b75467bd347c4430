import { equalBytes, fromHex } from "../../base/bytes.ts";
import type { BlockHash, FilterHash } from "../../base/ids.ts";
import { outpointKey } from "../../base/ids.ts";
import type { Block, ClaimedBlock } from "../../bitcoin/block.ts";
import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import { checkBlock, checkBlockInContext } from "../check-block.ts";
import type { Watch } from "../events.ts";
import { type Feed, lookAgain, nextWanted } from "../feed.ts";
import { mayConcern } from "../filter-sync.ts";
import { hashBlock } from "../hashed-block.ts";
import { type HeaderNode, isAncestor } from "../headers.ts";
import { discourage, type Peer, type SyncEffect, send } from "../sync/peer.ts";
import type { WatchList } from "../watch.ts";
import { ANSWER_MS, expose, knowing, type Light, linkOf, nodeAt, rangeOf, tipOf } from "./light.ts";

/** What listeners want to know of blocks: first their filters, then the blocks that may concern them. */

/** Policy, not protocol: how far ahead of a listener filters and blocks are fetched, and how many are kept. */
const FILTERS_AHEAD = 100;
const BLOCKS_AHEAD = 4;
const FILTERS_KEPT = 1_000;
const FILTER_BYTES_KEPT = 16_000_000;
const BLOCKS_KEPT = 32;

/** How far a listener may be told: as far as filters are agreed on. */
export function horizonOf(light: Light, { told }: Feed, upTo: HeaderNode = light.filterTip): HeaderNode {
  // Filters above what was told may be in doubt again; the blocks are not.
  return isAncestor(upTo, told) && isAncestor(told, tipOf(light)) ? told : upTo;
}

/** The scripts by which a filter shows that a block of this height may matter to a list. */
function scriptsOf({ scripts }: Light, list: WatchList, height: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const [script, from] of list.scripts) if (from <= height) found.push(fromHex(script));
  for (const [outpoint, from] of list.outpoints) if (from <= height) found.push(...(scripts.get(outpoint) ?? []));
  return found;
}
/** Those that the feed still waits for in a block: of what it was told already, only late ones. */
const listFor = ({ told, missed, watches }: Feed, { height }: HeaderNode): WatchList =>
  height <= told.height ? missed.list : watches;

/** Whether a block matters to a listener, by its filter; undefined while that is not here. */
function matters(light: Light, feed: Feed, node: HeaderNode): boolean | undefined {
  if (light.doubtful.has(node.hash)) return true;
  const list = listFor(feed, node);
  const scripts = scriptsOf(light, list, node.height);
  if (scripts.length === 0) return false;
  const filter = light.filters.get(node.hash);
  if (filter === undefined) return undefined;
  const { generation } = light;
  if (filter.verdict?.list !== list || filter.verdict.generation !== generation) {
    const message = { name: "cfilter", filter_type: 0, block_hash: node.hash, filter: filter.bytes } as const;
    const matches = mayConcern(message, linkOf(light, node).hash, scripts) ?? true;
    filter.verdict = { list, generation, matches };
  }
  return filter.verdict.matches;
}

/**
 * The block of a node, for a feed: without transactions where its filter says that none matters. Undefined while filter or
 * block are still to come.
 */
export function readFor(light: Light, feed: Feed, node: HeaderNode): Block | undefined {
  if (node === light.sync.brain.chain.index.tree.genesis) return light.sync.brain.chain.params.genesis;
  const held = light.blocks.get(node.hash);
  if (held !== undefined) return held.block;
  return matters(light, feed, node) === false ? { header: node.header, txs: [] } : undefined;
}

/** Asks peers for the filters and blocks that listeners come to next. */
export function fetchAhead(light: Light, now: number): readonly SyncEffect[] {
  const effects: SyncEffect[] = [];
  const blocks = [...light.wanted].filter(({ hash }) => !light.blocks.has(hash));
  for (const feed of light.sync.brain.feeds) {
    let missing: HeaderNode | undefined;
    let last: HeaderNode | undefined;
    let ahead = 0;
    for (const node of upcoming(light, feed)) {
      if (light.blocks.has(node.hash)) continue;
      const concern = matters(light, feed, node);
      if (concern === true && ahead++ < BLOCKS_AHEAD) blocks.push(node);
      if (concern !== undefined) continue;
      missing ??= node;
      last = node;
    }
    if (missing !== undefined && last !== undefined) effects.push(...askFilters(light, missing, last, now));
  }
  for (const node of new Set(blocks)) effects.push(...askBlock(light, node, now));
  return effects;
}
function upcoming(light: Light, feed: Feed): readonly HeaderNode[] {
  const wanted = nextWanted(feed, horizonOf(light, feed));
  if (wanted === undefined) return [];
  const end = Math.min(wanted.to, light.filterTip.height, wanted.from + FILTERS_AHEAD - 1);
  const nodes: HeaderNode[] = [];
  for (let height = wanted.from; height <= end; height++) nodes.push(nodeAt(light, height));
  return nodes;
}

function askFilters(light: Light, first: HeaderNode, last: HeaderNode, now: number): readonly SyncEffect[] {
  for (const { filtersAsked } of light.peers.values()) if (filtersAsked?.left.has(first.hash)) return [];
  // Of those alone who have said the same of these blocks as the others.
  const peer = knowing(light, last).find((each) => {
    const about = light.peers.get(each);
    return about?.filtersAsked === undefined && (about?.checked?.height ?? 0) >= last.height;
  });
  const about = peer && light.peers.get(peer);
  if (peer === undefined || about === undefined) return [];
  const left = new Set<BlockHash>();
  for (let height = first.height; height <= last.height; height++) left.add(nodeAt(light, height).hash);
  about.filtersAsked = { start: first.height, stop: last, until: now + ANSWER_MS, left };
  return [send(peer, { name: "getcfilters", ...rangeOf({ start: first.height, stop: last }) })];
}
function askBlock(light: Light, node: HeaderNode, now: number): readonly SyncEffect[] {
  if (light.blocksAsked.has(node.hash)) return [];
  const load = new Map<Peer, number>();
  for (const { peer } of light.blocksAsked.values()) load.set(peer, (load.get(peer) ?? 0) + 1);
  const [peer] = [...knowing(light, node)].sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0));
  if (peer === undefined) return [];
  light.blocksAsked.set(node.hash, { peer, until: now + ANSWER_MS });
  return [send(peer, { name: "getdata", inventory: [{ kind: "witness_block", id: node.hash }] })];
}

/** A filter that was asked for. One that is not the agreed one shows who has lied about it. */
export function onFilter(light: Light, peer: Peer, message: BitcoinMessageOf<"cfilter">): readonly SyncEffect[] {
  const about = light.peers.get(peer);
  const asked = about?.filtersAsked;
  if (about === undefined || asked?.left.delete(message.block_hash) !== true) return [];
  if (asked.left.size === 0) about.filtersAsked = undefined;
  const node = light.sync.brain.chain.index.tree.nodes.get(message.block_hash);
  if (node === undefined || !isAncestor(node, light.filterTip) || light.doubtful.has(node.hash)) return [];
  const agreed: FilterHash = linkOf(light, node).hash;
  if (mayConcern(message, agreed, []) === undefined) return [expose(peer, "sends another filter than it named")];
  keep(light.filters, node.hash, { bytes: message.filter, verdict: undefined }, FILTERS_KEPT);
  let bytes = [...light.filters.values()].reduce((sum, filter) => sum + filter.bytes.length, 0);
  for (const [hash, filter] of light.filters) {
    if (bytes <= FILTER_BYTES_KEPT) break;
    light.filters.delete(hash);
    bytes -= filter.bytes.length;
  }
  return [];
}

/** A block that was asked for. Its header was checked before; what it holds must be what the header commits to. */
export function onBlock(light: Light, peer: Peer, block: ClaimedBlock): readonly SyncEffect[] {
  const hashed = hashBlock(block);
  const { chain } = light.sync.brain;
  const node = chain.index.tree.nodes.get(hashed.hash);
  if (node?.previous === undefined || light.blocksAsked.get(hashed.hash)?.peer !== peer) return [];
  light.blocksAsked.delete(hashed.hash);
  const checked = checkBlock(hashed);
  const fault = checked.ok ? checkBlockInContext(checked.value.block, node.previous, chain.params) : checked.error;
  if (!checked.ok || fault !== undefined) return fault === undefined ? [] : [discourage(peer, fault.code)];
  keep(light.blocks, hashed.hash, checked.value, BLOCKS_KEPT);
  for (const txid of hashed.txids) {
    light.own.delete(txid);
    light.relayed.delete(txid);
  }
  return [];
}
/** The oldest make room. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

/** Notes by which scripts outpoints are found. One without a script cannot be found. */
export function noteScripts(light: Light, watches: readonly Watch[]): void {
  light.generation++;
  for (const watch of watches) {
    if (watch.tag === "Script" || watch.script.length === 0) continue;
    const key = outpointKey(watch.outpoint);
    const known = light.scripts.get(key) ?? [];
    if (!known.some((script) => equalBytes(script, watch.script))) light.scripts.set(key, [...known, watch.script]);
  }
}

/** What was said of the blocks from here on was false or is in doubt: every listener's watches are looked for again. */
export function scanAgain(light: Light, from: number): void {
  light.generation++;
  for (const feed of light.sync.brain.feeds) lookAgain(feed, from);
}
