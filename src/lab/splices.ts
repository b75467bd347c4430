import { movedTo } from "../../channels/fundings/move.ts";
import type { FundedState } from "../../channels/index.ts";
import { type ChannelId, type Outpoint, outpointKey, type Txid } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { msat, type Sat, type SatPerKw, sat, toMsat } from "../base/units.ts";

/** A splice as one end of its channel has it on disk. */
export interface Splice {
  readonly outpoint: Outpoint;
  readonly spends: Outpoint;
  /** In sat, what each side adds to its balance, or takes from it. */
  readonly added: { readonly local: bigint; readonly remote: bigint };
  readonly feerate: SatPerKw;
}
export type Splices = ReadonlyMap<Txid, Splice>;
const NONE: Splices = new Map();

/** Every splice that ever stood on the disk of a node, whatever became of it. */
export class SplicesSeen {
  readonly #seen = new Map<ChannelId, Map<Txid, Splice>>();

  take(id: ChannelId, { params, commitments: { others } }: FundedState): void {
    for (const { made, terms, shift } of others) {
      const known = this.of(id);
      if (made === undefined || known.has(terms.outpoint.txid)) continue;
      const spends = present(
        made.constructed.inputs.find(({ shared }) => shared),
        "a splice spends what holds the channel",
      ).outpoint;
      assert(outpointKey(spends) === outpointKey(params.funding), "a splice is on disk before it is locked");
      const added = { local: shift.local / 1_000n, remote: shift.remote / 1_000n };
      const splice: Splice = { outpoint: terms.outpoint, spends, added, feerate: made.feerate };
      this.#seen.set(id, new Map([...known, [terms.outpoint.txid, splice]]));
    }
  }
  of(id: ChannelId): Splices {
    return this.#seen.get(id) ?? NONE;
  }
}

/** What in the best chain spends what. */
interface Chain {
  spenderTxid(outpoint: Outpoint): Txid | undefined;
}
/** The output with which a channel began, whatever has been spliced since. */
function opened(splices: Splices, { params }: FundedState): Outpoint {
  let first = params.funding;
  for (let made = splices.get(first.txid); made !== undefined; made = splices.get(first.txid)) first = made.spends;
  return first;
}
/** What it held then, in sat. */
export function capacityAtOpening(splices: Splices, { params }: FundedState): Sat {
  let capacity: bigint = params.capacity;
  for (let made = splices.get(params.funding.txid); made !== undefined; made = splices.get(made.spends.txid))
    capacity -= made.added.local + made.added.remote;
  return sat(capacity);
}
/** The outputs that held a channel, in the order of the best chain: the one that it was opened with, and what came of it. */
export function fundingsOnChain(chain: Chain, splices: Splices, state: FundedState): readonly Outpoint[] {
  const first = opened(splices, state);
  const path = [first];
  for (let at = first; ; ) {
    const spender = chain.spenderTxid(at);
    const next = spender === undefined ? undefined : splices.get(spender)?.outpoint;
    if (next === undefined) return path;
    path.push(next);
    at = next;
  }
}

type Other = FundedState["commitments"]["others"][number];
const on = (state: FundedState, isMeant: (other: Other) => boolean): readonly FundedState[] => [
  state,
  ...state.commitments.others.filter(isMeant).map(({ terms }) => movedTo(state, terms.outpoint)),
];
const isSigned = ({ role, made }: Other): boolean => role !== "signing" || made?.received === true;
/** The channel as if it had but one funding, once for each on which updates are made. */
export const liveFundings = (state: FundedState): readonly FundedState[] =>
  on(state, (other) => other.role !== "past" && isSigned(other));
/** Once for each on which its newest commitment may have to be published: that of one which was replaced may not be revoked yet. */
export const publishableFundings = (state: FundedState): readonly FundedState[] =>
  on(state, (other) => other.local.number === state.commitments.local.number && isSigned(other));

/**
 * What an end of a channel has if the chain has decided on this funding output. One that was replaced long ago may not hold all
 * that a side has now: what goes beyond it was never there.
 */
export function onFunding(state: FundedState, outpoint: Outpoint): FundedState {
  const other = state.commitments.others.find(({ terms }) => outpointKey(terms.outpoint) === outpointKey(outpoint));
  if (other === undefined) return state;
  const whole = toMsat(other.terms.capacity);
  const wanted = state.commitments.balance.local + other.shift.local;
  const local = msat(wanted < 0n ? 0n : wanted > whole ? whole : wanted);
  const balance = { local, remote: msat(whole - local) };
  const params = { ...state.params, funding: outpoint, capacity: other.terms.capacity };
  return { ...state, params, commitments: { ...state.commitments, balance } };
}
