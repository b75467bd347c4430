import { unreachable } from "../../base/result.ts";
import type { BitcoinMessage, BitcoinMessageOf } from "../../bitcoin/messages.ts";
import { isCoinbase } from "../../bitcoin/tx.ts";
import { forkOf, type HeaderNode, isAncestor } from "../headers.ts";
import { onAddressMessage } from "../sync/addresses.ts";
import { closeTxRequests, onAnnounced } from "../sync/ask-txs.ts";
import { askHeaders, onHeaders } from "../sync/blocks.ts";
import { forgive } from "../sync/fetch.ts";
import { addPeer, type NewPeer, shakeHands } from "../sync/handshake.ts";
import { better, disconnect, type Peer, type SyncEffect, send } from "../sync/peer.ts";
import { onConnectionMessage, tick, wasAway } from "../sync/tick.ts";
import { agree, askFilterHeaders, backTo, compare, onCheckpoints, onFilterHeaders } from "./agree.ts";
import { noteDisputedFilter, type Outcome, pursue } from "./dispute.ts";
import { ANSWER_MS, type Light, linkOf, tipOf } from "./light.ts";
import { answerGetData, noteRelayed, offer, offerAgain, onTx } from "./relay.ts";
import { fetchAhead, onBlock, onFilter, scanAgain } from "./scan.ts";

/** What a light client does with peers: the same effects as a full node's, of fewer kinds. */

export function addLightPeer(light: Light, options: NewPeer): { peer: Peer; effects: readonly SyncEffect[] } {
  const added = addPeer(light.sync, options);
  const past = linkOf(light, light.sync.brain.chain.index.tree.genesis).header;
  light.peers.set(added.peer, {
    checked: undefined,
    past,
    claim: undefined,
    asked: undefined,
    filtersAsked: undefined,
  });
  return added;
}

/** Forgets a peer whose connection is over; others are asked for what it was to bring. */
export function removeLightPeer(light: Light, peer: Peer, now: number): readonly SyncEffect[] {
  forget(light, peer);
  return goOn(light, now);
}

/** @param now  milliseconds since 1970-01-01 UTC */
export function receiveLight(light: Light, peer: Peer, message: BitcoinMessage, now: number): readonly SyncEffect[] {
  if (!peer.ready) {
    const shaken = shakeHands(light.sync, peer, message, now);
    return peer.ready ? [...shaken, ...offer(light, peer, light.own.keys())] : shaken;
  }
  const { index } = light.sync.brain.chain;
  const best = index.bestHeader;
  const effects = answer(light, peer, message, now);
  if (index.bestHeader !== best) peer.newsAt = now;
  return [...effects, ...goOn(light, now)];
}

/** Whoever learnt of blocks from us would ask us for them. */
const NO_HEADERS = { name: "headers", headers: [] } as const;
function answer(light: Light, peer: Peer, message: BitcoinMessage, now: number): readonly SyncEffect[] {
  const { sync } = light;
  const about = light.peers.get(peer);
  if (about === undefined) return [];
  switch (message.name) {
    case "version":
    case "verack":
    case "ping":
    case "pong":
      return onConnectionMessage(peer, message, now);
    case "feefilter":
      peer.feeFilter = message.feerate;
      return [];
    case "headers":
      return onHeaders(sync, peer, message, now, () => headersTaken(light));
    case "inv":
      return onInventory(light, peer, message, now);
    case "getheaders":
      return [send(peer, NO_HEADERS)];
    case "getdata":
      return answerGetData(light, peer, message);
    case "notfound":
      return message.inventory.some(({ id }) => light.blocksAsked.get(id as never)?.peer === peer)
        ? [disconnect(peer, "lacks a block that it announced")]
        : [];
    case "block":
      return onBlock(light, peer, message.block);
    case "tx":
      return onTx(light, peer, message.tx, now);
    case "cfilter":
      return [...noteDisputedFilter(light, peer, message), ...onFilter(light, peer, message)];
    case "cfheaders":
      return onFilterHeaders(light, peer, about, message);
    case "cfcheckpt":
      return onCheckpoints(light, peer, about, message);
    case "sendheaders":
    case "sendcmpct":
    case "cmpctblock":
    case "getblocktxn":
    case "blocktxn":
    case "getblocks":
    case "mempool":
    case "getcfilters":
    case "getcfheaders":
    case "getcfcheckpt":
    case "wtxidrelay":
    case "sendaddrv2":
      // It announces nothing and serves nothing.
      return [];
    case "getaddr":
    case "addr":
    case "addrv2":
      return onAddressMessage(sync, peer, message, now);
    default:
      return unreachable(message);
  }
}

function onInventory(
  light: Light,
  peer: Peer,
  { inventory }: BitcoinMessageOf<"inv">,
  now: number,
): readonly SyncEffect[] {
  const { sync } = light;
  const ids = inventory.flatMap((entry) => (entry.kind === (peer.byWtxid ? "wtx" : "tx") ? [entry.id] : []));
  const blocks = inventory.flatMap((entry) => (entry.kind === "block" ? [entry.id] : []));
  const nodes = blocks.map((hash) => sync.brain.chain.index.tree.nodes.get(hash));
  for (const node of nodes) if (node !== undefined) peer.best = better(peer.best, node);
  return [...(nodes.includes(undefined) ? askHeaders(sync, peer, now) : []), ...onAnnounced(sync, peer, ids, now)];
}

