import { completeTx } from "../interactive/signatures.ts";
import type { FundingAttempt } from "./state.ts";

/** Its transaction with the witnesses of both; undefined while the peer's are missing. */
export const completed = ({ constructed, witnesses, remoteWitnesses }: FundingAttempt) =>
  remoteWitnesses === undefined ? undefined : completeTx(constructed, { local: witnesses, remote: remoteWitnesses });
