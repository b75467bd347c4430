import type { BlockHeight } from "../../src/base/units.ts";
import type { RestoredParams } from "../params.ts";
import type { ChainSpend } from "../state.ts";

/**
 * Known from a static backup alone: which commitments were signed and which revoked is lost. There is nothing in here that
 * could be signed or published; the peer is asked to close, and our balance in what it publishes is claimed.
 */
export interface Restored {
  readonly tag: "Restored";
  readonly params: RestoredParams;
  /** From which block on its funding transaction may be in the chain. */
  readonly since: BlockHeight;
  /** As in `Failed`. */
  readonly spends: readonly ChainSpend[];
}
