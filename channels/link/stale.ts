import { assert } from "../../src/base/result.ts";
import { punish } from "../close/failure.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { Htlc, OfferedHtlc } from "../htlc.ts";
import { offerOutOfBounds } from "../normal/bounds.ts";
import type { Commitments, FundedState } from "../state.ts";
import { commit, type OfferRefusal, type Transition, type VolatileEffect } from "../transition.ts";

const isProposed = (htlc: Htlc): htlc is OfferedHtlc => htlc.step === "SENT_ADD_HTLC";

interface Kept<S extends FundedState> {
  readonly state: S;
  readonly effects: readonly VolatileEffect[];
}

/**
 * HTLCs that we offered and that no commitment covers are sent again on reconnection. One that has meanwhile run out of
 * time is not: committed now, it would fail the channel at the next block. BOLT 2 §Message Retransmission.
 */
export function withoutStale<S extends FundedState>(env: ChannelEnv, state: S): Kept<S> {
  const first = state.commitments.htlcs.find((htlc) => isProposed(htlc) && htlc.expiry <= env.height);
  if (first === undefined) return { state, effects: [] };
  return takenBack(state, first.id, { code: "expiry_too_soon", height: env.height, requested: first.expiry });
}

/**
 * Nor is one that is out of bounds by what the peer has added since: it knows that we know, and would part with us for it
 * each time. BOLT 2 §Message Retransmission.
 */
export function sentAgain<S extends FundedState>(env: ChannelEnv, offline: S): Kept<S> {
  const { state, effects } = withoutStale(env, offline);
  const { commitments, params } = state;
  let before: Commitments = { ...commitments, htlcs: commitments.htlcs.filter((htlc) => !isProposed(htlc)) };
  for (const htlc of commitments.htlcs.filter(isProposed)) {
    const after = { ...before, htlcs: [...before.htlcs, htlc] };
    const refusal = offerOutOfBounds(env, params, before, after, htlc.amount);
    if (refusal !== undefined) {
      const kept = takenBack(state, htlc.id, refusal);
      return { state: kept.state, effects: [...effects, ...kept.effects] };
    }
    before = after;
  }
  return { state, effects };
}

/** The peer has forgotten them, those behind the first too: they are taken back together and their ids used again. */
function takenBack<S extends FundedState>(state: S, first: bigint, reason: OfferRefusal): Kept<S> {
  const { commitments, params } = state;
  const dropped = commitments.htlcs.filter(isProposed).filter(({ id }) => id >= first);
  const after = {
    ...commitments,
    htlcs: commitments.htlcs.filter((htlc) => !isProposed(htlc) || htlc.id < first),
    proposed: commitments.proposed.filter((ref) => ref.tag !== "add" || ref.id < first),
    nextOfferedId: first,
  };
  assert(
    dropped.length === Number(commitments.nextOfferedId - first),
    "what no commitment covers is the newest that we offered",
  );
  assertConserved(params, after);
  const effects = dropped.map(({ origin }): VolatileEffect => ({ tag: "Refused", origin, reason }));
  return { state: { ...state, commitments: after }, effects };
}

/**
 * One more block. Whoever such an HTLC came from does not wait until the peer is back: it would have to close its own
 * channel for the answer. From a peer that is there it can be taken back only by parting with it, which is due to one
 * that has acknowledged nothing for so long. Undefined when none has run out of time. BOLT 2 §cltv_expiry_delta Selection.
 */
export function staleTakenBack(env: ChannelEnv, state: FundedState): Transition | undefined {
  if (state.tag !== "Normal" && state.tag !== "ShuttingDown") return undefined;
  const { state: fresh, effects } = withoutStale(env, state);
  if (effects.length === 0) return undefined;
  if (state.link.tag !== "online") return commit(fresh, ...effects);
  const parted = punish(fresh, { code: "commitment_not_acknowledged" });
  assert(parted.kind === "advance" && parted.next.tag === fresh.tag, "the channel lives on after a reconnection");
  return commit(parted.next, ...parted.effects, ...effects);
}
