import { expect } from "chai";
import { msat } from "../../src/base/units.ts";
import { encode } from "../../src/codec/codec.ts";
import { slotKey } from "../../src/streams/keys.ts";
import { keyOf } from "../../src/streams/payee.ts";
import { payerMeter } from "../../src/streams/payer-session.ts";
import { payeeRecord, payerRecord } from "../../src/streams/session-codecs.ts";
import { T0 } from "../payments/fixture.ts";
import { expectSameAccount, payments, refusals } from "./account.ts";
import { CONTENT, LIMITS, LISTING, PAYEE_SECRETS, Pair } from "./pair.ts";

describe("a stream between two nodes", () => {
  it("pays one unit for each key that is wanted, one by one, to the last, and opens every key", () => {
    const pair = new Pair();
    for (let slot = 0; slot < 20; slot++) {
      pair.want(slot);
      pair.run();
      expect(pair.keys.get(slot)).to.deep.equal(slotKey(CONTENT, "film", slot));
    }
    expect(payments(pair)).to.equal(20);
    expect(payerMeter(pair.payer)).to.deep.equal({
      pricePerUnit: 1_000n,
      units: 20,
      paid: 20_000n,
      fees: 200n,
      owed: 0n,
      atRisk: 0n,
      cap: 100_000n,
      left: 79_800n,
      windowUnits: 4,
    });
    expect(pair.payer.record.unlocked).to.deep.equal([[0, 19]]);
    expectSameAccount(pair);
  });
  it("asks for the next units' offers together, so that eight ticks need one question", () => {
    const pair = new Pair();
    let questions = 0;
    for (let slot = 0; slot < 16; slot++) {
      pair.want(slot);
      questions += pair.asked.length;
      pair.run();
    }
    expect(questions).to.equal(2);
  });
  it("merges what is wanted while a tick is out into the next one, within the window", () => {
    const pair = new Pair();
    pair.want(0);
    pair.answerOffers();
    pair.want(1, 2, 3, 4, 5);
    expect(payerMeter(pair.payer)).to.deep.include({ owed: 6_000n, atRisk: 1_000n, paid: 0n });
    pair.run();
    const amounts = pair.effects.flatMap((effect) => (effect.tag === "TickPaid" ? [effect.amount] : []));
    expect(amounts).to.deep.equal([1_000n, 4_000n, 1_000n]);
    expect([...pair.keys.keys()]).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expectSameAccount(pair);
  });
  it("never has two HTLCs out", () => {
    const pair = new Pair();
    pair.want(0, 1, 2, 3);
    pair.answerOffers();
    pair.want(4, 5);
    expect(pair.payments).to.have.length(1);
    expect(pair.asked).to.have.length(0);
  });
  it("pays nothing for a unit twice: seeking back is free", () => {
    const pair = new Pair();
    pair.want(7);
    pair.run();
    pair.keys.clear();
    pair.want(7, 7);
    pair.run();
    expect(pair.keys.get(7)).to.deep.equal(slotKey(CONTENT, "film", 7));
    expect(payments(pair)).to.equal(1);
  });
  it("pays nothing for the free units", () => {
    const pair = new Pair(LIMITS, { ...LISTING, freeUnits: 5 });
    pair.want(0, 4, 5);
    pair.run();
    expect([...pair.keys.keys()]).to.deep.equal([0, 4, 5]);
    expect(pair.payer.record.account.paid).to.equal(1_000n);
  });
  it("keeps one record at each end that does not grow with the ticks", () => {
    const pair = new Pair({ ...LIMITS, cap: msat(1_000_000n) }, { ...LISTING, units: 400 });
    const sizes: number[][] = [];
    for (let slot = 0; slot < 320; slot++) {
      pair.want(slot);
      pair.run();
      sizes.push([encode(payerRecord, pair.payer.record).length, encode(payeeRecord, pair.payee).length]);
    }
    expect(sizes[319]).to.deep.equal(sizes[15]);
    expect(pair.payer.record.account.units).to.equal(320);
  });
  it("refuses a slot that the stream does not have", () => {
    const pair = new Pair();
    pair.want(20, -1, 0.5);
    expect(refusals(pair)).to.deep.equal([
      [[20], "no_such_slot"],
      [[-1], "no_such_slot"],
      [[0.5], "no_such_slot"],
    ]);
  });
});

