import { err, ok, type Result } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import type { CommandFault } from "../command-fault.ts";
import { CHAIN_LANE, type NodeContext } from "../context.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import { watchFault } from "./faults.ts";
import type { WalletState } from "./state.ts";
import { addWatched, removeWatched, scriptMaker, setScanned, type WatchWish } from "./watch-add.ts";
import { applyWatchEvent, resumeWatched } from "./watch-chain.ts";
import type { ScriptMaker } from "./watch-draft.ts";
import { loadWatched } from "./watch-records.ts";
import { type WatchBalance, type WatchState, type WatchStep, watchBalance } from "./watch-state.ts";
import {
  type WatchedTransaction,
  type WatchedUtxo,
  type WatchInfo,
  watchedTransactions,
  watchedUtxos,
  watchInfo,
} from "./watch-views.ts";

/**
 * A chain source goes through what it missed before it tells of the next block, and at most one block is on its way while
 * watches are set: after two, the past has been told.
 */
const SETTLED_BLOCKS = 2;

/** Descriptors that are watched without keys, and the coins that pay to them. None of these can be spent here. */
export class WatchHost {
  readonly #ctx: NodeContext;
  readonly #ours: () => WalletState;
  readonly #make: ScriptMaker;
  /** By id of those whose past is gone through: blocks that came since all their scripts were asked for. */
  readonly #blocksSince = new Map<string, number>();
  #state: WatchState;

  /**
   * @param height  the newest block whose effects are in the store
   * @param ours    what is ours counts as that, also where it is watched
   */
  constructor(ctx: NodeContext, height: BlockHeight | undefined, ours: () => WalletState) {
    this.#ctx = ctx;
    this.#ours = ours;
    this.#make = scriptMaker(ctx.params);
    this.#state = loadWatched(ctx.store.range(KEY.watched), height);
  }
  start(turn: Turn): void {
    this.#apply(turn, resumeWatched(this.#state), [...this.#state.watches.keys()]);
  }
  add(turn: Turn, wish: WatchWish): Result<WatchInfo, CommandFault> {
    const added = addWatched(this.#state, wish, this.#ctx.params, this.#make);
    if (!added.ok) return err(watchFault(added.error));
    const { step, id } = added.value;
    this.#apply(turn, step, [id]);
    const shown = this.list().find((watch) => watch.id === id);
    return shown === undefined ? err(watchFault({ code: "unknown" })) : ok(shown);
  }
  remove(turn: Turn, id: string): Result<{ readonly id: string }, CommandFault> {
    const step = removeWatched(this.#state, id);
    if (step === undefined) return err(watchFault({ code: "unknown" }));
    this.#blocksSince.delete(id);
    this.#apply(turn, step, []);
    return ok({ id });
  }
  chainEvent(turn: Turn, event: ChainEvent): void {
    const before = this.#state.watches;
    const step = applyWatchEvent(this.#state, event, this.#make);
    const grown = [...step.next.watches.values()].filter(
      ({ id, scripts }) => scripts.size !== before.get(id)?.scripts.size,
    );
    this.#apply(
      turn,
      step,
      grown.map(({ id }) => id),
    );
    if (event.tag === "BlockConnected") this.#blockCame(turn);
  }
  balance(): WatchBalance {
    return watchBalance(this.#state, this.#ours());
  }
  list(): readonly WatchInfo[] {
    return [...this.#state.watches.values()].map((watch) => watchInfo(this.#state, this.#ours(), watch));
  }
  utxos(): readonly WatchedUtxo[] {
    return watchedUtxos(this.#state, this.#ours(), this.#ctx.params);
  }
  transactions(): readonly WatchedTransaction[] {
    return watchedTransactions(this.#state);
  }

  #blockCame(turn: Turn): void {
    for (const [id, blocks] of this.#blocksSince) {
      this.#blocksSince.set(id, blocks + 1);
      if (blocks + 1 < SETTLED_BLOCKS) continue;
      this.#blocksSince.delete(id);
      const watch = this.#state.watches.get(id);
      if (watch !== undefined && !watch.scanned) this.#apply(turn, setScanned(this.#state, watch), []);
    }
  }
  /** `asked`: those whose scripts are asked for by this step. */
  #apply(turn: Turn, { next, records, watches }: WatchStep, asked: readonly string[]): void {
    this.#state = next;
    for (const { key, value } of records) turn.put(key, value);
    for (const id of asked) this.#blocksSince.delete(id);
    if (watches.length === 0) return;
    turn.afterwards(CHAIN_LANE, () => {
      this.#ctx.chain.watch(watches);
      for (const id of asked) this.#blocksSince.set(id, 0);
    });
  }
}
