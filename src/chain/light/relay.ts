import { outpointKey, type Txid } from "../../base/ids.ts";
import { checkTransaction } from "../../bitcoin/check.ts";
import type { BitcoinMessageOf, Inventory } from "../../bitcoin/messages.ts";
import { type ClaimedTx, type Tx, txidOf, wtxidOf } from "../../bitcoin/tx.ts";
import { noteWaiting } from "../feed.ts";
import { askTxs, closeTxRequest } from "../sync/ask-txs.ts";
import { noteKnown, type Peer, type SyncEffect, send } from "../sync/peer.ts";
import type { Light } from "./light.ts";

/**
 * Transactions in no block. Those that peers relay cannot be checked, as the coins that they spend are not known: they are
 * looked through for spends of what is watched, and that is a hint. Our own are told to every peer until a block holds them.
 */

/** Policy, not protocol. */
const RELAYED_MAX = 2_000;
const OWN_MAX = 1_000;
const OWN_MS_MAX = 14 * 24 * 60 * 60 * 1_000;
const AGAIN_MS = 60_000;

/** A transaction of a peer. It is not passed on: nobody has checked it. */
export function onTx(light: Light, peer: Peer, tx: ClaimedTx, now: number): readonly SyncEffect[] {
  const { sync } = light;
  const checked = checkTransaction(tx);
  for (const id of [txidOf(tx), wtxidOf(tx)]) {
    closeTxRequest(sync, peer, id);
    noteKnown(peer, id);
    // It is here: no other peer is asked for it.
    sync.refused.add(id);
  }
  return [...(checked.ok ? noteRelayed(light, checked.value) : []), ...askTxs(sync, peer, now)];
}

/** Whoever watches what it spends has news. */
export function noteRelayed(light: Light, tx: Tx): readonly SyncEffect[] {
  const txid = txidOf(tx);
  const { relayed, spends } = light;
  const before = relayed.get(txid);
  // Whoever changes a witness on its way hides nothing of the true one.
  if (before !== undefined && wtxidOf(before) === wtxidOf(tx)) return [];
  relayed.set(txid, tx);
  for (const { prevout } of tx.inputs) spends.set(outpointKey(prevout), txid);
  const [oldest] = relayed;
  if (relayed.size > RELAYED_MAX && oldest !== undefined) {
    relayed.delete(oldest[0]);
    for (const { prevout } of oldest[1].inputs) {
      if (spends.get(outpointKey(prevout)) === oldest[0]) spends.delete(outpointKey(prevout));
    }
  }
  for (const feed of light.sync.brain.feeds) noteWaiting(feed, tx);
  return [{ tag: "TxTaken" }];
}

/** Tells every peer of a transaction of our own, now and again until a block holds it. */
export function publish(light: Light, tx: Tx, now: number): readonly SyncEffect[] {
  const txid = txidOf(tx);
  if (!light.own.has(txid)) {
    light.own.set(txid, { tx, wtxid: wtxidOf(tx), since: now, announced: now });
    const [oldest] = light.own.keys();
    if (light.own.size > OWN_MAX && oldest !== undefined) light.own.delete(oldest);
  }
  return [...noteRelayed(light, tx), ...[...light.peers.keys()].flatMap((peer) => offer(light, peer, [txid]))];
}
/** What of our own a peer is told: all of it when it is new. */
export function offer({ own }: Light, peer: Peer, txids: Iterable<Txid>): readonly SyncEffect[] {
  if (!peer.ready) return [];
  const inventory = [...txids].flatMap((txid): Inventory[] => {
    const wtxid = own.get(txid)?.wtxid;
    return wtxid === undefined ? [] : [peer.byWtxid ? { kind: "wtx", id: wtxid } : { kind: "tx", id: txid }];
  });
  return inventory.length === 0 ? [] : [send(peer, { name: "inv", inventory })];
}
export function offerAgain(light: Light, now: number): readonly SyncEffect[] {
  const due: Txid[] = [];
  for (const [txid, own] of light.own) {
    if (now - own.since > OWN_MS_MAX) light.own.delete(txid);
    else if (now - own.announced >= AGAIN_MS) {
      own.announced = now;
      due.push(txid);
    }
  }
  return [...light.peers.keys()].flatMap((peer) => offer(light, peer, due));
}

/** Peers ask for our transactions, and for nothing else that we could have. */
export function answerGetData(
  light: Light,
  peer: Peer,
  { inventory }: BitcoinMessageOf<"getdata">,
): readonly SyncEffect[] {
  const byId = new Map<string, Tx>();
  for (const [txid, { tx, wtxid }] of light.own) {
    byId.set(txid, tx);
    byId.set(wtxid, tx);
  }
  const effects: SyncEffect[] = [];
  const missing: Inventory[] = [];
  for (const entry of inventory) {
    const tx = byId.get(entry.id);
    // Asked for twice in one question, it is sent once.
    if (tx !== undefined) effects.push(send(peer, { name: "tx", tx }));
    else missing.push(entry);
    byId.delete(entry.id);
  }
  return missing.length === 0 ? effects : [...effects, send(peer, { name: "notfound", inventory: missing })];
}
