import type { Effect } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import type { FundingTerms } from "./other.ts";

/** The host is to tell of whatever becomes of this output. */
export const watchFunding = ({ outpoint, keys, capacity }: FundingTerms): Effect => ({
  tag: "WatchFunding",
  outpoint,
  script: fundingOutput(keys.local, keys.remote, capacity).script,
});
