import { expect } from "chai";
import fc from "fast-check";
import type { OfferRefusal } from "../../../channels/index.ts";
import { dustExposure, dustRoom, spendable } from "../../../channels/normal/bounds.ts";
import { cltvExpiry, msat, sat, satPerKw } from "../../../src/base/units.ts";
import { type Name, normal, type Pair } from "../../support/channel-pair.ts";
import { act, schedule } from "../../support/schedule.ts";

const refusal = (pair: Pair, from: Name = "a"): OfferRefusal | undefined =>
  pair.parties[from].take("Refused").at(-1)?.reason;

describe("BOLT 2 §Adding an HTLC: update_add_htlc, sending node", () => {
  it("offers id 0 first and counts up by one, also over a reconnection (CONFORMANCE 71)", () => {
    const pair = normal();
    for (let i = 0; i < 3; i++) pair.offer("a", 1_000n);
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.offer("a", 1_000n);
    const ids = pair.trace.flatMap(({ message }) => (message.name === "update_add_htlc" ? [message.id] : []));
    expect(ids).to.deep.equal([0n, 1n, 2n, 0n, 1n, 2n, 3n]);
  });
  it("proposes without a write", () => {
    const pair = normal();
    const commits = pair.parties.a.commits;
    expect(pair.offer("a", 1_000n).kind).to.equal("advance");
    expect(pair.parties.a.commits).to.equal(commits);
  });
  it("refuses an amount of 0, and one below the peer's minimum (CONFORMANCE 72)", () => {
    const pair = normal({ policy: { htlcMinimum: msat(1_000n) } });
    for (const amount of [0n, 999n]) {
      pair.offer("a", amount);
      expect(refusal(pair)).to.deep.equal({ code: "amount_below_minimum", minimum: 1_000n, requested: amount });
    }
    expect(pair.offer("a", 1_000n).kind).to.equal("advance");
  });
  it("refuses an expiry that has passed, or is more than 2016 blocks away", () => {
    const pair = normal();
    const height = pair.parties.a.height;
    pair.offer("a", 1_000n, 1, cltvExpiry(height));
    expect(refusal(pair)).to.deep.equal({ code: "expiry_too_soon", height, requested: height });
    pair.offer("a", 1_000n, 2, cltvExpiry(height + 2017));
    expect(refusal(pair)?.code).to.equal("expiry_too_far");
    expect(pair.offer("a", 1_000n, 3, cltvExpiry(height + 2016)).kind).to.equal("advance");
  });
  it("refuses one HTLC more than the peer accepts (CONFORMANCE 72)", () => {
    const pair = normal({ policy: { maxAcceptedHtlcs: 5 } });
    for (let i = 0; i < 5; i++) expect(pair.offer("a", 1_000n).kind).to.equal("advance");
    pair.offer("a", 1_000n);
    expect(refusal(pair)).to.deep.equal({ code: "too_many_htlcs", maximum: 5 });
  });
  it("refuses more in flight than the peer accepts", () => {
    const pair = normal({ policy: { inFlightSharePpm: 100_000n } });
    expect(pair.offer("a", 60_000_000n).kind).to.equal("advance");
    pair.offer("a", 40_000_001n);
    expect(refusal(pair)).to.deep.equal({ code: "in_flight_limit", maximum: 100_000_000n, would: 100_000_001n });
    expect(pair.offer("a", 40_000_000n).kind).to.equal("advance");
  });
  it("keeps the reserve, both anchors and a fee buffer of twice the feerate and one HTLC (CONFORMANCE 73)", () => {
    const pair = normal({ policy: { maxDustExposure: msat(10n ** 12n) } });
    // 10,000 sat reserve, 660 sat anchors, (1124 + 2 * 172) weight units at 2,000 sat/kw: 2,936 sat.
    const most = 600_000_000n - 10_000_000n - 660_000n - 2_936_000n;
    pair.offer("a", most + 1n);
    expect(refusal(pair)).to.deep.equal({ code: "insufficient_balance", available: most, requested: most + 1n });
    expect(pair.offer("a", most).kind).to.equal("advance");
  });
  it("keeps, as accepter, the reserve, and leaves the opener its fee (CONFORMANCE 73, 74)", () => {
    const pair = normal();
    pair.offer("b", 390_000_001n);
    expect(refusal(pair, "b")).to.deep.equal({
      code: "insufficient_balance",
      available: 390_000_000n,
      requested: 390_000_001n,
    });
  });
  it("leaves the opener, as accepter, its reserve beside the fee: it would fail the channel for an HTLC that does not", () => {
    // 10,000 sat reserve, 660 sat anchors, 1124 weight units and 172 for one HTLC at 1,000 sat/kw.
    const least = 10_000_000n + 660_000n + 1_296_000n;
    const short = normal({ push: 1_000_000_000n - least + 1n });
    short.offer("b", 1_000_000n);
    expect(refusal(short, "b")).to.deep.equal({ code: "remote_cannot_pay_fee" });
    const { funded } = short.parties.b;
    expect(spendable(short.env("b"), funded.params, funded.commitments)).to.equal(353_999n);
    expect(short.offer("b", 353_999n).kind, "what has no output costs nothing").to.equal("advance");
    const pair = normal({ push: 1_000_000_000n - least });
    expect(pair.offer("b", 1_000_000n).kind).to.equal("advance");
    pair.offer("b", 1_000_000n);
    expect(refusal(pair, "b")).to.deep.equal({ code: "remote_cannot_pay_fee" });
  });
  it("takes several HTLCs of one payment_hash (CONFORMANCE 75)", () => {
    const pair = normal();
    for (let i = 0; i < 3; i++) pair.offer("a", 1_000_000n, 42);
    pair.settle();
    expect([...pair.parties.b.incoming.keys()]).to.deep.equal([0n, 1n, 2n]);
    for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
    pair.settle();
    expect(pair.parties.a.take("HtlcSettled").map(({ id }) => id)).to.deep.equal([0n, 1n, 2n]);
  });
  it("refuses to put more at risk in dust than the bound (CONFORMANCE 87)", () => {
    const pair = normal({ policy: { maxDustExposure: msat(1_000_000n) } });
    for (let i = 0; i < 3; i++) expect(pair.offer("a", 333_333n).kind).to.equal("advance");
    pair.offer("a", 2n);
    expect(refusal(pair)).to.deep.equal({ code: "dust_exposure", maximum: 1_000_000n, would: 1_000_001n });
    expect(pair.offer("a", 354_000n).kind, "what has an output is no dust").to.equal("advance");
  });
  it("marks an incoming dust HTLC beyond the bound as one to be failed (CONFORMANCE 87)", () => {
    const pair = normal();
    pair.parties.b.policy = { ...pair.parties.b.policy, maxDustExposure: msat(500_000n) };
    pair.offer("a", 300_000n);
    pair.settle();
    pair.offer("a", 300_000n);
    pair.offer("a", 354_000n);
    pair.settle();
    expect([...pair.parties.b.incoming.values()].map((htlc) => htlc.mustFail)).to.deep.equal([
      undefined,
      "dust_exposure",
      undefined,
    ]);
  });
  it("counts, without anchors, as dust what a higher feerate would trim (CONFORMANCE 87)", () => {
    const type = { format: "static_remotekey" } as const;
    // 354 sat and an HTLC-timeout of 663 weight units at 1,250 sat/kw: below 1,182 sat it is counted, and has an output.
    const pair = normal({ type, policy: { maxDustExposure: msat(1_200_000n) } });
    expect(pair.offer("a", 1_181_999n).kind).to.equal("advance");
    pair.offer("a", 1_181_999n);
    expect(refusal(pair)).to.deep.equal({ code: "dust_exposure", maximum: 1_200_000n, would: 2_363_998n });
    expect(pair.offer("a", 1_300_000n).kind, "far enough above").to.equal("advance");
    pair.settle();
    // Received it is an HTLC-success of 703: at 8,000 sat/kw all of them would go to miners.
    for (const name of ["a", "b"] as const) {
      expect(dustExposure(pair.parties[name].funded.params, pair.parties[name].funded.commitments)).to.equal(
        1_181_999n,
      );
    }
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(8_000) });
    expect(pair.parties.a.take("CommandRefused").at(-1)?.reason).to.deep.equal({
      code: "dust_exposure",
      maximum: 1_200_000n,
    });
    pair.parties.a.policy = { ...pair.parties.a.policy, maxDustExposure: msat(10_000_000n) };
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(8_000) });
    pair.deliver("b");
    const text = "feerate exposes dust, feerate 8000";
    expect(pair.parties.b.take("SendWarning").map((warning) => warning.text)).to.deep.equal([text]);
    pair.connect();
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
  it("refuses while disconnected, and in states without updates", () => {
    const pair = normal();
    pair.disconnect();
    pair.offer("a", 1_000n);
    expect(refusal(pair)).to.deep.equal({ code: "not_connected" });
  });
  it("refuses, at the end of the 48-bit numbers, what would need another commitment", () => {
    const pair = normal();
    const { funded } = pair.parties.a;
    const local = { ...funded.commitments.local, number: (1n << 48n) - 1n };
    pair.parties.a.state = { ...funded, commitments: { ...funded.commitments, local } };
    pair.offer("a", 1_000n);
    expect(refusal(pair)).to.deep.equal({ code: "commitment_numbers_used_up" });
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(2_000) });
    expect(pair.parties.a.take("CommandRefused").at(-1)?.reason).to.deep.equal({ code: "commitment_numbers_used_up" });
  });
});

