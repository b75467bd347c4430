import { coinsBesideOurs, constructedTogether, type Effect, type WatchedOutput } from "../../../channels/index.ts";
import type { Txid } from "../../base/ids.ts";
import { type BlockHeight, blockHeight } from "../../base/units.ts";
import { CHAIN_LANE } from "../context.ts";
import type { Turn } from "../turn.ts";
import type { ChannelHost } from "./host.ts";
import { type ChannelEntry, sinceOf, type WatchedFunding } from "./table.ts";

/** The funding output of a channel, from the block on in which it may come. */
export function watch(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  effect: Extract<Effect, { tag: "WatchFunding" }>,
): void {
  const { outpoint, script } = effect;
  host.table.watchFunding(entry, outpoint, script);
  const height = host.parts.height();
  entry.watchedFrom ??= height;
  const since = sinceOf(entry.state) ?? height;
  const from = since === height ? since - 1 : fundingLowest(since);
  watchFundingFrom(host, turn, effect, from);
  watchCoins(host, turn, entry, outpoint.txid, from);
}
/** Coins of the peer's without which the transaction is none. */
function watchCoins(host: ChannelHost, turn: Turn, entry: ChannelEntry, txid: Txid, height: number): void {
  if (!("commitments" in entry.state)) return;
  const coins = coinsBesideOurs(entry.state, txid);
  if (coins.length === 0) return;
  const from = blockHeight(Math.max(0, height));
  host.table.coins.watch(entry, coins);
  const watches = coins.map(
    ({ outpoint, spends: { script } }) => ({ tag: "Outpoint", outpoint, script, from }) as const,
  );
  turn.afterwards(CHAIN_LANE, () => host.parts.ctx.chain.watch(watches));
}
/** No block from this height on holds any more what was to fund the channel: a better chain may spend the peer's coins otherwise. */
export function watchCoinsAgain(host: ChannelHost, turn: Turn, entry: ChannelEntry, height: BlockHeight): void {
  if (!("commitments" in entry.state)) return;
  for (const { txid } of constructedTogether(entry.state)) watchCoins(host, turn, entry, txid, fundingLowest(height));
}
/** After a start it may stand in a branch that came while nobody looked. Policy, not protocol. */
const LOOK_BACK_BLOCKS = 144;
/** The lowest block that is looked at for a funding transaction which was waited for from that height on. */
export const fundingLowest = (since: BlockHeight): number => since - LOOK_BACK_BLOCKS;

/** A branch may hold the funding transaction in a lower block than the tip was at when it was made. */
export function watchFundingFrom(
  host: ChannelHost,
  turn: Turn,
  { outpoint, script }: WatchedFunding,
  height: number,
): void {
  const from = blockHeight(Math.max(0, height));
  turn.afterwards(CHAIN_LANE, () =>
    host.parts.ctx.chain.watch([
      { tag: "Script", script, from },
      { tag: "Outpoint", outpoint, script, from },
    ]),
  );
}

/** What has come of a channel on the chain. */
export function watchOutputs(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  outputs: readonly WatchedOutput[],
): void {
  const watches = outputs.map(({ outpoint, script, minedAt }) => {
    host.table.watchOutput(entry, outpoint);
    return { tag: "Outpoint", outpoint, script, from: minedAt } as const;
  });
  if (watches.length > 0) turn.afterwards(CHAIN_LANE, () => host.parts.ctx.chain.watch(watches));
}
