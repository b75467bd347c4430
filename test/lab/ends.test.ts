import { expect } from "chai";
import { Ends } from "../../src/lab/ends.ts";
import { type Entry, emptyLedger } from "../../src/lab/ledger.ts";
import type { Rule } from "../../src/lab/violation.ts";

const INCOMING = { channelId: "aa", htlcId: 1n };
const channel = (id: string, htlcs: readonly object[]): Entry =>
  ({ kind: "channel", id, value: { tag: "Normal", commitments: { htlcs } } }) as unknown as Entry;
const circuit = {
  kind: "circuit",
  id: "aa/1",
  value: { incoming: { ...INCOMING, amount: 5n }, outgoing: { amount: 4n } },
};
const offered = { side: "offered", id: 9n, origin: { tag: "relay", ...INCOMING }, preimage: undefined };
const received = { side: "received", id: 1n };
const removedBy = (tag: string): object => ({ removal: { tag } });

/** Plays groups one after the other; the answer is what was reported. */
function play(...groups: readonly (readonly Entry[])[]): { readonly ends: Ends; readonly rules: readonly Rule[] } {
  const rules: Rule[] = [];
  const ends = new Ends((rule) => rules.push(rule));
  const before = emptyLedger();
  for (const entries of groups) {
    ends.take(before, entries);
    for (const entry of entries) if (entry.kind === "channel") before.channels.set(entry.id, entry.value as never);
  }
  return { ends, rules };
}
const both = (down: string, up: string): (readonly Entry[])[] => [
  [circuit as unknown as Entry, channel("aa", [received]), channel("bb", [offered])],
  [channel("bb", [{ ...offered, ...removedBy(down) }]), channel("aa", [{ ...received, ...removedBy(up) }])],
  [channel("bb", [])],
  [channel("aa", [])],
];

describe("How HTLCs and payments ended", () => {
  it("a forward that is fulfilled on both sides is in order, and earns its fee", () => {
    const { ends, rules } = play(...both("fulfilled", "fulfilled"));
    expect(rules).to.deep.equal([]);
    expect(ends.earned()).to.equal(1n);
  });
  it("failed on both sides is in order, and earns nothing", () => {
    const { ends, rules } = play(...both("failed", "malformed"));
    expect(rules).to.deep.equal([]);
    expect(ends.earned()).to.equal(0n);
  });
  it("fulfilled downstream and failed upstream breaks fulfilled_upstream, and so does the opposite", () => {
    expect(play(...both("fulfilled", "failed")).rules).to.deep.equal(["fulfilled_upstream"]);
    expect(play(...both("failed", "fulfilled")).rules).to.deep.equal(["fulfilled_upstream"]);
  });
  it("of a channel that is forgotten once it is buried, a preimage decides on either side", () => {
    const failed = (id: string, htlcs: readonly object[]): Entry =>
      ({ kind: "channel", id, value: { tag: "Failed", commitments: { htlcs } } }) as unknown as Entry;
    const gone = (id: string): Entry => ({ kind: "channel", id, value: undefined }) as unknown as Entry;
    const onChain = (down: object, up: object): ReturnType<typeof play> =>
      play(
        [circuit as unknown as Entry, channel("aa", [received]), channel("bb", [offered])],
        [failed("bb", [{ ...offered, ...down }]), failed("aa", [{ ...received, ...up }])],
        [gone("bb")],
        [gone("aa")],
      );
    const known = { preimage: "ee" };
    expect(onChain({}, {}).rules).to.deep.equal([]);
    expect(onChain(known, removedBy("fulfilled")).ends.earned()).to.equal(1n);
    expect(onChain(known, {}).rules).to.deep.equal(["fulfilled_upstream"]);
    expect(onChain({}, removedBy("fulfilled")).rules).to.deep.equal(["fulfilled_upstream"]);
  });
  it("an HTLC forwarded without a circuit breaks durable_first", () => {
    const [, ...rest] = both("failed", "failed");
    const first = [channel("aa", [received]), channel("bb", [offered])];
    expect(play(first, ...rest).rules).to.deep.equal(["durable_first"]);
  });
  it("a payment that ends twice breaks one_end", () => {
    const event = (type: string): Entry => ({ kind: "event", seq: 1, value: { type, data: { paymentHash: "cc" } } });
    expect(play([event("payment.started")], [event("payment.failed")]).rules).to.deep.equal([]);
    expect(play([event("payment.succeeded")], [event("payment.failed")]).rules).to.deep.equal(["one_end"]);
  });
});