describe("RELIABILITY C12: what is called spendable can be sent, in every state", () => {
  const most = (pair: Pair, name: Name): bigint => {
    const { params, commitments } = pair.parties[name].funded;
    return spendable(pair.env(name), params, commitments);
  };
  it("after any schedule, to the msat, for either side", function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(schedule(60), fc.constantFrom<Name>("a", "b"), (actions, name) => {
        const pair = normal({ policy: { maxDustExposure: msat(2_000_000n) } });
        const offers = new Map();
        for (const next of actions) act(pair, offers, next);
        pair.nextFault = undefined;
        pair.connect();
        pair.settle();
        const amount = most(pair, name);
        if (amount === 0n) return;
        expect(pair.offer(name, amount).kind).to.equal("advance");
        pair.settle();
        expect(pair.parties.a.state.tag).to.equal("Normal");
        expect(pair.parties.b.state.tag).to.equal("Normal");
      }),
      { seed: 3, numRuns: 60 },
    );
  });
  it("also of what is dust, as much as is left for it and no more", function () {
    this.timeout(60_000);
    let refused = 0;
    fc.assert(
      fc.property(schedule(60), fc.constantFrom<Name>("a", "b"), (actions, name) => {
        const pair = normal({ policy: { maxDustExposure: msat(400_000n) } });
        const offers = new Map();
        for (const next of actions) act(pair, offers, next);
        pair.nextFault = undefined;
        pair.connect();
        pair.settle();
        const { params, commitments } = pair.parties[name].funded;
        const left = dustRoom(pair.env(name), params, commitments);
        const largest = [left.below - 1n, most(pair, name)].reduce((a, b) => (a < b ? a : b));
        if (largest > left.spendable) {
          refused++;
          pair.offer(name, largest);
          expect(refusal(pair, name)?.code).to.equal("dust_exposure");
        }
        const amount = largest < left.spendable ? largest : left.spendable;
        if (amount > 0n) expect(pair.offer(name, amount).kind).to.equal("advance");
      }),
      { seed: 3, numRuns: 60 },
    );
    expect(refused).to.be.greaterThan(3);
  });
  it("and adds up the same when each offer is put on top of what was added up before, whatever else happens between", () => {
    fc.assert(
      fc.property(schedule(60), fc.constantFrom<Name>("a", "b"), (actions, name) => {
        const pair = normal({
          type: { format: actions.length % 2 === 0 ? "anchors" : "static_remotekey" },
          policy: { maxDustExposure: msat(2_000_000n) },
        });
        const offers = new Map();
        for (const next of actions) {
          act(pair, offers, next);
          const { params, commitments } = pair.parties[name].funded;
          // Of a copy nothing is known, so that it is added up anew.
          const asked = (of: typeof commitments) => [spendable(pair.env(name), params, of), dustExposure(params, of)];
          expect(asked(commitments)).to.deep.equal(asked({ ...commitments }));
        }
      }),
      { seed: 5, numRuns: 40 },
    );
  });
  it("does not stick: funder just above its reserve, both sides add at once a hundred times, the feerate doubles", () => {
    const pair = normal({
      capacity: 200_000n,
      push: 190_000_000n,
      feerate: 2_500,
      policy: { reserveMin: sat(1_000n) },
    });
    for (let round = 0; round < 100; round++) {
      for (const name of ["a", "b"] as const) {
        const amount = most(pair, name);
        if (amount > 0n) expect(pair.offer(name, amount).kind).to.equal("advance");
      }
      if (round === 50) pair.give("a", { tag: "UpdateFee", feerate: satPerKw(5_000) });
      pair.settle();
      for (const name of ["a", "b"] as const) {
        for (const htlc of pair.parties[name].incoming.values()) pair.fulfill(name, htlc);
        pair.parties[name].incoming.clear();
      }
      pair.settle();
    }
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect(pair.parties.a.take("SendWarning")).to.deep.equal([]);
    expect(pair.parties.a.ends.size + pair.parties.b.ends.size).to.be.greaterThan(100);
    expect(most(pair, "a") + most(pair, "b")).to.not.equal(0n);
  });
});
