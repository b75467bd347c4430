import { assert } from "../src/base/result.ts";
import { addMsat, msat } from "../src/base/units.ts";
import { type Htlc, type HtlcStep, NO_ONION, type OfferedStep, type ReceivedStep, type Removal } from "./htlc.ts";
import type { Commitments, FeeUpdate } from "./state.ts";

/** The four messages that move updates on. `sent_commit` is a `commitment_signed` of ours, and so on. */
export type CommitmentEvent = "sent_commit" | "received_revocation" | "received_commit" | "sent_revocation";

/** The life of an HTLC that we offered, in order; that of one that we received is its mirror image. */
export const OFFERED_STEPS: readonly OfferedStep[] = [
  "SENT_ADD_HTLC",
  "SENT_ADD_COMMIT",
  "RECEIVED_ADD_REVOCATION",
  "RECEIVED_ADD_ACK_COMMIT",
  "SENT_ADD_ACK_REVOCATION",
  "RECEIVED_REMOVE_HTLC",
  "RECEIVED_REMOVE_COMMIT",
  "SENT_REMOVE_REVOCATION",
  "SENT_REMOVE_ACK_COMMIT",
  "RECEIVED_REMOVE_ACK_REVOCATION",
];
export const RECEIVED_STEPS: readonly ReceivedStep[] = [
  "RECEIVED_ADD_HTLC",
  "RECEIVED_ADD_COMMIT",
  "SENT_ADD_REVOCATION",
  "SENT_ADD_ACK_COMMIT",
  "RECEIVED_ADD_ACK_REVOCATION",
  "SENT_REMOVE_HTLC",
  "SENT_REMOVE_COMMIT",
  "RECEIVED_REMOVE_REVOCATION",
  "RECEIVED_REMOVE_ACK_COMMIT",
  "SENT_REMOVE_ACK_REVOCATION",
];
/** Where a step stands in its life: 0 to 9. */
export const STEP_INDEX = Object.fromEntries(
  [...OFFERED_STEPS.entries(), ...RECEIVED_STEPS.entries()].map(([index, step]) => [step, index]),
) as { readonly [S in HtlcStep]: number };
/** Irrevocably in both commitments: the add is done. A fee update ends here. */
const ADDED = 4;
/** Irrevocably out of both. */
const REMOVED = 9;

/** For each event the steps that it moves on, each to the next of its life. BOLT 2 §Normal Operation. */
const MOVED: { readonly [E in CommitmentEvent]: ReadonlySet<HtlcStep> } = {
  sent_commit: new Set(["SENT_ADD_HTLC", "SENT_REMOVE_REVOCATION", "SENT_ADD_REVOCATION", "SENT_REMOVE_HTLC"]),
  received_revocation: new Set([
    "SENT_ADD_COMMIT",
    "SENT_REMOVE_ACK_COMMIT",
    "SENT_ADD_ACK_COMMIT",
    "SENT_REMOVE_COMMIT",
  ]),
  received_commit: new Set([
    "RECEIVED_ADD_HTLC",
    "RECEIVED_ADD_REVOCATION",
    "RECEIVED_REMOVE_HTLC",
    "RECEIVED_REMOVE_REVOCATION",
  ]),
  sent_revocation: new Set([
    "RECEIVED_ADD_COMMIT",
    "RECEIVED_ADD_ACK_COMMIT",
    "RECEIVED_REMOVE_COMMIT",
    "RECEIVED_REMOVE_ACK_COMMIT",
  ]),
};

/** Whether the event would change anything: a `commitment_signed` must. BOLT 2 §Committing Updates So Far: commitment_signed. */
export const changes = (commitments: Commitments, event: CommitmentEvent): boolean =>
  commitments.htlcs.some((htlc) => MOVED[event].has(htlc.step)) ||
  commitments.feeUpdates.some((update) => MOVED[event].has(update.step));

export interface Moved {
  readonly next: Commitments;
  /** Those that the event brought to a new step, as they are now; the ones in `gone` not among them. */
  readonly moved: readonly Htlc[];
  /** Irrevocably removed from both commitments by the event. */
  readonly gone: readonly Htlc[];
}

/** Moves every HTLC and fee update that the event concerns one step on, and settles those that have come to their end. */
export function move(commitments: Commitments, event: CommitmentEvent): Moved {
  const concerned = MOVED[event];
  const htlcs: Htlc[] = [];
  const moved: Htlc[] = [];
  const gone: Htlc[] = [];
  for (const htlc of commitments.htlcs) {
    if (!concerned.has(htlc.step)) {
      htlcs.push(htlc);
      continue;
    }
    const next = advanceHtlc(htlc);
    if (STEP_INDEX[next.step] === REMOVED) gone.push(next);
    else {
      htlcs.push(next);
      moved.push(next);
    }
  }
  const settled = gone.reduce(settle, commitments.balance);
  return { next: { ...commitments, ...moveFees(commitments, concerned), htlcs, balance: settled }, moved, gone };
}

