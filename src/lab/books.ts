import { failureText } from "../../channels/close/failure.ts";
import { tally, type View } from "../../channels/commitments.ts";
import type { DurableState, FailureCause, FundedState, Htlc, HtlcStep } from "../../channels/index.ts";
import { outpointKey } from "../base/ids.ts";
import { toMsat } from "../base/units.ts";
import type { Rule } from "./violation.ts";

export interface Fault {
  readonly rule: Rule;
  readonly detail: string;
}

/** Every commitment that stands, and the next of either side with all that has been proposed. */
const VIEWS = ["local", "local_next", "remote", "remote_signed", "remote_next"] as const satisfies readonly View[];
const isFunded = (state: DurableState): state is FundedState => "commitments" in state;

/**
 * What may be said of one record of a channel, and of it beside the one before. Cheap: run for every write. `mayFail`
 * knows what the world has planned.
 */
export function auditChannel(
  before: DurableState | undefined,
  after: DurableState,
  mayFail: (cause: FailureCause) => boolean = () => false,
): readonly Fault[] {
  const faults: Fault[] = [];
  if (after.tag === "Failed" && before?.tag !== "Failed" && !isUnborn(before) && !mayFail(after.cause))
    faults.push({ rule: "no_failure", detail: `failed: ${failureText(after.cause)}` });
  if (!isFunded(after)) return faults;
  const { balance } = after.commitments;
  const capacity = toMsat(after.params.capacity);
  if (balance.local + balance.remote !== capacity) {
    const detail = `balances of ${balance.local} and ${balance.remote} msat in a channel of ${capacity}`;
    faults.push({ rule: "conservation", detail });
  }
  for (const view of VIEWS) {
    const { local, remote } = tally(after.commitments, view);
    if (local >= 0n && remote >= 0n) continue;
    faults.push({ rule: "conservation", detail: `${local} and ${remote} msat left to the sides in ${view}` });
  }
  faults.push(...auditOthers(after));
  if (before !== undefined && isFunded(before)) faults.push(...auditNumbers(before, after));
  return faults;
}

/** On each other funding that may turn out to hold the channel the same money is, and what each side has put in or taken out. */
function auditOthers({ commitments }: FundedState): readonly Fault[] {
  const { balance, local, others } = commitments;
  return others.flatMap(({ role, terms, shift, local: own }): readonly Fault[] => {
    const name = `funding ${terms.outpoint.txid.slice(0, 8)}`;
    const [here, there] = [balance.local + shift.local, balance.remote + shift.remote];
    const isWhole = here + there === toMsat(terms.capacity) && (role === "past" || (here >= 0n && there >= 0n));
    const detail = `balances of ${here} and ${there} msat on ${name} of ${toMsat(terms.capacity)}`;
    const faults: Fault[] = isWhole ? [] : [{ rule: "conservation", detail }];
    if (role === "active" && own.number !== local.number)
      faults.push({
        rule: "publishable",
        detail: `commitment ${own.number} on ${name}, ${local.number} on the current`,
      });
    return faults;
  });
}

/** An opener that crashed may have forgotten a channel that its peer still waits for; no money is in it. */
const isUnborn = (state: DurableState | undefined): boolean => state?.tag === "WaitForFundingConfirmed";

/** Commitment numbers count up by one, and what was settled stays settled. */
function auditNumbers(before: FundedState, after: FundedState): readonly Fault[] {
  const faults: Fault[] = [];
  for (const side of ["local", "remote"] as const) {
    const [from, to] = [before.commitments[side].number, after.commitments[side].number];
    if (to < from || to > from + 1n) {
      faults.push({ rule: "revoked_state", detail: `the ${side} commitment number goes from ${from} to ${to}` });
    }
  }
  // Ids of what no commitment covers are used again: the peer's after a reconnection, ours that have run out of time before one.
  const [from, to] = [before.commitments.nextOfferedId, after.commitments.nextOfferedId];
  const uncovered = before.commitments.htlcs.filter(({ step }) => step === "SENT_ADD_HTLC").length;
  if (to < from - BigInt(uncovered))
    faults.push({ rule: "revoked_state", detail: `the next HTLC id goes from ${from} to ${to}` });
  return faults;
}

/** HTLCs that stand in both commitments and that nothing is on its way to change. */
const SETTLED: ReadonlySet<HtlcStep> = new Set(["SENT_ADD_ACK_REVOCATION", "RECEIVED_ADD_ACK_REVOCATION"]);

/** Nothing is on its way in either direction: both sides must now agree on everything. */
export const isQuiet = ({ commitments }: FundedState): boolean =>
  commitments.sent === undefined &&
  commitments.proposed.length === 0 &&
  commitments.feeUpdates.length === 0 &&
  commitments.htlcs.every((htlc) => SETTLED.has(htlc.step));

/** Two ends of one quiet channel beside each other, on the same funding; the answer says where they differ. */
export function auditPair(a: FundedState, b: FundedState): readonly Fault[] {
  const differ = (what: string, of: unknown, other: unknown): Fault[] =>
    of === other ? [] : [{ rule: "commitments_equal", detail: `${what}: ${String(of)} here, ${String(other)} there` }];
  const [one, two] = [a.commitments, b.commitments];
  return [
    ...differ("the funding output", outpointKey(a.params.funding), outpointKey(b.params.funding)),
    ...differ("the capacity", a.params.capacity, b.params.capacity),
    ...differ("the balance of one side", one.balance.local, two.balance.remote),
    ...differ("the feerate", one.feerate, two.feerate),
    ...differ("a commitment number", one.local.number, two.remote.number),
    ...differ("a commitment number", one.remote.number, two.local.number),
    ...differ("offered HTLCs", list(one.htlcs, "offered"), list(two.htlcs, "received")),
    ...differ("received HTLCs", list(one.htlcs, "received"), list(two.htlcs, "offered")),
  ];
}
const list = (htlcs: readonly Htlc[], side: Htlc["side"]): string =>
  htlcs
    .filter((htlc) => htlc.side === side)
    .map(({ id, amount, paymentHash, expiry }) => `${id}:${amount}:${expiry}:${paymentHash.slice(0, 8)}`)
    .sort()
    .join(" ");
