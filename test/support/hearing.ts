import { type Effect, type FundedState, fundingOutpoints } from "../../channels/index.ts";
import type { Restored } from "../../channels/restored/state.ts";
import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import { blockHeight } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { BaseNode } from "../../src/ports/base-node.ts";
import type { ChainEvent } from "../../src/ports/chain-source.ts";
import { HEIGHT, type Name, type Pair } from "./channel-pair.ts";

const fundingsOf = (state: FundedState | Restored): readonly Outpoint[] =>
  "commitments" in state ? fundingOutpoints(state) : [state.params.funding];

/** Tells one party of a pair what the chain did to its channel, as the daemon's `channel-chain` does. */
export function hear(pair: Pair, name: Name, event: ChainEvent): void {
  const party = pair.parties[name];
  if (event.tag === "BlockConnected") party.height = event.block.height;
  if (event.tag === "BlockDisconnected") party.height = blockHeight(event.block.height - 1);
  const { state } = party;
  if (!("commitments" in state) && state.tag !== "Restored") return;
  switch (event.tag) {
    case "ScriptPaid": {
      const { block, index, tx } = event.by;
      const { funding } = state.params;
      const txid = txidOf(tx);
      const paid = fundingsOf(state).find((outpoint) => outpoint.txid === txid);
      if (paid === undefined) return;
      const place = { height: block.height, txIndex: index, output: tx.outputs[paid.vout], tx };
      if (txid === funding.txid) pair.give(name, { tag: "FundingConfirmed", ...place });
      else pair.give(name, { tag: "OtherFundingConfirmed", txid, ...place });
      return;
    }
    case "OutpointSpent": {
      const { tx, block } = event.by;
      const { outpoint } = event;
      const isFunding = fundingsOf(state).some((known) => outpointKey(known) === outpointKey(outpoint));
      if (isFunding) pair.give(name, { tag: "FundingSpent", tx, height: block.height });
      else pair.give(name, { tag: "OutputSpent", outpoint, tx, height: block.height });
      return;
    }
    case "SpendSeen":
      pair.give(name, { tag: "SpendSeen", tx: event.tx });
      return;
    case "BlockConnected":
      pair.give(name, { tag: "BlockConnected", height: event.block.height });
      return;
    case "BlockDisconnected":
      return disconnected(pair, name, event.block.height);
  }
}

function disconnected(pair: Pair, name: Name, height: number): void {
  const { state } = pair.parties[name];
  if (state.tag === "Closing" || state.tag === "Failed" || state.tag === "Restored")
    pair.give(name, { tag: "SpendsReorged", height: blockHeight(height) });
  if (!("funding" in state)) return;
  for (const { terms, progress } of state.commitments.others)
    if (progress.confirmed !== undefined && progress.confirmed.height >= height)
      pair.give(name, { tag: "OtherFundingReorged", txid: terms.outpoint.txid });
  if (state.funding.confirmed !== undefined && state.funding.confirmed.height >= height)
    pair.give(name, { tag: "FundingReorged" });
}

/** Watches what a party wants to hear of. */
export function watch(source: Pick<BaseNode, "watch">, effect: Effect): void {
  if (effect.tag === "WatchFunding") {
    const { outpoint, script } = effect;
    source.watch([
      { tag: "Script", script, from: HEIGHT },
      { tag: "Outpoint", outpoint, script, from: HEIGHT },
    ]);
  }
  if (effect.tag === "WatchOutputs") {
    source.watch(
      effect.outputs.map(({ outpoint, script, minedAt }) => {
        return { tag: "Outpoint", outpoint, script, from: minedAt } as const;
      }),
    );
  }
}
