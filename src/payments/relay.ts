import type { HtlcFailure } from "../../channels/index.ts";
import {
  checkForward,
  createFailure,
  createMalformedFailure,
  type FailureMessage,
  type ForwardPolicy,
  NO_UPDATE,
  wrapFailure,
} from "../../routing/index.ts";
import { toHex } from "../base/bytes.ts";
import { idBytes, type Preimage } from "../base/ids.ts";
import { type Step, step } from "../base/machine.ts";
import { assert, unreachable } from "../base/result.ts";
import type { BlockHeight } from "../base/units.ts";
import { sha256 } from "../crypto/hash.ts";
import type { Circuit, ForwardRequest, RelayEffect, RelayInput } from "./circuit.ts";
import { failHtlc, fulfill } from "./incoming.ts";
import type { HtlcRef } from "./payment.ts";

export interface RelayEnv {
  readonly height: BlockHeight;
  /** What we advertise for the channel that the onion names; undefined when it is none of ours. */
  readonly policy: ForwardPolicy | undefined;
  /** An outgoing HTLC that ends within so many blocks is not offered. */
  readonly margin: number;
  /** Some channel's durable state holds an HTLC whose origin is this incoming one. False but after a start of the node. */
  readonly outgoingHeld: boolean;
  /**
   * No block has come for so long that somebody may be keeping them from us, or those that came are not heard yet: then no
   * HTLC has the time that it seems to have.
   */
  readonly isTipStale: boolean;
  /** Its channel bears too much dust, or has failed: it goes no further than here. */
  readonly mustFail: boolean;
}
/** `next` undefined: there is no circuit, or no longer. */
type RelayStep = Step<Circuit | undefined, RelayEffect>;
const relayStep = (next: Circuit | undefined, ...effects: readonly RelayEffect[]): RelayStep => step(next, ...effects);

/**
 * An incoming HTLC is to be forwarded: only now that it is irrevocably committed on both sides. Told again after a start,
 * it goes on from its circuit: what is out is waited for, what was decided is said again, and what never left is offered
 * again or failed. BOLT 2 §Forwarding HTLCs.
 */
export function forwardHtlc(env: RelayEnv, existing: Circuit | undefined, request: ForwardRequest): RelayStep {
  if (existing === undefined) return offerForward(env, request);
  const { status } = existing;
  switch (status.tag) {
    case "Offered":
      return env.outgoingHeld ? relayStep(existing) : offerForward(env, request);
    case "Fulfilled":
      return relayStep(existing, fulfill(existing.incoming, status.preimage));
    case "Failed":
      return relayStep(existing, failBack(existing, status.reason));
    default:
      return unreachable(status);
  }
}

function offerForward(env: RelayEnv, request: ForwardRequest): RelayStep {
  const { channelId, htlcId, amount, expiry, paymentHash, sharedSecret, payload, onion } = request;
  const { shortChannelId, amtToForward, outgoingCltvValue } = payload;
  if (env.mustFail) return relayStep(undefined, failHtlc(request, transient()));
  if (env.isTipStale) return relayStep(undefined, failHtlc(request, { name: "temporary_node_failure" }));
  const outgoing = { amount: amtToForward, expiry: outgoingCltvValue };
  const allowed = checkForward(env.policy, { amount, expiry }, outgoing, env.height, env.margin);
  if (!allowed.ok) return relayStep(undefined, failHtlc(request, allowed.error));
  const circuit: Circuit = {
    incoming: { channelId, htlcId, amount, expiry },
    outgoing: { shortChannelId, ...outgoing },
    paymentHash,
    sharedSecret,
    status: { tag: "Offered" },
  };
  const incoming = { channelId, htlcId };
  return relayStep(circuit, { tag: "OfferForward", incoming, shortChannelId, ...outgoing, paymentHash, onion });
}

