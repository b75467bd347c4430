import type { Txid } from "../../src/base/ids.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import { ownInputs } from "../interactive/signatures.ts";
import type { TxInput } from "../interactive/terms.ts";
import type { ChannelState, FundedState } from "../state.ts";

/** Attempts at the funding for which our witnesses have left, as long as no block holds one. */
const attemptsOf = ({ attempts, funding }: FundedState): readonly ConstructedTx[] =>
  funding.confirmed === undefined ? attempts.signed.map(({ constructed }) => constructed) : [];
/** The same of splices. */
const splicesOf = ({ commitments }: FundedState): readonly ConstructedTx[] =>
  commitments.others
    .filter(({ role, progress }) => role !== "past" && progress.confirmed === undefined)
    .flatMap(({ made }) => (made?.signature === undefined ? [] : [made.constructed]));

/** Transactions of both sides for which our witnesses have left and that no block holds. */
export const constructedTogether = (state: FundedState): readonly ConstructedTx[] => [
  ...attemptsOf(state),
  ...splicesOf(state),
];

/** Of these, the ones of which the next that both sides construct will take the place. */
export function replacedByNext(state: ChannelState): readonly Txid[] {
  if (state.tag === "WaitForFundingConfirmed") return attemptsOf(state).map(({ txid }) => txid);
  return state.tag === "Normal" ? splicesOf(state).map(({ txid }) => txid) : [];
}

/** The peer's coins that stand beside ours in one of them: whoever spends one otherwise keeps ours waiting for ever. */
export const coinsBesideOurs = (state: FundedState, txid: Txid): readonly TxInput[] =>
  constructedTogether(state).flatMap((constructed) =>
    constructed.txid === txid && ownInputs(constructed, "local").length > 0 ? ownInputs(constructed, "remote") : [],
  );
