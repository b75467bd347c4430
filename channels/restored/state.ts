import type { BlockHeight } from "../../src/base/units.ts";
import type { FundingTerms } from "../fundings/other.ts";
import type { RestoredParams } from "../params.ts";
import type { ChainSpend } from "../state.ts";

/** Where a funding output stands, and whose keys are behind it. */
export type RestoredFunding = Pick<FundingTerms, "outpoint" | "capacity" | "keys">;

/**
 * Known from a static backup alone: which commitments were signed and which revoked is lost. There is nothing in here that
 * could be signed or published; the peer is asked to close, and our balance in what it publishes is claimed.
 */
export interface Restored {
  readonly tag: "Restored";
  readonly params: RestoredParams;
  /** Other outputs that hold, may come to hold or held the channel's money: splices were under way. */
  readonly others: readonly RestoredFunding[];
  /** From which block on its funding transaction may be in the chain. */
  readonly since: BlockHeight;
  /** As in `Failed`. */
  readonly spends: readonly ChainSpend[];
}