function advanceHtlc(htlc: Htlc): Htlc {
  const index = STEP_INDEX[htlc.step] + 1;
  if (htlc.side === "received") return { ...htlc, step: RECEIVED_STEPS[index] as ReceivedStep };
  const step = OFFERED_STEPS[index] as OfferedStep;
  // Acknowledged by the peer: the add is never sent again.
  return { ...htlc, step, onion: step === "RECEIVED_ADD_REVOCATION" ? NO_ONION : htlc.onion };
}

/**
 * As if every HTLC were over, with the least for us that may come of it: those that are decided as they are, the others of
 * ours paid, those of the peer not.
 */
export function cleared(commitments: Commitments): Commitments {
  const paid = commitments.htlcs.filter(({ side, removal }) =>
    removal === undefined ? side === "offered" : isPaid(removal),
  );
  return { ...commitments, balance: paid.reduce(pay, commitments.balance), htlcs: [] };
}

/** The amount of a fulfilled HTLC changes sides; a failed one was its offerer's all along. */
function settle(balance: Commitments["balance"], htlc: Htlc): Commitments["balance"] {
  assert(htlc.removal !== undefined, "an HTLC that is gone was removed");
  return isPaid(htlc.removal) ? pay(balance, htlc) : balance;
}
const isPaid = ({ tag }: Removal): boolean => tag === "fulfilled";
function pay(balance: Commitments["balance"], { side, amount }: Htlc): Commitments["balance"] {
  const [from, to] = side === "offered" ? (["local", "remote"] as const) : (["remote", "local"] as const);
  const next = { ...balance, [from]: msat(balance[from] - amount), [to]: addMsat(balance[to], amount) };
  assert(next.local + next.remote === balance.local + balance.remote, "settling moves money, and makes none");
  return next;
}

function moveFees(
  commitments: Commitments,
  concerned: ReadonlySet<HtlcStep>,
): Pick<Commitments, "feerate" | "feeUpdates"> {
  if (commitments.feeUpdates.length === 0) return commitments;
  let { feerate } = commitments;
  const feeUpdates: FeeUpdate[] = [];
  for (const update of commitments.feeUpdates) {
    if (!concerned.has(update.step)) {
      feeUpdates.push(update);
      continue;
    }
    const steps = (OFFERED_STEPS as readonly HtlcStep[]).includes(update.step) ? OFFERED_STEPS : RECEIVED_STEPS;
    const index = STEP_INDEX[update.step] + 1;
    if (index === ADDED) feerate = update.feerate;
    else feeUpdates.push({ ...update, step: steps[index] as FeeUpdate["step"] });
  }
  return { feerate, feeUpdates: lastOfEachStep(feeUpdates) };
}

/** Of those that have come to the same step only the last counts. Oldest first, as they stand. BOLT 2 §Updating Fees: update_fee. */
export const lastOfEachStep = (updates: readonly FeeUpdate[]): readonly FeeUpdate[] =>
  updates.filter(({ step }, at) => updates[at + 1]?.step !== step);

/**
 * As after a disconnection: what the peer proposed without a `commitment_signed` never was, nor was a change of the feerate of
 * ours. Sent again it would come behind what has been agreed on since, which may leave us unable to pay it: whether it is
 * still wanted is decided anew. BOLT 2 §Message Retransmission.
 */
export function forgetUncommitted(commitments: Commitments): Commitments {
  const { htlcs, feeUpdates } = commitments;
  const forgotten = htlcs.filter((htlc) => htlc.step === "RECEIVED_ADD_HTLC").length;
  const reverted = htlcs.some((htlc) => htlc.step === "RECEIVED_REMOVE_HTLC");
  const fees = feeUpdates.filter(({ step }) => step !== "RECEIVED_ADD_HTLC" && step !== "SENT_ADD_HTLC");
  if (forgotten === 0 && !reverted && fees.length === feeUpdates.length) return commitments;
  return {
    ...commitments,
    htlcs: htlcs
      .filter((htlc) => htlc.step !== "RECEIVED_ADD_HTLC")
      .map((htlc) =>
        htlc.step === "RECEIVED_REMOVE_HTLC" ? { ...htlc, step: "SENT_ADD_ACK_REVOCATION", removal: undefined } : htlc,
      ),
    feeUpdates: fees,
    proposed: commitments.proposed.filter(({ tag }) => tag !== "fee"),
    nextReceivedId: commitments.nextReceivedId - BigInt(forgotten),
  };
}

/** A removal that was decided on while nothing could be said: its HTLC stands where it stood. BOLT 2 §Channel Quiescence. */
export const isHeld = (htlc: Htlc): boolean =>
  htlc.step === "RECEIVED_ADD_ACK_REVOCATION" && htlc.removal !== undefined;

/** Silence is over: what was held is proposed. */
export function releaseHeld(commitments: Commitments): Commitments {
  const held = commitments.htlcs.filter(isHeld);
  if (held.length === 0) return commitments;
  return {
    ...commitments,
    htlcs: commitments.htlcs.map((htlc) => (isHeld(htlc) ? ({ ...htlc, step: "SENT_REMOVE_HTLC" } as Htlc) : htlc)),
    proposed: [...commitments.proposed, ...held.map(({ id }) => ({ tag: "remove" as const, id }))],
  };
}
