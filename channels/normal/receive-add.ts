import { HEIGHT_LIMIT } from "../../src/base/units.ts";
import type { UpdateAddHtlc } from "../../src/wire/updates.ts";
import { punish } from "../close/failure.ts";
import { assertConserved } from "../commitments.ts";
import type { PeerFault } from "../fault.ts";
import type { ReceivedHtlc } from "../htlc.ts";
import type { UpdatingState } from "../state.ts";
import { advance, type Transition } from "../transition.ts";
import { receivedOutOfBounds } from "./bounds.ts";

/** The peer offers an HTLC. It counts for nothing before a `commitment_signed` covers it. BOLT 2 §Adding an HTLC: update_add_htlc. */
export function receiveAdd(state: UpdatingState, message: UpdateAddHtlc): Transition {
  const { commitments, params } = state;
  if (state.tag === "ShuttingDown" && state.close.remoteScript !== undefined)
    return punish(state, { code: "update_after_shutdown" });
  const broken = addRuleBroken(state, message);
  if (broken !== undefined) return punish(state, broken);
  const htlc: ReceivedHtlc = {
    side: "received",
    id: message.id,
    amount: message.amount_msat,
    paymentHash: message.payment_hash,
    expiry: message.cltv_expiry,
    onion: message.onion_routing_packet,
    step: "RECEIVED_ADD_HTLC",
    removal: undefined,
    ...(message.blinded_path === undefined ? {} : { blinded: true as const }),
  };
  const after: UpdatingState["commitments"] = {
    ...commitments,
    htlcs: [...commitments.htlcs, htlc],
    nextReceivedId: message.id + 1n,
  };
  const bound = receivedOutOfBounds(params, after);
  if (bound !== undefined) return punish(state, bound);
  assertConserved(params, after);
  return advance({ ...state, commitments: after });
}

function addRuleBroken(state: UpdatingState, message: UpdateAddHtlc): PeerFault | undefined {
  const { commitments, params } = state;
  if (message.id !== commitments.nextReceivedId)
    return { code: "wrong_htlc_id", expected: commitments.nextReceivedId, received: message.id };
  if (message.amount_msat === 0n) return { code: "htlc_amount_zero" };
  if (message.amount_msat < params.local.htlcMinimum) return { code: "htlc_below_minimum" };
  if (message.cltv_expiry >= HEIGHT_LIMIT) return { code: "htlc_expiry_not_a_height" };
  return undefined;
}
