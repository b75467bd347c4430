import { expect } from "chai";
import { closingFeeOf } from "../../../channels/close/complete.ts";
import type { ChannelMessage } from "../../../channels/index.ts";
import type { Closing } from "../../../channels/state.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { ClosingComplete } from "../../../src/wire/closing.ts";
import { HEIGHT, type Name, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, names, proposedBy, shut, simple } from "../../support/closing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const warnings = (pair: Pair, name: Name): readonly string[] =>
  pair.parties[name].take("SendWarning").map(({ text }) => text);
const refusals = (pair: Pair, name: Name) => pair.parties[name].take("CommandRefused").map(({ reason }) => reason);
const offers = (pair: Pair, from: Name): readonly ClosingComplete[] =>
  pair.trace.flatMap((one) => (one.from === from && one.message.name === "closing_complete" ? [one.message] : []));
const closing = (pair: Pair, name: Name): Closing => {
  const { state } = pair.parties[name];
  if (state.tag !== "Closing") throw new Error(`${name} is ${state.tag}`);
  return state;
};
const fee = (pair: Pair, name: Name): bigint => closingFeeOf(closing(pair, name), closing(pair, name).tx);
function closed(feerate = 500): Pair {
  const pair = simple();
  close(pair, "a", feerate);
  pair.settle();
  return pair;
}

describe("BOLT 2 §Closing Negotiation: closing_complete and closing_sig: paying more", () => {
  for (const by of ["a", "b"] as const)
    it(`CONFORMANCE 113: ${by} closes again at a higher rate, and both hold what pays most for the best`, () => {
      const pair = closed();
      const before = fee(pair, "a");
      close(pair, by, 5_000);
      pair.settle();
      expect(names(pair).slice(-2)).to.deep.equal([`${by} closing_complete`, `${by === "a" ? "b" : "a"} closing_sig`]);
      expect(fee(pair, "a") >= before * 9n).to.equal(true);
      expect(closing(pair, "b").tx).to.deep.equal(closing(pair, "a").tx);
      expect(closing(pair, "a").simple.complete).to.have.length(3);
    });
  it("CONFORMANCE 113: waits for closing_sig before it proposes again", () => {
    const pair = shut(simple());
    close(pair, "a", 5_000);
    close(pair, "a", 9_000);
    expect(offers(pair, "a")).to.have.length(1);
    pair.settle();
    const fees = offers(pair, "a").map(({ fee_satoshis: each }) => each);
    expect(fees, "one more, for the last wish").to.have.length(2);
    expect(fees[1] !== undefined && fees[0] !== undefined && fees[1] > fees[0] * 17n).to.equal(true);
  });
  it("BIP 125 §Implementation Details: refuses a rate that would replace nothing, and names the least that does", () => {
    const pair = closed();
    close(pair, "a", 501);
    const [reason] = refusals(pair, "a");
    if (reason?.code !== "closing_fee_too_low") throw new Error(reason?.code);
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(reason.least - 1) });
    expect(refusals(pair, "a").at(-1)).to.deep.equal(reason);
    close(pair, "a", reason.least);
    pair.settle();
    expect(fee(pair, "b") >= 500n).to.equal(true);
    expect(offers(pair, "a")).to.have.length(2);
  });
  it("pays more than what can be mined now, whatever the peer would pay on a later day", () => {
    const pair = closed();
    tell(pair, "a", proposedBy(pair, "b", { fee: 300_000n, locktime: HEIGHT + 50_000 }));
    pair.settle();
    close(pair, "a", 5_000);
    expect(refusals(pair, "a")).to.deep.equal([]);
    // The peer has not made that one itself, and knows of no answer to it.
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(offers(pair, "a")).to.have.length(2);
  });
  it("refuses a rate that its balance cannot pay, and one for a close that a block holds", () => {
    const pair = simple({ push: 1_000_000n });
    close(pair, "b");
    pair.settle();
    close(pair, "b", 50_000);
    expect(refusals(pair, "b")).to.deep.equal([{ code: "cannot_afford_feerate", requested: 50_000 }]);
    pair.give("a", { tag: "FundingSpent", tx: closing(pair, "a").tx, height: blockHeight(HEIGHT + 7) });
    close(pair, "a", 50_000);
    expect(refusals(pair, "a").map(({ code }) => code)).to.deep.equal(["wrong_state"]);
  });
  it("proposes with the next connection what was wished without one", () => {
    const pair = closed();
    pair.disconnect();
    close(pair, "a", 5_000);
    pair.connect();
    pair.settle();
    expect(fee(pair, "a") >= 3_000n).to.equal(true);
    expect(closing(pair, "b").tx).to.deep.equal(closing(pair, "a").tx);
  });
  it("moves to another script, which the peer uses from then on", () => {
    const pair = closed();
    const script = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(0x77));
    pair.give("a", { tag: "Shutdown", script, feerate: satPerKw(2_000) });
    pair.settle();
    expect(offers(pair, "a").at(-1)?.closer_scriptpubkey).to.deep.equal(script);
    close(pair, "b", 5_000);
    pair.settle();
    expect(offers(pair, "b").at(-1)?.closee_scriptpubkey).to.deep.equal(script);
    expect(closing(pair, "b").tx.outputs.some((output) => output.amount === 600_000n)).to.equal(true);
    expect(closing(pair, "a").tx).to.deep.equal(closing(pair, "b").tx);
  });
  it("CONFORMANCE 113: comes through when both move at once: both are warned, and agree on the next connection", () => {
    const pair = closed();
    const moved = (byte: number): Uint8Array => Uint8Array.of(0, 20, ...new Uint8Array(20).fill(byte));
    pair.give("a", { tag: "Shutdown", script: moved(0x71), feerate: satPerKw(2_000) });
    pair.give("b", { tag: "Shutdown", script: moved(0x72), feerate: satPerKw(3_000) });
    pair.settle();
    expect([...warnings(pair, "a"), ...warnings(pair, "b")]).to.include("closing to another script");
    pair.disconnect();
    pair.connect();
    pair.settle();
    const scripts = closing(pair, "a").tx.outputs.map(({ script }) => script);
    expect(scripts).to.have.deep.members([moved(0x71), moved(0x72)]);
    expect(closing(pair, "b").tx).to.deep.equal(closing(pair, "a").tx);
  });
});

