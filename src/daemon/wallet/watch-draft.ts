import { fromHex, toHex } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import type { Watch } from "../../ports/chain-source.ts";
import type { StoreRecord } from "../../ports/store.ts";
import {
  descriptorRecord,
  encodeDescriptor,
  encodeScript,
  encodeWatchedCoin,
  scriptRecord,
  watchedCoinRecord,
} from "./watch-records.ts";
import type { WatchedCoin, WatchedDescriptor, WatchState, WatchStep } from "./watch-state.ts";

/** The script of a descriptor, as it is written, with that number. */
export type ScriptMaker = (descriptor: string, index: number) => Uint8Array;

/** A row of scripts is followed no further. Policy, not protocol. */
export const RANGE_MAX = 10_000;

/** What is watched under change, within one step, as `Draft` is for the wallet. */
export interface WatchDraft {
  readonly state: () => WatchState;
  setHeight(height: BlockHeight | undefined): void;
  setCoin(coin: WatchedCoin): void;
  dropCoin(coin: WatchedCoin): void;
  setWatch(watch: WatchedDescriptor): void;
  /** Makes the scripts of one that are still missing, and has them looked for from a height on. */
  extend(id: string, from: BlockHeight, make: ScriptMaker): void;
  dropWatch(id: string): void;
  ask(...watches: readonly Watch[]): void;
  finish(): WatchStep;
}

export function watchDraft(before: WatchState): WatchDraft {
  let state = before;
  const records = new Map<string, Uint8Array | undefined>();
  const asked: Watch[] = [];
  // Copied once, when they first change.
  const ownCoins = (): Map<string, WatchedCoin> => {
    if (state.coins === before.coins) state = { ...state, coins: new Map(before.coins) };
    return state.coins as Map<string, WatchedCoin>;
  };
  const putCoin = (coin: WatchedCoin, isKept: boolean): void => {
    const key = outpointKey(coin.outpoint);
    if (isKept) ownCoins().set(key, coin);
    else ownCoins().delete(key);
    records.set(watchedCoinRecord(key), isKept ? encodeWatchedCoin(coin) : undefined);
  };
  const setWatch = (watch: WatchedDescriptor): void => {
    state = { ...state, watches: new Map(state.watches).set(watch.id, watch) };
    records.set(descriptorRecord(watch.id), encodeDescriptor(watch));
  };
  const watchOf = (id: string): WatchedDescriptor => present(state.watches.get(id), "only what is watched changes");
  return {
    state: () => state,
    setHeight: (height) => {
      state = { ...state, height };
    },
    setCoin: (coin) => putCoin(coin, true),
    dropCoin: (coin) => putCoin(coin, false),
    setWatch,
    extend: (id, from, make) => {
      const watch = watchOf(id);
      const scripts = new Map(watch.scripts);
      const end = watch.gap === 0 ? 1 : Math.min(watch.used + watch.gap, RANGE_MAX);
      for (let index = scripts.size; index < end; index++) {
        const script = make(watch.descriptor, index);
        scripts.set(toHex(script), index);
        records.set(scriptRecord(id, index), encodeScript(id, index, script));
        asked.push({ tag: "Script", script, from });
      }
      setWatch({ ...watch, scripts });
    },
    dropWatch: (id) => {
      const { scripts } = watchOf(id);
      for (const index of scripts.values()) records.set(scriptRecord(id, index), undefined);
      const watches = new Map(state.watches);
      watches.delete(id);
      state = { ...state, watches };
      records.set(descriptorRecord(id), undefined);
    },
    ask: (...watches) => asked.push(...watches),
    finish: () => ({
      next: state,
      records: [...records].map(([key, value]): StoreRecord => ({ key, value })),
      watches: asked,
    }),
  };
}

/** Every script of one, to be looked for from a height on. */
export const scriptsFrom = ({ scripts }: WatchedDescriptor, from: BlockHeight): readonly Watch[] =>
  [...scripts.keys()].map((script) => ({ tag: "Script", script: fromHex(script), from }));
