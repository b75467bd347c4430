import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { type Sat, sat, satPerKw } from "../../../src/base/units.ts";
import { p2pkh, p2sh } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { ClosingSigned } from "../../../src/wire/closing.ts";
import { type Name, normal, opened, Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, closingOf, names, simple } from "../../support/closing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const failure = ({ parties: { a, b } }: Pair, name: Name): string | undefined => {
  const { state } = { a, b }[name];
  return state.tag === "Failed" && state.cause.tag === "fault" ? state.cause.text : undefined;
};
const warnings = (pair: Pair, name: Name): readonly string[] =>
  pair.parties[name].take("SendWarning").map(({ text }) => text);

/** a, the opener, has sent its first closing_signed; whatever b would say is left to the test. */
function proposed(): { readonly pair: Pair; readonly first: ClosingSigned } {
  const pair = normal();
  close(pair, "a", 1_000);
  holdClosing(pair);
  return { pair, first: latest(pair) };
}
/** b, the accepter, waits for a's first closing_signed, which is left to the test. */
function awaiting(): Pair {
  const pair = normal();
  close(pair, "b");
  holdClosing(pair);
  return pair;
}
function holdClosing(pair: Pair): void {
  while (names(pair).at(-1) !== "a closing_signed") if (!pair.deliver("a")) pair.deliver("b");
  while (pair.queues.b.length > 1) pair.deliver("b");
  pair.queues.b.length = 0;
}
const latest = ({ trace }: Pair): ClosingSigned => {
  const message = trace.at(-1)?.message;
  if (message?.name !== "closing_signed") throw new Error(`${message?.name} was sent last`);
  return message;
};
const rangeOf = ({ fee_range: range }: ClosingSigned): readonly [Sat, Sat] => {
  if (range === undefined) throw new Error("a fee_range is sent");
  return [range.min_fee_satoshis, range.max_fee_satoshis];
};

describe("BOLT 2 §Legacy Closing Negotiation: closing_signed, fee_range", () => {
  it("CONFORMANCE 114: an opener answers a fee inside both ranges with the same fee, and is closed", () => {
    const { pair, first } = proposed();
    const [min, max] = rangeOf(first);
    tell(pair, "a", closingOf(pair, "b", sat(min + 1n), { range: [min, sat(max * 2n)] }));
    const reply = latest(pair);
    expect([reply.name, reply.fee_satoshis]).to.deep.equal(["closing_signed", min + 1n]);
    expect(pair.parties.a.state.tag).to.equal("Closing");
  });
  it("CONFORMANCE 114: an opener fails the channel of a peer whose fee lies outside of ranges that overlap", () => {
    const { pair, first } = proposed();
    const [min, max] = rangeOf(first);
    tell(pair, "a", closingOf(pair, "b", sat(max + 1n), { range: [min, sat(max * 2n)] }));
    expect(failure(pair, "a")).to.equal("closing fee out of range");
  });
  it("CONFORMANCE 114: an opener warns where no fee suits both, and keeps the channel", () => {
    const { pair, first } = proposed();
    const [, max] = rangeOf(first);
    tell(pair, "a", closingOf(pair, "b", sat(max + 1n), { range: [sat(max + 1n), sat(max + 9n)] }));
    expect(warnings(pair, "a")).to.deep.equal(["bad closing fee"]);
    expect(pair.parties.a.state.tag).to.equal("Negotiating");
  });
  it("CONFORMANCE 114: an accepter proposes once inside both ranges, and fails the channel of an opener that asks for another", () => {
    const pair = awaiting();
    pair.parties.b.policy = { ...pair.parties.b.policy, closingFeerateMin: satPerKw(900) };
    tell(pair, "b", closingOf(pair, "a", sat(200n), { range: [sat(100n), sat(5_000n)] }));
    const reply = latest(pair);
    expect(reply.fee_satoshis > 200n && reply.fee_satoshis <= 5_000n).to.equal(true);
    tell(pair, "b", closingOf(pair, "a", sat(201n), { range: [sat(100n), sat(5_000n)] }));
    expect(failure(pair, "b")).to.equal("closing fee out of range");
  });
  it("CONFORMANCE 114: negotiation begins anew on each connection", () => {
    const pair = awaiting();
    pair.parties.b.policy = { ...pair.parties.b.policy, closingFeerateMin: satPerKw(900) };
    const low = closingOf(pair, "a", sat(200n), { range: [sat(100n), sat(5_000n)] });
    tell(pair, "b", low);
    pair.disconnect();
    pair.connect();
    holdClosing(pair);
    tell(pair, "b", low);
    expect(pair.parties.b.state.tag).to.equal("Negotiating");
    expect(warnings(pair, "b")).to.deep.equal([]);
  });
});

