import type { Txid } from "../../src/base/ids.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import { ownInputs } from "../interactive/signatures.ts";
import type { TxInput } from "../interactive/terms.ts";
import { isSigningSplice } from "../normal/stfu.ts";
import type { ChannelState, FundedState } from "../state.ts";
import type { OtherFunding } from "./other.ts";

/** Attempts at the funding for which our witnesses have left, as long as no block holds one. */
const attemptsOf = ({ attempts, funding }: FundedState): readonly ConstructedTx[] =>
  funding.confirmed === undefined ? attempts.signed.map(({ constructed }) => constructed) : [];
/** The same of splices. */
const splicesOf = (state: FundedState): readonly ConstructedTx[] =>
  signedSplices(state, ({ progress }) => progress.confirmed === undefined);
const signedSplices = (
  { commitments }: FundedState,
  isMeant: (other: OtherFunding) => boolean = () => true,
): readonly ConstructedTx[] =>
  commitments.others
    .filter((other) => other.role !== "past" && isMeant(other))
    .flatMap(({ made }) => (made?.signature === undefined ? [] : [made.constructed]));

/** Transactions of both sides for which our witnesses have left and that no block holds. */
export const constructedTogether = (state: FundedState): readonly ConstructedTx[] => [
  ...attemptsOf(state),
  ...splicesOf(state),
];

/**
 * Of these, the ones of which the next that both sides construct will take the place. While a splice is being signed, what it
 * was to replace is one of them in a block too: of the same money one alone stays there, and the peer's signatures may be out.
 */
export function replacedByNext(state: ChannelState): readonly Txid[] {
  if (state.tag === "WaitForFundingConfirmed") return attemptsOf(state).map(({ txid }) => txid);
  if (state.tag !== "Normal") return [];
  const replaced = isSigningSplice(state.commitments) ? signedSplices(state) : splicesOf(state);
  return replaced.map(({ txid }) => txid);
}

/** The peer's coins that stand beside ours in one of them: whoever spends one otherwise keeps ours waiting for ever. */
export const coinsBesideOurs = (state: FundedState, txid: Txid): readonly TxInput[] =>
  constructedTogether(state).flatMap((constructed) =>
    constructed.txid === txid && ownInputs(constructed, "local").length > 0 ? ownInputs(constructed, "remote") : [],
  );
