import { assert, present } from "../../src/base/result.ts";
import type { ChannelEnv } from "../env.ts";
import type { Htlc, OfferedHtlc, ReceivedHtlc } from "../htlc.ts";
import { commitmentEffects } from "../normal/sign.ts";
import { addMessage, feeMessage, removalMessage, revocationMessage } from "../normal/update-messages.ts";
import type { Commitments, Funded, UpdateRef } from "../state.ts";
import { bind, type Effect, propose } from "../transition.ts";

/**
 * What the peer lacks: a `revoke_and_ack` and a `commitment_signed` with its updates in the order in which they left,
 * byte for byte the same, then the updates that nothing covers yet. BOLT 2 §Message Retransmission.
 */
export function retransmission(
  env: ChannelEnv,
  state: Funded,
  lacks: { readonly commitment: boolean; readonly revocation: boolean },
): readonly Effect[] {
  const { sent, lastSent } = state.commitments;
  assert(!lacks.commitment || sent !== undefined, "only an unrevoked commitment is sent again");
  const commitment =
    lacks.commitment && sent !== undefined ? [...updates(state, sent.updates), ...commitmentEffects(env, state)] : [];
  const revocation = lacks.revocation ? [bind(revocationMessage(env, state))] : [];
  const both = lastSent === "revoke_and_ack" ? [...commitment, ...revocation] : [...revocation, ...commitment];
  return [...both, ...proposedUpdates(state)];
}
/** Our updates that no `commitment_signed` covers yet, but for the first `known` ones. */
export const proposedUpdates = (state: Funded, known = 0): readonly Effect[] =>
  updates(state, state.commitments.proposed.slice(known));

const updates = (state: Funded, refs: readonly UpdateRef[]): readonly Effect[] =>
  refs.map((ref) => updateEffect(state, ref));

function updateEffect(state: Funded, ref: UpdateRef): Effect {
  const { commitments } = state;
  switch (ref.tag) {
    case "add":
      return propose(addMessage(state, find(commitments, "offered", ref.id) as OfferedHtlc));
    case "remove": {
      const message = removalMessage(state, find(commitments, "received", ref.id) as ReceivedHtlc);
      return message.name === "update_fulfill_htlc" ? bind(message) : propose(message);
    }
    case "fee": {
      const update = commitments.feeUpdates.find((known) => known.step === "SENT_ADD_COMMIT");
      return propose(feeMessage(state, present(update, "only one that is signed for is sent again").feerate));
    }
  }
}

const find = (commitments: Commitments, side: Htlc["side"], id: bigint): Htlc =>
  present(
    commitments.htlcs.find((htlc) => htlc.side === side && htlc.id === id),
    "an update that the peer has not acknowledged is pending",
  );
