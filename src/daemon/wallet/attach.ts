import { RELAY_FEERATE_MIN } from "../../../channels/index.ts";
import { toHex } from "../../base/bytes.ts";
import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { assert, err, ok, present, type Result } from "../../base/result.ts";
import { addSat, feeForWeightCeil, type Sat, type SatPerKw, sat, ZERO_SAT } from "../../base/units.ts";
import { type InsufficientFunds, type Spending, selectLeast } from "../../bitcoin/coins.ts";
import type { KeyPath } from "../../bitcoin/key-path.ts";
import { type Tx, type TxIn, type TxOut, txidOf, weightOf } from "../../bitcoin/tx.ts";
import { hasRoomOn } from "./chained.ts";
import { draftOf } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { signCoins } from "./sign.ts";
import {
  keepFor,
  publishIn,
  selectConfirmedFirst,
  spendable,
  takeChange,
  unsignedInput,
  type WalletSpendable,
} from "./spend.ts";
import { reservedTx, statusOf, type WalletState, type WalletStep } from "./state.ts";

/** A transaction of somebody else's making to which the wallet adds what it needs to be mined. */
export interface Attachment {
  /** Stands first, unsigned. Neither pays anything itself: what comes in by the input goes out by the output. */
  readonly input: TxIn;
  /** What that input spends. */
  readonly spends: TxOut;
  readonly output: TxOut | undefined;
  readonly locktime: number;
  /** Weight units of the input with its witness and of the output; and the sat of fee that are owed beyond the feerate. */
  readonly weight: number;
  readonly owed: Sat;
  /** Owed besides to what unconfirmed coins rest on, if it is paid with such. */
  readonly lift: Sat;
  readonly feerate: SatPerKw;
  readonly label: string;
}
export interface Attached {
  readonly step: WalletStep;
  /** The wallet's own inputs are signed; the first input is not. */
  readonly tx: Tx;
  readonly fee: Sat;
}

/** A transaction whose place another one takes, and what it pays. */
export interface Replaced {
  readonly tx: Tx;
  readonly fee: Sat;
}

/** The key of the wallet that a script pays to. */
export type PathOf = (script: Uint8Array) => KeyPath | undefined;
export const pathIn =
  ({ addresses }: WalletState): PathOf =>
  (script) =>
    addresses.get(toHex(script))?.path;
/** Signs the first input of a transaction whose other parts are there. */
export type Complete = (tx: Tx, pathOf: PathOf) => Tx;

/**
 * Adds coins and change, keeps the coins for it, and publishes it as soon as its first input is signed too: `complete`
 * gets the transaction and gives it back with that witness. Confirmed coins are preferred: a rival may yet undo what our
 * unconfirmed ones come from.
 *
 * @param instead  whose place it takes: its coins are free already
 */
export function attach(
  state: WalletState,
  keys: WalletKeys,
  attachment: Attachment,
  complete: Complete,
  instead?: Replaced,
): Result<Attached, InsufficientFunds> {
  const { input, spends, output, locktime, weight, owed, lift, feerate, label } = attachment;
  const draft = draftOf(state);
  const all = spendable(state, "also contested").filter(
    (one) =>
      (one.coin.paidIn !== undefined || hasRoomOn(state, one.outpoint.txid, output === undefined ? 2 : 1)) &&
      (instead === undefined || mayReplaceWith(state, instead.tx, one)),
  );
  const change = takeChange(draft, keys, "p2wpkh");
  const spending = (fee: Sat): Spending => ({
    outputs: [],
    feerate,
    changeScript: change.script,
    changeMin: change.least,
    changeWeight: change.weight,
    besides: { weight, fee },
    needsChange: output === undefined,
  });
  const alone = selectConfirmedFirst(state, all, spending(owed), selectLeast);
  const rests = alone.ok && alone.value.coins.some(({ coin }) => statusOf(state, coin) === "unconfirmed");
  const due = rests ? addSat(owed, lift) : owed;
  const meant = due === owed ? alone : selectConfirmedFirst(state, all, spending(due), selectLeast);
  const short = meant.ok && instead !== undefined ? shortOf(meant.value.fee, instead) : ZERO_SAT;
  const selected = short === 0n ? meant : selectConfirmedFirst(state, all, spending(addSat(due, short)), selectLeast);
  if (!selected.ok) return err(selected.error);
  if (selected.value.change !== undefined) change.take();
  const { coins, outputs, fee } = selected.value;
  const unsigned: Tx = {
    version: 2,
    inputs: [input, ...coins.map(({ outpoint }) => unsignedInput(outpoint))],
    outputs: output === undefined ? outputs : [output, ...outputs],
    locktime,
  };
  const ours = coins.map(({ coin }) => coin);
  const foreign = new Map([[outpointKey(input.prevout), spends]]);
  const tx = complete(signCoins(draft.state(), keys, unsigned, ours, foreign), pathIn(draft.state()));
  const txid = txidOf(tx);
  assert(txid === txidOf(unsigned), "a witness changes no txid");
  keepFor(draft, coins, reservedTx(txid, label, fee, tx));
  publishIn(draft, txid);
  assert(present(tx.inputs[0], "the first input").witness.length > 0, "the first input is signed");
  return ok({ step: draft.finish(), tx, fee });
}

/**
 * What a fee lacks of more than the other pays and of the way through the network, in sat: a coin that came since may make it
 * smaller, and no node would take it for less. Being smaller it weighs no more than the other does. BIP 125 §Implementation Details.
 */
function shortOf(fee: Sat, { tx, fee: before }: Replaced): Sat {
  const least = addSat(before, feeForWeightCeil(RELAY_FEERATE_MIN, weightOf(tx)));
  return fee < least ? sat(least - fee) : ZERO_SAT;
}

/** What takes the place of another may rest on nothing unconfirmed that the other did not: BIP 125 §Implementation Details. */
const mayReplaceWith = (state: WalletState, { inputs }: Tx, { coin, outpoint }: WalletSpendable): boolean =>
  statusOf(state, coin) === "confirmed" || inputs.some(({ prevout }) => outpointKey(prevout) === outpointKey(outpoint));

/** A transaction that somebody else has made for us and signed: kept, published, and what it pays to us is counted. */
export function adopt(state: WalletState, tx: Tx, fee: Sat, label: string): WalletStep {
  const draft = draftOf(state);
  const txid = txidOf(tx);
  draft.setTx(reservedTx(txid, label, fee, tx));
  publishIn(draft, txid);
  return draft.finish();
}

/** A published transaction of ours that spends this outpoint and is in no block. */
export function unconfirmedSpender(
  state: WalletState,
  outpoint: Outpoint,
): { readonly tx: Tx; readonly txid: Txid; readonly fee: Sat } | undefined {
  const key = outpointKey(outpoint);
  for (const { tx, txid, fee, block, status } of state.txs.values()) {
    if (tx === undefined || fee === undefined || block !== undefined || status !== "published") continue;
    if (tx.inputs.some(({ prevout }) => outpointKey(prevout) === key)) return { tx, txid, fee };
  }
  return undefined;
}
