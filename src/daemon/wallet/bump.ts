import { toHex } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { FEERATE_MAX, feeForWeightCeil, type Sat, type SatPerKw, sat, satPerKw, sumSat } from "../../base/units.ts";
import type { InsufficientFunds, Spending } from "../../bitcoin/coins.ts";
import { selectGiven } from "../../bitcoin/coins.ts";
import { type Tx, type TxOut, txidOf, vsizeOf, weightOf } from "../../bitcoin/tx.ts";
import { feeAt } from "../../chain/mempool.ts";
import { TRUC_VERSION } from "../../chain/truc.ts";
import { abandon } from "./chain.ts";
import { type Draft, draftOf } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { changeTypeFor, DUST_LIMIT, INPUT_WEIGHT, typeOfScript } from "./scripts.ts";
import { signCoins } from "./sign.ts";
import {
  type ChangeAddress,
  keepFor,
  publishIn,
  spendable,
  spendableOf,
  takeChange,
  unsignedInput,
  type WalletSpendable,
} from "./spend.ts";
import {
  FUNDING_LABEL,
  reservedTx,
  statusOf,
  type WalletCoin,
  type WalletState,
  type WalletStep,
  type WalletTx,
} from "./state.ts";

/**
 * `rbf`: the same payment again, for more; `cancel`: its coins go back to us instead; both take the place of the
 * transaction (BIP 125 §Implementation Details). `cpfp`: a child that spends what came back to us of it pays for both.
 */
export type BumpMethod = "rbf" | "cancel" | "cpfp";
export interface BumpRequest {
  readonly txid: Txid;
  readonly method: BumpMethod;
  readonly feerate: SatPerKw;
  /** What must be left in coins that can be spent, in sat. */
  readonly keep: Sat;
}
export interface Bumped {
  readonly step: WalletStep;
  /** Of the replacement or the child. */
  readonly txid: Txid;
  readonly fee: Sat;
}
export type BumpFault =
  | InsufficientFunds
  /** Nothing of this wallet that waits to be mined. */
  | { readonly code: "not_waiting" }
  /** It funds a channel, which would be lost with it: only a child may pay for it. */
  | { readonly code: "funds_channel" }
  /** It spends what is not ours alone: a claim of a channel, whose fee follows its deadline. */
  | { readonly code: "not_ours" }
  /** Something is built on it that would be lost with it. */
  | { readonly code: "has_children" }
  /** Nothing of it came back to us that a child could spend. */
  | { readonly code: "no_output" }
  /** Other nodes would not relay it. */
  | { readonly code: "too_little"; readonly least: SatPerKw };

/** Pays more for a transaction of ours that waits to be mined; never in a way that takes a channel's funding output away. */
export function bump(state: WalletState, keys: WalletKeys, request: BumpRequest): Result<Bumped, BumpFault> {
  const walletTx = state.txs.get(request.txid);
  if (walletTx?.status !== "published" || walletTx.block !== undefined) return err({ code: "not_waiting" });
  const { tx, fee } = walletTx;
  if (tx === undefined || fee === undefined) return err({ code: "not_ours" });
  const made =
    request.method === "cpfp"
      ? payForParent(state, keys, request, { ...walletTx, tx, fee })
      : replace(state, keys, request, { ...walletTx, tx, fee });
  return made.ok ? leaving(state, made.value, request.keep) : made;
}
/** Unless less would be left than must stay. */
export function leaving(state: WalletState, made: Bumped, keep: Sat): Result<Bumped, InsufficientFunds> {
  const left = (wallet: WalletState): Sat => sumSat(spendable(wallet).map(({ amount }) => amount));
  const [before, after] = [left(state), left(made.step.next)];
  if (after >= keep || after >= before) return ok(made);
  return err({ code: "insufficient_funds", needed: sat(made.fee + keep), available: sat(made.fee + after) });
}

type Waiting = WalletTx & { readonly tx: Tx; readonly fee: Sat };

