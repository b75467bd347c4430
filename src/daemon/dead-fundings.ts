import { BURIED_DEPTH, constructedTogether, fundingTxs } from "../../channels/index.ts";
import type { BlockHeight } from "../base/units.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { ChannelHost } from "./channel-host.ts";
import type { ChannelEntry } from "./channel-table.ts";
import type { Turn } from "./turn.ts";

/** How many blocks hold up something else with a coin that this transaction spends, ours or the peer's. */
const conflictDepth = ({ parts, table }: ChannelHost, tx: Tx, tip: BlockHeight): number =>
  Math.max(parts.wallet.conflictDepth(tx), table.coins.conflictDepth(tx, tip));

/**
 * Of a transaction that can never be mined, as the peer has spent a coin of its own otherwise, our coins come back: as deep as
 * all else is by which money moves. The channel is remembered for longer: a reorganisation might bring it after all.
 */
export function freeDeadFundings(host: ChannelHost, turn: Turn, { state }: ChannelEntry, tip: BlockHeight): void {
  if (!("commitments" in state)) return;
  const { ctx, wallet } = host.parts;
  const { resolutionDepth } = ctx.policy.channel;
  for (const { tx, txid } of constructedTogether(state)) {
    const isKept = wallet.state().txs.get(txid)?.status !== "abandoned";
    if (!isKept || host.table.coins.conflictDepth(tx, tip) < resolutionDepth) continue;
    ctx.log.warn("the peer has spent its coin of a funding transaction otherwise", {
      channel: state.params.channelId,
      txid,
    });
    wallet.giveUp(turn, txid);
  }
}

/** No transaction that was to fund the channel can ever be mined: coins of all have gone another way, for good. */
export function isFundingHopeless(host: ChannelHost, { state }: ChannelEntry, tip: BlockHeight): boolean {
  if (!("funding" in state) || state.funding.confirmed !== undefined) return false;
  const txs = fundingTxs(state);
  return txs.length > 0 && txs.every((tx) => conflictDepth(host, tx, tip) >= BURIED_DEPTH);
}
