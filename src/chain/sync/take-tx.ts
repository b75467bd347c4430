import { outpointKey, type Txid } from "../../base/ids.ts";
import { type ClaimedTx, isCoinbase, wtxidOf } from "../../bitcoin/tx.ts";
import { takePackage, takeTx } from "../brain.ts";
import type { ChainUpdate } from "../chain.ts";
import type { HashedBlock } from "../hashed-block.ts";
import { CURABLE, type MempoolFault } from "../mempool-fault.ts";
import { nameOf } from "../verdict.ts";
import { addOrphan, dropOrphan, nextReady, type Orphan, orphansOn, parentCame } from "./orphans.ts";
import type { Peer, Sync, SyncEffect } from "./peer.ts";
import { announceTx } from "./transactions.ts";

/** What becomes of a transaction that a peer has sent, of those that wait for it, and what is remembered of both. */

/** Policy, not protocol: a transaction that lacks more parents could not wait in the mempool together with them. */
const PARENTS_MAX = 24;
/** How many orphans, of what weight, are tried again before somebody else has a turn. */
const RETRIED_MAX = 10;
const RETRIED_WEIGHT_MAX = 400_000;
/** So far behind our best header the transactions of blocks are of no use: nobody announces them now. */
const NEAR_TIP_BLOCKS = 24;

/** @returns what to tell, the txids of parents to ask its sender for, and whether its scripts were run in vain */
export function takeFrom(
  sync: Sync,
  peer: Peer,
  tx: ClaimedTx,
  now: number,
): { readonly effects: readonly SyncEffect[]; readonly lacks: readonly Txid[]; readonly spoilt?: boolean } {
  const { txid, wtxid } = nameOf(tx);
  // Whoever sends it again and again must not have it judged again and again.
  if (sync.refused.has(wtxid)) return { effects: [], lacks: [] };
  const taken = takeTx(sync.brain, tx, Math.floor(now / 1000));
  if (taken.ok) return { effects: taken.value.fresh ? told(sync, txid) : [], lacks: [] };
  const { code } = taken.error;
  if (code === "bad-txns-inputs-missingorspent") return { effects: [], lacks: keepOrphan(sync, peer, tx, now) };
  if (!CURABLE.has(code)) noteRefused(sync, tx, code);
  else {
    sync.reconsiderable.add(wtxid);
    return { effects: takeWithChild(sync, peer, tx, now), lacks: [] };
  }
  return { effects: [], lacks: [], spoilt: code === "mempool-script-verify-flag-failed" };
}
const told = (sync: Sync, txid: Txid): readonly SyncEffect[] => [{ tag: "TxTaken" }, ...announceTx(sync, txid)];

function noteRefused({ refused }: Sync, tx: ClaimedTx, code: MempoolFault["code"]): void {
  const { txid, wtxid } = nameOf(tx);
  // With its witness stripped it has the txid of the whole one, about which that says nothing.
  if (!OF_THE_WITNESS.has(code)) refused.add(txid);
  if (!OF_THE_WITNESS.has(code) || wtxid !== txid) refused.add(wtxid);
}
/** The same txid may yet come with a better witness: with one that is smaller, too. */
const OF_THE_WITNESS: ReadonlySet<MempoolFault["code"]> = new Set<MempoolFault["code"]>([
  "mempool-script-verify-flag-failed",
  "bad-witness-nonstandard",
  "bad-txns-too-many-sigops",
  "tx-size",
  "TRUC-violation",
  "too-long-mempool-chain",
  "mempool full",
  "txn-same-nonwitness-data-in-mempool",
]);

