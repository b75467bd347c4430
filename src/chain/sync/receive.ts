import type { BlockHash, Txid } from "../../base/ids.ts";
import { unreachable } from "../../base/result.ts";
import { blockHashOf } from "../../bitcoin/block.ts";
import { COMPACT_VERSION } from "../../bitcoin/compact-messages.ts";
import {
  type BitcoinMessage,
  type BitcoinMessageOf,
  HEADERS_MAX,
  INVENTORY_MAX,
  type Inventory,
} from "../../bitcoin/messages.ts";
import { readBlock } from "../chain.ts";
import type { HeaderNode } from "../headers.ts";
import { entryByWtxid, waitingEntry } from "../mempool.ts";
import { KEPT_BLOCKS } from "../pruned.ts";
import { onAddressMessage } from "./addresses.ts";
import { askTxs, closeTxRequest, closeTxRequests, onAnnounced, onTx } from "./ask-txs.ts";
import { answerLocator, onBlock, onBlocksAnnounced, onHeaders } from "./blocks.ts";
import { compactAnswer, onBlockTransactions, onCompactBlock, onGetBlockTransactions } from "./compact.ts";
import { assignBlocks } from "./fetch.ts";
import { shakeHands } from "./handshake.ts";
import { dropOrphansOf } from "./orphans.ts";
import { disconnect, discourage, type Peer, type Sync, type SyncEffect, send } from "./peer.ts";
import { onFilterRequest, serveNextFilter } from "./serve-filters.ts";
import { onConnectionMessage } from "./tick.ts";
import { offerMempool } from "./transactions.ts";

/** Hashes in an answer to `getblocks`. */
const GETBLOCKS_MAX = 500;

/**
 * What a message of a peer leads to. Blocks and transactions are judged and taken in at once; faults end in a
 * `Disconnect`, after which the host calls `removePeer`. What has its time before `verack` is passed over, and filters, for
 * which a full node asks nobody.
 * @param now  milliseconds since 1970-01-01 UTC
 */
export function receive(sync: Sync, peer: Peer, message: BitcoinMessage, now: number): readonly SyncEffect[] {
  const { index } = sync.brain.chain;
  const best = index.bestHeader;
  const effects = answer(sync, peer, message, now);
  if (index.bestHeader !== best) peer.newsAt = now;
  return effects;
}
function answer(sync: Sync, peer: Peer, message: BitcoinMessage, now: number): readonly SyncEffect[] {
  if (!peer.ready) return shakeHands(sync, peer, message, now);
  const { chain } = sync.brain;
  switch (message.name) {
    case "version":
    case "verack":
    case "ping":
    case "pong":
      return onConnectionMessage(peer, message, now);
    case "sendheaders":
    case "feefilter":
    case "sendcmpct":
      noteWish(peer, message);
      return [];
    case "cmpctblock":
      return onCompactBlock(sync, peer, message, now);
    case "getblocktxn":
      return onGetBlockTransactions(sync, peer, message);
    case "blocktxn":
      return onBlockTransactions(sync, peer, message, now);
    case "getheaders":
      return [send(peer, { name: "headers", headers: answerLocator(chain, message, HEADERS_MAX) })];
    case "getblocks":
      return answerGetBlocks(sync, peer, message);
    case "headers":
      return onHeaders(sync, peer, message, now);
    case "inv":
      return onInventory(sync, peer, message.inventory, now);
    case "getdata":
      peer.asked.push(...message.inventory);
      return peer.asked.length > INVENTORY_MAX ? [discourage(peer, "asks for too much")] : [];
    case "notfound":
      return onNotFound(sync, peer, message.inventory, now);
    case "block":
      return onBlock(sync, peer, message.block, now);
    case "tx":
      return onTx(sync, peer, message.tx, now);
    case "mempool":
      return offerOnce(sync, peer);
    case "getcfilters":
    case "getcfheaders":
    case "getcfcheckpt":
      return onFilterRequest(sync, peer, message);
    case "getaddr":
    case "addr":
    case "addrv2":
      return onAddressMessage(sync, peer, message, now);
    case "wtxidrelay":
    case "sendaddrv2":
    case "cfilter":
    case "cfheaders":
    case "cfcheckpt":
      return [];
    default:
      return unreachable(message);
  }
}