describe("a stream: pause, resume, close", () => {
  it("starts nothing while paused, ends the tick that is out, and goes on with what is wanted on resume", () => {
    const pair = new Pair();
    pair.want(0);
    pair.answerOffers();
    pair.step({ tag: "Pause" });
    pair.want(1);
    pair.run();
    expect([payments(pair), pair.payer.record.state, [...pair.keys.keys()]]).to.deep.equal([1, "paused", [0]]);
    pair.step({ tag: "Resume", now: T0 });
    pair.run();
    expect([payments(pair), pair.payer.record.state, [...pair.keys.keys()]]).to.deep.equal([2, "open", [0, 1]]);
    const told = pair.effects.flatMap((effect) => (effect.tag === "TellSite" ? [effect.what] : []));
    expect(told).to.deep.equal(["pause", "resume"]);
  });
  it("closes at once when nothing is out, for good", () => {
    const pair = new Pair();
    pair.want(0);
    pair.run();
    expect(pair.step({ tag: "Close", now: T0 })).to.deep.equal([{ tag: "TellSite", what: "close" }, { tag: "Closed" }]);
    pair.want(1);
    pair.step({ tag: "Resume", now: T0 });
    expect([pair.payer.record.state, payments(pair), refusals(pair)]).to.deep.equal([
      "closed",
      1,
      [[[1], "session_closed"]],
    ]);
  });
  it("closes after the tick that is out, which is paid in full and counted", () => {
    const pair = new Pair();
    pair.want(0);
    pair.answerOffers();
    pair.want(1);
    pair.step({ tag: "Close", now: T0 });
    expect([pair.payer.record.state, refusals(pair)]).to.deep.equal(["open", [[[1], "session_closed"]]]);
    pair.run();
    expect([pair.payer.record.state, pair.payer.record.account.paid]).to.deep.equal(["closed", 1_000n]);
    expectSameAccount(pair);
  });
  it("keeps the keys of a closed session for who paid for them", () => {
    const pair = new Pair();
    pair.want(3);
    pair.run();
    pair.step({ tag: "Close", now: T0 });
    pair.keys.clear();
    pair.want(3);
    expect(pair.keys.get(3)).to.deep.equal(slotKey(CONTENT, "film", 3));
    expect(keyOf(pair.payee, PAYEE_SECRETS, 4)).to.deep.equal({ ok: false, error: { code: "not_paid", slot: 4 } });
  });
});

describe("a stream: the cap", () => {
  const capped = (cap: bigint) => new Pair({ ...LIMITS, cap: msat(cap) });
  it("is never exceeded by a millisatoshi, fees included, and is said to be the reason", () => {
    const pair = capped(3_020n);
    pair.want(0, 1, 2, 3);
    pair.run();
    pair.want(3);
    pair.run();
    expect(pair.payer.record.budget).to.deep.equal({ limit: 3_020n, spent: 3_020n, held: 0n });
    expect(refusals(pair).at(-1)).to.deep.equal([[3], "need_topup"]);
    expectSameAccount(pair);
  });
  it("goes on after a top-up", () => {
    const pair = capped(1_010n);
    pair.want(0);
    pair.run();
    pair.want(1);
    expect(refusals(pair)).to.deep.equal([[[1], "need_topup"]]);
    pair.step({ tag: "TopUp", cap: msat(2_020n), now: T0 });
    pair.want(1);
    pair.run();
    expect(pair.payer.record.budget.spent).to.equal(2_020n);
  });
  it("holds the highest fee while a tick is out and gives back what was not needed", () => {
    const pair = new Pair();
    pair.want(0);
    pair.answerOffers();
    expect(pair.payer.record.budget).to.deep.equal({ limit: 100_000n, spent: 0n, held: 1_110n });
    pair.settle();
    expect(pair.payer.record.budget).to.deep.equal({ limit: 100_000n, spent: 1_010n, held: 0n });
  });
  it("gives all back when the payment fails, and blames the cap only if a higher fee was needed", () => {
    const pair = capped(1_050n);
    pair.want(0);
    pair.answerOffers();
    pair.lose("no_route");
    expect(pair.payer.record.budget).to.deep.equal({ limit: 1_050n, spent: 0n, held: 0n });
    expect(refusals(pair)).to.deep.equal([[[0], "need_topup"]]);
    const rich = new Pair();
    rich.want(0);
    rich.answerOffers();
    rich.lose("no_route");
    expect(refusals(rich)).to.deep.equal([[[0], "payment_failed"]]);
  });
  it("keeps every tick within what may be unpaid", () => {
    const pair = new Pair({ ...LIMITS, maxUnpaid: msat(2_999n) });
    pair.want(0);
    pair.answerOffers();
    pair.want(1, 2, 3, 4);
    pair.run();
    const amounts = pair.effects.flatMap((effect) => (effect.tag === "TickPaid" ? [effect.amount] : []));
    expect(amounts).to.deep.equal([1_000n, 2_000n, 2_000n]);
  });
});