describe("A close that is not mined", () => {
  it("is proposed again after 6 blocks, at the estimate of the time", () => {
    const pair = closed();
    pair.estimate = satPerKw(4_000);
    pair.block(HEIGHT + 11);
    pair.settle();
    expect(offers(pair, "a")).to.have.length(1);
    pair.block(HEIGHT + 12);
    pair.settle();
    for (const name of ["a", "b"] as const)
      expect(fee(pair, name) > 2_000n && fee(pair, name) < 4_000n, "either's").to.equal(true);
  });
  it("never eats more than half of what is ours, whatever rate is asked for", () => {
    const pair = simple({ push: 3_000_000n });
    close(pair, "b", 20_000);
    pair.settle();
    expect(offers(pair, "b")[0]?.fee_satoshis).to.equal(1_500n);
    expect(offers(pair, "a")[0]?.fee_satoshis !== undefined).to.equal(true);
  });
  it("is left as it is where the estimate is no higher, and said again to the chain", () => {
    const pair = closed(3_000);
    const { broadcasts } = pair.parties.a;
    const before = broadcasts.length;
    for (let height = HEIGHT + 7; height <= HEIGHT + 18; height++) pair.block(height);
    pair.settle();
    expect(offers(pair, "a")).to.have.length(1);
    expect(new Set(broadcasts.slice(before).map(txidOf))).to.deep.equal(
      new Set(closing(pair, "a").simple.complete.map(txidOf)),
    );
  });
  it("costs no more than a tenth of what it brings without being told to", () => {
    const pair = simple({ push: 20_000_000n });
    close(pair, "a", 300);
    pair.settle();
    pair.estimate = satPerKw(4_000);
    for (let height = HEIGHT + 7; height < HEIGHT + 40; height++) {
      pair.block(height);
      pair.settle();
    }
    expect(offers(pair, "b"), "2,900 sat of 20,000 are too much").to.have.length(1);
    expect(offers(pair, "a")).to.have.length(2);
  });
  it("is proposed no more often than once in 6 blocks, however the estimate rises", () => {
    const pair = closed();
    for (let height = HEIGHT + 7; height <= HEIGHT + 30; height++) {
      pair.estimate = satPerKw(1_000 + height * 10);
      pair.block(height);
      pair.settle();
    }
    expect(offers(pair, "a").length + offers(pair, "b").length <= 2 + 8).to.equal(true);
  });
});

