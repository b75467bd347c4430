import { z } from "zod";
import { parseHex } from "../../../base/bytes.ts";
import { type Outpoint, outpointKey, type Txid } from "../../../base/ids.ts";
import { blockHeight } from "../../../base/units.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import { decodeTx, type Tx } from "../../../bitcoin/tx.ts";
import { addWatch, isWatched, matchBlock, matchWaiting, type WatchList, watchList } from "../../../chain/watch.ts";
import type { BlockRef, ChainEvent, Watch } from "../../../ports/chain-source.ts";
import { Refused } from "../../sentences.ts";
import * as answers from "./answers.ts";
import { type Core, faultOf, NoAnswer } from "./core.ts";

type Deliver = (events: readonly ChainEvent[]) => void;
/** Transactions of the mempool that are looked at; of a larger one not all. Policy, not protocol. */
const WAITING_MAX = 50_000;
const NOTHING_MISSED = Number.POSITIVE_INFINITY;

/**
 * A listener's way along the chain of a Bitcoin Core. As with the bundled node's feed, the next event follows from the block
 * that was told last and from what the node says now, so that nothing is lost by its restarts or by silence in between.
 */
export class Follower {
  readonly #core: Core;
  /** The lowest block that the node has. */
  keptFrom: number;
  readonly #genesis: BlockRef;
  readonly #watches = watchList();
  #missed: { readonly list: WatchList; next: number } = { list: watchList(), next: NOTHING_MISSED };
  #told: BlockRef;
  #deliver: Deliver | undefined;
  /** What waits, by txid, as far as it was looked at, and who of it spends what. */
  readonly #waiting = new Map<Txid, Tx>();
  readonly #spenders = new Map<string, Tx>();
  #seen: ChainEvent[] = [];

