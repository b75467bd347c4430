import type { DurableState, FundedState } from "../../channels/index.ts";
import type { World } from "./world.ts";

/**
 * What operators do about channels that wait for a transaction which will never be there: a coin that it spends has gone with a
 * block, as one that came of another channel's end. Nobody sees it spent, so only they who look can tell. They close by force.
 */
function closeAlone(world: World, isLost: (state: FundedState) => boolean): void {
  for (const { node, recorder } of world.nodes)
    for (const [id, state] of recorder.durable.channels) {
      if (!isFunded(state) || !isLost(state)) continue;
      world.plan(id, "operator");
      void node.closeChannel({ id, force: true });
    }
}
const isFunded = (state: DurableState): state is FundedState => "commitments" in state;

/** Both have locked a splice and closed on it, and no block holds it any more. */
export const closeLost = (world: World): void =>
  closeAlone(world, ({ funding, commitments }) => funding.confirmed === undefined && commitments.others.length > 0);
/** A channel that neither a block nor the mempool funds, or does so no more: they have their own coins back. */
export const giveUpUnfunded = (world: World): void =>
  closeAlone(
    world,
    ({ tag, funding, params }) =>
      (tag === "WaitForFundingConfirmed" || tag === "WaitForChannelReady") &&
      funding.confirmed === undefined &&
      !world.chain.brain.pool.entries.has(params.funding.txid),
  );
/** A splice that neither a block nor the mempool holds keeps the channel from being closed by agreement. */
export const giveUpSplices = (world: World): void =>
  closeAlone(world, ({ tag, commitments }) => {
    const isNowhere = ({ role, terms, progress }: FundedState["commitments"]["others"][number]): boolean =>
      role === "active" && progress.confirmed === undefined && !world.chain.brain.pool.entries.has(terms.outpoint.txid);
    return tag === "Normal" && commitments.others.some(isNowhere);
  });