describe("RELIABILITY C27: a peer that proposes without end", () => {
  it("has 10 closing transactions signed within 6 blocks, is told so, and 10 more after them", () => {
    const pair = closed();
    const { a } = pair.parties;
    const commits = a.commits;
    for (let times = 0n; times < 1_000n; times++) tell(pair, "a", proposedBy(pair, "b", { fee: 500n + times }));
    const answers = (): number =>
      pair.trace.filter(({ from, message }) => from === "a" && message.name === "closing_sig").length;
    expect(answers(), "with the first of all").to.equal(10);
    expect(a.commits - commits < 30, "nothing is written for the others").to.equal(true);
    expect(new Set(warnings(pair, "a"))).to.deep.equal(new Set(["too many closings"]));
    expect(closing(pair, "a").simple.complete, "and our own").to.have.length(11);
    pair.block(HEIGHT + 12);
    for (let times = 0n; times < 20n; times++) tell(pair, "a", proposedBy(pair, "b", { fee: 2_000n + times }));
    expect(answers()).to.equal(20);
    expect(closing(pair, "a").simple.complete, "those that pay least are forgotten").to.have.length(16);
  }).timeout(20_000);
  it("gains nothing by reconnecting, and loses nothing if it only says the same again", () => {
    const pair = closed();
    const answers = (): number =>
      pair.trace.filter(({ from, message }) => from === "a" && message.name === "closing_sig").length;
    for (let times = 1; times <= 30; times++) {
      pair.disconnect();
      pair.connect();
      pair.settle();
      expect(answers()).to.equal(times + 1);
    }
    expect(closing(pair, "a").simple.answered.count).to.equal(1);
    for (let times = 0n; times < 30n; times++) {
      pair.disconnect();
      pair.connect();
      pair.settle();
      tell(pair, "a", proposedBy(pair, "b", { fee: 5_000n + times }));
    }
    expect(closing(pair, "a").simple.complete.length <= 12).to.equal(true);
  });
});

describe("A closing transaction that cannot be mined", () => {
  const cases: readonly (readonly [string, Parameters<typeof proposedBy>[2]])[] = [
    ["pays nothing", { fee: 0n }],
    ["is not final for years", { locktime: 900_000 }],
    ["is not final before a time", { locktime: 1_900_000_000 }],
    ["holds dust", { fee: 399_900n }],
  ];
  for (const [what, proposed] of cases)
    it(`${what}: it is signed, and ends nothing: ours is still waited for, and the channel can be closed alone`, () => {
      const pair = shut(simple());
      const { a } = pair.parties;
      tell(pair, "a", proposedBy(pair, "b", proposed));
      expect(a.broadcasts.at(-1)?.outputs.some(({ amount }) => amount === 600_000n)).to.equal(true);
      expect(a.state.tag).to.equal("Negotiating");
      pair.give("a", { tag: "ForceClose" });
      expect(a.state.tag).to.equal("Failed");
      const tx = a.broadcasts.at(-1);
      expect(tx?.inputs[0]?.sequence, "a commitment").to.satisfy((sequence: number) => sequence >>> 24 === 0x80);
    });
  it("is mined all the same, and closes the channel", () => {
    const pair = shut(simple());
    tell(pair, "a", proposedBy(pair, "b", { locktime: 900_000 }));
    const tx = pair.parties.a.broadcasts.at(-1) as Tx;
    pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
    expect(closing(pair, "a").confirmed).to.deep.equal({ txid: txidOf(tx), height: HEIGHT + 10 });
  });
});
