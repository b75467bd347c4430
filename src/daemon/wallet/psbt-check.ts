import { equalBytes } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { feeForWeightCeil, isSat, type Sat, type SatPerKw } from "../../base/units.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT } from "../../bitcoin/sighash.ts";
import { strippedSize, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import { isDust } from "../../chain/standard.ts";
import type { Psbt, PsbtInput } from "./psbt.ts";
import type { PsbtFault } from "./psbt-fault.ts";
import { typeOfScript } from "./scripts.ts";
import { spendable } from "./spend.ts";
import { isLost, statusOf, type WalletCoin, type WalletState } from "./state.ts";

/** What is known of an input, and from whom. */
export interface Spending {
  /** Undefined when it is not ours. */
  readonly coin: WalletCoin | undefined;
  /** By our own record where it is ours, else as the PSBT says; undefined when it says nothing. */
  readonly spends: TxOut | undefined;
}

/** What each input spends. A PSBT that says of it what is not true is refused: whoever wrote that wants us not to look. */
export function spendingsOf(state: WalletState, { tx, inputs }: Psbt): Result<readonly Spending[], PsbtFault> {
  const found: Spending[] = [];
  for (const [index, { prevout }] of tx.inputs.entries()) {
    const { parent, witnessUtxo } = present(inputs[index], "each input has its map");
    if (parent !== undefined && txidOf(parent) !== prevout.txid) return err({ code: "wrong_parent", index });
    const ofParent = parent?.outputs[prevout.vout];
    if (parent !== undefined && ofParent === undefined) return err({ code: "wrong_parent", index });
    const coin = coinAt(state, outpointKey(prevout));
    const said = [ofParent, witnessUtxo];
    const spends = coin ?? ofParent ?? witnessOut(witnessUtxo);
    if (said.some((one) => one !== undefined && (spends === undefined || !isSame(one, spends)))) {
      return err({ code: "wrong_prevout", index });
    }
    found.push({ coin, spends: spends && { amount: spends.amount, script: spends.script } });
  }
  return ok(found);
}
const coinAt = (state: WalletState, key: string): WalletCoin | undefined =>
  isLostCoin(state, key) ? undefined : state.coins.get(key);
function isLostCoin(state: WalletState, key: string): boolean {
  const coin = state.coins.get(key);
  return coin !== undefined && isLost(state, coin);
}
/** An amount that there cannot be says nothing. */
const witnessOut = (said: PsbtInput["witnessUtxo"]): TxOut | undefined => {
  return said !== undefined && isSat(said.amount) ? { amount: said.amount, script: said.script } : undefined;
};
const isSame = (one: { readonly amount: bigint; readonly script: Uint8Array }, other: TxOut): boolean =>
  one.amount === other.amount && equalBytes(one.script, other.script);

/** What goes to miners if all of that is true; undefined when of some input nothing is said. Below zero when it cannot be true. */
export function feeOf({ tx }: Psbt, spendings: readonly Spending[]): bigint | undefined {
  let fee = 0n;
  for (const { spends } of spendings) {
    if (spends === undefined) return undefined;
    fee += spends.amount;
  }
  for (const { amount } of tx.outputs) fee -= amount;
  return fee;
}

/** What is to be held against a PSBT before our signature goes into it, or it goes out. */
export interface Checked {
  readonly coins: readonly WalletCoin[];
  readonly spent: readonly TxOut[];
  readonly fee: Sat;
}
/** @param most  a fee above what this feerate would make is refused; undefined: whatever it is */
export function checked(state: WalletState, psbt: Psbt, most: SatPerKw | undefined): Result<Checked, PsbtFault> {
  const spendings = spendingsOf(state, psbt);
  if (!spendings.ok) return spendings;
  const coins = spendings.value.flatMap(({ coin }) => coin ?? []);
  const lost = psbt.tx.inputs.findIndex(({ prevout }) => isLostCoin(state, outpointKey(prevout)));
  if (lost >= 0) return err({ code: "lost_coin", index: lost });
  if (coins.length === 0) return err({ code: "not_ours" });
  const spent = spendings.value.flatMap(({ spends }) => spends ?? []);
  const fee = feeOf(psbt, spendings.value);
  if (fee === undefined) {
    return err({ code: "unknown_prevout", index: spendings.value.findIndex(({ spends }) => spends === undefined) });
  }
  if (fee < 0n) return err({ code: "negative_fee" });
  if (!isSat(fee)) return err({ code: "too_much" });
  const plenty = most === undefined ? undefined : feeForWeightCeil(most, leastWeight(psbt));
  if (plenty !== undefined && fee > plenty) return err({ code: "absurd_fee", fee, most: plenty });
  const dust = psbt.tx.outputs.findIndex(isDust);
  if (dust >= 0) return err({ code: "dust_output", index: dust });
  const fault = keptCoin(state, txidOf(psbt.tx), coins) ?? otherSighash(psbt, spendings.value);
  return fault === undefined ? ok({ coins, spent, fee }) : err(fault);
}
/** Weight units of the smallest witness that a signature fits into, with the flags of BIP 144 §Serialization. */
const LEAST_WITNESS = 66;
const leastWeight = ({ tx }: Psbt): number => strippedSize(tx) * 4 + 2 + LEAST_WITNESS * tx.inputs.length;

/** Free, or kept for this very transaction while it is out. */
function keptCoin(state: WalletState, txid: Txid, coins: readonly WalletCoin[]): PsbtFault | undefined {
  const free = new Set(spendable(state).map(({ coin }) => coin));
  const isOut = state.txs.get(txid)?.status === "reserved" && state.txs.get(txid)?.tx === undefined;
  const kept = coins.find((coin) => !free.has(coin) && !(isOut && coin.spent?.txid === txid));
  return kept && { code: "kept_coin", outpoint: kept.outpoint, status: statusOf(state, kept) };
}

/** Whoever holds a signature that leaves something open may fill it in as they like. */
function otherSighash({ inputs }: Psbt, spendings: readonly Spending[]): PsbtFault | undefined {
  const index = spendings.findIndex(({ coin }, at) => {
    if (coin === undefined) return false;
    const type = inputs[at]?.sighashType;
    if (type === undefined || type === SIGHASH_ALL) return false;
    return !(type === SIGHASH_DEFAULT && typeOfScript(coin.script) === "p2tr");
  });
  return index < 0 ? undefined : { code: "other_sighash", index };
}