/**
 * One input to the forward of the incoming HTLC `incoming`. A known preimage always goes upstream at once, and nothing that
 * comes after it can fail the HTLC upstream; a failure goes upstream only when nothing is left downstream.
 */
export function stepRelay(circuit: Circuit | undefined, incoming: HtlcRef, input: RelayInput): RelayStep {
  switch (input.tag) {
    case "Settled":
      return settled(circuit, incoming, input.preimage);
    case "Failed": {
      if (circuit?.status.tag !== "Offered") return relayStep(circuit);
      return failed(circuit, reasonOf(circuit.sharedSecret, input.failure));
    }
    case "Refused": {
      if (circuit?.status.tag !== "Offered") return relayStep(circuit);
      const failure = REFUSED[input.code](circuit);
      return failed(circuit, createFailure(circuit.sharedSecret, failure));
    }
    case "IncomingRemoved":
      return relayStep(circuit?.status.tag === "Offered" ? circuit : undefined);
    default:
      return unreachable(input);
  }
}

/** What goes upstream: the packet from downstream in one more layer, or our own word where there is none. */
function reasonOf(sharedSecret: Uint8Array, failure: HtlcFailure): Uint8Array {
  switch (failure.tag) {
    case "failed":
      return wrapFailure(sharedSecret, failure.reason);
    case "malformed":
      return createMalformedFailure(sharedSecret, failure.code, failure.sha256OfOnion);
    case "on_chain":
      return createFailure(sharedSecret, gone());
    default:
      return unreachable(failure);
  }
}

function settled(circuit: Circuit | undefined, incoming: HtlcRef, preimage: Preimage): RelayStep {
  // Even where no circuit is known any more: the incoming channel ignores what is already settled.
  if (circuit === undefined || circuit.status.tag === "Fulfilled") {
    return relayStep(circuit, fulfill(incoming, preimage));
  }
  assert(toHex(sha256(idBytes(preimage))) === circuit.paymentHash, "the channel has checked the preimage");
  const next: Circuit = { ...circuit, status: { tag: "Fulfilled", preimage } };
  return relayStep(next, fulfill(incoming, preimage), { tag: "Forwarded", circuit: next, outcome: "settled" });
}
function failed(circuit: Circuit, reason: Uint8Array): RelayStep {
  const next: Circuit = { ...circuit, status: { tag: "Failed", reason } };
  return relayStep(next, failBack(next, reason), { tag: "Forwarded", circuit: next, outcome: "failed" });
}
const failBack = ({ incoming: { channelId, htlcId } }: Circuit, reason: Uint8Array): RelayEffect => ({
  tag: "FailHtlc",
  channelId,
  htlcId,
  reason,
});

const transient = (): FailureMessage => ({ name: "temporary_channel_failure", channel_update: NO_UPDATE });
const gone = (): FailureMessage => ({ name: "permanent_channel_failure" });
/** What the sender is told of a channel that did not take the HTLC. Balances stay a secret. BOLT 4 §Failure Messages. */
const REFUSED: {
  readonly [C in Extract<RelayInput, { tag: "Refused" }>["code"]]: (circuit: Circuit) => FailureMessage;
} = {
  no_channel: () => ({ name: "unknown_next_peer" }),
  not_connected: transient,
  not_open: transient,
  funding_not_confirmed: transient,
  shutting_down: gone,
  quiescing: transient,
  commitment_numbers_used_up: gone,
  amount_below_minimum: ({ outgoing }) => ({
    name: "amount_below_minimum",
    htlc_msat: outgoing.amount,
    channel_update: NO_UPDATE,
  }),
  expiry_too_soon: () => ({ name: "expiry_too_soon", channel_update: NO_UPDATE }),
  expiry_too_far: () => ({ name: "expiry_too_far" }),
  too_many_htlcs: transient,
  in_flight_limit: transient,
  insufficient_balance: transient,
  remote_cannot_pay_fee: transient,
  dust_exposure: transient,
};
