import { toHex } from "../../base/bytes.ts";
import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { assert, err, ok, present, type Result } from "../../base/result.ts";
import { lackingSat, type Sat, type SatPerKw, sumSat, ZERO_SAT } from "../../base/units.ts";
import {
  type Coin,
  type InsufficientFunds,
  type Selection,
  type Spending,
  selectCoins,
  selectGiven,
} from "../../bitcoin/coins.ts";
import type { AddressType } from "../../bitcoin/key-path.ts";
import { type Tx, type TxIn, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import { abandon } from "./chain.ts";
import { type AddressWish, type Draft, draftOf, nextAddress } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { changeTypeFor, DUST_LIMIT, INPUT_WEIGHT } from "./scripts.ts";
import { signCoins } from "./sign.ts";
import {
  isLost,
  nextHeight,
  reservedTx,
  statusOf,
  type WalletCoin,
  type WalletState,
  type WalletStep,
  type WalletTx,
} from "./state.ts";

/** Final enough for locktimes, and says that the fee may be raised. BIP 125 §Summary. */
const SEQUENCE = 0xffff_fffd;

/** A new address and the step that makes it used. To be shown only once that step is durable. */
export function newAddress(
  state: WalletState,
  keys: WalletKeys,
  { type = "p2wpkh", branch = "external", label = "received" }: Partial<AddressWish> = {},
): { readonly step: WalletStep; readonly script: Uint8Array } {
  const draft = draftOf(state);
  return { script: takeAddress(draft, keys, { type, branch, label }), step: draft.finish() };
}

function takeAddress(draft: Draft, keys: WalletKeys, wish: AddressWish): Uint8Array {
  const address = nextAddress(draft.state(), keys, wish);
  draft.setAddress(address);
  const from = nextHeight(draft.state());
  draft.effect({ tag: "Watch", watches: [{ tag: "Script", script: address.script, from }] });
  return address.script;
}

/** What to pay, at which feerate, and what the transaction is called in the list. */
export interface WalletPayment {
  readonly output: TxOut;
  /** Paid by the same transaction. */
  readonly others?: readonly TxOut[];
  readonly feerate: SatPerKw;
  readonly label: string;
  /** What must be left in coins that can be spent, in sat; nothing unless it is said. */
  readonly keep?: Sat;
  /** Exactly these coins pay, as `namedCoins` gives them; else the wallet chooses. */
  readonly from?: readonly WalletSpendable[];
}
/** A signed transaction whose coins are reserved for it. */
export interface Funded {
  readonly step: WalletStep;
  readonly tx: Tx;
  readonly txid: Txid;
  /** Where the paid output stands. */
  readonly vout: number;
  readonly fee: Sat;
  /** What comes back to an address of ours; undefined when the rest was too small. */
  readonly change: Sat | undefined;
}

/**
 * Builds and signs a transaction with the output, and keeps its coins for it: the outpoint is known before anything is
 * published, as opening a channel needs it. Ends with `publish` or `release`. The step is to be durable before a peer
 * learns of the outpoint.
 */
export function fund(state: WalletState, keys: WalletKeys, payment: WalletPayment): Result<Funded, InsufficientFunds> {
  const draft = draftOf(state);
  const reserved = reserve(draft, keys, payment, false);
  return reserved.ok ? ok({ ...reserved.value, step: draft.finish() }) : reserved;
}

/** As `fund` and `publish` in one step: a payment on the chain. */
export function send(state: WalletState, keys: WalletKeys, payment: WalletPayment): Result<Funded, InsufficientFunds> {
  const draft = draftOf(state);
  const reserved = reserve(draft, keys, payment, true);
  if (!reserved.ok) return reserved;
  publishIn(draft, reserved.value.txid);
  return ok({ ...reserved.value, step: draft.finish() });
}

/**
 * A reserved transaction goes out. Doing it again broadcasts it again. Nothing happens to one that was given up (a
 * reorganisation may have done that): its coins are gone, or free and perhaps spent otherwise.
 */
export function publish(state: WalletState, txid: Txid): WalletStep {
  const draft = draftOf(state);
  if (state.txs.get(txid)?.status !== "abandoned") publishIn(draft, txid);
  return draft.finish();
}

/** A reserved transaction that was never published is given up; its coins are free. Does nothing to any other. */
export function release(state: WalletState, txid: Txid): WalletStep {
  const draft = draftOf(state);
  if (state.txs.get(txid)?.status === "reserved") abandon(draft, txid);
  return draft.finish();
}

/** What the chain source would not take is given up, published or not, unless it is confirmed. */
export function refused(state: WalletState, txid: Txid): WalletStep {
  const draft = draftOf(state);
  abandon(draft, txid);
  return draft.finish();
}

/**
 * Transactions that were funded and neither published nor released: after a start, the channels they fund decide. What
 * coins are kept for while others sign it is not among them.
 */
export const reservations = (state: WalletState): readonly Txid[] =>
  [...state.txs.values()].filter(({ status, tx }) => status === "reserved" && tx !== undefined).map(({ txid }) => txid);

export type WalletSpendable = Coin & { readonly coin: WalletCoin };

/**
 * Confirmed coins, and our own change that is on its way where nobody else can make it disappear. What comes out of the
 * claims of a channel is contested until it is mined: only a claim may be built on it.
 */
export function spendable(state: WalletState, which?: "also contested"): readonly WalletSpendable[] {
  const free: WalletSpendable[] = [];
  const isContested = which === undefined ? contested(state) : () => false;
  for (const coin of state.coins.values()) {
    const status = statusOf(state, coin);
    if ((status !== "confirmed" && status !== "unconfirmed") || isLost(state, coin)) continue;
    if (status === "unconfirmed" && isContested(coin)) continue;
    free.push(spendableOf(state, coin));
  }
  return free;
}
/** What choosing goes by: its weight, and what it would be seen to have in common with others. */
export function weighed(state: WalletState, { script }: WalletCoin): Pick<Coin, "weight" | "owner"> {
  const address = toHex(script);
  const { path, label } = present(state.addresses.get(address), "a coin pays to an address of ours");
  return { weight: INPUT_WEIGHT[path.type], owner: { address, label, type: path.type } };
}
/** Coins chosen by hand. An outpoint that is not a coin of ours which can be spent now is given back. */
export function namedCoins(
  state: WalletState,
  outpoints: readonly Outpoint[],
): Result<readonly WalletSpendable[], Outpoint> {
  const free = new Map(spendable(state).map((one) => [outpointKey(one.outpoint), one]));
  const named = new Map<string, WalletSpendable>();
  for (const outpoint of outpoints) {
    const found = free.get(outpointKey(outpoint));
    if (found === undefined) return err(outpoint);
    named.set(outpointKey(outpoint), found);
  }
  return ok([...named.values()]);
}

/**
 * Made by a transaction that spends something besides our coins, or in whose place a peer can put another one: we have
 * signed that, and it wants nothing but the peer's part.
 */
function contested(state: WalletState): (coin: WalletCoin) => boolean {
  const rivals = new Set<string>();
  for (const { tx, status } of state.txs.values())
    if (status === "reserved") for (const { prevout } of tx?.inputs ?? []) rivals.add(outpointKey(prevout));
  return ({ outpoint }) => {
    const spent = state.txs.get(outpoint.txid)?.tx?.inputs.map(({ prevout }) => outpointKey(prevout)) ?? [];
    return !spent.every((key) => state.coins.has(key) && !rivals.has(key));
  };
}

function reserve(
  draft: Draft,
  keys: WalletKeys,
  payment: WalletPayment,
  unheard: boolean,
): Result<Omit<Funded, "step">, InsufficientFunds> {
  const built = build(draft, keys, payment);
  if (!built.ok) return built;
  const { unsigned, coins, ...rest } = built.value;
  const ours = coins.map(({ coin }) => coin);
  const tx = signCoins(draft.state(), keys, unsigned, ours);
  const { txid, fee } = rest;
  keepFor(draft, coins, { ...reservedTx(txid, payment.label, fee, tx), unheard });
  return ok({ ...rest, tx });
}

/** A transaction with the output, coins that pay for it, and change. Nothing is signed, and no coin is kept yet. */
export interface Built extends Pick<Funded, "txid" | "vout" | "fee" | "change"> {
  readonly unsigned: Tx;
  readonly coins: readonly WalletSpendable[];
}
export function build(draft: Draft, keys: WalletKeys, payment: WalletPayment): Result<Built, InsufficientFunds> {
  const { output, others = [], feerate, keep = ZERO_SAT, from } = payment;
  const ours = takeChange(draft, keys, changeTypeFor(output.script));
  const free = spendable(draft.state());
  const spending = {
    outputs: [output, ...others],
    feerate,
    changeScript: ours.script,
    changeMin: ours.least,
    changeWeight: ours.weight,
  };
  const selected =
    from === undefined ? selectConfirmedFirst(draft.state(), free, spending) : selectGiven(from, spending);
  if (!selected.ok) return err({ ...selected.error, needed: lackingSat(selected.error.needed + keep) });
  const { coins, outputs, fee, change } = selected.value;
  const available = sumSat(free.map(({ amount }) => amount));
  const needed = lackingSat(sumSat([output, ...others].map(({ amount }) => amount)) + fee + keep);
  if (available < needed) return err({ code: "insufficient_funds", needed, available });
  if (change !== undefined) ours.take();
  const inputs = coins.map(({ outpoint }) => unsignedInput(outpoint));
  const unsigned: Tx = { version: 2, inputs, outputs, locktime: 0 };
  const vout = outputs.indexOf(output);
  assert(vout >= 0, "the transaction holds the output that it was made for");
  return ok({ unsigned, txid: txidOf(unsigned), vout, fee, change, coins });
}

/** What is not mined yet may need a fee itself, and stands or falls with what it comes from. */
export function selectConfirmedFirst(
  state: WalletState,
  free: readonly WalletSpendable[],
  spending: Spending,
  select: typeof selectCoins = selectCoins,
): Result<Selection<WalletSpendable>, InsufficientFunds> {
  const confirmed = free.filter(({ coin }) => statusOf(state, coin) === "confirmed");
  const preferred = select(confirmed, spending);
  return preferred.ok ? preferred : select(free, spending);
}

/** Where change would go. */
export interface ChangeAddress {
  readonly script: Uint8Array;
  /** The least that may go there, in sat. */
  readonly least: Sat;
  /** What an input that spends it weighs at most. */
  readonly weight: number;
  /** Hands the address out, once it is clear that there is change. */
  readonly take: () => void;
}
export function takeChange(draft: Draft, keys: WalletKeys, type: AddressType): ChangeAddress {
  const wish: AddressWish = { type, branch: "change", label: "change" };
  const { script } = nextAddress(draft.state(), keys, wish);
  return {
    script,
    least: DUST_LIMIT[type],
    weight: INPUT_WEIGHT[type],
    take: () => void takeAddress(draft, keys, wish),
  };
}

/** The coins are spent by this transaction, and by no other until it is given up. */
export function keepFor(draft: Draft, coins: readonly WalletSpendable[], walletTx: WalletTx): void {
  for (const { coin } of coins) {
    assert(coin.spent === undefined, "a coin is spent once");
    draft.setCoin({ ...coin, spent: { txid: walletTx.txid, block: undefined } });
  }
  draft.setTx(walletTx);
}
export const spendableOf = (state: WalletState, coin: WalletCoin): WalletSpendable => ({
  outpoint: coin.outpoint,
  amount: coin.amount,
  ...weighed(state, coin),
  coin,
});

export const unsignedInput = (prevout: Outpoint): TxIn => ({
  prevout,
  scriptSig: new Uint8Array(0),
  sequence: SEQUENCE,
  witness: [],
});

export function publishIn(draft: Draft, txid: Txid): void {
  const walletTx = present(draft.state().txs.get(txid), "what is published was funded");
  const tx = present(walletTx.tx, "a funded transaction is kept");
  draft.setTx({ ...walletTx, status: "published" });
  const from = nextHeight(draft.state());
  for (const [vout, { amount, script }] of tx.outputs.entries()) {
    const outpoint: Outpoint = { txid, vout };
    if (draft.state().coins.has(outpointKey(outpoint)) || !draft.state().addresses.has(toHex(script))) continue;
    draft.setCoin({ outpoint, amount, script, coinbase: false, paidIn: undefined, spent: undefined, locked: false });
    draft.effect({ tag: "Watch", watches: [{ tag: "Outpoint", outpoint, script, from }] });
  }
  if (walletTx.block === undefined) draft.effect({ tag: "Broadcast", tx });
}
