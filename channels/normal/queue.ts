import { changes } from "../changes.ts";
import type { UpdatingState } from "../state.ts";
import type { VolatileEffect } from "../transition.ts";

/** A state, and what has to be asked of the host for it. */
export interface Asking<S> {
  readonly state: S;
  readonly effects: readonly VolatileEffect[];
}

/**
 * Asks once for a `Sign` when there is something to sign and no commitment of the peer's is unrevoked: everything that
 * arrives until the host's next turn rides in the same signature. BOLT 2 §Committing Updates So Far: commitment_signed.
 */
export function queueSign<S extends UpdatingState>(state: S): Asking<S> {
  const { link, commitments } = state;
  const due = link.tag === "online" && !link.signSoon && link.signing === undefined && commitments.sent === undefined;
  if (!due || !changes(commitments, "sent_commit")) return { state, effects: [] };
  return { state: { ...state, link: { ...link, signSoon: true } }, effects: [{ tag: "SignSoon" }] };
}
