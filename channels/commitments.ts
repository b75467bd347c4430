import { assert } from "../src/base/result.ts";
import { type Msat, msat, type SatPerKw, toMsat } from "../src/base/units.ts";
import { STEP_INDEX } from "./changes.ts";
import type { ChannelEnv } from "./env.ts";
import { type OnFunding, onOthers } from "./fundings/other.ts";
import type { Htlc, HtlcStep } from "./htlc.ts";
import { type CommitmentKeys, commitmentKeys } from "./keys/commitment-keys.ts";
import type { PeersCommitment } from "./keys/entitlement.ts";
import type { ChannelParams } from "./params.ts";
import type { Commitments } from "./state.ts";
import { buildCommitment, type Commitment, type CommitmentHtlc, type CommitmentSpec } from "./tx/commitment.ts";
import type { HtlcSide } from "./tx/format.ts";
import { type CommitmentTerms, commitmentTerms } from "./tx/terms.ts";

/**
 * Which commitment transaction is meant, of the several that one state implies.
 *
 * - `local`, `remote`: the owner's oldest that is not revoked
 * - `remote_signed`: the newest of the peer's that we have signed: the same as `remote` when none is unrevoked
 * - `local_next`, `remote_next`: what the other side would sign now
 * - `local_worst`, `remote_worst`: as `next`, with every add and fee update that is on its way in either direction
 */
export type View = "local" | "remote" | "remote_signed" | "local_next" | "remote_next" | "local_worst" | "remote_worst";

/** From which step on an HTLC stands in a commitment, and from which it is removed again. BOLT 2 §Normal Operation. */
interface Span {
  readonly added: number;
  readonly removed: number;
}
const SPANS: { readonly [V in View]: { readonly [S in Htlc["side"]]: Span } } = {
  local: { offered: { added: 3, removed: 6 }, received: { added: 1, removed: 8 } },
  local_next: { offered: { added: 2, removed: 5 }, received: { added: 0, removed: 7 } },
  local_worst: { offered: { added: 0, removed: 5 }, received: { added: 0, removed: 7 } },
  remote: { offered: { added: 2, removed: 9 }, received: { added: 4, removed: 7 } },
  remote_signed: { offered: { added: 1, removed: 8 }, received: { added: 3, removed: 6 } },
  remote_next: { offered: { added: 0, removed: 7 }, received: { added: 2, removed: 5 } },
  remote_worst: { offered: { added: 0, removed: 7 }, received: { added: 0, removed: 5 } },
};
const isLocal = (view: View): boolean => view === "local" || view === "local_next" || view === "local_worst";
const flip = { offered: "received", received: "offered" } as const;

/** A commitment added up: balances from here, HTLCs as its owner sees them. A balance below zero is a proposal to be refused. */
export interface Tally {
  readonly local: bigint;
  readonly remote: bigint;
  readonly htlcs: readonly CommitmentHtlc[];
  readonly feerate: SatPerKw;
}
export function tally(commitments: Commitments, view: View): Tally {
  const htlcs: CommitmentHtlc[] = [];
  const sums = sumUp(commitments, view, ({ id, amount, paymentHash, expiry }, side) => {
    htlcs.push({ id, side, amount, paymentHash, expiry });
  });
  return { ...sums, htlcs };
}

/** As `tally`, telling each HTLC that stands in the commitment, by the side that its owner sees, instead of listing them. */
export function sumUp(
  commitments: Commitments,
  view: View,
  standing: (htlc: Htlc, side: HtlcSide) => void,
): Omit<Tally, "htlcs"> {
  const spans = SPANS[view];
  const own = isLocal(view);
  let { local, remote }: { local: bigint; remote: bigint } = commitments.balance;
  for (const htlc of commitments.htlcs) {
    const index = STEP_INDEX[htlc.step];
    const span = spans[htlc.side];
    if (index < span.added) continue;
    const { amount } = htlc;
    if (index < span.removed) {
      standing(htlc, own ? htlc.side : flip[htlc.side]);
      if (htlc.side === "offered") local -= amount;
      else remote -= amount;
    } else if (htlc.removal?.tag === "fulfilled") {
      const sign = htlc.side === "offered" ? -1n : 1n;
      local += sign * amount;
      remote -= sign * amount;
    }
  }
  return { local, remote, feerate: feerateOf(commitments, view) };
}