describe("BOLT 2 §Legacy Closing Negotiation: closing_signed, without fee_range", () => {
  it("CONFORMANCE 114: answers strictly between, and warns a peer that does not come closer", () => {
    const { pair, first } = proposed();
    const sent = first.fee_satoshis;
    tell(pair, "a", closingOf(pair, "b", sat(sent * 4n)));
    const counter = latest(pair).fee_satoshis;
    expect(counter > sent && counter < sent * 4n).to.equal(true);
    tell(pair, "a", closingOf(pair, "b", sat(sent * 4n)));
    expect(warnings(pair, "a")).to.deep.equal(["bad closing fee"]);
    expect(pair.parties.a.state.tag).to.equal("Negotiating");
  });
  it("CONFORMANCE 114: comes to terms with a peer that wants ten times as much and gives way by a tenth each time, as some nodes do", () => {
    const { pair, first } = proposed();
    const [, max] = rangeOf(first);
    let theirs = first.fee_satoshis * 10n;
    for (let round = 0; pair.parties.a.state.tag === "Negotiating" && round < 40; round++) {
      tell(pair, "a", closingOf(pair, "b", sat(theirs)));
      const ours = latest(pair).fee_satoshis;
      theirs = ours >= theirs - (theirs * 3n) / 10n ? ours : theirs - theirs / 10n;
    }
    expect([pair.parties.a.state.tag, warnings(pair, "a")]).to.deep.equal(["Closing", []]);
    expect(theirs >= max && theirs <= max + 20n, `${theirs} sat, where ${max} are accepted`).to.equal(true);
  });
  it("puts up with 64 sat more than it accepts, over however many connections", () => {
    const { pair, first } = proposed();
    const [, max] = rangeOf(first);
    let rounds = 0;
    for (let theirs = max * 8n; pair.connected && rounds < 200; rounds++) {
      if (rounds === 50) {
        pair.disconnect();
        pair.connect();
        holdClosing(pair);
      }
      tell(pair, "a", closingOf(pair, "b", sat(theirs)));
      theirs -= 1n;
    }
    const fees = pair.trace.flatMap(({ message }) => (message.name === "closing_signed" ? message.fee_satoshis : []));
    expect([rounds, fees.at(-1)]).to.deep.equal([66, max + 64n]);
    expect(pair.parties.a.state.tag).to.equal("Negotiating");
  });
  it("CONFORMANCE 114: never answers with a fee that is not strictly between", () => {
    const { pair, first } = proposed();
    const [, max] = rangeOf(first);
    tell(pair, "a", closingOf(pair, "b", sat(max * 8n)));
    expect(latest(pair).fee_satoshis).to.equal(max);
    tell(pair, "a", closingOf(pair, "b", sat(max + 1n)));
    expect(warnings(pair, "a")).to.deep.equal(["bad closing fee"]);
  });
});

