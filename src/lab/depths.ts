/** Blocks that a reorganisation takes back at most while something is still undecided. */
export const REORG_DEPTH_MAX = 6;
/** From which depth on the nodes of a world tell upstream what the chain did to an HTLC: what that took back was never final. */
export const RESOLUTION_DEPTH = REORG_DEPTH_MAX + 1;