/** The whole mempool is much for a short question. */
function offerOnce(sync: Sync, peer: Peer): readonly SyncEffect[] {
  if (peer.mempoolAsked) return [];
  peer.mempoolAsked = true;
  return offerMempool(sync, peer);
}

/** How the peer wants to hear of things. */
function noteWish(peer: Peer, message: BitcoinMessageOf<"sendheaders" | "feefilter" | "sendcmpct">): void {
  if (message.name === "sendheaders") peer.wantsHeaders = true;
  else if (message.name === "feefilter") peer.feeFilter = message.feerate;
  // Versions that we do not speak are as if they had not been said.
  else if (message.version === COMPACT_VERSION) peer.compact = message.announce ? "high" : "low";
}

function onInventory(sync: Sync, peer: Peer, inventory: readonly Inventory[], now: number): readonly SyncEffect[] {
  const blocks: BlockHash[] = [];
  const ids: Txid[] = [];
  for (const entry of inventory) {
    if (entry.kind === "block") blocks.push(entry.id);
    else if (peer.purpose === "relay" && entry.kind === (peer.byWtxid ? "wtx" : "tx")) ids.push(entry.id);
  }
  return [...onBlocksAnnounced(sync, peer, blocks, now), ...onAnnounced(sync, peer, ids, now)];
}

function onNotFound(sync: Sync, peer: Peer, inventory: readonly Inventory[], now: number): readonly SyncEffect[] {
  for (const entry of inventory) {
    if (entry.kind === "witness_block" || entry.kind === "compact_block") {
      if (peer.blocks.has(entry.id)) return [disconnect(peer, "lacks a block that it announced")];
    } else if (entry.kind === "witness_tx" || entry.kind === "wtx") closeTxRequest(sync, peer, entry.id);
  }
  return askTxs(sync, peer, now);
}

function answerGetBlocks({ brain }: Sync, peer: Peer, message: BitcoinMessageOf<"getblocks">): readonly SyncEffect[] {
  const headers = answerLocator(brain.chain, message, GETBLOCKS_MAX);
  if (headers.length === 0) return [];
  const inventory = headers.map((header) => ({ kind: "block", id: blockHashOf(header) }) as const);
  return [send(peer, { name: "inv", inventory })];
}

/** Sends one of the things that a peer asked for. Undefined when there are none: a host calls it while there is room. */
export function serveNext(sync: Sync, peer: Peer): readonly SyncEffect[] | undefined {
  const entry = peer.asked.shift();
  if (entry === undefined) return serveNextFilter(sync, peer);
  const { chain, pool } = sync.brain;
  if (entry.kind === "block" || entry.kind === "witness_block" || entry.kind === "compact_block") {
    const node = chain.index.tree.nodes.get(entry.id);
    if (node !== undefined && isServed(sync, node)) {
      const compact = entry.kind === "compact_block" ? compactAnswer(sync, peer, node) : undefined;
      const block = compact ?? send(peer, { name: "block", block: readBlock(chain, node) });
      if (node !== chain.tip || node === peer.abreast) return [block];
      peer.abreast = node;
      return [block, ...offerMempool(sync, peer)];
    }
  }
  if (entry.kind === "tx" || entry.kind === "witness_tx" || entry.kind === "wtx") {
    const tx = (entry.kind === "wtx" ? entryByWtxid(pool, entry.id) : waitingEntry(pool, entry.id))?.tx;
    if (tx !== undefined) return [send(peer, { name: "tx", tx })];
  }
  return [send(peer, { name: "notfound", inventory: [entry] })];
}

/** By what else it has a pruned node would be known again: nothing below the blocks that all such nodes keep is served. */
function isServed({ role, brain: { chain } }: Sync, node: HeaderNode): boolean {
  const { held, invalid } = chain.index;
  if (!held.has(node) || invalid.has(node)) return false;
  return (
    role !== "pruned" || (chain.tip.height - node.height <= KEPT_BLOCKS + 2 && node.height > chain.storage.prunedTo())
  );
}

/** Forgets a peer whose connection is over; others are asked for what it was to bring. */
export function removePeer(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  sync.peers.delete(peer);
  closeTxRequests(sync, peer);
  dropOrphansOf(sync.orphans, peer);
  const announcer = sync.announcers.indexOf(peer);
  if (announcer >= 0) sync.announcers.splice(announcer, 1);
  for (const [hash, bringer] of sync.bringers) if (bringer === peer) sync.bringers.delete(hash);
  return assignBlocks(sync, now);
}
