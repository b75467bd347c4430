import { toHex } from "../../../src/base/bytes.ts";
import { type BlockHash, blockHash, type Outpoint, outpointKey, type Txid, txid } from "../../../src/base/ids.ts";
import { assert, present } from "../../../src/base/result.ts";
import { blockHeight, type Sat, sat } from "../../../src/base/units.ts";
import { STANDARD_FLAGS } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInputs } from "../../../src/bitcoin/interpreter/verify.ts";
import type { AddressType } from "../../../src/bitcoin/key-path.ts";
import { COINBASE_VOUT, isCoinbase, SEQUENCE_FINAL, type Tx, type TxOut, txidOf } from "../../../src/bitcoin/tx.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { KEY } from "../../../src/daemon/records.ts";
import { applyChainEvent, resume } from "../../../src/daemon/wallet/chain.ts";
import { loadWallet } from "../../../src/daemon/wallet/records.ts";
import { beginRescan, handedOut, type Rescan, rescanned } from "../../../src/daemon/wallet/recovery.ts";
import { newAddress } from "../../../src/daemon/wallet/spend.ts";
import {
  EMPTY_WALLET,
  type WalletBalance,
  type WalletEffect,
  type WalletState,
  type WalletStep,
  type WalletTx,
} from "../../../src/daemon/wallet/state.ts";
import { applyWatchEvent, resumeWatched } from "../../../src/daemon/wallet/watch-chain.ts";
import { loadWatched } from "../../../src/daemon/wallet/watch-records.ts";
import { NOTHING_WATCHED, type WatchState, type WatchStep } from "../../../src/daemon/wallet/watch-state.ts";
import type { BlockRef, ChainEvent, Watch } from "../../../src/ports/chain-source.ts";
import type { StoreEntry, StoreRecord } from "../../../src/ports/store.ts";
import { makeScript } from "./made-scripts.ts";
import { rememberedKeys } from "./remembered-keys.ts";

export const keys = rememberedKeys();

interface SmallBlock {
  readonly ref: BlockRef;
  readonly txs: readonly Tx[];
}

/**
 * A chain without proof of work, and one wallet on it as a host would run it: events only for what is watched, missed
 * ones told later, every step's records stored before its effects, and the state read back from them at will.
 */
export class SmallChain {
  wallet: WalletState = EMPTY_WALLET;
  watched: WatchState = NOTHING_WATCHED;
  readonly store = new Map<string, Uint8Array>();
  readonly blocks: SmallBlock[] = [];
  readonly mempool = new Map<Txid, Tx>();
  readonly effects: WalletEffect[] = [];
  readonly shown = new Set<string>();
  #watches: Watch[] = [];
  #rescan: Rescan | undefined;
  /** Watches whose past is told later, while a chain takes its time. */
  #untold: Watch[] | undefined;
  #nonce = 0;

