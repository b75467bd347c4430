import { assert } from "../../src/base/result.ts";
import { punish } from "../close/failure.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { OfferedHtlc } from "../htlc.ts";
import type { FundedState } from "../state.ts";
import { commit, type Transition, type VolatileEffect } from "../transition.ts";

/**
 * HTLCs that we offered and that no commitment covers are sent again on reconnection. One that has meanwhile run out of
 * time is not: committed now, it would fail the channel at the next block. The peer has forgotten it and those behind it,
 * so they are taken back together and their ids used again. BOLT 2 §Message Retransmission.
 */
export function withoutStale<S extends FundedState>(
  env: ChannelEnv,
  state: S,
): { readonly state: S; readonly effects: readonly VolatileEffect[] } {
  const { commitments, params } = state;
  const isProposed = (htlc: (typeof commitments.htlcs)[number]): htlc is OfferedHtlc => htlc.step === "SENT_ADD_HTLC";
  const first = commitments.htlcs.find((htlc) => isProposed(htlc) && htlc.expiry <= env.height);
  if (first === undefined) return { state, effects: [] };
  const dropped = commitments.htlcs.filter(isProposed).filter(({ id }) => id >= first.id);
  const after = {
    ...commitments,
    htlcs: commitments.htlcs.filter((htlc) => !isProposed(htlc) || htlc.id < first.id),
    proposed: commitments.proposed.filter((ref) => ref.tag !== "add" || ref.id < first.id),
    nextOfferedId: first.id,
  };
  assert(
    dropped.length === Number(commitments.nextOfferedId - first.id),
    "what no commitment covers is the newest that we offered",
  );
  assertConserved(params, after);
  const effects = dropped.map(
    ({ origin, expiry }): VolatileEffect => ({
      tag: "Refused",
      origin,
      reason: { code: "expiry_too_soon", height: env.height, requested: expiry },
    }),
  );
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
