import { toHex } from "../../base/bytes.ts";
import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { assert, err, ok, present, type Result } from "../../base/result.ts";
import { type Sat, type SatPerKw, sat } from "../../base/units.ts";
import {
  type Coin,
  type InsufficientFunds,
  P2WPKH_INPUT_WEIGHT,
  type Selection,
  selectCoins,
} from "../../bitcoin/coins.ts";
import { scriptSignature } from "../../bitcoin/der.ts";
import { SIGHASH_ALL, sighashesOf } from "../../bitcoin/sighash.ts";
import { p2pkhOf } from "../../bitcoin/templates.ts";
import { type Tx, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import { secp256k1 } from "../../crypto/secp256k1.ts";
import type { Branch } from "../keychain.ts";
import { abandon } from "./chain.ts";
import { type Draft, draftOf, nextAddress, type WalletKeys } from "./draft.ts";
import { nextHeight, statusOf, type WalletCoin, type WalletState, type WalletStep } from "./state.ts";

/** The least that an output to a key hash may hold to be relayed, in sat. BOLT 3 §Pay to witness pubkey hash (p2wpkh). */
const CHANGE_MIN = sat(294n);
/** Final enough for locktimes, and says that the fee may be raised. BIP 125 §Summary. */
const SEQUENCE = 0xffff_fffd;

/** A new address and the step that makes it used. To be shown only once that step is durable. */
export function newAddress(
  state: WalletState,
  keys: WalletKeys,
  { branch = "external", label = "received" }: { readonly branch?: Branch; readonly label?: string } = {},
): { readonly step: WalletStep; readonly script: Uint8Array } {
  const draft = draftOf(state);
  return { script: takeAddress(draft, keys, branch, label), step: draft.finish() };
}

function takeAddress(draft: Draft, keys: WalletKeys, branch: Branch, label: string): Uint8Array {
  const address = nextAddress(draft.state(), keys, branch, label);
  draft.setAddress(address);
  const from = nextHeight(draft.state());
  draft.effect({ tag: "Watch", watches: [{ tag: "Script", script: address.script, from }] });
  return address.script;
}

/** What to pay, at which feerate, and what the transaction is called in the list. */
export interface WalletPayment {
  readonly output: TxOut;
  readonly feerate: SatPerKw;
  readonly label: string;
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
  const reserved = reserve(draft, keys, payment);
  return reserved.ok ? ok({ ...reserved.value, step: draft.finish() }) : reserved;
}

/** As `fund` and `publish` in one step: a payment on the chain. */
export function send(state: WalletState, keys: WalletKeys, payment: WalletPayment): Result<Funded, InsufficientFunds> {
  const draft = draftOf(state);
  const reserved = reserve(draft, keys, payment);
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

/** Transactions that were funded and neither published nor released: after a start, the channels they fund decide. */
export const reservations = (state: WalletState): readonly Txid[] =>
  [...state.txs.values()].filter(({ status }) => status === "reserved").map(({ txid }) => txid);

type WalletSpendable = Coin & { readonly coin: WalletCoin };

/** Confirmed coins, and our own change that is on its way: nobody else can make that disappear. */
export function spendable(state: WalletState): readonly WalletSpendable[] {
  const free: WalletSpendable[] = [];
  for (const coin of state.coins.values()) {
    const status = statusOf(state, coin);
    if (status !== "confirmed" && (status !== "unconfirmed" || coin.coinbase)) continue;
    free.push({ outpoint: coin.outpoint, amount: coin.amount, weight: P2WPKH_INPUT_WEIGHT, coin });
  }
  return free;
}

function reserve(
  draft: Draft,
  keys: WalletKeys,
  payment: WalletPayment,
): Result<Omit<Funded, "step">, InsufficientFunds> {
  const { output, feerate, label } = payment;
  const changeScript = nextAddress(draft.state(), keys, "change", "change").script;
  const selected = selectCoins(spendable(draft.state()), {
    outputs: [output],
    feerate,
    changeScript,
    changeMin: CHANGE_MIN,
  });
  if (!selected.ok) return err(selected.error);
  const { outputs, fee, change } = selected.value;
  if (change !== undefined) takeAddress(draft, keys, "change", "change");
  const tx = signed(draft.state(), keys, selected.value);
  const txid = txidOf(tx);
  for (const { coin } of selected.value.coins) {
    assert(coin.spent === undefined, "a coin is spent once");
    draft.setCoin({ ...coin, spent: { txid, block: undefined } });
  }
  draft.setTx({ txid, label, fee, block: undefined, tx, status: "reserved" });
  const vout = outputs.indexOf(output);
  assert(vout >= 0, "the transaction holds the output that it was made for");
  return ok({ tx, txid, vout, fee, change });
}

function signed(state: WalletState, keys: WalletKeys, { coins, outputs }: Selection<WalletSpendable>): Tx {
  const unsigned: Tx = {
    version: 2,
    inputs: coins.map(({ outpoint }) => ({
      prevout: outpoint,
      scriptSig: new Uint8Array(0),
      sequence: SEQUENCE,
      witness: [],
    })),
    outputs,
    locktime: 0,
  };
  const sighashes = sighashesOf(unsigned);
  const inputs = unsigned.inputs.map((input, index) => {
    const { coin } = present(coins[index], "one coin for each input");
    const { path } = present(state.addresses.get(toHex(coin.script)), "a coin pays to an address of ours");
    const secret = keys.walletSecret(path);
    const publicKey = secp256k1.publicKey(secret);
    // BIP 143 §Specification: an input of a key hash signs the script that would pay to the key.
    const digest = sighashes.segwit(index, p2pkhOf(publicKey), coin.amount, SIGHASH_ALL);
    return { ...input, witness: [scriptSignature(secp256k1.sign(digest, secret), SIGHASH_ALL), publicKey] };
  });
  return { ...unsigned, inputs };
}

function publishIn(draft: Draft, txid: Txid): void {
  const walletTx = present(draft.state().txs.get(txid), "what is published was funded");
  const tx = present(walletTx.tx, "a funded transaction is kept");
  draft.setTx({ ...walletTx, status: "published" });
  const from = nextHeight(draft.state());
  for (const [vout, { amount, script }] of tx.outputs.entries()) {
    const outpoint: Outpoint = { txid, vout };
    if (draft.state().coins.has(outpointKey(outpoint)) || !draft.state().addresses.has(toHex(script))) continue;
    draft.setCoin({ outpoint, amount, script, coinbase: false, paidIn: undefined, spent: undefined });
    draft.effect({ tag: "Watch", watches: [{ tag: "Outpoint", outpoint, script, from }] });
  }
  if (walletTx.block === undefined) draft.effect({ tag: "Broadcast", tx });
}
