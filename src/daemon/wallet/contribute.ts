import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { lackingSat, type Sat, type SatPerKw, sumSat, ZERO_SAT } from "../../base/units.ts";
import { type InsufficientFunds, selectCoins, selectGiven } from "../../bitcoin/coins.ts";
import { SIGHASH_ALL } from "../../bitcoin/hash-types.ts";
import { type Tx, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import { hasChildren } from "./bump.ts";
import { abandon } from "./chain.ts";
import { changeAgain } from "./change-again.ts";
import { draftOf } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { signCoins } from "./sign.ts";
import { publishIn, spendable, spendableOf, type WalletSpendable } from "./spend.ts";
import { FUNDING_LABEL, reservedTx, statusOf, type WalletCoin, type WalletState, type WalletStep } from "./state.ts";

/** What a transaction that is made together with a peer needs of this wallet. */
export interface ContributionWish {
  /** Besides the fee, in sat. */
  readonly amount: Sat;
  readonly feerate: SatPerKw;
  /** Weight units for which we pay besides our coins and change. */
  readonly besides: number;
  readonly confirmedOnly: boolean;
  /** Attempts at the same funding, which this one takes the place of. */
  readonly replaces: readonly Txid[];
  /** Coins of one of them that must be among these, as far as nothing else has spent them since. */
  readonly spends: readonly Outpoint[];
  /** The least that change may hold, in sat. */
  readonly changeMin: Sat;
  /** What must be left in coins that can be spent, in sat. */
  readonly keep: Sat;
}
export interface Chosen {
  readonly coins: readonly WalletCoin[];
  readonly change: TxOut | undefined;
  /** What nothing else may spend meanwhile: the coins, and change of what would be replaced, which would be gone. */
  readonly held: readonly Outpoint[];
}
/** Why there is none. `has_children`: a payment of ours spends the change of what would be replaced, and would be lost with it. */
export type NoContribution = InsufficientFunds | { readonly code: "has_children" };
/** What came of it, and what it changed. */
export interface Together<T> {
  readonly step: WalletStep | undefined;
  readonly value: T;
}
/** What every transaction weighs: a wallet's own pays for it, of a common one only the initiator does. */
const FRAME_WEIGHT = 42;

/** Coins for a transaction that both sides make, and change. They are held in memory: a restart sets them free. */
export function choose(
  state: WalletState,
  keys: WalletKeys,
  wish: ContributionWish,
): Together<Result<Chosen, NoContribution>> {
  const given = wish.spends
    .flatMap((outpoint) => state.coins.get(outpointKey(outpoint)) ?? [])
    .filter(({ spent }) => spent === undefined || wish.replaces.includes(spent.txid));
  if (wish.replaces.some((txid) => hasChildren(state, txid)))
    return { step: undefined, value: err({ code: "has_children" }) };
  const draft = draftOf(state);
  const change = changeAgain(draft, keys, "p2wpkh");
  const spending = {
    outputs: [],
    feerate: wish.feerate,
    changeScript: change.script,
    changeMin: change.least > wish.changeMin ? change.least : wish.changeMin,
    changeWeight: change.weight,
    besides: { weight: wish.besides - FRAME_WEIGHT, fee: wish.amount },
  };
  const isChange = ({ outpoint }: { readonly outpoint: Outpoint }): boolean => wish.replaces.includes(outpoint.txid);
  const free = spendable(state).filter(
    ({ coin }) => !isChange(coin) && (!wish.confirmedOnly || statusOf(state, coin) === "confirmed"),
  );
  const selected = given.length === 0 ? selectCoins(free, spending) : withMore(state, given, free, spending);
  const refuse = (error: InsufficientFunds) => ({ step: undefined, value: err(error) });
  // Shown again for a replacement they may not be, if the peer asks for confirmed ones. BOLT 2 §The tx_add_input Message.
  if (wish.confirmedOnly && given.some(({ paidIn }) => paidIn === undefined)) {
    const available = sumSat(free.map(({ amount }) => amount));
    return refuse({ code: "insufficient_funds", needed: lackingSat(wish.amount + wish.keep), available });
  }
  if (!selected.ok) return refuse({ ...selected.error, needed: lackingSat(selected.error.needed + wish.keep) });
  const coins = selected.value.coins.map(({ coin }) => coin);
  const taken = new Set(coins.map(({ outpoint }) => outpointKey(outpoint)));
  const left = sumSat(free.filter(({ outpoint }) => !taken.has(outpointKey(outpoint))).map(({ amount }) => amount));
  const back = selected.value.change ?? ZERO_SAT;
  if (left + back < wish.keep && coins.some(({ spent }) => spent === undefined)) {
    const available = sumSat(free.map(({ amount }) => amount));
    return refuse({ code: "insufficient_funds", needed: lackingSat(available - left - back + wish.keep), available });
  }
  if (selected.value.change !== undefined) change.take();
  const step = draft.finish();
  const holding = [...coins, ...[...state.coins.values()].filter(isChange)].map(({ outpoint }) => outpoint);
  const held = new Set([...state.held, ...holding.map(outpointKey)]);
  const output = selected.value.change === undefined ? undefined : { amount: back, script: change.script };
  return { step: { ...step, next: { ...step.next, held } }, value: ok({ coins, change: output, held: holding }) };
}

/** The coins that must be among them, and as many others as it takes. */
function withMore(
  state: WalletState,
  given: readonly WalletCoin[],
  free: readonly WalletSpendable[],
  spending: Parameters<typeof selectGiven>[1],
) {
  const must = given.map((coin) => spendableOf(state, coin));
  const more = [...free].sort((a, b) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1));
  let selected = selectGiven(must, spending);
  for (let count = 1; !selected.ok && count <= more.length; count++)
    selected = selectGiven([...must, ...more.slice(0, count)], spending);
  return selected;
}

