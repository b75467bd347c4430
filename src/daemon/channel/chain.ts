import { type FundedState, fundingOutpoints, type Restored, restoredFundings } from "../../../channels/index.ts";
import { type Outpoint, outpointKey } from "../../base/ids.ts";
import type { BlockHeight } from "../../base/units.ts";
import { txidOf } from "../../bitcoin/tx.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import type { Turn } from "../turn.ts";
import { awaitedSince } from "./awaited-closes.ts";
import { freeDeadFundings, isFundingHopeless } from "./dead-fundings.ts";
import { followFeerate } from "./fees.ts";
import type { ChannelHost } from "./host.ts";
import { forgetWhenNeverFunded } from "./never-funded.ts";
import { lookForSpentCoins } from "./spent-coins.ts";
import { type ChannelEntry, fundingsOf, paramsOf, sinceOf } from "./table.ts";
import { watchCoinsAgain, watchFundingFrom } from "./watches.ts";

/** Tells each channel what the chain did to it. */
export function channelChainEvent(host: ChannelHost, turn: Turn, event: ChainEvent): void {
  switch (event.tag) {
    case "ScriptPaid":
      return scriptPaid(host, turn, event);
    case "OutpointSpent":
      return outpointSpent(host, turn, event);
    case "SpendSeen":
      for (const entry of host.table.byOutpoint(event.outpoint))
        host.apply(turn, entry, { tag: "SpendSeen", tx: event.tx });
      return;
    case "BlockConnected": {
      const { height } = event.block;
      for (const entry of host.table.settled()) {
        host.apply(turn, entry, { tag: "BlockConnected", height });
        closeWhenOverdue(host, turn, entry);
        forgetWhenNeverFunded(host, entry);
        followFeerate(host, turn, entry);
        lookForSpentCoins(host, entry, height);
        freeDeadFundings(host, turn, entry, height);
        if (isFundingHopeless(host, entry, height)) host.apply(turn, entry, { tag: "FundingConflictBuried" });
      }
      return;
    }
    case "BlockDisconnected":
      host.table.coins.disconnected(event.block.height);
      for (const entry of host.table.settled()) reorganised(host, turn, entry, event.block.height);
      return;
  }
}

/** A peer that was asked to close has its time, however often it comes and goes. */
function closeWhenOverdue(host: ChannelHost, turn: Turn, entry: ChannelEntry): void {
  const id = paramsOf(entry.state)?.channelId;
  if (id === undefined) return;
  const since = awaitedSince(host.awaited, turn, id, { height: host.parts.height(), state: entry.state });
  if (since !== undefined) host.apply(turn, entry, { tag: "CloseAwaited", since });
}

/** Outputs that hold the channel's money, may come to hold it, or held it: their spends are the channel's end. */
function holders({ state }: ChannelEntry): readonly Outpoint[] {
  if ("commitments" in state) return fundingOutpoints(state);
  if (state.tag === "Restored") return restoredFundings(state).map(({ outpoint }) => outpoint);
  const params = paramsOf(state);
  return params === undefined ? [] : [params.funding];
}

function scriptPaid(host: ChannelHost, turn: Turn, { script, by }: Extract<ChainEvent, { tag: "ScriptPaid" }>): void {
  const entry = host.table.byScript(script);
  if (entry === undefined) return;
  const { block, index, tx } = by;
  const [txid, current] = [txidOf(tx), paramsOf(entry.state)?.funding];
  // Anybody may pay to the same script.
  const made = fundingsOf(entry.state).find((funding) => funding.txid === txid);
  if (made === undefined) return;
  entry.isFundingSeen = true;
  const place = { height: block.height, txIndex: index, tx, output: tx.outputs[made.vout] };
  if (current?.txid === txid) return host.apply(turn, entry, { tag: "FundingConfirmed", ...place });
  host.apply(turn, entry, { tag: "OtherFundingConfirmed", txid, ...place });
}

/** A coin that was to fund a channel, the funding output, or one of those that came of it when the channel ended. */
function outpointSpent(
  host: ChannelHost,
  turn: Turn,
  { outpoint, by }: Extract<ChainEvent, { tag: "OutpointSpent" }>,
): void {
  const spend = { tx: by.tx, height: by.block.height };
  host.table.coins.spent(spend.tx, spend.height);
  for (const entry of host.table.byOutpoint(outpoint)) {
    const isFunding = holders(entry).some((funding) => outpointKey(funding) === outpointKey(outpoint));
    host.apply(turn, entry, isFunding ? { tag: "FundingSpent", ...spend } : { tag: "OutputSpent", outpoint, ...spend });
  }
}

/** What the channel was ended by, or what followed from it, is in no block any more, nor is what we have built on it. */
function spendsReorganised(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  { params, spends }: Pick<Restored, "params" | "spends">,
  height: BlockHeight,
): void {
  host.apply(turn, entry, { tag: "SpendsReorged", height });
  const gone = spends.filter((spend) => spend.height >= height).map(({ tx }) => txidOf(tx));
  if (gone.length > 0) host.parts.claims.parentsGone(turn, params.channelId, gone);
}

function reorganised(host: ChannelHost, turn: Turn, entry: ChannelEntry, height: BlockHeight): void {
  const { state } = entry;
  if (state.tag === "Closing") host.apply(turn, entry, { tag: "SpendsReorged", height });
  if (state.tag === "Failed" || state.tag === "Restored") spendsReorganised(host, turn, entry, state, height);
  const since = sinceOf(state);
  if (since !== undefined && since > height)
    for (const funding of entry.watched) watchFundingFrom(host, turn, funding, height);
  if (!("funding" in state)) return;
  const isGone = ({ confirmed }: FundedState["funding"]): boolean =>
    confirmed !== undefined && confirmed.height >= height;
  const others = state.commitments.others.filter(({ progress }) => isGone(progress));
  for (const { terms } of others) host.apply(turn, entry, { tag: "OtherFundingReorged", txid: terms.outpoint.txid });
  if (isGone(state.funding)) host.apply(turn, entry, { tag: "FundingReorged" });
  else if (others.length === 0) return;
  watchCoinsAgain(host, turn, entry, height);
}
