import { toHex } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { present, unreachable } from "../../base/result.ts";
import { blockHeight } from "../../base/units.ts";
import { isCoinbase, txidOf } from "../../bitcoin/tx.ts";
import type { BlockRef, ChainEvent, Confirmation } from "../../ports/chain-source.ts";
import { LOOK_BACK_BLOCKS, watchOf } from "./chain.ts";
import { type ScriptMaker, scriptsFrom, type WatchDraft, watchDraft } from "./watch-draft.ts";
import { type WatchedDescriptor, type WatchState, type WatchStep, watchesOf } from "./watch-state.ts";

/** What the chain did, taken into what is watched. Events may come twice, as for the wallet. */
export function applyWatchEvent(state: WatchState, event: ChainEvent, make: ScriptMaker): WatchStep {
  const draft = watchDraft(state);
  switch (event.tag) {
    case "ScriptPaid":
      paid(draft, event.script, event.by, event.vout, make);
      break;
    case "OutpointSpent": {
      const coin = state.coins.get(outpointKey(event.outpoint));
      const { tx, block } = event.by;
      if (coin !== undefined && coin.spent?.block.hash !== block.hash)
        draft.setCoin({ ...coin, spent: { txid: txidOf(tx), block } });
      break;
    }
    case "BlockConnected":
      // A cursor that the chain source no longer knew: everything is told again from genesis, without disconnections.
      if (event.block.height <= (state.height ?? -1))
        undo(draft, ({ height, hash }) => height >= event.block.height && hash !== event.block.hash);
      draft.setHeight(event.block.height);
      break;
    case "BlockDisconnected":
      disconnected(draft, event.block);
      break;
    case "SpendSeen":
      break;
    default:
      unreachable(event);
  }
  return draft.finish();
}

function paid(draft: WatchDraft, script: Uint8Array, by: Confirmation, vout: number, make: ScriptMaker): void {
  const watches = watchesOf(draft.state(), script);
  if (watches.length === 0) return;
  const outpoint = { txid: txidOf(by.tx), vout };
  const known = draft.state().coins.get(outpointKey(outpoint));
  if (known?.paidIn.hash !== by.block.hash) {
    const { amount } = present(by.tx.outputs[vout], "a paid output is in its transaction");
    const spent = known?.spent;
    draft.setCoin({ outpoint, amount, script, coinbase: isCoinbase(by.tx), paidIn: by.block, spent });
    draft.ask(watchOf(outpoint, script, by.block));
  }
  for (const watch of watches) {
    const used = present(watch.scripts.get(toHex(script)), "the script is one of it") + 1;
    if (used <= watch.used) continue;
    draft.setWatch({ ...watch, used });
    // While old blocks are gone through, scripts further on may have been paid in any of them.
    draft.extend(watch.id, watch.scanned ? by.block.height : watch.from, make);
  }
}

function disconnected(draft: WatchDraft, { height }: BlockRef): void {
  undo(draft, (block) => block.height >= height);
  draft.setHeight(height === 0 ? undefined : blockHeight(height - 1));
  // The next branch may confirm in a lower block than the watches begin with.
  const { watches, coins } = draft.state();
  for (const watch of watches.values()) draft.ask(...scriptsFrom(watch, height));
  for (const { outpoint, script, spent } of coins.values())
    if (spent === undefined) draft.ask({ tag: "Outpoint", outpoint, script, from: height });
}

/** Takes back what happened in blocks that are gone. What is paid again there will be told. */
function undo(draft: WatchDraft, isGone: (block: BlockRef) => boolean): void {
  for (const coin of draft.state().coins.values()) {
    if (isGone(coin.paidIn)) draft.dropCoin(coin);
    else if (coin.spent !== undefined && isGone(coin.spent.block)) draft.setCoin({ ...coin, spent: undefined });
  }
}

/** What is asked of the chain when the node starts: everything of a descriptor whose past was not gone through. */
export function resumeWatched(state: WatchState): WatchStep {
  const draft = watchDraft(state);
  const recent = Math.max(0, (state.height ?? -1) + 1 - LOOK_BACK_BLOCKS);
  const fromOf = ({ scanned, from }: WatchedDescriptor) => (scanned ? blockHeight(recent) : from);
  for (const watch of state.watches.values()) draft.ask(...scriptsFrom(watch, fromOf(watch)));
  for (const { outpoint, script, spent, paidIn } of state.coins.values()) {
    if (spent !== undefined) continue;
    const from = Math.min(...watchesOf(state, script).map(fromOf));
    draft.ask({ tag: "Outpoint", outpoint, script, from: blockHeight(Math.max(from, paidIn.height)) });
  }
  return draft.finish();
}
