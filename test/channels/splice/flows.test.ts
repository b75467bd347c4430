import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import type { Name } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { Stage } from "../../support/splice-stage.ts";
import { describeVectors } from "../../support/vectors.ts";

type Side = "alice" | "bob";
type Event =
  | ({ readonly event: "message"; readonly from: Side; readonly type: string; readonly delivered: boolean } & Details)
  | { readonly event: "interactive_tx" | "no_longer_quiescent" | "disconnect_reconnect" }
  | {
      readonly event: "active_commitments";
      readonly who: Side | "both";
      readonly commitment_number: number | null;
      readonly fundings: readonly string[];
    };
interface Details {
  readonly batch_size?: number;
  readonly funding_txid?: string;
  readonly splice_txid?: string;
  readonly next_funding_txid?: string | null;
  readonly next_commitment_number?: number;
  readonly next_revocation_number?: number;
  readonly my_current_funding_locked?: string;
  /** Our own flows say here what is missing. */
  readonly retransmit_flags?: number;
}
interface Flows {
  readonly flows: readonly {
    readonly name: string;
    readonly initial: { readonly commitment_number: number | null };
    readonly events: readonly Event[];
  }[];
}
const PATH = "bolts/bolt02/splicing-flows.json";

/**
 * Where the flows differ from the text of BOLT 2, which counts:
 * - Alice, for whom what both spend counts, signs last (`tx_signatures`); two flows have her sign first
 * - a missing `commitment_signed` is asked for in `retransmit_flags`, not by a lesser `next_commitment_number`
 * - what both lock is the funding that is left
 * - Bob, who has received the commitments of number 11, expects number 12; 10 is then what Alice's side still stands at
 * Who says the last `tx_complete` depends on who adds how much. Here it is always Alice, so that in the flow in which the one
 * who does so is cut off, Alice is cut off and not Bob.
 */
const ERRATA = {
  signsFirst: new Set(["successful-single-splice", "multiple-splices-with-concurrent-splice-locked"]),
  received: new Set([
    "disconnection-after-exchanging-tx-signatures-and-both-sides-send-commit-sig-for-channel-update-revoke-and-ack-not-received",
    "disconnection-after-exchanging-tx-signatures-and-both-sides-send-commit-sig-for-channel-update",
  ]),
  lastIsOther: "disconnection-with-one-side-sending-commit-sig",
};
const TYPES: Readonly<Record<string, string>> = { commit_sig: "commitment_signed" };
const flip = { alice: "bob", bob: "alice" } as const;

function expectMessage(stage: Stage, message: ChannelMessage, event: Extract<Event, { event: "message" }>): void {
  const type = TYPES[event.type] ?? event.type;
  expect(message.name).to.equal(type);
  const named = (name: string | null | undefined) => (name == null ? undefined : stage.fundings.get(name));
  if (message.name === "start_batch") expect(message.batch_size).to.equal(event.batch_size);
  if (message.name === "commitment_signed" && event.funding_txid !== undefined)
    expect(message.funding_txid).to.equal(named(event.funding_txid));
  if (message.name === "splice_locked" && event.splice_txid !== undefined)
    expect(message.splice_txid).to.equal(named(event.splice_txid));
  if (message.name !== "channel_reestablish") return;
  if (event.next_commitment_number !== undefined) {
    const lesser = event.retransmit_flags === undefined && event.next_commitment_number === 10 ? 1 : 0;
    const lacks = event.retransmit_flags ?? lesser;
    expect(message.next_commitment_number).to.equal(BigInt(event.next_commitment_number + lesser));
    expect(message.next_funding?.retransmit_flags ?? 0).to.equal(lacks);
    expect(message.next_revocation_number).to.equal(BigInt(event.next_revocation_number ?? 0));
  }
  expect(message.next_funding?.next_funding_txid).to.equal(named(event.next_funding_txid));
  if (event.my_current_funding_locked !== undefined)
    expect(message.my_current_funding_locked?.my_current_funding_locked_txid).to.equal(
      named(event.my_current_funding_locked),
    );
}

/** The messages of a flow as they are by the text of BOLT 2. */
function corrected(name: string, events: readonly Event[]): readonly Event[] {
  const corrected = [...events];
  for (const [at, event] of events.entries()) {
    const isCount = event.event === "message" && event.next_commitment_number !== undefined;
    if (ERRATA.received.has(name) && isCount && event.from === "bob")
      corrected[at] = { ...event, next_commitment_number: 12 };
    const next = events[at + 1];
    const isSignature = event.event === "message" && event.type === "tx_signatures" && event.from === "alice";
    if (ERRATA.signsFirst.has(name) && isSignature && next !== undefined) {
      corrected[at] = next;
      corrected[at + 1] = event;
    }
  }
  if (name !== ERRATA.lastIsOther) return corrected;
  const first = corrected.findIndex((event) => event.event === "interactive_tx");
  return corrected.map((event, at) => {
    if (at < first) return event;
    if (event.event === "message") return { ...event, from: flip[event.from] };
    return event.event === "active_commitments" && event.who !== "both" ? { ...event, who: flip[event.who] } : event;
  });
}

describeVectors<Flows>("BOLT 2 §Channel Splicing: the message flows", PATH, ({ flows }) => {
  for (const { name, initial, events } of flows)
    it(`CONFORMANCE 61-70, 122, 123: ${name}`, () => {
      const stage = new Stage(initial.commitment_number ?? 0);
      const { pair } = stage;
      const names = events.flatMap((event) => (event.event === "active_commitments" ? event.fundings : []));
      pair.trace.length = 0;
      for (const [at, event] of corrected(name, events).entries()) {
        const where = `${name}, event ${at}`;
        if (event.event === "interactive_tx") stage.construct();
        if (event.event === "disconnect_reconnect") {
          pair.disconnect();
          pair.connect();
        }
        if (event.event === "message") {
          // Both `tx_complete` that end it: the first of them has been answered already.
          if (event.type === "tx_complete" && event.from === "bob") continue;
          const from: Name = event.from === "alice" ? "a" : "b";
          stage.learn(names);
          const message = stage.next(from, TYPES[event.type] ?? event.type);
          expectMessage(stage, message, event);
          stage.take(from, event.delivered);
        }
        if (event.event === "active_commitments") {
          const locked = name === "multiple-splices-with-concurrent-splice-locked" && event.fundings.length === 1;
          const wanted = (locked ? ["FundingTx2a"] : event.fundings).map((known) => stage.fundings.get(known));
          for (const side of event.who === "both" ? (["alice", "bob"] as const) : [event.who]) {
            const party: Name = side === "alice" ? "a" : "b";
            expect(stage.active(party), where).to.deep.equal(wanted);
          }
          const least = Math.min(stage.number("a"), stage.number("b"));
          if (event.commitment_number !== null) expect(least, where).to.equal(event.commitment_number);
        }
      }
      pair.settle();
      for (const party of [pair.parties.a, pair.parties.b])
        expect([party.state.tag, party.take("SendWarning"), party.take("SendError")]).to.deep.equal(["Normal", [], []]);
      expectAgreementOnAll(pair);
    });
});
