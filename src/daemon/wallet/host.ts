import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { err, ok, type Result, unreachable } from "../../base/result.ts";
import { type BlockHeight, type Sat, type SatPerKw, satPerKw, ZERO_SAT } from "../../base/units.ts";
import { addressOf, scriptOfAddress } from "../../bitcoin/address.ts";
import type { InsufficientFunds } from "../../bitcoin/coins.ts";
import { type Tx, type TxOut, txidOf } from "../../bitcoin/tx.ts";
import { STAMP_LABEL, stampScript } from "../../chain/notary.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import { Broadcasts } from "../chain/broadcasts.ts";
import type { CommandFault } from "../commands.ts";
import { CHAIN_LANE, type NodeContext } from "../context.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import type { Balance, BumpFeeRequest, SendRequest, WalletTransaction, WalletUtxo } from "../views.ts";
import { heard, turnedDown } from "./answered.ts";
import { type Attachment, adopt, attach, type Complete, unconfirmedSpender } from "./attach.ts";
import { bump } from "./bump.ts";
import { applyChainEvent, resume } from "./chain.ts";
import { conflictDepth } from "./conflict.ts";
import type { Together } from "./contribute.ts";
import type { AddressWish } from "./draft.ts";
import { bumpFault, dustFault, lockFault, toPerson, unspendableCoin } from "./faults.ts";
import { bumpIncoming, type WaitingPayment } from "./incoming.ts";
import { listTransactions, listUtxos } from "./lists.ts";
import { type CoinLock, lock, setLocks, unlock } from "./locks.ts";
import { type PsbtFault, psbtFault } from "./psbt-fault.ts";
import type { PsbtLimits } from "./psbt-sign.ts";
import { plentyOf } from "./psbt-view.ts";
import { type WalletKeys, walletKeysOf } from "./public-keys.ts";
import { loadWallet } from "./records.ts";
import { beginRescan, handedOut, type Rescan, rescanned } from "./recovery.ts";
import { takeBack } from "./reinstate.ts";
import {
  type Funded,
  fund,
  namedCoins,
  newAddress,
  publish,
  refused,
  release,
  reservations,
  send,
  type WalletPayment,
} from "./spend.ts";
import { type WalletEffect, type WalletState, type WalletStep, walletBalance } from "./state.ts";

/** A step, and the transaction that goes out with it. */
interface PsbtDone {
  readonly step: WalletStep;
  readonly sent?: Txid;
}
/** Blocks within which our own transactions should confirm. Policy, not protocol. */
const TARGET_BLOCKS = 6;

/** The coins of the node: its addresses, what was paid to them, and what is being spent. */
export class WalletHost {
  readonly #ctx: NodeContext;
  readonly #keys: WalletKeys;
  readonly #reserve: () => Sat;
  readonly #broadcasts: Broadcasts;
  #state: WalletState;
  /** Until the process ends. */
  #rescan: Rescan | undefined;

