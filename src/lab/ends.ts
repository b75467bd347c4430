import type { DurableState, Htlc, HtlcOrigin, Removal } from "../../channels/index.ts";
import type { ChannelId, PaymentHash } from "../base/ids.ts";
import { circuitKey, type Entry, type Ledger } from "./ledger.ts";
import type { Rule } from "./violation.ts";

type End = Removal["tag"];
/** A forward as it showed itself in the durable records: both HTLCs and how each ended. */
interface Forward {
  readonly incoming: { readonly channelId: ChannelId; readonly htlcId: bigint; readonly amount: bigint };
  readonly outgoing: { readonly amount: bigint };
  up: End | undefined;
  down: End | undefined;
}

/** How HTLCs and payments of one node ended, gathered from what became durable: an end is for ever. */
export class Ends {
  readonly #report: (rule: Rule, detail: string) => void;
  readonly forwards = new Map<string, Forward>();
  readonly payments = new Map<PaymentHash, "succeeded" | "failed">();
  readonly started = new Set<PaymentHash>();
  constructor(report: (rule: Rule, detail: string) => void) {
    this.#report = report;
  }

  /** One group becomes durable, on top of what was durable before. */
  take(before: Ledger, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind === "circuit" && entry.value !== undefined && !this.forwards.has(entry.id)) {
        const { incoming, outgoing } = entry.value;
        this.forwards.set(entry.id, { incoming, outgoing, up: undefined, down: undefined });
      }
      if (entry.kind === "channel") this.#channel(entry.id, before.channels.get(entry.id), entry.value);
      if (entry.kind === "event") this.#event(entry.value);
    }
  }

  #event({ type, data }: Extract<Entry, { kind: "event" }>["value"]): void {
    const hash = data["paymentHash"] as PaymentHash;
    if (type === "payment.started") this.started.add(hash);
    if (type !== "payment.succeeded" && type !== "payment.failed") return;
    const end = type === "payment.succeeded" ? "succeeded" : "failed";
    const known = this.payments.get(hash);
    if (known !== undefined) this.#report("one_end", `payment ${hash.slice(0, 8)} ${end} after it ${known}`);
    this.payments.set(hash, end);
  }

  /** HTLCs that are gone ended as their last record said; a preimage counts from the record that first shows it. */
  #channel(id: ChannelId, before: DurableState | undefined, after: DurableState | undefined): void {
    const left = new Set(htlcsOf(after).map(nameOf));
    for (const htlc of htlcsOf(after)) {
      if (htlc.side === "offered" && htlc.preimage !== undefined) this.#down(htlc.origin, "fulfilled");
    }
    for (const htlc of htlcsOf(before)) {
      const end = left.has(nameOf(htlc)) ? undefined : before?.tag === "Failed" ? endOnChain(htlc) : htlc.removal?.tag;
      if (end === undefined) continue;
      if (htlc.side === "offered") this.#down(htlc.origin, end);
      else this.#up(circuitKey({ channelId: id, htlcId: htlc.id }), end);
    }
  }
  #down(origin: HtlcOrigin, end: End): void {
    if (origin.tag === "payment") return;
    const forward = this.forwards.get(circuitKey(origin));
    if (forward === undefined) return this.#report("durable_first", "an HTLC was forwarded without a circuit");
    forward.down = end;
    this.#judge(forward);
  }
  #up(key: string, end: End): void {
    const forward = this.forwards.get(key);
    if (forward === undefined) return;
    forward.up = end;
    this.#judge(forward);
  }
  #judge({ incoming, up, down }: Forward): void {
    if (up === undefined || down === undefined || (up === "fulfilled") === (down === "fulfilled")) return;
    const name = `${incoming.channelId.slice(0, 8)}/${incoming.htlcId}`;
    this.#report("fulfilled_upstream", `HTLC ${name}: ${down} downstream and ${up} upstream`);
  }

  /** Forwarding fees earned, in msat. */
  earned(): bigint {
    let sum = 0n;
    for (const { incoming, outgoing, up } of this.forwards.values()) {
      if (up === "fulfilled") sum += incoming.amount - outgoing.amount;
    }
    return sum;
  }
  /** Forwards that never came to their end. */
  open(): readonly string[] {
    return [...this.forwards].filter(([, { up, down }]) => up === undefined && down !== undefined).map(([key]) => key);
  }
}

/** Of a channel that is forgotten because it is buried: without a preimage the money went back. */
function endOnChain(htlc: Htlc): End {
  const isPaid = htlc.side === "offered" ? htlc.preimage !== undefined : htlc.removal?.tag === "fulfilled";
  return isPaid ? "fulfilled" : "failed";
}
const htlcsOf = (state: DurableState | undefined): readonly Htlc[] =>
  state !== undefined && "commitments" in state ? state.commitments.htlcs : [];
const nameOf = ({ side, id }: Htlc): string => `${side}/${id}`;