function replace(state: WalletState, keys: WalletKeys, request: BumpRequest, old: Waiting): Result<Bumped, BumpFault> {
  if (old.label === FUNDING_LABEL) return err({ code: "funds_channel" });
  if (old.tx.inputs.some(({ prevout }) => state.coins.get(outpointKey(prevout))?.spent?.txid !== old.txid)) {
    return err({ code: "not_ours" });
  }
  if (hasChildren(state, old.txid)) return err({ code: "has_children" });
  const draft = draftOf(state);
  abandon(draft, old.txid);
  const inputs = old.tx.inputs.flatMap(({ prevout }) => draft.state().coins.get(outpointKey(prevout)) ?? []);
  // A coin of a payment that is in no block any more may never come back. Of nothing but such it is left to the chain.
  if (inputs.length === 0) return err({ code: "not_waiting" });
  const isChange = ({ script }: TxOut): boolean => state.addresses.get(toHex(script))?.path.branch === "change";
  const payments = old.tx.outputs.filter((output) => !isChange(output));
  const outputs = request.method === "cancel" ? [] : payments;
  const change = changeFor(draft, keys, old.tx.outputs.find(isChange)?.script, outputs);
  const spending = spendingOf(outputs, request.feerate, change);
  const coins = inputs.map((coin) => spendableOf(draft.state(), coin));
  const label = request.method === "cancel" ? `cancelled: ${old.label}` : old.label;
  const made = make(draft, keys, {
    coins,
    spending,
    change,
    label,
    version: besideOf(old.tx.version),
    replaces: old.txid,
  });
  if (!made.ok) return made;
  const least = leastFee(old, made.value.tx);
  if (made.value.fee >= least) return ok(made.value);
  return err({ code: "too_little", least: feerateAbove(least, weightOf(made.value.tx)) });
}
/** Sat for 1,000 virtual bytes. Newer nodes are content with a tenth of it. Policy, not protocol. */
const RELAY_AGAIN = 1_000n;
/** More than before for its size, and the way through the network once more. BIP 125 §Implementation Details. */
function leastFee(old: Waiting, tx: Tx): bigint {
  const more = old.fee + feeAt(RELAY_AGAIN, vsizeOf(tx));
  const better = (old.fee * BigInt(vsizeOf(tx))) / BigInt(vsizeOf(old.tx)) + 1n;
  return more > better ? more : better;
}
/** A little above, as a signature may be a byte shorter than what is paid for; of fees beyond all measure the most that is one. */
const feerateAbove = (fee: bigint, weight: number): SatPerKw =>
  satPerKw(Math.min(Number((fee * 1000n) / BigInt(weight)) + 1, FEERATE_MAX));

function payForParent(
  state: WalletState,
  keys: WalletKeys,
  request: BumpRequest,
  parent: Waiting,
): Result<Bumped, BumpFault> {
  const waiting = [...ancestors(state, parent)];
  return childFor(draftOf(state), keys, request, {
    coins: spendable(state).filter(({ outpoint }) => outpoint.txid === parent.txid),
    weight: waiting.reduce((sum, { tx }) => sum + weightOf(tx), 0),
    paid: sumSat(waiting.map(({ fee }) => fee)),
    label: `fee of ${parent.label}`,
    version: parent.tx.version,
  });
}
/** What a child spends, and all that it pays for: weight units, and the sat that were paid for them. */
interface Parents {
  readonly coins: readonly WalletSpendable[];
  readonly weight: number;
  readonly paid: Sat;
  readonly label: string;
  /** Of the parent. */
  readonly version: number;
}
export function childFor(
  draft: Draft,
  keys: WalletKeys,
  { feerate }: BumpRequest,
  { coins, weight, paid, label, version }: Parents,
): Result<Bumped, BumpFault> {
  if (coins.length === 0) return err({ code: "no_output" });
  const owed = feeForWeightCeil(feerate, weight) - paid;
  if (owed <= 0n) return err({ code: "too_little", least: feerateAbove(paid, weight) });
  const change = changeFor(draft, keys, undefined, []);
  const spending = { ...spendingOf([], feerate, change), besides: { weight: 0, fee: sat(owed) } };
  return make(draft, keys, { coins, spending, change, label, version: besideOf(version) });
}
/** Only a TRUC transaction spends what waits of one. BIP 431 §Specification. */
const besideOf = (version: number): number => (version === TRUC_VERSION ? TRUC_VERSION : 2);
/** The transaction and those of ours that it waits for. */
function ancestors(state: WalletState, first: Waiting): ReadonlySet<Waiting> {
  const found = new Map<Txid, Waiting>([[first.txid, first]]);
  for (const { tx } of found.values()) {
    for (const { prevout } of tx.inputs) {
      const parent = state.txs.get(prevout.txid);
      if (parent?.tx === undefined || parent.fee === undefined || parent.block !== undefined) continue;
      found.set(parent.txid, { ...parent, tx: parent.tx, fee: parent.fee });
    }
  }
  return new Set(found.values());
}

