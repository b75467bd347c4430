import { BURIED_DEPTH, constructedTogether, fundingTxs } from "../../../channels/index.ts";
import { outpointKey } from "../../base/ids.ts";
import type { BlockHeight } from "../../base/units.ts";
import type { Tx } from "../../bitcoin/tx.ts";
import type { Turn } from "../turn.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/** How many blocks hold up something else with a coin that this transaction spends, ours or the peer's. */
const conflictDepth = ({ parts, table }: ChannelHost, tx: Tx, tip: BlockHeight): number =>
  Math.max(parts.wallet.conflictDepth(tx), table.coins.conflictDepth(tx, tip));

/**
 * Of a transaction that can never be mined, as the peer has spent a coin of its own otherwise, our coins come back: as deep as
 * all else is by which money moves. Where another one for which we have signed spends them too, they wait for that. The channel
 * is remembered for longer: a reorganisation might bring it after all.
 */
export function freeDeadFundings(host: ChannelHost, turn: Turn, { state }: ChannelEntry, tip: BlockHeight): void {
  if (!("commitments" in state)) return;
  const { ctx, wallet } = host.parts;
  const { resolutionDepth } = ctx.policy.channel;
  const waiting = constructedTogether(state);
  const dead = waiting.filter(({ tx }) => host.table.coins.conflictDepth(tx, tip) >= resolutionDepth);
  if (dead.length === 0) return;
  const alive = waiting.filter((one) => !dead.includes(one)).flatMap(ownCoins);
  for (const one of dead) {
    const { txid } = one;
    const status = wallet.state().txs.get(txid)?.status;
    if (status === undefined || status === "abandoned" || ownCoins(one).some((coin) => alive.includes(coin))) continue;
    ctx.log.warn("the peer has spent its coin of a funding transaction otherwise", {
      channel: state.params.channelId,
      txid,
    });
    wallet.giveUp(turn, txid);
  }
}

const ownCoins = ({ inputs }: ReturnType<typeof constructedTogether>[number]): readonly string[] =>
  inputs.flatMap(({ from, shared, outpoint }) => (from === "local" && !shared ? [outpointKey(outpoint)] : []));

/** No transaction that was to fund the channel can ever be mined: coins of all have gone another way, for good. */
export function isFundingHopeless(host: ChannelHost, { state }: ChannelEntry, tip: BlockHeight): boolean {
  if (!("funding" in state) || state.funding.confirmed !== undefined) return false;
  const txs = fundingTxs(state);
  return txs.length > 0 && txs.every((tx) => conflictDepth(host, tx, tip) >= BURIED_DEPTH);
}
