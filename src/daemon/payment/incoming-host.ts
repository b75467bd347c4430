import type { HtlcFailure, HtlcSettlement, IncomingHtlc, OfferRefusal } from "../../../channels/index.ts";
import {
  createFailure,
  type FinalPayload,
  type ForwardPolicy,
  NO_UPDATE,
  type Peeled,
} from "../../../routing/index.ts";
import type { ChannelId, ShortChannelId } from "../../base/ids.ts";
import { unreachable } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import type { Circuit, RelayEffect, RelayInput } from "../../payments/circuit.ts";
import { circuitRecord } from "../../payments/circuit-codec.ts";
import { addForward, EMPTY_TALLY, tallyKey, tallyRecord } from "../../payments/forward-tally.ts";
import { type IncomingEnv, judgeFinal } from "../../payments/incoming.ts";
import { invoiceRecord } from "../../payments/invoice-codec.ts";
import type { FinalHtlc, InvoiceRecord, SettleEffect } from "../../payments/invoice-record.ts";
import { judgeKeysend, type Keysend, type KeysendEnv, keysendRecord } from "../../payments/keysend.ts";
import type { HtlcRef } from "../../payments/payment.ts";
import { forwardHtlc, stepRelay } from "../../payments/relay.ts";
import type { ChannelHost } from "../channel/host.ts";
import type { NodeContext } from "../context.ts";
import { RECENT, type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import { Attributions } from "./attributions.ts";
import { Intake } from "./intake.ts";

export interface IncomingHostParts {
  readonly ctx: NodeContext;
  readonly channels: () => ChannelHost;
  readonly height: () => BlockHeight;
  /** Whether that is not the chain's. */
  readonly isBehind: () => boolean;
  /** What we advertise for a channel of ours. */
  readonly forwardPolicy: (id: ShortChannelId) => ForwardPolicy | undefined;
  /** HTLCs that pay for a stream of ours; undefined when this one does not. */
  readonly streamTick: (turn: Turn, htlc: FinalHtlc) => readonly SettleEffect[] | undefined;
}

/** Policy, not protocol: with it the 22 blocks are enough that some senders leave a payee who could not say how many. */
const KEYSEND_SPARE_BLOCKS = 3;

/** Decides about HTLCs that come in: ours to take, or somebody else's to pass on. */
export class IncomingHost {
  readonly #parts: IncomingHostParts;
  readonly intake: Intake;
  readonly invoices: RecordTable<InvoiceRecord>;
  readonly keysends: RecordTable<Keysend>;
  readonly #circuits: RecordTable<Circuit>;
  readonly #tallies;
  /** Circuits that are decided and wait for their incoming HTLC to be gone, by channel. */
  readonly #attributions = new Attributions();
  readonly #decided = new Map<ChannelId, Set<bigint>>();

  constructor(parts: IncomingHostParts) {
    this.#parts = parts;
    this.intake = new Intake(parts.ctx, {
      isUnresolved: ({ channelId, id }) => parts.channels().isUnresolved(channelId, id),
      decide: (turn, htlc, peeled) => this.#committed(turn, htlc, peeled),
    });
    this.invoices = recordTable(parts.ctx.store, KEY.invoices, invoiceRecord, RECENT);
    this.keysends = recordTable(parts.ctx.store, KEY.keysends, keysendRecord);
    this.#circuits = recordTable(parts.ctx.store, KEY.circuits, circuitRecord);
    this.#tallies = recordTable(parts.ctx.store, KEY.forwards, tallyRecord);
    for (const { value } of this.#circuits.list()) if (value.status.tag !== "Offered") this.#awaitRemoval(value);
  }

  #committed(turn: Turn, htlc: IncomingHtlc, peeled: Peeled): void {
    const { channelId, id: htlcId, amount, paymentHash, expiry } = htlc;
    const ref = { channelId, htlcId };
    if (peeled.tag === "Malformed") {
      const { failureCode: code, sha256OfOnion } = peeled;
      return this.#tell(turn, channelId, { tag: "FailMalformedHtlc", id: htlcId, code, sha256OfOnion });
    }
    const { sharedSecret } = peeled;
    if (this.#parts.channels().isAttributing(channelId)) this.#attributions.arrived(ref, sharedSecret, turn.now);
    const mustFail = htlc.mustFail !== undefined;
    // One to be passed on may be out already, where nobody asks any more what its channel bears.
    if (mustFail && peeled.tag !== "Forward") {
      const failure = { name: "temporary_channel_failure", channel_update: NO_UPDATE } as const;
      return this.#settle(turn, { tag: "FailHtlc", ...ref, reason: createFailure(sharedSecret, failure) });
    }
    switch (peeled.tag) {
      case "InvalidPayload":
        return this.#settle(turn, { tag: "FailHtlc", ...ref, reason: createFailure(sharedSecret, peeled.failure) });
      case "Final":
        return this.#final(turn, { ...ref, amount, paymentHash, expiry, sharedSecret, payload: peeled.payload });
      case "Forward": {
        const { payload, onion } = peeled;
        const existing = this.#circuits.get(circuitId(ref));
        const env = {
          height: this.#parts.height(),
          policy: this.#parts.forwardPolicy(payload.shortChannelId),
          isTipStale: this.#parts.ctx.chain.staleSince() !== undefined || this.#parts.isBehind(),
          mustFail,
          margin: this.#parts.ctx.policy.timing.forwardMargin,
          // Only an HTLC that is told again, after a start, has a circuit; looking for it goes through all channels.
          outgoingHeld: existing !== undefined && this.#parts.channels().holds({ tag: "relay", channelId, htlcId }),
        };
        const request = { ...ref, amount, paymentHash, expiry, sharedSecret, payload, onion };
        return this.#relayed(turn, ref, existing, forwardHtlc(env, existing, request));
      }
      default:
        return unreachable(peeled);
    }
  }
  #final(turn: Turn, htlc: FinalHtlc & { readonly payload: FinalPayload }): void {
    const tick = this.#parts.streamTick(turn, htlc);
    if (tick !== undefined) {
      for (const effect of tick) this.#settle(turn, effect);
      return;
    }
    const invoice = this.invoices.get(htlc.paymentHash);
    // What an invoice of ours has the hash of is judged by the invoice, whatever else comes with it.
    if (invoice === undefined && htlc.payload.keysendPreimage !== undefined) return this.#keysend(turn, htlc);
    const judged = judgeFinal(this.#env(turn), invoice, htlc);
    if (judged.next !== undefined && judged.next !== invoice) {
      this.invoices.put(turn, htlc.paymentHash, judged.next);
      this.#parts.ctx.events.record(turn, "invoice.settled", {
        paymentHash: htlc.paymentHash,
        amountMsat: htlc.amount.toString(),
      });
    }
    for (const effect of judged.effects) this.#settle(turn, effect);
  }

  #env({ now }: Turn): IncomingEnv {
    return { height: this.#parts.height(), now, isBehind: this.#parts.isBehind() };
  }
  #keysend(turn: Turn, htlc: FinalHtlc): void {
    const { policy, events } = this.#parts.ctx;
    const env: KeysendEnv = {
      ...this.#env(turn),
      accepts: policy.acceptKeysend,
      // Below its deadline the channel would be closed for it at once: a few blocks more are for the fulfilment to go through.
      blocksMin: policy.channel.fulfillmentDeadlineBlocks + KEYSEND_SPARE_BLOCKS,
    };
    const known = this.keysends.get(htlc.paymentHash);
    const judged = judgeKeysend(env, known, htlc);
    if (judged.next !== undefined && judged.next !== known) {
      const { paymentHash, received } = judged.next;
      this.keysends.put(turn, paymentHash, judged.next);
      events.record(turn, "keysend.received", { paymentHash, amountMsat: received.toString() });
    }
    for (const effect of judged.effects) this.#settle(turn, effect);
  }

  relaySettled(turn: Turn, incoming: HtlcRef, { preimage, attribution }: HtlcSettlement): void {
    this.#attributions.heard(incoming, attribution);
    this.#relay(turn, incoming, { tag: "Settled", preimage });
  }
  relayFailed(turn: Turn, incoming: HtlcRef, failure: HtlcFailure): void {
    if (failure.tag === "failed") this.#attributions.heard(incoming, failure.attribution);
    this.#relay(turn, incoming, { tag: "Failed", failure });
  }
  relayRefused(turn: Turn, incoming: HtlcRef, code: OfferRefusal["code"] | "no_channel"): void {
    this.#relay(turn, incoming, { tag: "Refused", code });
  }
  /** After a commit of a channel: circuits whose incoming HTLC is in no commitment any more are over. */
  channelCommitted(turn: Turn, id: ChannelId, received: () => ReadonlySet<bigint>): void {
    const decided = this.#decided.get(id);
    if (decided === undefined || decided.size === 0) return;
    const live = received();
    for (const htlcId of decided) {
      if (live.has(htlcId)) continue;
      decided.delete(htlcId);
      this.#relay(turn, { channelId: id, htlcId }, { tag: "IncomingRemoved" });
    }
  }
  #relay(turn: Turn, incoming: HtlcRef, input: RelayInput): void {
    const circuit = this.#circuits.get(circuitId(incoming));
    this.#relayed(turn, incoming, circuit, stepRelay(circuit, incoming, input));
  }
  #relayed(
    turn: Turn,
    incoming: HtlcRef,
    before: Circuit | undefined,
    { next, effects }: { readonly next: Circuit | undefined; readonly effects: readonly RelayEffect[] },
  ): void {
    const isDecided = next !== undefined && next.status.tag !== "Offered";
    // The channel that it came in by may be buried and forgotten already: nothing waits for the answer.
    const isOver = isDecided && this.#parts.channels().table.byId(incoming.channelId) === undefined;
    if (next !== before || isOver) this.#circuits.put(turn, circuitId(incoming), isOver ? undefined : next);
    if (isDecided && !isOver) this.#awaitRemoval(next);
    for (const effect of effects) this.#performRelay(turn, effect);
  }
  #awaitRemoval({ incoming: { channelId, htlcId } }: Circuit): void {
    const known = this.#decided.get(channelId);
    if (known === undefined) this.#decided.set(channelId, new Set([htlcId]));
    else known.add(htlcId);
  }
  #performRelay(turn: Turn, effect: RelayEffect): void {
    switch (effect.tag) {
      case "FulfillHtlc":
      case "FailHtlc":
        return this.#settle(turn, effect);
      case "OfferForward":
        return this.#offer(turn, effect);
      case "Forwarded": {
        const { incoming, outgoing } = effect.circuit;
        const key = tallyKey(turn.now, incoming.channelId, outgoing.shortChannelId);
        const tally = this.#tallies.get(key) ?? EMPTY_TALLY;
        return this.#tallies.put(turn, key, addForward(tally, effect.circuit, effect.outcome));
      }
      default:
        return unreachable(effect);
    }
  }
  #offer(turn: Turn, effect: Extract<RelayEffect, { tag: "OfferForward" }>): void {
    const { incoming, shortChannelId, amount, expiry, paymentHash, onion } = effect;
    const entry = this.#parts.channels().table.byScid(shortChannelId);
    if (entry === undefined) return turn.next((later) => this.relayRefused(later, incoming, "no_channel"));
    const origin = { tag: "relay", ...incoming } as const;
    turn.next((later) =>
      this.#parts.channels().apply(later, entry, { tag: "OfferHtlc", amount, paymentHash, expiry, onion, origin }),
    );
  }
  #settle(turn: Turn, effect: SettleEffect): void {
    const { channelId, htlcId: id } = effect;
    if (effect.tag === "FulfillHtlc") {
      const attributed = this.#attributions.ofFulfillment(effect, turn.now);
      return this.#tell(turn, channelId, { tag: "FulfillHtlc", id, preimage: effect.preimage, ...attributed });
    }
    const { reason } = effect;
    const attributed = this.#attributions.ofFailure(effect, reason, turn.now);
    this.#tell(turn, channelId, { tag: "FailHtlc", id, reason, ...attributed });
  }
  #tell(turn: Turn, channelId: ChannelId, input: Parameters<ChannelHost["apply"]>[2]): void {
    const entry = this.#parts.channels().table.byId(channelId);
    if (entry !== undefined) turn.next((later) => this.#parts.channels().apply(later, entry, input));
  }
}

const circuitId = ({ channelId, htlcId }: HtlcRef): string => `${channelId}/${htlcId.toString().padStart(20, "0")}`;