interface Making {
  readonly coins: readonly WalletSpendable[];
  readonly spending: Spending;
  readonly change: ChangeAddress;
  readonly label: string;
  readonly version: number;
  readonly replaces?: Txid;
}
/** Policy, not protocol: further coins with which a child stays small enough for one. BIP 431 §Specification. */
const TRUC_COINS_MAX = 8;
/** Signs and publishes; further coins that are confirmed come in where these are not enough. */
function make(draft: Draft, keys: WalletKeys, making: Making): Result<Bumped & { readonly tx: Tx }, InsufficientFunds> {
  const { coins, spending, change, label, version, replaces } = making;
  const state = draft.state();
  const taken = new Set(coins.map(({ outpoint }) => outpointKey(outpoint)));
  const more = spendable(state)
    .filter(({ coin }) => statusOf(state, coin) === "confirmed" && !taken.has(outpointKey(coin.outpoint)))
    .sort((a, b) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1))
    .slice(0, version === TRUC_VERSION ? TRUC_COINS_MAX : Number.POSITIVE_INFINITY);
  let selected = selectGiven(coins, spending);
  for (let count = 1; !selected.ok && count <= more.length; count++) {
    selected = selectGiven([...coins, ...more.slice(0, count)], spending);
  }
  if (!selected.ok) return selected;
  const { coins: chosen, outputs, fee, change: rest } = selected.value;
  if (rest !== undefined) change.take();
  const inputs = chosen.map(({ outpoint }) => unsignedInput(outpoint));
  const ours = chosen.map(({ coin }) => coin);
  const tx = signCoins(draft.state(), keys, { version, inputs, outputs, locktime: 0 }, ours);
  const txid = txidOf(tx);
  keepFor(draft, chosen, { ...reservedTx(txid, label, fee, tx), unheard: true, replaces });
  publishIn(draft, txid);
  return ok({ step: draft.finish(), txid, fee, tx });
}

/** Whether something of ours spends what this transaction pays to us: replaced, it would take that along. */
export const hasChildren = (state: WalletState, txid: Txid): boolean =>
  coinsOf(state, txid).some(({ spent }) => spent !== undefined);
const coinsOf = (state: WalletState, txid: Txid): readonly WalletCoin[] =>
  [...state.coins.values()].filter(({ outpoint }) => outpoint.txid === txid);
const spendingOf = (outputs: readonly TxOut[], feerate: SatPerKw, change: ChangeAddress): Spending => ({
  outputs,
  feerate,
  changeScript: change.script,
  changeMin: change.least,
  changeWeight: change.weight,
  needsChange: outputs.length === 0,
});
/** Where change went before it goes again: one of the two is never mined. */
function changeFor(
  draft: Draft,
  keys: WalletKeys,
  before: Uint8Array | undefined,
  outputs: readonly TxOut[],
): ChangeAddress {
  if (before === undefined) return takeChange(draft, keys, changeTypeFor(outputs[0]?.script ?? new Uint8Array(0)));
  const type = present(typeOfScript(before), "an address of ours is of a type of ours");
  return { script: before, least: DUST_LIMIT[type], weight: INPUT_WEIGHT[type], take: () => undefined };
}
