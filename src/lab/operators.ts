import type { World } from "./world.ts";

/**
 * A deep reorganisation may have taken a coin away for good that went into a splice, as one that came of another channel's end.
 * Both have locked it and closed on it, and wait for what will never be there: only they who look can tell.
 */
export function closeLost(world: World): void {
  for (const { node, recorder } of world.nodes)
    for (const [id, state] of recorder.durable.channels) {
      if (!("funding" in state) || state.funding.confirmed !== undefined || state.commitments.others.length === 0)
        continue;
      world.plan(id, "operator");
      void node.closeChannel({ id, force: true });
    }
}

/**
 * A channel that waits for a transaction that neither a block nor the mempool holds: a coin of the peer's has gone with the block
 * that it came from, so that nobody sees it spent. They give up, and have their own coins back.
 */
export function giveUpUnfunded(world: World): void {
  const { pool } = world.chain.brain;
  for (const { node, recorder } of world.nodes)
    for (const [id, state] of recorder.durable.channels) {
      if (state.tag !== "WaitForFundingConfirmed" || pool.entries.has(state.params.funding.txid)) continue;
      world.plan(id, "operator");
      void node.closeChannel({ id, force: true });
    }
}
