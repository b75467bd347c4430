import { assert } from "../../src/base/result.ts";
import { HEIGHT_LIMIT, msat } from "../../src/base/units.ts";
import { assertConserved, pendingAmounts } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { OfferedHtlc } from "../htlc.ts";
import type { OfferHtlcInput } from "../input.ts";
import type { ChannelState, Commitments, Funded } from "../state.ts";
import { advance, type OfferRefusal, propose, stay, type Transition } from "../transition.ts";
import { COMMITMENT_NUMBER_MAX } from "../tx/commitment-number.ts";
import { offerOutOfBounds } from "./bounds.ts";
import { queueSign } from "./queue.ts";
import { isHolding } from "./stfu.ts";
import { addMessage } from "./update-messages.ts";

/** Numbers at the end of a channel's life that are kept for removing what is pending. */
const NUMBERS_KEPT = 4096n;
export const numbersUsedUp = ({ local, remote }: Commitments): boolean =>
  (local.number > remote.number ? local.number : remote.number) > COMMITMENT_NUMBER_MAX - NUMBERS_KEPT;

/**
 * Offers an HTLC to the peer. Nothing is written: if we crash before a `commitment_signed` covers it, both sides forget
 * it. BOLT 2 §Adding an HTLC: update_add_htlc.
 */
export function offerHtlc(env: ChannelEnv, state: ChannelState, input: OfferHtlcInput): Transition {
  const refuse = (reason: OfferRefusal): Transition => stay({ tag: "Refused", origin: input.origin, reason });
  if (state.tag === "ShuttingDown" || state.tag === "Negotiating" || state.tag === "Closing")
    return refuse({ code: "shutting_down" });
  if (state.tag !== "Normal") return refuse({ code: "not_open" });
  if (state.link.tag !== "online") return refuse({ code: "not_connected" });
  if (!state.funding.deep) return refuse({ code: "funding_not_confirmed" });
  if (isHolding(state)) return refuse({ code: "quiescing" });
  const { commitments, params } = state;
  if (numbersUsedUp(commitments)) return refuse({ code: "commitment_numbers_used_up" });
  const reason = htlcRefusal(env, state, input);
  if (reason !== undefined) return refuse(reason);
  const after = withOffered(commitments, input);
  const bound = offerOutOfBounds(env, params, commitments, after, input.amount);
  if (bound !== undefined) return refuse(bound);
  assertConserved(params, after);
  const asking = queueSign({ ...state, commitments: after });
  const htlc = after.htlcs[after.htlcs.length - 1] as OfferedHtlc;
  return advance(asking.state, propose(addMessage(state, htlc)), ...asking.effects);
}

function htlcRefusal(env: ChannelEnv, state: Funded, { amount, expiry }: OfferHtlcInput): OfferRefusal | undefined {
  const least = state.params.remote.htlcMinimum;
  const minimum = least > 0n ? least : msat(1n);
  if (amount < minimum) return { code: "amount_below_minimum", minimum, requested: amount };
  if (expiry <= env.height) return { code: "expiry_too_soon", height: env.height, requested: expiry };
  const maximum = Math.min(env.height + env.policy.expiryDeltaMax, HEIGHT_LIMIT - 1);
  if (expiry > maximum) return { code: "expiry_too_far", maximum, requested: expiry };
  return undefined;
}

function withOffered(commitments: Commitments, input: OfferHtlcInput): Commitments {
  const { amount, paymentHash, expiry, onion, origin } = input;
  const id = commitments.nextOfferedId;
  const htlc: OfferedHtlc = {
    side: "offered",
    id,
    amount,
    paymentHash,
    expiry,
    onion,
    origin,
    step: "SENT_ADD_HTLC",
    removal: undefined,
    preimage: undefined,
  };
  const after: Commitments = {
    ...commitments,
    htlcs: [...commitments.htlcs, htlc],
    proposed: [...commitments.proposed, { tag: "add", id }],
    nextOfferedId: id + 1n,
  };
  assert(
    pendingAmounts(after).offered === pendingAmounts(commitments).offered + amount,
    "the offered amount is pending exactly once",
  );
  return after;
}