/** The best header may be another one. */
function headersTaken(light: Light): readonly SyncEffect[] {
  const { chain } = light.sync.brain;
  const before = chain.tip;
  if (chain.index.bestHeader === before) return [];
  chain.tip = chain.index.bestHeader;
  const fork = forkOf(before, chain.tip);
  if (fork === before) return [];
  if (light.dispute !== undefined && !isAncestor(light.dispute.node, chain.tip)) light.dispute = undefined;
  for (const node of light.wanted) if (!isAncestor(node, chain.tip)) light.wanted.delete(node);
  backTo(light, isAncestor(light.filterTip, chain.tip) ? light.filterTip : forkOf(light.filterTip, chain.tip));
  return [{ tag: "TipChanged" }, ...waitAgain(light, before, fork)];
}
/** What the blocks held that are gone waits once more, as far as we had fetched them. */
function waitAgain(light: Light, before: HeaderNode, fork: HeaderNode): readonly SyncEffect[] {
  const effects: SyncEffect[] = [];
  for (let node: HeaderNode | undefined = before; node !== undefined && node !== fork; node = node.previous) {
    for (const tx of light.blocks.get(node.hash)?.block.txs ?? [])
      if (!isCoinbase(tx)) effects.push(...noteRelayed(light, tx));
  }
  return effects;
}

/** Whatever has become possible: agreeing on more filters, settling a dispute, fetching what listeners come to next. */
export function goOn(light: Light, now: number): readonly SyncEffect[] {
  const effects: SyncEffect[] = [];
  for (;;) {
    if (compare(light)) effects.push({ tag: "TipChanged" });
    if (light.dispute === undefined) break;
    const pursued = pursue(light, light.dispute, now);
    if (!("end" in pursued)) {
      effects.push(...pursued);
      break;
    }
    effects.push(...settled(light, pursued, now));
  }
  return [...effects, ...askFilterHeaders(light, now), ...fetchAhead(light, now)];
}

function settled(light: Light, { node, effects, end, filter }: Outcome, now: number): readonly SyncEffect[] {
  light.dispute = undefined;
  light.wanted.delete(node);
  // Who has lied takes no part in what follows, though its connection is still to be closed.
  for (const effect of effects) if (effect.tag === "Disconnect") forget(light, effect.peer);
  if (end === "false") {
    if (node.previous !== undefined) backTo(light, node.previous);
    light.filters.clear();
    scanAgain(light, node.height);
  } else if (end === "undecided") {
    light.doubtful.add(node.hash);
    light.storage.commit({ tag: "Doubtful", block: node.hash });
    if (isAncestor(node, light.filterTip)) scanAgain(light, node.height);
    else if (filter !== undefined) agree(light, [node], [filter]);
  }
  return [...effects, { tag: "TipChanged" }, ...askFilterHeaders(light, now)];
}
function forget(light: Light, peer: Peer): void {
  light.sync.peers.delete(peer);
  light.peers.delete(peer);
  closeTxRequests(light.sync, peer);
  for (const [hash, asked] of light.blocksAsked) if (asked.peer === peer) light.blocksAsked.delete(hash);
}

/**
 * What is due because time has passed.
 * @param nonce  random, for pings
 */
export function tickLight(light: Light, now: number, nonce: bigint): readonly SyncEffect[] {
  if (wasAway(light.sync, now)) forgiveLight(light, now);
  const effects: SyncEffect[] = [...tick(light.sync, now, nonce)];
  for (const [peer, { asked, filtersAsked }] of light.peers) {
    const late = [asked?.until, filtersAsked?.until, light.dispute?.asked.get(peer)];
    for (const each of light.blocksAsked.values()) if (each.peer === peer) late.push(each.until);
    if (late.some((until) => until !== undefined && now >= until)) effects.push(disconnect(peer, "does not answer"));
  }
  return [...effects, ...offerAgain(light, now), ...goOn(light, now)];
}
/** While we did not look, nobody could answer: what is waited for is waited for anew. */
export function forgiveLight(light: Light, now: number): void {
  forgive(light.sync, now);
  const until = now + ANSWER_MS;
  for (const about of light.peers.values()) {
    if (about.asked !== undefined) about.asked = { ...about.asked, until };
    if (about.filtersAsked !== undefined) about.filtersAsked = { ...about.filtersAsked, until };
  }
  for (const [hash, { peer }] of light.blocksAsked) light.blocksAsked.set(hash, { peer, until });
  const disputed = light.dispute?.asked;
  for (const [peer, at] of disputed ?? []) if (Number.isFinite(at)) disputed?.set(peer, until);
}
export const isCaughtUp = (light: Light): boolean => light.filterTip === tipOf(light);
