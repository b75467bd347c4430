import { toHex } from "../base/bytes.ts";
import { type Outpoint, outpointKey } from "../base/ids.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { BlockRef, ChainEvent, Confirmation, SpendSeen, Watch } from "./events.ts";
import type { HashedBlock } from "./hashed-block.ts";

/** What one listener waits for, by how it stands in transactions. The value is the height from which on. */
export interface WatchList {
  readonly outpoints: Map<string, number>;
  readonly scripts: Map<string, number>;
}
export const watchList = (): WatchList => ({ outpoints: new Map(), scripts: new Map() });

/** Takes a watch in. False when it was there already, from that height or below. */
export function addWatch(list: WatchList, watch: Watch): boolean {
  const table = watch.tag === "Outpoint" ? list.outpoints : list.scripts;
  const key = watch.tag === "Outpoint" ? outpointKey(watch.outpoint) : toHex(watch.script);
  const known = table.get(key);
  if (known !== undefined && known <= watch.from) return false;
  table.set(key, watch.from);
  return true;
}

/** Whether an outpoint is watched, from whatever height on. */
export const isWatched = ({ outpoints }: WatchList, outpoint: Outpoint): boolean =>
  outpoints.has(outpointKey(outpoint));

/** The watched outpoints that a transaction spends which is in no block. */
export const matchWaiting = (list: WatchList, tx: Tx): readonly SpendSeen[] =>
  tx.inputs
    .filter(({ prevout }) => isWatched(list, prevout))
    .map(({ prevout }) => ({ tag: "SpendSeen", outpoint: prevout, tx }));

/** The events of one block, in the order of its transactions; within one, inputs before outputs. */
export function matchBlock(list: WatchList, { block }: Pick<HashedBlock, "block">, ref: BlockRef): ChainEvent[] {
  const events: ChainEvent[] = [];
  if (list.outpoints.size === 0 && list.scripts.size === 0) return events;
  const wanted = (from: number | undefined): boolean => from !== undefined && from <= ref.height;
  block.txs.forEach((tx, index) => {
    const by: Confirmation = { tx, block: ref, index };
    for (const { prevout } of list.outpoints.size > 0 ? tx.inputs : []) {
      if (wanted(list.outpoints.get(outpointKey(prevout))))
        events.push({ tag: "OutpointSpent", outpoint: prevout, by });
    }
    if (list.scripts.size === 0) return;
    tx.outputs.forEach(({ script }, vout) => {
      if (wanted(list.scripts.get(toHex(script)))) events.push({ tag: "ScriptPaid", script, by, vout });
    });
  });
  return events;
}
