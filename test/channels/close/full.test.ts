import { expect } from "chai";
import { opened, type Pair } from "../../support/channel-pair.ts";
import { close, names, simple } from "../../support/closing.ts";

const HTLCS = 483;
/** Without an output: of so many, what miners would get stays bounded. */
const DUST = 50_000n;
const UNTRIMMED = 400_000n;

function decide(pair: Pair, share: number): void {
  for (const name of ["a", "b"] as const) {
    const pending = [...pair.parties[name].incoming.values()];
    for (const htlc of pending.slice(0, Math.ceil(pending.length * share))) {
      pair.parties[name].incoming.delete(htlc.id);
      if (htlc.id % 3n === 0n) pair.fail(name, htlc.id);
      else pair.fulfill(name, htlc);
    }
  }
}

describe("RELIABILITY C24: shutdown with as many HTLCs pending as there can be", () => {
  it("resolves 483 each way over connections that break, takes no more, and closes by agreement", function () {
    this.timeout(60_000);
    const pair = simple({ capacity: 10_000_000n, push: 5_000_000_000n });
    pair.compare = false;
    for (let at = 0; at < HTLCS; at++) {
      const amount = at % 10 === 0 ? UNTRIMMED : DUST;
      pair.offer("a", amount);
      pair.offer("b", amount);
    }
    pair.settle();
    for (const name of ["a", "b"] as const) expect(pair.parties[name].incoming.size).to.equal(HTLCS);
    close(pair, "b");
    pair.deliver("a");
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.offer("a", DUST);
    expect(pair.parties.a.take("Refused").map(({ reason }) => reason.code)).to.deep.equal(["shutting_down"]);
    decide(pair, 0.5);
    for (let steps = 0; steps < 300; steps++) if (!pair.deliver("a")) pair.deliver("b");
    pair.crash("a");
    pair.connect();
    pair.settle();
    decide(pair, 1);
    pair.settle();
    for (const { state, ends } of [pair.parties.a, pair.parties.b]) {
      expect(state.tag).to.equal("Closing");
      expect(ends.size).to.equal(HTLCS);
    }
    expect(names(pair).some((name) => name.endsWith(" error"))).to.equal(false);
  });
});

describe("BOLT 2 §Closing Initiation: shutdown", () => {
  it("CONFORMANCE 108: is not sent before the funding transaction is signed for", () => {
    const pair = opened();
    for (const name of ["a", "b"] as const) {
      close(pair, name);
      expect(pair.parties[name].take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal(["wrong_state"]);
    }
    pair.deliver("b");
    pair.deliver("a");
    expect(pair.parties.a.state.tag).to.equal("WaitForFundingSigned");
    close(pair, "a");
    expect(names(pair).some((name) => name.endsWith("shutdown"))).to.equal(false);
  });
  it("CONFORMANCE 109: is answered once the answerer's own updates are committed, and not before", () => {
    const pair = simple();
    pair.offer("b", 1_000_000n);
    close(pair, "a");
    pair.deliver("b");
    expect(pair.parties.b.state.tag).to.equal("ShuttingDown");
    expect(names(pair)).to.not.include("b shutdown");
    pair.settle();
    const said = names(pair);
    expect(said.indexOf("b shutdown")).to.be.greaterThan(said.indexOf("a revoke_and_ack"));
    expect(
      said.filter((name) => name === "b shutdown"),
      "once on one connection",
    ).to.have.length(1);
  });
});
