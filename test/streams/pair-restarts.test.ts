import { expect } from "chai";
import fc from "fast-check";
import { msat } from "../../src/base/units.ts";
import { slotKey } from "../../src/streams/keys.ts";
import { receiptDigest, receiptOf } from "../../src/streams/receipt.ts";
import { NODES, T0 } from "../payments/fixture.ts";
import { expectSameAccount, payments, refusals } from "./account.ts";
import { CONTENT, LIMITS, Pair, SESSION } from "./pair.ts";

describe("a stream: failures and restarts", () => {
  it("pays another hash after a failed attempt, at the same sequence", () => {
    const pair = new Pair();
    pair.want(0);
    pair.answerOffers();
    const first = pair.payments[0]?.paymentHash;
    pair.lose();
    pair.want(0);
    pair.answerOffers();
    expect(pair.payments[0]?.paymentHash).to.not.equal(first);
    expect(pair.settle()).to.equal("Succeeded");
    expect(pair.payer.record.account.sequence).to.equal(1n);
    expectSameAccount(pair);
  });
  it("takes in a tick that is settled after a restart of the viewer's node", () => {
    const pair = new Pair();
    pair.want(0, 1);
    pair.answerOffers();
    pair.restartPayer();
    pair.want(2);
    expect(pair.asked).to.have.length(0);
    pair.run();
    expect([...pair.keys.keys()]).to.deep.equal([0, 2]);
    expectSameAccount(pair);
  });
  it("ignores the end of a payment that it has already counted", () => {
    const pair = new Pair();
    pair.want(0);
    pair.run();
    const request = pair.effects.find((effect) => effect.tag === "StartPayment");
    if (request?.tag !== "StartPayment") throw new Error("paid");
    const before = pair.payer;
    const preimage = pair.payer.record.account.lastPreimage;
    if (preimage === undefined) throw new Error("paid");
    const begun = { request: request.request, createdAt: T0, attempts: 1, endedAt: T0 };
    pair.step({
      tag: "PaymentEnded",
      payment: { tag: "Succeeded", ...begun, preimage, fee: msat(0n), hops: 1 },
      now: T0,
    });
    expect(pair.payer).to.deep.equal(before);
  });
  it("stops paying on a key that does not open its segment, and keeps the offer that the site has signed", () => {
    const pair = new Pair();
    pair.want(0);
    pair.run();
    pair.step({ tag: "KeyRejected", slot: 0 });
    pair.step({ tag: "Resume", now: T0 });
    pair.want(1);
    expect([pair.payer.record.state, payments(pair), refusals(pair)]).to.deep.equal([
      "paused",
      1,
      [[[1], "key_rejected"]],
    ]);
    expect(pair.payer.record.evidence?.signed?.offers[0]?.slots[0]?.slot).to.equal(0);
  });
  it("ends with one exact account on both sides, whatever happened on the way", () => {
    const action = fc.oneof(
      fc.record({ tag: fc.constant("want" as const), slot: fc.nat({ max: 21 }) }),
      fc.record({ tag: fc.constantFrom("answer", "settle", "lose", "restart", "pause", "resume", "topup" as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.bigInt({ min: 0n, max: 25_000n }), (actions, cap) => {
        const pair = new Pair({ ...LIMITS, cap: msat(cap) });
        let highest = cap;
        for (const act of actions) {
          if (act.tag === "want") pair.want(act.slot);
          else if (act.tag === "answer" && pair.asked.length > 0) pair.answerOffers();
          else if (act.tag === "settle" && pair.payments.length > 0) expect(pair.settle()).to.equal("Succeeded");
          else if (act.tag === "lose" && pair.payments.length > 0) pair.lose();
          else if (act.tag === "restart") pair.restartPayer();
          else if (act.tag === "pause") pair.step({ tag: "Pause" });
          else if (act.tag === "resume") pair.step({ tag: "Resume", now: T0 });
          else if (act.tag === "topup") {
            highest += 500n;
            pair.step({ tag: "TopUp", cap: msat(highest), now: T0 });
          }
          const { budget } = pair.payer.record;
          expect(budget.spent + budget.held <= highest).to.equal(true);
          expect(pair.payments.length <= 1).to.equal(true);
        }
        pair.step({ tag: "Close", now: T0 });
        pair.run();
        expect(pair.payer.record.state).to.equal("closed");
        expectSameAccount(pair);
        const { record } = pair.payer;
        const ends = [record.account, pair.payee.account].map((account) =>
          receiptDigest(receiptOf(SESSION, NODES.self, record.terms, account)),
        );
        expect(ends[0]).to.deep.equal(ends[1]);
        for (const [slot, key] of pair.keys) expect(key).to.deep.equal(slotKey(CONTENT, "film", slot));
      }),
      { seed: 31, numRuns: 150 },
    );
  });
});
