import type { BlockHash } from "../../base/ids.ts";
import { unreachable } from "../../base/result.ts";
import type { ClaimedBlock } from "../../bitcoin/block.ts";
import { type BitcoinMessageOf, INVENTORY_MAX } from "../../bitcoin/messages.ts";
import { takeBlock } from "../brain.ts";
import { acceptHeaders, type Chain, readBlock } from "../chain.ts";
import { fill, type Rebuilt, rebuild, txsAt } from "../compact-block.ts";
import { isMutation } from "../faults.ts";
import { hashBlock } from "../hashed-block.ts";
import { type HeaderNode, isAncestor } from "../headers.ts";
import { compactMessage } from "./announce.ts";
import { askHeaders, blockTaken } from "./blocks.ts";
import { assignBlocks, dropRequest, mayFetch, noteRequest } from "./fetch.ts";
import { better, disconnect, discourage, type Peer, type Sync, type SyncEffect, send } from "./peer.ts";
import { isPoor } from "./presync.ts";

/** Blocks below the tip that are still told compactly, and of which single transactions are still sent. */
const COMPACT_DEPTH_MAX = 5;
const TRANSACTIONS_DEPTH_MAX = 10;

/** A block told by short ids, asked for or, by those whom we chose for it, as its first announcement. */
export function onCompactBlock(
  sync: Sync,
  peer: Peer,
  message: BitcoinMessageOf<"cmpctblock">,
  now: number,
): readonly SyncEffect[] {
  const { chain, pool } = sync.brain;
  if (isPoor(chain, message.header)) return [];
  const { last: node, fault } = acceptHeaders(chain, [message.header], Math.floor(now / 1000));
  if (node === undefined) {
    if (fault?.code === "prev-blk-not-found") return askHeaders(sync, peer, now);
    if (fault === undefined || fault.code === "time-too-new") return [];
    // It may have passed on what stands on a block that it has not checked yet.
    return [fault.code === "bad-prevblk" ? disconnect(peer, fault.code) : discourage(peer, fault.code)];
  }
  peer.best = better(peer.best, node);
  const { hash } = node;
  if (peer.partials.has(hash)) return [];
  const wasAsked = peer.blocks.has(hash);
  if (chain.index.held.has(node)) dropRequest(peer, hash, now);
  else if (node.previous === chain.tip && (wasAsked || sync.announcers.includes(peer)))
    return proceed(sync, peer, hash, rebuild(message, pool.entries.values()), now);
  else if (wasAsked) return askWhole(peer, hash, now);
  return assignBlocks(sync, now);
}

/** The rest of a block that we asked for. What nobody asked for, or what comes twice, is passed over. */
export function onBlockTransactions(
  sync: Sync,
  peer: Peer,
  { block_hash, txs }: BitcoinMessageOf<"blocktxn">,
  now: number,
): readonly SyncEffect[] {
  const partial = peer.partials.get(block_hash);
  if (partial === undefined) return [];
  peer.partials.delete(block_hash);
  return proceed(sync, peer, block_hash, fill(partial, txs), now);
}

function proceed(sync: Sync, peer: Peer, hash: BlockHash, rebuilt: Rebuilt, now: number): readonly SyncEffect[] {
  switch (rebuilt.tag) {
    case "Whole":
      return takeRebuilt(sync, peer, rebuilt.block, now);
    case "Collision":
      return askWhole(peer, hash, now);
    case "Invalid":
      return [discourage(peer, rebuilt.fault)];
    case "Missing": {
      if (!mayFetch(sync, peer, hash, now)) {
        dropRequest(peer, hash, now);
        return assignBlocks(sync, now);
      }
      peer.partials.set(hash, rebuilt.partial);
      noteRequest(peer, hash, now);
      return [send(peer, { name: "getblocktxn", block_hash: hash, indexes: rebuilt.partial.missing })];
    }
    default:
      return unreachable(rebuilt);
  }
}

function askWhole(peer: Peer, hash: BlockHash, now: number): readonly SyncEffect[] {
  noteRequest(peer, hash, now);
  return [send(peer, { name: "getdata", inventory: [{ kind: "witness_block", id: hash }] })];
}

/** Peers may pass compact blocks on before they have checked them, so a bad one is nobody's fault. BIP 152 §cmpctblock. */
function takeRebuilt(sync: Sync, peer: Peer, block: ClaimedBlock, now: number): readonly SyncEffect[] {
  const hashed = hashBlock(block);
  const taken = takeBlock(sync.brain, hashed, Math.floor(now / 1000));
  if (taken.ok) return blockTaken(sync, peer, hashed.hash, taken.value, now);
  // Short ids that collide can give it another witness than its own.
  if (isMutation(taken.error)) return askWhole(peer, hashed.hash, now);
  dropRequest(peer, hashed.hash, now);
  return assignBlocks(sync, now);
}

/** Answers for single transactions of a recent block; an older one is sent whole. */
export function onGetBlockTransactions(
  sync: Sync,
  peer: Peer,
  { block_hash, indexes }: BitcoinMessageOf<"getblocktxn">,
): readonly SyncEffect[] {
  const { chain } = sync.brain;
  const node = chain.index.tree.nodes.get(block_hash);
  if (node === undefined || !chain.index.held.has(node) || chain.index.invalid.has(node)) return [];
  if (!isRecent(chain, node, TRANSACTIONS_DEPTH_MAX)) {
    peer.asked.push({ kind: "witness_block", id: block_hash });
    return peer.asked.length > INVENTORY_MAX ? [discourage(peer, "asks for too much")] : [];
  }
  const txs = txsAt(readBlock(chain, node), indexes);
  if (txs === undefined) return [discourage(peer, "asks for transactions that the block does not have")];
  return [send(peer, { name: "blocktxn", block_hash, txs })];
}

/** Whether a block is one of the last of our best chain. */
const isRecent = ({ tip }: Chain, node: HeaderNode, depth: number): boolean =>
  isAncestor(node, tip) && tip.height - node.height <= depth;

/** The block as a compact one, if it is recent enough for that. */
export function compactAnswer(sync: Sync, peer: Peer, node: HeaderNode): SyncEffect | undefined {
  const { chain } = sync.brain;
  if (!isRecent(chain, node, COMPACT_DEPTH_MAX)) return undefined;
  return send(peer, compactMessage(sync, peer, node));
}