/** Keeps a transaction whose parents may yet come, and names those that do not wait here. */
function keepOrphan({ brain, orphans, mined, refused }: Sync, peer: Peer, tx: ClaimedTx, now: number): readonly Txid[] {
  const missing = new Set<Txid>();
  for (const { prevout } of tx.inputs) {
    const known = brain.pool.entries.has(prevout.txid) || brain.chain.storage.coin(prevout) !== undefined;
    if (!known) missing.add(prevout.txid);
  }
  // A parent that was mined of late was spent by another one; one that was refused does not come.
  const hopeless = [...missing].some((parent) => mined.has(parent) || refused.has(parent));
  const { txid, wtxid } = nameOf(tx);
  if (hopeless) for (const id of [txid, wtxid]) refused.add(id);
  if (hopeless || missing.size === 0 || missing.size > PARENTS_MAX) return [];
  addOrphan(orphans, peer, tx, now);
  return [...missing];
}

/** A parent that pays too little by itself may be wanted for a child that waits for it. */
function takeWithChild(sync: Sync, peer: Peer, parent: ClaimedTx, now: number): readonly SyncEffect[] {
  const { txid } = nameOf(parent);
  const child = orphansOn(sync.orphans, txid, peer).find((orphan) => lacksOnly(sync, orphan, txid));
  if (child === undefined) return [];
  const { txs } = takePackage(sync.brain, [parent, child.tx], Math.floor(now / 1000));
  dropOrphan(sync.orphans, child);
  const taken = txs.filter(({ tag }) => tag === "Taken");
  if (taken.length === 0) sync.reconsiderable.add(child.wtxid);
  return taken.flatMap((each) => told(sync, each.txid));
}
const lacksOnly = ({ brain: { pool, chain } }: Sync, { tx }: Orphan, parent: Txid): boolean =>
  tx.inputs.every(
    ({ prevout }) =>
      prevout.txid === parent || pool.entries.has(prevout.txid) || chain.storage.coin(prevout) !== undefined,
  );

/** Tries orphans again whose parents have come, a bounded number of them: costly ones must not hold up everybody else. */
export function retryOrphans(sync: Sync, now: number): readonly SyncEffect[] {
  const effects: SyncEffect[] = [];
  let weight = 0;
  for (let count = 0; count < RETRIED_MAX && weight < RETRIED_WEIGHT_MAX; count++) {
    const orphan = nextReady(sync.orphans);
    if (orphan === undefined) break;
    weight += orphan.weight;
    const taken = takeTx(sync.brain, orphan.tx, Math.floor(now / 1000));
    if (taken.ok) effects.push(...told(sync, orphan.txid));
    else if (taken.error.code === "bad-txns-inputs-missingorspent") continue;
    else if (CURABLE.has(taken.error.code)) sync.reconsiderable.add(orphan.wtxid);
    else noteRefused(sync, orphan.tx, taken.error.code);
    dropOrphan(sync.orphans, orphan);
  }
  return effects;
}

/** Makes what is remembered of transactions fit the chain again. For every update, whoever brought the block. */
export function rememberBlocks(sync: Sync, { connected, disconnected }: ChainUpdate): void {
  if (connected.length === 0 && disconnected.length === 0) return;
  // What was wrong before may be right on another chain.
  sync.refused.clear();
  sync.reconsiderable.clear();
  if (disconnected.length > 0) sync.mined.clear();
  const { tip, index } = sync.brain.chain;
  if (index.bestHeader.height - tip.height > NEAR_TIP_BLOCKS) return;
  for (const block of connected) rememberBlock(sync, block);
}
function rememberBlock({ mined, orphans }: Sync, { block, txids }: HashedBlock): void {
  const spent = new Set<string>();
  for (const [index, tx] of block.txs.entries()) {
    const txid = txids[index] as Txid;
    mined.add(txid);
    if (!isCoinbase(tx)) mined.add(wtxidOf(tx));
    for (const { prevout } of tx.inputs) spent.add(outpointKey(prevout));
    parentCame(orphans, txid);
  }
  // Mined themselves, or robbed of a coin.
  for (const orphan of [...orphans.byWtxid.values()]) {
    if (orphan.tx.inputs.some(({ prevout }) => spent.has(outpointKey(prevout)))) dropOrphan(orphans, orphan);
  }
}
