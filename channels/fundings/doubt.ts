import { outpointKey } from "../../src/base/ids.ts";
import { assertConserved } from "../commitments.ts";
import { offline } from "../link/offline.ts";
import { spliceLost } from "../splice/lost.ts";
import type { Commitments, Funded, FundedState, Normal } from "../state.ts";
import type { Effect } from "../transition.ts";
import { fundingTxOf, type OtherFunding } from "./other.ts";

/** What the current funding was spliced from, while that is remembered. */
function parentOf({ funding, commitments }: Funded): OtherFunding | undefined {
  const spent = new Set(funding.tx?.inputs.map(({ prevout }) => outpointKey(prevout)));
  return commitments.others.find(({ terms }) => spent.has(outpointKey(terms.outpoint)));
}
export const isSpliced = (state: Funded): boolean => parentOf(state) !== undefined;
/** Whether another funding was made of the same: of the two one can be mined. */
export function isRival(state: Funded): (other: OtherFunding) => boolean {
  const parent = parentOf(state);
  const root = parent && outpointKey(parent.terms.outpoint);
  return (other) => fundingTxOf(other)?.inputs.some(({ prevout }) => outpointKey(prevout) === root) === true;
}

/**
 * Whether the chain has given up the splice that both sides had locked, and holds another candidate: updates are made on all
 * of them again, until one is locked. BOLT 2 §The splice_locked Message.
 */
export const isInDoubt = (state: Funded): boolean => parentOf(state)?.role === "active";

/** Whether all that was signed since is signed on it too: its newest commitments are none of them revoked. */
const isLevel =
  ({ local, remote, sent }: Commitments) =>
  (other: OtherFunding): boolean =>
    other.local.number === local.number &&
    other.remote.number === remote.number &&
    (other.sent === undefined) === (sent === undefined);

/**
 * A block holds another candidate than the one that both had locked, and no block that one. The peer may not have heard that
 * we locked it, and not have moved; and what is mined must have a commitment of ours that can be published. So the channel
 * stands on all candidates again, as before it was locked. That takes a new connection: what the peer has proposed since need not
 * be valid on each. Undefined where updates have been made on the locked one alone.
 */
export function putInDoubt(
  state: FundedState,
  mined: OtherFunding,
): { readonly state: Normal; readonly effects: readonly Effect[] } | undefined {
  const { commitments, funding, params } = state;
  if (state.tag !== "Normal" || mined.role !== "past" || funding.confirmed !== undefined) return undefined;
  if (commitments.proposed.length > 0 || commitments.others.some(({ role }) => role !== "past")) return undefined;
  const parent = parentOf(state);
  const isCandidate = (other: OtherFunding): boolean => other.made !== undefined && isRival(state)(other);
  const concerned = commitments.others.filter((other) => other === parent || isCandidate(other));
  if (!isCandidate(mined) || !concerned.every(isLevel(commitments))) return undefined;
  const others = commitments.others.map((other) =>
    concerned.includes(other) ? { ...other, role: "active" as const } : other,
  );
  const next = offline({ ...state, commitments: { ...commitments, others } });
  assertConserved(next.params, next.commitments);
  const text = "another splice is mined than the locked one";
  const { channelId } = params;
  const parted: readonly Effect[] =
    state.link.tag === "offline" ? [] : [{ tag: "SendWarning", channelId, text, disconnect: true }];
  return { state: next, effects: [...spliceLost(state), ...parted] };
}

/** The locked one is in the chain again, and as deep as it was to be: what it replaced is over again. */
export function withoutDoubt<S extends Funded>(state: S): S {
  const others = state.commitments.others.map((other) => ({ ...other, role: "past" as const }));
  return { ...state, commitments: { ...state.commitments, others } };
}