  take(step: WalletStep): void {
    const { used } = this.wallet;
    this.#write(step.records);
    this.wallet = step.next;
    for (const effect of step.effects) this.#perform(effect);
    if (this.#rescan && step.next.used !== used) this.#searchOn(handedOut(this.wallet, keys, this.#rescan));
  }
  #searchOn(more: ReturnType<typeof rescanned>): void {
    if (more === undefined) return;
    this.#rescan = more.rescan;
    this.take(more.step);
  }
  takeWatched({ next, records, watches }: WatchStep): void {
    this.#write(records);
    this.watched = next;
    this.#watch(watches);
  }
  #write(records: readonly StoreRecord[]): void {
    for (const { key, value } of records) {
      if (value === undefined) this.store.delete(key);
      else this.store.set(key, value);
    }
  }

  #perform(effect: WalletEffect): void {
    this.effects.push(effect);
    if (effect.tag === "Broadcast") this.mempool.set(txidOf(effect.tx), effect.tx);
    if (effect.tag === "Watch") this.#watch(effect.watches);
  }
  #watch(watches: readonly Watch[]): void {
    this.#watches.push(...watches);
    if (this.#untold === undefined) this.#tellPast(watches);
    else this.#untold.push(...watches);
  }
  #tellPast(watches: readonly Watch[]): void {
    for (const block of this.blocks) {
      if (watches.some(({ from }) => from <= block.ref.height)) this.#tell(this.#matches(block, watches));
    }
  }

  #tell(events: readonly ChainEvent[]): void {
    for (const event of events) {
      this.#searchOn(this.#rescan && rescanned(this.wallet, keys, this.#rescan, event));
      this.take(applyChainEvent(this.wallet, event));
      this.takeWatched(applyWatchEvent(this.watched, event, makeScript));
    }
  }

  #matches({ txs, ref }: SmallBlock, watches: readonly Watch[]): readonly ChainEvent[] {
    const live = watches.filter(({ from }) => from <= ref.height);
    const scripts = new Set(live.flatMap((watch) => (watch.tag === "Script" ? [toHex(watch.script)] : [])));
    const outpoints = new Set(live.flatMap((watch) => (watch.tag === "Outpoint" ? [outpointKey(watch.outpoint)] : [])));
    return txs.flatMap((tx, index): readonly ChainEvent[] => {
      const by = { tx, block: ref, index };
      const spends = tx.inputs.filter(({ prevout }) => outpoints.has(outpointKey(prevout)));
      return [
        ...spends.map(({ prevout }): ChainEvent => ({ tag: "OutpointSpent", outpoint: prevout, by })),
        ...tx.outputs.flatMap(({ script }, vout): readonly ChainEvent[] =>
          scripts.has(toHex(script)) ? [{ tag: "ScriptPaid", script, by, vout }] : [],
        ),
      ];
    });
  }

  address(type: AddressType = "p2wpkh"): Uint8Array {
    const { script, step } = newAddress(this.wallet, keys, { type });
    this.take(step);
    assert(!this.shown.has(toHex(script)), "an address is shown once");
    this.shown.add(toHex(script));
    return script;
  }

  /** A payment by a stranger, from an output that the wallet knows nothing of. */
  foreign(output: TxOut): Tx {
    const prevout = { txid: txid(sha256(Uint8Array.of(1, this.#nonce >> 8, this.#nonce++ & 0xff))), vout: 0 };
    const input = { prevout, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] };
    return { version: 2, inputs: [input], outputs: [output], locktime: 0 };
  }

  get height(): number {
    return this.blocks.length;
  }

  /** A block with these transactions and all of the mempool that is valid in it. */
  mine(reward: Uint8Array, extra: readonly Tx[] = [], take: (tx: Tx) => boolean = () => true): void {
    const height = blockHeight(this.height + 1);
    const hash: BlockHash = blockHash(sha256(Uint8Array.of(2, this.#nonce >> 8, this.#nonce++ & 0xff)));
    const zero = { txid: txid(new Uint8Array(32)), vout: COINBASE_VOUT };
    const scriptSig = Uint8Array.of(height >> 8, height & 0xff, this.#nonce >> 8, this.#nonce & 0xff);
    const coinbase: Tx = {
      version: 2,
      inputs: [{ prevout: zero, scriptSig, sequence: SEQUENCE_FINAL, witness: [] }],
      outputs: [{ amount: sat(5_000_000n), script: reward }],
      locktime: 0,
    };
    const unspent = this.unspent();
    const txs: Tx[] = [coinbase, ...extra];
    for (const tx of extra)
      tx.outputs.forEach((output, vout) => void unspent.set(outpointKey({ txid: txidOf(tx), vout }), output));
    for (const [id, tx] of this.mempool) {
      const prevouts = tx.inputs.map(({ prevout }) => unspent.get(outpointKey(prevout)));
      if (!take(tx) || prevouts.includes(undefined)) continue;
      this.#check(tx, prevouts as TxOut[]);
      for (const { prevout } of tx.inputs) unspent.delete(outpointKey(prevout));
      tx.outputs.forEach((output, vout) => void unspent.set(outpointKey({ txid: id, vout }), output));
      txs.push(tx);
      this.mempool.delete(id);
    }
    const previous = present(this.blocks.at(-1)?.ref.hash ?? blockHash(new Uint8Array(32)), "a block has a parent");
    const block: SmallBlock = { ref: { height, hash }, txs };
    this.blocks.push(block);
    this.#tell([
      ...this.#matches(block, this.#watches),
      { tag: "BlockConnected", block: block.ref, previous, time: height },
    ]);
  }

  /** What we signed must be what the chain's own rules accept. */
  #check(tx: Tx, prevouts: readonly TxOut[]): void {
    const verdict = verifyInputs(tx, prevouts, STANDARD_FLAGS);
    if (!verdict.ok) throw new Error(`a wallet transaction breaks the rules: ${JSON.stringify(verdict.error)}`);
    const total = (outputs: readonly TxOut[]): bigint => outputs.reduce((sum, { amount }) => sum + amount, 0n);
    assert(total(prevouts) > total(tx.outputs), "a wallet transaction pays a fee");
  }

  /** Takes the newest block away. Its coinbase is gone; strangers' transactions come back only if somebody mines them. */
  disconnect(): readonly Tx[] {
    const block = present(this.blocks.pop(), "there is a block to take away");
    this.#tell([{ tag: "BlockDisconnected", block: block.ref }]);
    return block.txs.filter((tx) => !isCoinbase(tx) && !this.mempool.has(txidOf(tx)));
  }

  unspent(): Map<string, TxOut> {
    const unspent = new Map<string, TxOut>();
    for (const { txs } of this.blocks) {
      for (const tx of txs) {
        for (const { prevout } of tx.inputs) unspent.delete(outpointKey(prevout));
        tx.outputs.forEach((output, vout) => void unspent.set(outpointKey({ txid: txidOf(tx), vout }), output));
      }
    }
    return unspent;
  }

  isOurs = ({ script }: TxOut): boolean => this.wallet.addresses.has(toHex(script));

  /** What the wallet's balance must be, from the chain and the wallet's own pending transactions alone. */
  expectedTotal(): Sat {
    const worth = new Map([...this.unspent()].filter(([, output]) => this.isOurs(output)));
    const pending = [...this.wallet.txs.values()].filter(
      (one) => one.block === undefined && one.status === "published",
    );
    for (const { tx, txid: id } of pending) {
      tx?.outputs.forEach((output, vout) => {
        if (this.isOurs(output)) worth.set(outpointKey({ txid: id, vout }), output);
      });
    }
    for (const { tx } of pending) for (const { prevout } of tx?.inputs ?? []) worth.delete(outpointKey(prevout));
    return sat([...worth.values()].reduce((sum, { amount }) => sum + amount, 0n));
  }

  /** Every class of the balance, from the chain, the coins that a test has locked and what the wallet has signed alone. */
  expectedBalance(locked: ReadonlySet<string>): WalletBalance {
    const total = { confirmed: 0n, unconfirmed: 0n, immature: 0n, locked: 0n, reserved: 0n };
    const signed = [...this.wallet.txs.values()].filter(
      ({ block, status, tx }) => block === undefined && status !== "abandoned" && tx !== undefined,
    );
    const spenders = new Map<string, WalletTx>();
    for (const one of signed) for (const key of one.tx?.inputs ?? []) spenders.set(outpointKey(key.prevout), one);
    const add = (key: string, output: TxOut, kind: "confirmed" | "unconfirmed" | "immature"): void => {
      if (!this.isOurs(output)) return;
      const spender = spenders.get(key);
      if (spender?.status === "published") return;
      total[spender !== undefined ? "reserved" : locked.has(key) ? "locked" : kind] += output.amount;
    };
    const unspent = this.unspent();
    for (const { txs, ref } of this.blocks) {
      for (const tx of txs) {
        const isYoung = isCoinbase(tx) && this.height + 1 - ref.height < 100;
        for (const [vout] of tx.outputs.entries()) {
          const key = outpointKey({ txid: txidOf(tx), vout });
          const output = unspent.get(key);
          if (output !== undefined) add(key, output, isYoung ? "immature" : "confirmed");
        }
      }
    }
    for (const { tx, txid: id, status } of signed) {
      if (status !== "published") continue;
      tx?.outputs.forEach((output, vout) => void add(outpointKey({ txid: id, vout }), output, "unconfirmed"));
    }
    return total as unknown as WalletBalance;
  }

  stored(): WalletState {
    return loadWallet(this.#entries(KEY.wallet), this.wallet.height);
  }
  storedWatched(): WatchState {
    return loadWatched(this.#entries(KEY.watched), this.watched.height);
  }
  #entries(prefix: string): readonly StoreEntry[] {
    const entries = [...this.store].map(([key, value]) => ({ key, value }));
    return entries.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** As with nothing left but the words, and a chain that was heard to its end. */
  lose(): void {
    this.store.clear();
    this.wallet = { ...EMPTY_WALLET, height: this.wallet.height };
    this.#watches = [];
    this.shown.clear();
  }
  rescan(from: number): void {
    const { step, rescan } = beginRescan(this.wallet, keys, blockHeight(from));
    this.#rescan = rescan;
    this.take(step);
  }

  /** What these steps ask of the past is told after them. */
  slowly(steps: () => void): void {
    this.#untold = [];
    steps();
    const watches = this.#untold;
    this.#untold = undefined;
    this.#tellPast(watches);
  }

  /** As after a crash: the state is what the store holds, and the watches are set anew. */
  restart(): void {
    this.wallet = this.stored();
    this.#rescan = undefined;
    this.#watches = [];
    this.watched = this.storedWatched();
    this.take(resume(this.wallet));
    this.takeWatched(resumeWatched(this.watched));
  }
}

export const outpointsOf = (tx: Tx): readonly Outpoint[] => tx.inputs.map(({ prevout }) => prevout);
