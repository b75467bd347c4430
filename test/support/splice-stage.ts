import type { ChannelMessage } from "../../channels/index.ts";
import type { Txid } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { decodeMessage } from "../../src/wire/registry.ts";
import type { Name, Pair } from "./channel-pair.ts";
import { mined, out, pending, spliceable, want } from "./splicing.ts";

/** Two channels that play the message flow of a splice, one message at a time; what it waits for is brought about. */
export class Stage {
  readonly pair: Pair;
  readonly fundings = new Map<string, Txid>();
  #splices = 0;

  constructor(number: number) {
    this.pair = spliceable();
    this.fundings.set("FundingTx1", this.pair.parties.a.funded.params.funding.txid);
    while (Number(this.pair.parties.a.funded.commitments.local.number) < number) this.#round();
    for (const name of ["a", "b"] as const) assert(this.number(name) === number, `${name} is at number ${number}`);
  }
  number(name: Name): number {
    return Number(this.pair.parties[name].funded.commitments.local.number);
  }
  #round(): void {
    this.pair.offer("b", 1_000n);
    this.pair.settle();
    for (const { id } of this.pair.parties.a.incoming.values()) this.pair.fail("a", id);
    this.pair.parties.a.incoming.clear();
    this.pair.settle();
  }
  /** The oldest message on its way from a side; whatever brings it about is done first. */
  next(from: Name, type: string): ChannelMessage {
    const queue = this.pair.queues[from === "a" ? "b" : "a"];
    if (queue.length === 0) this.#provoke(from, type);
    const decoded = decodeMessage(present(queue[0], `${from} says ${type}`));
    if (!decoded.ok) throw new Error("a message");
    return decoded.value as ChannelMessage;
  }
  #provoke(from: Name, type: string): void {
    const { pair } = this;
    if (type === "stfu") want(pair, from, out(50_000n), 1_000 + 500 * this.#splices++);
    if (type === "update_add_htlc") pair.offer(from, 1_000_000n);
    if (type === "start_batch" || type === "commitment_signed") pair.signTurn(from);
    if (type === "splice_locked") mined(pair, from, present(pending(pair, from)[0], "a splice").terms.outpoint.txid);
  }
  take(from: Name, isDelivered: boolean): void {
    const to = from === "a" ? "b" : "a";
    if (isDelivered) this.pair.deliver(to);
    else this.pair.queues[to].shift();
  }
  /** All that is said until only both `tx_complete`, which end it, are left. */
  construct(): void {
    const head = (to: Name) => {
      const frame = this.pair.queues[to][0];
      const decoded = frame === undefined ? undefined : decodeMessage(frame);
      return decoded?.ok ? decoded.value.name : undefined;
    };
    for (;;) {
      if (head("b") === "tx_complete") return;
      if (head("b") !== undefined) this.pair.deliver("b");
      else if (head("a") !== undefined) this.pair.deliver("a");
      else return;
    }
  }
  /** Names splices as the flow does, in their order. */
  learn(names: readonly string[]): void {
    const known = new Set(this.fundings.values());
    for (const name of names) {
      if (this.fundings.has(name)) continue;
      for (const party of [this.pair.parties.a, this.pair.parties.b])
        for (const { terms } of party.funded.commitments.others)
          if (!known.has(terms.outpoint.txid) && !this.fundings.has(name)) {
            this.fundings.set(name, terms.outpoint.txid);
            known.add(terms.outpoint.txid);
          }
    }
  }
  active(name: Name): readonly Txid[] {
    const { params, commitments } = this.pair.parties[name].funded;
    const others = commitments.others.filter(({ role }) => role !== "past").map(({ terms }) => terms.outpoint.txid);
    return [params.funding.txid, ...others];
  }
}