/** What the commitment divides among whom, seen from its owner. */
export function specOf(commitments: Commitments, view: View): CommitmentSpec {
  const { local, remote, htlcs, feerate } = tally(commitments, view);
  return isLocal(view)
    ? { toLocal: msat(local), toRemote: msat(remote), htlcs, feerate }
    : { toLocal: msat(remote), toRemote: msat(local), htlcs, feerate };
}

/** Only the last fee update that has reached the commitment counts. BOLT 2 §Updating Fees: update_fee. */
export function feerateOf(commitments: Commitments, view: View): SatPerKw {
  let { feerate } = commitments;
  for (const update of commitments.feeUpdates) {
    const side = isOfferedStep(update.step) ? "offered" : "received";
    if (STEP_INDEX[update.step] >= SPANS[view][side].added) feerate = update.feerate;
  }
  return feerate;
}
const OURS: ReadonlySet<HtlcStep> = new Set([
  "SENT_ADD_HTLC",
  "SENT_ADD_COMMIT",
  "RECEIVED_ADD_REVOCATION",
  "RECEIVED_ADD_ACK_COMMIT",
  "SENT_ADD_ACK_REVOCATION",
]);
/** Of a fee update: whether we, as opener, proposed it. */
export const isOfferedStep = (step: HtlcStep): boolean => OURS.has(step);

interface BothTerms {
  readonly local: CommitmentTerms;
  readonly remote: CommitmentTerms;
}
/** Terms follow from the parameters alone, so they are computed once for each channel. */
const termsOfParams = new WeakMap<ChannelParams, BothTerms>();
function bothTerms(params: ChannelParams): BothTerms {
  const known = termsOfParams.get(params);
  if (known !== undefined) return known;
  const shared = { format: params.type.format, fundingOutpoint: params.funding, capacity: params.capacity };
  const terms: BothTerms = {
    local: commitmentTerms({ ...shared, opener: params.opener, local: params.local, remote: params.remote }),
    remote: commitmentTerms({
      ...shared,
      opener: params.opener === "local" ? "remote" : "local",
      local: params.remote,
      remote: params.local,
    }),
  };
  termsOfParams.set(params, terms);
  return terms;
}
export const localTerms = (params: ChannelParams): CommitmentTerms => bothTerms(params).local;
export const remoteTerms = (params: ChannelParams): CommitmentTerms => bothTerms(params).remote;

/** Our own commitment transaction `number`, and the keys in it. */
export function localCommitment(
  env: ChannelEnv,
  params: ChannelParams,
  number: bigint,
  spec: CommitmentSpec,
): { readonly keys: CommitmentKeys; readonly commitment: Commitment } {
  const { local, remote } = params;
  const keys = commitmentKeys(env.keys.derived, local.basepoints, remote.basepoints, env.keys.commitmentPoint(number));
  return { keys, commitment: buildCommitment(localTerms(params), keys, number, spec) };
}

/** The peer's commitment transaction `number`. */
export function remoteCommitment(
  env: ChannelEnv,
  params: ChannelParams,
  at: { readonly number: bigint; readonly point: Uint8Array },
  spec: CommitmentSpec,
): Commitment {
  const { local, remote } = params;
  const keys = commitmentKeys(env.keys.derived, remote.basepoints, local.basepoints, at.point);
  return buildCommitment(remoteTerms(params), keys, at.number, spec);
}

/** The peer's newest commitment where none of its is unrevoked: it shows a signer what of the channel is ours. */
export function agreedRemote(env: ChannelEnv, { params, commitments }: OnFunding): PeersCommitment {
  const spec = specOf(commitments, "remote");
  const { tx, toLocalScript } = remoteCommitment(env, params, commitments.remote, spec);
  return { tx, toLocalScript };
}

/** What holds in every state of every channel: no step may make or lose a millisatoshi. */
export function assertConserved(params: ChannelParams, commitments: Commitments): void {
  const { local, remote } = commitments.balance;
  assert(local + remote === toMsat(params.capacity), "both balances together are the capacity");
  assert(local >= 0n && remote >= 0n, "no balance is negative");
  for (const on of onOthers(params, commitments)) assertConserved(on.params, on.commitments);
}

/** Offered and received HTLCs that are still in one of both commitments, in msat. */
export function pendingAmounts(commitments: Commitments): { readonly offered: Msat; readonly received: Msat } {
  let offered = 0n;
  let received = 0n;
  for (const htlc of commitments.htlcs) {
    if (htlc.side === "offered") offered += htlc.amount;
    else received += htlc.amount;
  }
  return { offered: msat(offered), received: msat(received) };
}
