import { toHex } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import { present, unreachable } from "../../base/result.ts";
import { type BlockHeight, blockHeight } from "../../base/units.ts";
import { isCoinbase, type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { BlockRef, ChainEvent, Confirmation, Watch } from "../../ports/chain-source.ts";
import { type Draft, draftOf } from "./draft.ts";
import {
  ELSEWHERE_LABEL,
  hasRivals,
  isLost,
  nextHeight,
  reservedTx,
  type WalletCoin,
  type WalletState,
  type WalletStep,
  type WalletTx,
} from "./state.ts";

/**
 * What the chain did, taken into the wallet. Events may come twice, and those of a watch that was set late may come
 * after later blocks; neither changes anything that was known.
 */
export function applyChainEvent(state: WalletState, event: ChainEvent): WalletStep {
  const draft = draftOf(state);
  switch (event.tag) {
    case "ScriptPaid":
      paid(draft, event.script, event.by, event.vout);
      break;
    case "OutpointSpent":
      spent(draft, outpointKey(event.outpoint), event.by);
      break;
    case "BlockConnected":
      connected(draft, event.block);
      break;
    case "BlockDisconnected":
      undo(draft, (block) => block.height >= event.block.height);
      draft.setHeight(event.block.height === 0 ? undefined : blockHeight(event.block.height - 1));
      // The next branch may confirm in a lower block than the watches begin with.
      watchAll(draft, event.block.height);
      break;
    case "SpendSeen":
      // What waits is not done: the wallet goes by blocks and by what it has sent itself.
      break;
    default:
      unreachable(event);
  }
  return draft.finish();
}

function paid(draft: Draft, script: Uint8Array, by: Confirmation, vout: number): void {
  const address = draft.state().addresses.get(toHex(script));
  if (address === undefined) return;
  const output = present(by.tx.outputs[vout], "a paid output is in its transaction");
  const outpoint = { txid: txidOf(by.tx), vout };
  const known = draft.state().coins.get(outpointKey(outpoint));
  if (known?.paidIn?.hash === by.block.hash) return;
  const coinbase = isCoinbase(by.tx);
  draft.setCoin({
    outpoint,
    amount: output.amount,
    script,
    coinbase,
    paidIn: by.block,
    spent: known?.spent,
    locked: known?.locked ?? false,
  });
  if (known === undefined) draft.effect({ tag: "Watch", watches: [watchOf(outpoint, script, by.block)] });
  if (address.path.branch === "external") {
    draft.effect({ tag: "Received", outpoint, amount: output.amount, block: by.block });
  }
  confirm(draft, outpoint.txid, by, coinbase ? "mined" : address.label);
}

function spent(draft: Draft, key: string, by: Confirmation): void {
  const coin = draft.state().coins.get(key);
  const txid = txidOf(by.tx);
  if (coin === undefined) return replaced(draft, key, txid);
  if (coin.spent?.block?.hash === by.block.hash) return;
  if (coin.spent !== undefined && coin.spent.txid !== txid) abandon(draft, coin.spent.txid);
  draft.setCoin({ ...(draft.state().coins.get(key) ?? coin), spent: { txid, block: by.block } });
  const known = draft.state().txs.get(txid);
  if (known?.block?.hash !== by.block.hash) draft.effect({ tag: "Confirmed", txid, block: by.block });
  const made = confirm(draft, txid, by, ELSEWHERE_LABEL);
  // What we sign together with others stands here with our witnesses alone.
  if (made.tx === undefined || !isWhole(made.tx)) draft.setTx({ ...made, tx: by.tx });
}

const isWhole = ({ inputs }: Tx): boolean =>
  inputs.every(({ witness, scriptSig }) => witness.length > 0 || scriptSig.length > 0);

/** Whoever paid us with this outpoint, or with us, has spent it otherwise: what waits of that never comes. */
function replaced(draft: Draft, key: string, by: Txid): void {
  for (const walletTx of draft.state().txs.values()) {
    if (!hasRivals(walletTx) || walletTx.txid === by) continue;
    if (walletTx.tx?.inputs.some(({ prevout }) => outpointKey(prevout) === key)) abandon(draft, walletTx.txid);
  }
}

/** Notes where a transaction is confirmed. A reserved or abandoned one is published by that. */
function confirm(draft: Draft, txid: Txid, { block }: Confirmation, label: string): WalletTx {
  const known = draft.state().txs.get(txid);
  if (known?.block?.hash === block.hash && known.status === "published") return known;
  const fresh = reservedTx(txid, label, undefined, undefined);
  const confirmed: WalletTx = { ...(known ?? fresh), block, status: "published", unheard: false };
  draft.setTx(confirmed);
  return confirmed;
}

function connected(draft: Draft, block: BlockRef): void {
  const { height } = draft.state();
  // A cursor that the chain source no longer knew: it tells everything again from genesis, without disconnections.
  if (height !== undefined && block.height <= height) {
    undo(draft, (other) => other.height >= block.height && other.hash !== block.hash);
  }
  draft.setHeight(block.height);
}

/** Takes back what happened in blocks that are gone. */
function undo(draft: Draft, isGone: (block: BlockRef) => boolean): void {
  const before = draft.state();
  const waiting = new Map<Txid, WalletTx & { readonly tx: Tx }>();
  for (const walletTx of before.txs.values()) {
    if (walletTx.block === undefined || !isGone(walletTx.block)) continue;
    draft.setTx({ ...walletTx, block: undefined });
    if (walletTx.tx !== undefined) waiting.set(walletTx.txid, { ...walletTx, tx: walletTx.tx });
  }
  for (const { tx } of parentsFirst(waiting)) draft.effect({ tag: "Broadcast", tx });
  for (const coin of before.coins.values()) {
    if (coin.spent?.block === undefined || !isGone(coin.spent.block)) continue;
    draft.setCoin({ ...coin, spent: { ...coin.spent, block: undefined } });
  }
  for (const { outpoint } of before.coins.values()) {
    const coin = draft.state().coins.get(outpointKey(outpoint));
    if (coin?.paidIn !== undefined && isGone(coin.paidIn)) unpaid(draft, { ...coin, paidIn: undefined });
  }
}

/**
 * A coin whose transaction is in no block any more. A coinbase is gone with its block, and with it what spends it. Our
 * own transactions confirm again. Of others' we are told if they do; until then such a coin is not ours to count, but a
 * lock on it is remembered.
 */
function unpaid(draft: Draft, coin: WalletCoin): void {
  if (coin.coinbase) {
    if (coin.spent !== undefined) abandon(draft, coin.spent.txid);
    draft.dropCoin(coin);
  } else if (coin.spent === undefined && isLost(draft.state(), coin) && !coin.locked) draft.dropCoin(coin);
  else draft.setCoin(coin);
}

/** Gives up a transaction that cannot confirm: its coins are free again, what it paid to us never was. */
export function abandon(draft: Draft, txid: Txid): void {
  const walletTx = draft.state().txs.get(txid);
  if (walletTx === undefined || walletTx.block !== undefined || walletTx.status === "abandoned") return;
  draft.setTx({ ...walletTx, status: "abandoned" });
  for (const coin of draft.state().coins.values()) {
    if (coin.spent?.txid === txid) {
      if (isLost(draft.state(), coin)) draft.dropCoin(coin);
      else draft.setCoin({ ...coin, spent: undefined });
    } else if (coin.outpoint.txid === txid && coin.paidIn === undefined) {
      if (coin.spent !== undefined) abandon(draft, coin.spent.txid);
      draft.dropCoin(coin);
    }
  }
}

export const watchOf = (outpoint: WalletCoin["outpoint"], script: Uint8Array, from: BlockRef): Watch => ({
  tag: "Outpoint",
  outpoint,
  script,
  from: from.height,
});

/**
 * Watches set again at a start look this far back: for what came while the last ones were being set, and for what was
 * taken back by a disconnection before a crash and is in the best chain again. Policy, not protocol.
 */
export const LOOK_BACK_BLOCKS = 144;

/** What a wallet that was just loaded asks of the chain: all its watches, and its unconfirmed transactions once more. */
export function resume(state: WalletState): WalletStep {
  const draft = draftOf(state);
  watchAll(draft, blockHeight(Math.max(0, nextHeight(state) - LOOK_BACK_BLOCKS)));
  const waiting = new Map<Txid, WalletTx & { readonly tx: Tx }>();
  for (const one of state.txs.values())
    if (one.tx !== undefined && one.block === undefined && one.status === "published")
      waiting.set(one.txid, { ...one, tx: one.tx });
  for (const { tx } of parentsFirst(waiting)) draft.effect({ tag: "Broadcast", tx });
  return draft.finish();
}

/** On disk they stand by txid: none would be taken before what it spends. */
function parentsFirst<T extends { readonly tx: Tx }>(txs: ReadonlyMap<Txid, T>): ReadonlySet<T> {
  const ordered = new Set<T>();
  const stack = [...txs.values()].reverse();
  for (let one = stack.at(-1); one !== undefined; one = stack.at(-1)) {
    const before = one.tx.inputs.flatMap(({ prevout }) => txs.get(prevout.txid) ?? []);
    const missing = before.filter((parent) => !ordered.has(parent));
    if (missing.length > 0) stack.push(...missing);
    else {
      ordered.add(one);
      stack.pop();
    }
  }
  return ordered;
}

/**
 * What such a transaction spends of others is watched, until it is mined. Filters cannot be searched for that before a script is
 * known of it.
 */
export function watchOthers(draft: Draft, { inputs }: Tx, from = nextHeight(draft.state())): void {
  const watches = inputs.flatMap(({ prevout }): readonly Watch[] => {
    if (draft.state().coins.has(outpointKey(prevout))) return [];
    return [{ tag: "Outpoint", outpoint: prevout, script: new Uint8Array(0), from }];
  });
  if (watches.length > 0) draft.effect({ tag: "Watch", watches });
}

/** Every address, every coin that is not seen spent, and what of others is spent by what waits. A watch that is set already, from as low, costs nothing. */
export function watchAll(draft: Draft, from: BlockHeight): void {
  const { addresses, coins, txs } = draft.state();
  const watches: Watch[] = [];
  for (const { script } of addresses.values()) watches.push({ tag: "Script", script, from });
  for (const { outpoint, script, spent: spend } of coins.values()) {
    if (spend?.block === undefined) watches.push({ tag: "Outpoint", outpoint, script, from });
  }
  if (watches.length > 0) draft.effect({ tag: "Watch", watches });
  for (const one of txs.values())
    if (hasRivals(one) && one.tx !== undefined && one.block === undefined && one.status === "published")
      watchOthers(draft, one.tx, from);
}
