import { assert } from "../../src/base/result.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { OfferedHtlc } from "../htlc.ts";
import type { FundedState } from "../state.ts";
import type { VolatileEffect } from "../transition.ts";

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
