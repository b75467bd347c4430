import type { ChannelEnv } from "../env.ts";

/**
 * A day: so far may we be behind an honest peer's chain when we have been off, or are slow. What such a transaction spends
 * of ours waits no longer for it than for one that a peer signs late. Policy, not protocol.
 */
const LOCKTIME_AHEAD_MAX = 144;

/** Whether what a peer begins could not be mined for longer than we would let it stand in the way of anything else. */
export const isLockedTooLong = ({ height }: ChannelEnv, locktime: number): boolean =>
  locktime > height + LOCKTIME_AHEAD_MAX;