  /**
   * @param height   the newest block whose effects are in the store
   * @param reserve  what no payment may touch: it is kept for closing channels, in sat
   */
  constructor(ctx: NodeContext, height: BlockHeight | undefined, reserve: () => Sat) {
    this.#ctx = ctx;
    this.#keys = walletKeysOf(ctx.signer);
    this.#reserve = reserve;
    this.#state = loadWallet(ctx.store.range(KEY.wallet), height);
    this.#broadcasts = new Broadcasts(ctx, {
      // Of commitments and closings the wallet knows nothing; the chain says whether they are still good.
      isWanted: (txid) => !this.#state.txs.has(txid) || this.isPublished(txid),
      taken: (txid) => this.#taken(txid),
      refused: (tx, reason) => this.#refused(tx, reason),
    });
  }
  start(turn: Turn): void {
    this.#apply(turn, resume(this.#state));
  }
  /** Goes through the chain once more, also for addresses that another copy of these words has used. Found ones are told by events. */
  rescan(turn: Turn, from: BlockHeight): void {
    const begun = beginRescan(this.#state, this.#keys, from);
    this.#rescan = begun.rescan;
    this.#apply(turn, begun.step);
  }
  chainEvent(turn: Turn, event: ChainEvent): void {
    this.#searchOn(turn, this.#rescan && rescanned(this.#state, this.#keys, this.#rescan, event));
    this.#apply(turn, applyChainEvent(this.#state, event));
  }
  #searchOn(turn: Turn, more: ReturnType<typeof rescanned>): void {
    if (more === undefined) return;
    this.#rescan = more.rescan;
    this.#apply(turn, more.step);
  }
  /** A script of ours, never used before; told to others only after this turn is durable. */
  newScript(turn: Turn, label: string, wish: Partial<AddressWish> = {}): Uint8Array {
    const { step, script } = newAddress(this.#state, this.#keys, { ...wish, label });
    this.#apply(turn, step);
    return script;
  }
  /** A signed transaction with this output, and `others` if there are any, its coins reserved: `publish` or `release` ends that. */
  fund(
    turn: Turn,
    output: TxOut,
    {
      label,
      keep,
      feerate = this.feerate(),
      others = [],
    }: { readonly label: string; readonly keep: Sat; readonly feerate?: SatPerKw; readonly others?: readonly TxOut[] },
  ): Result<Funded, InsufficientFunds> {
    const funded = fund(this.#state, this.#keys, { output, others, feerate, label, keep });
    if (funded.ok) this.#apply(turn, funded.value.step);
    return funded;
  }
  /** Does something about a transaction that is made together with a peer. */
  together<T>(turn: Turn, act: (state: WalletState, keys: WalletKeys) => Together<T>): T {
    const { step, value } = act(this.#state, this.#keys);
    if (step !== undefined) this.#apply(turn, step);
    return value;
  }
  publish(turn: Turn, txid: Txid): void {
    this.#apply(turn, publish(this.#state, txid));
  }
  release(turn: Turn, txid: Txid): void {
    this.#apply(turn, release(this.#state, txid));
  }
  /** Funded and neither published nor released, as a crash may leave them. */
  reservations(): readonly Txid[] {
    return reservations(this.#state);
  }
  /**
   * Adds to a transaction of a channel what it needs to be mined, and broadcasts it. One that it is to replace gives its coins
   * for that, and stays as it is where they do not suffice.
   */
  attach(turn: Turn, attachment: Attachment, complete: Complete, instead?: Txid): Result<Tx, InsufficientFunds> {
    const { tx, fee = ZERO_SAT } = (instead && this.#state.txs.get(instead)) ?? {};
    const freed = instead === undefined ? undefined : refused(this.#state, instead);
    const attached = attach(freed?.next ?? this.#state, this.#keys, attachment, complete, tx && { tx, fee });
    if (!attached.ok) return attached;
    if (freed !== undefined) this.#apply(turn, freed);
    this.#apply(turn, attached.value.step);
    return ok(attached.value.tx);
  }
  /** Takes over a signed transaction of a channel that pays to us, and broadcasts it. */
  adopt(turn: Turn, tx: Tx, fee: Sat, label: string): void {
    this.#apply(turn, adopt(this.#state, tx, fee, label));
  }
  /** What was given up is ours again where it spends one of these outputs of channels, which are claimed. */
  takeBack(turn: Turn, claimed: readonly Outpoint[]): void {
    this.#apply(turn, takeBack(this.#state, claimed));
  }
  /** A transaction of ours that is to be mined and not yet is, spending this outpoint. */
  unconfirmedSpender(outpoint: Outpoint): { readonly tx: Tx; readonly txid: Txid; readonly fee: Sat } | undefined {
    return unconfirmedSpender(this.#state, outpoint);
  }
  /** Whether a transaction is out and may be mined, as far as the wallet knows, or is mined. */
  isPublished(txid: Txid): boolean {
    return this.#state.txs.get(txid)?.status === "published";
  }
  /** Blocks that hold up another transaction with a coin that this one spends; 0 when there is none. */
  conflictDepth(tx: Tx): number {
    return conflictDepth(this.#state, tx);
  }
  /** A transaction that is out is said again. */
  again(turn: Turn, txid: Txid): void {
    const tx = this.#state.txs.get(txid)?.tx;
    if (tx !== undefined) this.broadcast(turn, tx);
  }
  /** A transaction that is not wanted any more, or cannot be mined: its coins are free, unless it was mined. */
  giveUp(turn: Turn, txid: Txid): void {
    this.#apply(turn, refused(this.#state, txid));
  }
  send(turn: Turn, { address, amount, feerate = this.feerate(), coins }: SendRequest): Result<Txid, CommandFault> {
    const script = scriptOfAddress(address, this.#ctx.params);
    if (!script.ok) {
      const detail = `not an address of ${this.#ctx.params.network}`;
      return err({ code: "bad_request", detail, pointer: "/address" });
    }
    const named = coins === undefined ? undefined : namedCoins(this.#state, coins);
    if (named !== undefined && !named.ok) return err(unspendableCoin(named.error));
    const from = named === undefined ? {} : { from: named.value };
    const output = { amount, script: script.value };
    const dust = dustFault(output);
    return dust === undefined ? this.#pay(turn, { output, feerate, label: "sent", ...from }) : err(dust);
  }
  /** Writes a root of documents into the chain. */
  stamp(turn: Turn, root: Uint8Array, feerate = this.feerate()): Result<Txid, CommandFault> {
    const output = { amount: ZERO_SAT, script: stampScript(root) };
    return this.#pay(turn, { output, feerate, label: STAMP_LABEL });
  }
  #pay(turn: Turn, payment: WalletPayment): Result<Txid, CommandFault> {
    const keep = this.#reserve();
    const sent = send(this.#state, this.#keys, { ...payment, keep });
    if (!sent.ok) return err(toPerson(sent.error, keep));
    this.#apply(turn, sent.value.step);
    return ok(sent.value.txid);
  }
  /** Pays more for a transaction that waits; the answer is the transaction that does. */
  bump(turn: Turn, { txid, method, feerate }: BumpFeeRequest, incoming?: WaitingPayment): Result<Txid, CommandFault> {
    const keep = this.#reserve();
    const request = { txid, method, feerate, keep };
    const bumped = incoming
      ? bumpIncoming(this.#state, this.#keys, request, incoming)
      : bump(this.#state, this.#keys, request);
    if (!bumped.ok) return err(bumpFault(bumped.error, keep));
    this.#apply(turn, bumped.value.step);
    return ok(bumped.value.txid);
  }
  /** What the wallet holds now: a value, which later steps do not change. */
  state(): WalletState {
    return this.#state;
  }
  /** Does something with a PSBT. What goes out by it gives its coins back when it is refused, as any payment does. */
  psbt<T extends PsbtDone>(
    turn: Turn,
    anyFee: boolean,
    act: (state: WalletState, limits: PsbtLimits, keys: WalletKeys) => Result<T, PsbtFault>,
  ): Result<T, CommandFault> {
    const keep = this.#reserve();
    const done = act(this.#state, { keep, most: anyFee ? undefined : plentyOf(this.feerate()) }, this.#keys);
    if (!done.ok) return err(psbtFault(done.error, keep));
    this.#apply(turn, done.value.step);
    return done;
  }
  /** To the Bitcoin node, again and again while it is silent. */
  broadcast(turn: Turn, tx: Tx): void {
    this.#broadcasts.say(turn, tx);
  }
  feerate(): SatPerKw {
    return this.#ctx.chain.feerate(TARGET_BLOCKS) ?? satPerKw(this.#ctx.policy.fallbackFeerate);
  }
  balance(): Omit<Balance["onchain"], "missingForClaims"> {
    return { ...walletBalance(this.#state), keptForClosing: this.#reserve() };
  }
  transactions(): readonly WalletTransaction[] {
    return listTransactions(this.#state);
  }
  utxos(): readonly WalletUtxo[] {
    return listUtxos(this.#state, this.#ctx.params);
  }
  /** Keeps a coin back, or no longer. What closing channels may cost stays free. */
  setLocked(turn: Turn, outpoint: Outpoint, locked: boolean): Result<WalletUtxo, CommandFault> {
    const step = locked ? lock(this.#state, outpoint, this.#reserve()) : unlock(this.#state, outpoint);
    if (!step.ok) return err(lockFault(step.error));
    this.#apply(turn, step.value);
    const key = outpointKey(outpoint);
    const shown = this.utxos().find((utxo) => outpointKey(utxo.outpoint) === key);
    return shown === undefined ? err(lockFault({ code: "no_coin" })) : ok(shown);
  }
  /** Several locks at once, or none. */
  setLocks(turn: Turn, wanted: readonly CoinLock[]): ReturnType<typeof setLocks> {
    const step = setLocks(this.#state, wanted, this.#reserve());
    if (step.ok) this.#apply(turn, step.value);
    return step;
  }
  addressOf(script: Uint8Array): string {
    return addressOf(script, this.#ctx.params) ?? "";
  }

  #taken(txid: Txid): void {
    if (this.#state.txs.get(txid)?.unheard) this.#ctx.turns.run((turn) => this.#apply(turn, heard(this.#state, txid)));
  }
  #refused(tx: Tx, reason: string): void {
    const txid = txidOf(tx);
    this.#ctx.log.warn("transaction refused", { txid, reason });
    if (this.#state.txs.get(txid)?.unheard)
      this.#ctx.turns.run((turn) => this.#apply(turn, turnedDown(this.#state, txid)));
  }
  #apply(turn: Turn, step: WalletStep): void {
    const { used } = this.#state;
    this.#state = step.next;
    for (const { key, value } of step.records) turn.put(key, value);
    for (const effect of step.effects) this.#perform(turn, effect);
    if (this.#rescan !== undefined && step.next.used !== used)
      this.#searchOn(turn, handedOut(this.#state, this.#keys, this.#rescan));
  }
  #perform(turn: Turn, effect: WalletEffect): void {
    const { chain, events } = this.#ctx;
    switch (effect.tag) {
      case "Watch":
        return turn.afterwards(CHAIN_LANE, () => chain.watch(effect.watches));
      case "Broadcast":
        return this.broadcast(turn, effect.tx);
      case "Received": {
        const { txid, vout } = effect.outpoint;
        const { height } = effect.block;
        return events.record(turn, "onchain.received", { txid, vout, amountSat: effect.amount.toString(), height });
      }
      case "Confirmed":
        return events.record(turn, "onchain.confirmed", { txid: effect.txid, height: effect.block.height });
      default:
        return unreachable(effect);
    }
  }
}
