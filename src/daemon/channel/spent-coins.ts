import { coinsBesideOurs, constructedTogether } from "../../../channels/index.ts";
import { type Outpoint, outpointKey } from "../../base/ids.ts";
import type { BlockHeight } from "../../base/units.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/**
 * Policy, not protocol: after so many blocks coins of peers that stand beside ours are looked up again. Twice before anything
 * follows from it, as one answer may fall into a reorganisation.
 */
export const LOOK_BLOCKS = 3;

/**
 * A peer may show a coin that was spent before: no watch tells of that, and ours would wait beside it for ever. So it is asked
 * whether each such coin is still there.
 */
export function lookForSpentCoins(host: ChannelHost, { state }: ChannelEntry, tip: BlockHeight): void {
  if (tip % LOOK_BLOCKS !== 0 || !("commitments" in state)) return;
  for (const { txid } of constructedTogether(state))
    for (const { outpoint } of coinsBesideOurs(state, txid))
      if (!host.table.coins.isSpent(outpoint)) void look(host, outpoint, tip);
}

/**
 * What pays it is deep in the chain and it is not there: something else has spent it. Of one whose transaction is not known to be
 * mined nothing follows, nor where the chain does not say.
 */
async function look({ parts, table }: ChannelHost, outpoint: Outpoint, tip: BlockHeight): Promise<void> {
  const { chain, log, policy, turns } = parts.ctx;
  try {
    const paying = await chain.transaction(outpoint.txid);
    const place = paying.ok ? paying.value?.confirmed?.block.height : undefined;
    if (place === undefined || tip - place + 1 < policy.channel.resolutionDepth) return;
    const isThere = (await chain.unspent(outpoint)) !== undefined;
    turns.run(() => table.coins.looked(outpoint, tip, isThere));
  } catch (error) {
    log.warn("a coin could not be looked up", { outpoint: outpointKey(outpoint), error: String(error) });
  }
}