describe("BOLT 3 §Legacy Closing Transaction, dust", () => {
  it("CONFORMANCE 105: takes a closing without the peer's own output, whatever that holds", () => {
    const { pair, first } = proposed();
    tell(pair, "a", closingOf(pair, "b", first.fee_satoshis, { outputs: "local" as never }));
    expect(warnings(pair, "a"), "b leaves out a's output").to.deep.equal(["bad closing signature"]);
    const again = proposed();
    tell(again.pair, "a", closingOf(again.pair, "b", again.first.fee_satoshis, { outputs: "remote" }));
    expect(again.pair.parties.a.broadcasts.at(-1)?.outputs.map(({ script }) => script)).to.deep.equal([SCRIPT.a]);
  });
  /** One side, whose dust limit is 546 sat, would drop an output of 400 sat; the other has a limit of 354 sat. */
  function limitsDiffer(dropper: Name): Pair {
    const pair = new Pair();
    const party = pair.parties[dropper];
    party.policy = { ...party.policy, dustLimit: sat(546n) };
    opened({ push: 400_000n }, pair);
    pair.settle();
    pair.confirm();
    return pair;
  }
  it("drops an output of its own that the peer has to drop, in what it takes", () => {
    const pair = limitsDiffer("a");
    close(pair, "a");
    holdClosing(pair);
    tell(pair, "b", closingOf(pair, "a", sat(500n), { outputs: "local" }));
    expect(warnings(pair, "b")).to.deep.equal([]);
    expect(pair.parties.b.broadcasts.at(-1)?.outputs.map(({ script }) => script)).to.deep.equal([SCRIPT.a]);
  });
  it("drops an output of the peer's that the peer has to drop, in what it proposes", () => {
    const pair = limitsDiffer("b");
    close(pair, "a");
    while (pair.parties.a.state.tag !== "Negotiating" || pair.parties.a.state.signed.length === 0)
      if (!pair.deliver("a")) pair.deliver("b");
    const { state } = pair.parties.a;
    expect(state.tag === "Negotiating" && state.signed.map(({ outputs }) => outputs)).to.deep.equal(["local"]);
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
  });
  it("CONFORMANCE 105, 107: fails the channel when a closing holds an output that nobody would relay", () => {
    const script = p2pkh(new Uint8Array(20).fill(0xbb));
    const pair = normal({ push: 500_000n });
    close(pair, "a");
    const { channelId } = pair.parties.a.funded.params;
    tell(pair, "a", { name: "shutdown", channel_id: channelId, scriptpubkey: script });
    expect(failure(pair, "a"), "500 sat are dust for a P2PKH output").to.equal("closing output is dust");
    expect(pair.parties.a.broadcasts.at(-1)?.outputs.some((output) => output.script === script)).to.equal(false);
  });
  it("CONFORMANCE 105, 107: tells a peer of it whose channel is closed by option_simple_close already, and ends no node", () => {
    const script = p2pkh(new Uint8Array(20).fill(0xbb));
    const pair = simple({ push: 500_000n });
    close(pair, "a");
    pair.settle();
    const { a } = pair.parties;
    const shutdown = { name: "shutdown", channel_id: a.funded.params.channelId, scriptpubkey: script } as const;
    for (const features of [pair.features, pair.features.filter((bit) => bit !== 60)]) {
      pair.disconnect();
      pair.features = features;
      pair.trace.length = 0;
      pair.connect();
      while (!names(pair).includes("a shutdown")) if (!pair.deliver("a")) pair.deliver("b");
      for (const queue of [pair.queues.a, pair.queues.b]) queue.length = 0;
      tell(pair, "a", shutdown);
    }
    expect(a.state.tag).to.equal("Closing");
    expect(a.take("SendError").map(({ text }) => text)).to.deep.equal(["closing output is dust"]);
  });
});

describe("BOLT 2 §Closing Initiation: shutdown, scripts of old nodes", () => {
  for (const [form, script] of [
    ["P2PKH", p2pkh(new Uint8Array(20).fill(0xbb))],
    ["P2SH", p2sh(new Uint8Array(20).fill(0xbb))],
  ] as const)
    it(`CONFORMANCE 110: answers a peer that wants to be paid to ${form}, and closes`, () => {
      const pair = normal();
      const { channelId } = pair.parties.a.funded.params;
      tell(pair, "a", { name: "shutdown", channel_id: channelId, scriptpubkey: script });
      expect(names(pair).slice(-2)).to.deep.equal(["a shutdown", "a closing_signed"]);
      const { fee_satoshis: fee } = latest(pair);
      tell(pair, "a", closingOf(pair, "b", fee, { script }));
      expect(
        pair.parties.a.broadcasts.at(-1)?.outputs.find((output) => output.amount === 400_000n)?.script,
      ).to.deep.equal(script);
      expect(warnings(pair, "a")).to.deep.equal([]);
    });
});

describe("BOLT 2 §Legacy Closing Negotiation: closing_signed, both have signed", () => {
  it("says the transaction again every six blocks until one holds it: a mempool may have passed over it", () => {
    const pair = normal();
    close(pair, "a");
    pair.settle();
    const { a } = pair.parties;
    const tx = a.broadcasts.at(-1);
    a.broadcasts = [];
    const written = a.commits;
    for (let block = 1; block <= 18; block++) pair.block(a.height + 1);
    expect(a.broadcasts.map(txidOf)).to.deep.equal(Array(3).fill(txidOf(tx as Tx)));
    expect(a.commits, "nothing is new").to.equal(written);
    pair.give("a", { tag: "FundingSpent", tx: tx as Tx, height: a.height });
    for (let block = 1; block <= 18; block++) pair.block(a.height + 1);
    expect(a.broadcasts.length).to.equal(3);
  });
});
