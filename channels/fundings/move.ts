import { type Outpoint, outpointKey, type Txid } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import type { Funded } from "../state.ts";
import { commitmentsOn, type OtherFunding, paramsOn, termsOf } from "./other.ts";

/**
 * The same channel with another of its fundings as the current one; the one that was current is among the others then.
 * Nothing is lost by it: to move there and back changes nothing.
 */
export function movedTo<S extends Funded>(state: S, outpoint: Outpoint): S {
  const { params, commitments, funding } = state;
  if (outpointKey(params.funding) === outpointKey(outpoint)) return state;
  const chosen = findOther(state, outpoint);
  assert(chosen !== undefined, "a channel moves to a funding that it has");
  const { shift } = chosen;
  const left: OtherFunding = {
    role: "active",
    terms: termsOf(params),
    shift: { local: -shift.local, remote: -shift.remote },
    local: commitments.local,
    remote: { number: commitments.remote.number, txid: commitments.remote.txid },
    sent: commitments.sent && { txid: commitments.sent.txid, signatures: commitments.sent.signatures },
    progress: funding,
    locked: { local: false, remote: false },
    made: undefined,
  };
  const others = commitments.others.map((other) => (other === chosen ? left : shifted(other, shift)));
  return {
    ...state,
    params: paramsOn(params, chosen.terms),
    commitments: { ...commitmentsOn(commitments, chosen), others },
    funding: chosen.progress,
    announcement: { local: undefined, remote: undefined },
  };
}
const shifted = (other: OtherFunding, by: OtherFunding["shift"]): OtherFunding => ({
  ...other,
  shift: { local: other.shift.local - by.local, remote: other.shift.remote - by.remote },
});

const findOther = ({ commitments }: Funded, outpoint: Outpoint): OtherFunding | undefined =>
  commitments.others.find(({ terms }) => outpointKey(terms.outpoint) === outpointKey(outpoint));
/** The other funding that a transaction makes, if it makes one. */
export const otherOf = ({ commitments }: Funded, txid: Txid): OtherFunding | undefined =>
  commitments.others.find(({ terms }) => terms.outpoint.txid === txid);

/** Both sides have locked it: it is the channel's funding from now on, and what it has replaced is only watched. BOLT 2 §Splice Completion. */
export function lockedOn<S extends Funded>(state: S, outpoint: Outpoint): S {
  const moved = movedTo(state, outpoint);
  const others = moved.commitments.others.map((other) => ({ ...other, role: "past" as const }));
  return { ...moved, commitments: { ...moved.commitments, others } };
}
