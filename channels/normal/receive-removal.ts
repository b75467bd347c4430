import { assert } from "../../src/base/result.ts";
import type { UpdateFailHtlc, UpdateFailMalformedHtlc, UpdateFulfillHtlc } from "../../src/wire/updates.ts";
import { punish } from "../close/failure.ts";
import { assertConserved } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { PeerFault } from "../fault.ts";
import type { Attributed, OfferedHtlc, Removal } from "../htlc.ts";
import type { Commitments, Failed, UpdatingState } from "../state.ts";
import { advance, commit, stay, type Transition } from "../transition.ts";
import { keptReason } from "./reasons.ts";
import { hashesTo, isAttributing } from "./settle.ts";

/** A failure code with this bit says that the onion could not be read. BOLT 4 §Failure Messages. */
const BADONION = 0x8000;

/** The HTLC that the peer may remove, or what is wrong. BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc. */
function removable(state: UpdatingState, id: bigint): OfferedHtlc | PeerFault {
  const htlc = state.commitments.htlcs.find(
    (known): known is OfferedHtlc => known.side === "offered" && known.id === id,
  );
  if (htlc === undefined) return { code: "unknown_htlc", id };
  return htlc.step === "SENT_ADD_ACK_REVOCATION" ? htlc : { code: "htlc_not_removable", id };
}

function removed(state: UpdatingState, htlc: OfferedHtlc, removal: Removal): Commitments {
  const preimage = removal.tag === "fulfilled" ? removal.preimage : htlc.preimage;
  const gone: OfferedHtlc = { ...htlc, step: "RECEIVED_REMOVE_HTLC", removal, preimage };
  const { commitments, params } = state;
  const after = { ...commitments, htlcs: commitments.htlcs.map((known) => (known === htlc ? gone : known)) };
  assertConserved(params, after);
  assert(after.balance === commitments.balance, "a removal moves no balance before it is irrevocable");
  return after;
}

/** Between nodes that have not agreed on it, it says nothing. BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc. */
const attributed = (env: ChannelEnv, { attribution_data }: UpdateFulfillHtlc | UpdateFailHtlc): Attributed =>
  isAttributing(env) && attribution_data !== undefined ? { attribution: attribution_data } : {};
function failure(env: ChannelEnv, { commitments }: UpdatingState, message: UpdateFailHtlc): Removal {
  const reason = keptReason(commitments.htlcs, message.reason);
  // What is attributed is the reason.
  return { tag: "failed", reason, ...(reason === message.reason ? attributed(env, message) : {}) };
}

/**
 * The peer gives the preimage: a proof of payment, written at once and passed on at once, though the removal itself is
 * not committed yet. After a reconnection it may come a second time and is told only once.
 */
export function receiveFulfill(env: ChannelEnv, state: UpdatingState, message: UpdateFulfillHtlc): Transition {
  const htlc = removable(state, message.id);
  if ("code" in htlc) return punish(state, htlc);
  const preimage = message.payment_preimage;
  if (!hashesTo(preimage, htlc.paymentHash)) return punish(state, { code: "wrong_preimage", id: message.id });
  const next = { ...state, commitments: removed(state, htlc, { tag: "fulfilled", preimage }) };
  if (htlc.preimage !== undefined) return advance(next);
  const { id, origin, amount } = htlc;
  const attribution = attributed(env, message);
  return commit(next, { tag: "HtlcSettled", id, origin, amount, preimage, ...attribution });
}

/**
 * A preimage that comes when the channel has failed: upstream is owed nothing but it, so it is written and passed on, and
 * nothing else is done. Whatever is wrong with it is ignored, and so is one for an HTLC that is ours for good and that
 * upstream has been told of. BOLT 5 §Failing a Channel.
 */
export function lateFulfill(state: Failed, message: UpdateFulfillHtlc): Transition {
  const { id, payment_preimage: preimage } = message;
  const htlc = state.commitments.htlcs.find(
    (known): known is OfferedHtlc => known.side === "offered" && known.id === id,
  );
  if (htlc === undefined || htlc.preimage !== undefined || state.givenUp.includes(id)) return stay();
  if (!hashesTo(preimage, htlc.paymentHash)) return stay();
  const htlcs = state.commitments.htlcs.map((known) => (known === htlc ? { ...htlc, preimage } : known));
  const { origin, amount } = htlc;
  const next = { ...state, commitments: { ...state.commitments, htlcs } };
  return commit(next, { tag: "HtlcSettled", id, origin, amount, preimage });
}

/** The peer fails an HTLC. Nobody is told before the removal is irrevocable. */
export function receiveFail(
  env: ChannelEnv,
  state: UpdatingState,
  message: UpdateFailHtlc | UpdateFailMalformedHtlc,
): Transition {
  const htlc = removable(state, message.id);
  if ("code" in htlc) return punish(state, htlc);
  if (message.name === "update_fail_htlc")
    return advance({ ...state, commitments: removed(state, htlc, failure(env, state, message)) });
  const { failure_code: code, sha256_of_onion: sha256OfOnion } = message;
  if ((code & BADONION) === 0) return punish(state, { code: "not_badonion", failureCode: code });
  return advance({ ...state, commitments: removed(state, htlc, { tag: "malformed", code, sha256OfOnion }) });
}