/** Coins that were held and are not wanted. */
export const setFree = (state: WalletState, outpoints: readonly Outpoint[]): Together<void> => ({
  step: { next: without(state, outpoints), records: [], effects: [] },
  value: undefined,
});
function without(state: WalletState, outpoints: readonly Outpoint[]): WalletState {
  const held = new Set(state.held);
  for (const outpoint of outpoints) held.delete(outpointKey(outpoint));
  return { ...state, held };
}

/** An input of a transaction that both sides make, in the order of the transaction. */
export interface SharedTxInput {
  readonly from: "local" | "remote";
  readonly outpoint: Outpoint;
  readonly spends: TxOut;
}
/** What we sign together with a peer, and pay for it. `replaces`: attempts at the same funding, whose coins it may spend. */
export interface TogetherTx {
  readonly tx: Tx;
  readonly inputs: readonly SharedTxInput[];
  readonly fee: Sat;
  readonly replaces: readonly Txid[];
}
/**
 * Signs for our inputs, each by the whole transaction, and keeps the coins for it until it is published or released.
 * Coins of an attempt that this one replaces stay with that one: it may be mined yet. Asked again it says the same, also where
 * it was forgotten since. Undefined when a coin is gone.
 */
export function signTogether(
  state: WalletState,
  keys: WalletKeys,
  { tx, inputs, fee, replaces }: TogetherTx,
): Together<readonly (readonly Uint8Array[])[] | undefined> {
  const txid = txidOf(tx);
  const ours = inputs.filter(({ from }) => from === "local");
  const coins = ours.flatMap(({ outpoint }) => state.coins.get(outpointKey(outpoint)) ?? []);
  // Kept all the while, they can only have gone to what this one was to replace: it was agreed to, and never will be mined.
  const isKept = state.txs.get(txid)?.status === "reserved";
  if (coins.length < ours.length || (!isKept && coins.some((coin) => isGone(state, coin, [...replaces, txid])))) {
    const held = ours.map(({ outpoint }) => outpoint);
    return { step: setFree(state, held).step, value: undefined };
  }
  const draft = draftOf(state);
  const foreign = new Map(inputs.map(({ outpoint, spends }) => [outpointKey(outpoint), spends]));
  const signed = signCoins(state, keys, tx, coins, foreign, () => SIGHASH_ALL);
  for (const coin of coins) if (coin.spent === undefined) draft.setCoin({ ...coin, spent: { txid, block: undefined } });
  if (coins.length > 0) draft.setTx(reservedTx(txid, FUNDING_LABEL, fee, signed));
  const step = draft.finish();
  const next = without(
    step.next,
    ours.map(({ outpoint }) => outpoint),
  );
  const witnesses = inputs.flatMap(({ from }, at) =>
    from === "local" ? [present(signed.inputs[at], "an input").witness] : [],
  );
  return { step: { ...step, next }, value: witnesses };
}
/**
 * Our witnesses for it have never left: nobody can bring it into the chain, so nothing of it is remembered. A peer that has us
 * sign and gives up may do so as often as it likes.
 */
export function forgetUnsent(state: WalletState, txid: Txid): Together<void> {
  if (state.txs.get(txid)?.status !== "reserved") return { step: undefined, value: undefined };
  const draft = draftOf(state);
  abandon(draft, txid);
  draft.dropTx(txid);
  return { step: draft.finish(), value: undefined };
}
/** Spent by something else than what is to be replaced, or by that while it waits and its change by a payment. */
function isGone(state: WalletState, { spent }: WalletCoin, replaces: readonly Txid[]): boolean {
  if (spent === undefined) return false;
  return !replaces.includes(spent.txid) || (spent.block === undefined && hasChildren(state, spent.txid));
}

/**
 * The transaction is complete: it goes out, in the place of the attempts before it. False where nothing of it is ours, or only
 * what it pays to us.
 */
export function publishTogether(state: WalletState, tx: Tx): Together<boolean> {
  const draft = draftOf(state);
  const txid = txidOf(tx);
  const kept = state.txs.get(txid);
  // Kept under another name it brings us something, as what a splice takes out, and a child of ours pays for that.
  if (kept?.tx === undefined || kept.label !== FUNDING_LABEL) return { step: undefined, value: false };
  // Given up in a reorganisation: its coins are gone, or perhaps spent otherwise.
  if (kept.status === "abandoned") return { step: undefined, value: true };
  const coins = tx.inputs.flatMap(({ prevout }) => state.coins.get(outpointKey(prevout)) ?? []);
  const replaced = new Set<Txid>(coins.flatMap(({ spent }) => (spent?.block === undefined ? (spent?.txid ?? []) : [])));
  replaced.delete(txid);
  for (const old of replaced) abandon(draft, old);
  for (const { outpoint } of coins) {
    const coin = draft.state().coins.get(outpointKey(outpoint));
    if (coin?.spent === undefined && coin !== undefined) draft.setCoin({ ...coin, spent: { txid, block: undefined } });
  }
  draft.setTx({ ...kept, tx });
  publishIn(draft, txid);
  return { step: draft.finish(), value: true };
}