  constructor(core: Core, { genesisHash }: ChainParams, keptFrom = 0) {
    this.#core = core;
    this.keptFrom = keptFrom;
    this.#genesis = { height: blockHeight(0), hash: genesisHash };
    this.#told = this.#genesis;
  }
  /** Throws a sentence when a block that was not told yet is not kept any more: better not at all than with gaps. */
  start(cursor: BlockRef | undefined, deliver: Deliver): void {
    this.#told = cursor ?? this.#genesis;
    this.#deliver = deliver;
    // Watches that were set before count from here.
    const { list } = this.#missed;
    const from = [...list.outpoints.values(), ...list.scripts.values()];
    this.#missed.next = from.length === 0 ? NOTHING_MISSED : Math.max(1, Math.min(...from));
    const next = this.#told.height + 1;
    if (next >= this.keptFrom) return;
    this.stop();
    throw new Refused(
      `This node has to look at block ${next} of the chain, and the Bitcoin node keeps blocks from ${this.keptFrom} on; ` +
        "let it fetch the chain again without pruning, or give --bitcoind-url of one that keeps all blocks.",
    );
  }
  stop(): void {
    this.#deliver = undefined;
  }
  watch(watches: readonly Watch[]): void {
    for (const watch of watches) {
      if (watch.tag === "Outpoint" && !isWatched(this.#watches, watch.outpoint)) this.#noteSpender(watch.outpoint);
      if (!addWatch(this.#watches, watch)) continue;
      if (this.#deliver !== undefined && watch.from > this.#told.height) continue;
      addWatch(this.#missed.list, watch);
      this.#missed.next = Math.min(this.#missed.next, Math.max(1, watch.from));
    }
  }
  #noteSpender(outpoint: Outpoint): void {
    const tx = this.#spenders.get(outpointKey(outpoint));
    if (tx !== undefined) this.#seen.push({ tag: "SpendSeen", outpoint, tx });
  }
  /** A transaction has come into the mempool. Told once, until it has left. */
  noteWaiting(txid: Txid, tx: Tx): void {
    if (this.#waiting.has(txid)) return;
    this.#waiting.set(txid, tx);
    for (const { prevout } of tx.inputs) this.#spenders.set(outpointKey(prevout), tx);
    this.#seen.push(...matchWaiting(this.#watches, tx));
  }

  /**
   * One look at the node: tells everything up to its best block, and what waits. Rejects with `NoAnswer`.
   * @param toTell  hears of each block before it is told: it may have come after the look began
   */
  async catchUp(toTell: (block: BlockRef) => void): Promise<void> {
    await this.#lookAtMempool();
    while (this.#deliver !== undefined) {
      const events = await this.#nextOfChain();
      const last = events?.at(-1);
      if (last?.tag === "BlockConnected") toTell(last.block);
      const seen = this.#seen.splice(0);
      if (seen.length > 0 || events !== undefined) this.#deliver?.([...seen, ...(events ?? [])]);
      if (events === undefined) return;
    }
  }
  /** Undefined when all is told. */
  async #nextOfChain(): Promise<readonly ChainEvent[] | undefined> {
    const told = this.#told;
    const header = await this.#sure(this.#core.find(answers.header, "getblockheader", told.hash, true));
    if (header === undefined) {
      this.#told = this.#genesis;
      return told.hash === this.#genesis.hash ? undefined : [{ tag: "BlockDisconnected", block: told }];
    }
    if (header.confirmations < 0) {
      if (header.previousblockhash === undefined) throw new NoAnswer("a block stands on none");
      this.#told = { height: blockHeight(told.height - 1), hash: header.previousblockhash };
      return [{ tag: "BlockDisconnected", block: told }];
    }
    if (this.#missed.next !== NOTHING_MISSED) return this.#rescan();
    if (header.nextblockhash === undefined) return undefined;
    const block = await this.#sure(this.#core.block(z.string(), header.nextblockhash));
    // Between the two questions the chain may have changed: the next look finds out.
    if (block === undefined || block.header.previous !== told.hash) return [];
    const next: BlockRef = { height: blockHeight(told.height + 1), hash: header.nextblockhash };
    const events = matchBlock(this.#watches, { block }, next);
    events.push({ tag: "BlockConnected", block: next, previous: told.hash, time: block.header.time });
    this.#told = next;
    return events;
  }
  async #rescan(): Promise<readonly ChainEvent[]> {
    const { list } = this.#missed;
    // What is gone was looked at when it came.
    const next = Math.max(this.#missed.next, this.keptFrom);
    this.#missed.next = next;
    if (next > this.#told.height) {
      this.#missed = { list: watchList(), next: NOTHING_MISSED };
      return [];
    }
    const hash = await this.#sure(this.#core.find(answers.hash, "getblockhash", next));
    const block = hash && (await this.#sure(this.#core.block(z.string(), hash)));
    if (hash === undefined || block === undefined) return [];
    if (this.#missed.list === list && this.#missed.next === next) this.#missed.next++;
    return matchBlock(list, { block }, { height: blockHeight(next), hash });
  }
  async #lookAtMempool(): Promise<void> {
    const asked = await this.#core.ask(answers.txids, "getrawmempool", false);
    if (!asked.ok) throw new NoAnswer(faultOf(asked.error).detail);
    const now = new Set(asked.value.slice(0, WAITING_MAX));
    for (const [txid, tx] of this.#waiting) if (!now.has(txid)) this.#forget(txid, tx);
    for (const txid of now) {
      if (this.#waiting.has(txid)) continue;
      const raw = await this.#sure(this.#core.find(z.string(), "getrawtransaction", txid, 0));
      const bytes = raw === undefined ? undefined : parseHex(raw);
      const decoded = bytes && decodeTx(bytes);
      if (decoded?.ok) this.noteWaiting(txid, decoded.value);
    }
  }
  #forget(txid: Txid, tx: Tx): void {
    this.#waiting.delete(txid);
    for (const { prevout } of tx.inputs) {
      const key = outpointKey(prevout);
      if (this.#spenders.get(key) === tx) this.#spenders.delete(key);
    }
  }
  async #sure<T>(
    asked: Promise<
      { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: { readonly detail: string } }
    >,
  ): Promise<T> {
    const answer = await asked;
    if (!answer.ok) throw new NoAnswer(answer.error.detail);
    return answer.value;
  }
}
