import { type Outpoint, outpointKey, type Txid } from "../../src/base/ids.ts";
import { type Msat, msat, toMsat } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { commitmentsOn, fundingTxOf, type OtherFunding, paramsOn } from "../fundings/other.ts";
import type { ChainSpend, Commitments, Failed, Funded } from "../state.ts";

/** Every output that holds, may come to hold, or held the channel's money: any of them may be spent by a commitment. */
export const fundingOutpoints = ({
  params,
  commitments,
}: Pick<Funded, "params" | "commitments">): readonly Outpoint[] => [
  params.funding,
  ...commitments.others.map(({ terms }) => terms.outpoint),
];
/** Whether a transaction moves the channel to another of its fundings, which ends nothing. */
export const isOwnFunding = (state: Funded, txid: Txid): boolean =>
  fundingOutpoints(state).some((outpoint) => outpoint.txid === txid);

/**
 * The channel as if the funding on which the chain decides were its only one: the one whose commitment is in the best
 * chain, or else the newest that is. It is computed anew from the facts, so a reorganisation may name another one.
 */
export function decided(state: Failed): Failed {
  if (state.commitments.others.length === 0) return state;
  const spent = state.spends.find(({ outpoint }) => isFunding(state, outpoint));
  return on(state, spent?.outpoint ?? newest(state));
}
export const isFunding = (state: Funded, outpoint: Outpoint): boolean =>
  fundingOutpoints(state).some((known) => outpointKey(known) === outpointKey(outpoint));

/** Of those on which our newest commitment is not revoked: a splice that is in the chain takes the place of what it spends. */
function newest(state: Failed): Outpoint {
  const { commitments, params, funding } = state;
  const live = commitments.others.filter(
    ({ local, progress }) => local.number === commitments.local.number && progress.confirmed !== undefined,
  );
  // Of several the one that no other of them has moved on, nor the current one.
  const isMoved = (outpoint: Outpoint): boolean =>
    live.some((next) => isMadeOf(next, outpoint)) ||
    (funding.confirmed !== undefined && isSpentBy(funding.tx, outpoint));
  const last = live.filter(({ terms }) => !isMoved(terms.outpoint));
  const after = last.find(({ role }) => role !== "past");
  const before = funding.confirmed === undefined ? last.find(({ role }) => role === "past") : undefined;
  return (after ?? before)?.terms.outpoint ?? params.funding;
}

const isSpentBy = (tx: Tx | undefined, outpoint: Outpoint): boolean => tx !== undefined && spends(tx, outpoint);
const isMadeOf = (other: OtherFunding, outpoint: Outpoint): boolean => isSpentBy(fundingTxOf(other), outpoint);

function on(state: Failed, outpoint: Outpoint): Failed {
  const other = state.commitments.others.find(({ terms }) => outpointKey(terms.outpoint) === outpointKey(outpoint));
  if (other === undefined) return { ...state, commitments: { ...state.commitments, others: [] } };
  const params = paramsOn(state.params, other.terms);
  return { ...state, params, commitments: onSpent(state.commitments, other), funding: other.progress };
}

/**
 * On a funding that was replaced long ago every commitment is revoked, and what would stand in the next one says nothing:
 * its balances are only kept within what the output holds.
 */
function onSpent(commitments: Commitments, other: OtherFunding): Commitments {
  const capacity = toMsat(other.terms.capacity);
  const wanted = commitments.balance.local + other.shift.local;
  const local: Msat = msat(wanted < 0n ? 0n : wanted > capacity ? capacity : wanted);
  const shift = { local: local - commitments.balance.local, remote: capacity - local - commitments.balance.remote };
  return commitmentsOn(commitments, { ...other, shift });
}

/** Our signed commitment, if it is one on this funding. */
export const signedOn = ({ commitment, params }: Failed): Failed["commitment"] =>
  commitment !== undefined && spends(commitment, params.funding) ? commitment : undefined;
export const spends = ({ inputs }: Tx, outpoint: Outpoint): boolean =>
  inputs.some(({ prevout }) => outpointKey(prevout) === outpointKey(outpoint));
/** Of outputs that one transaction spends together only one is kept with it: the others are found by its inputs. */
export function spendOf({ spends }: Pick<Failed, "spends">, outpoint: Outpoint): ChainSpend | undefined {
  const known = byOutpoint.get(spends) ?? new Map(spends.flatMap(byInput));
  byOutpoint.set(spends, known);
  return known.get(outpointKey(outpoint));
}
const byInput = (spend: ChainSpend): readonly (readonly [string, ChainSpend])[] =>
  spend.tx.inputs.map(({ prevout }) => [outpointKey(prevout), spend]);
/** There may be one for each of hundreds of HTLCs, and each is asked for at every block. */
const byOutpoint = new WeakMap<Failed["spends"], ReadonlyMap<string, ChainSpend>>();
