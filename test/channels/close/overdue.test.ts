import { expect } from "chai";
import type { FailureCause } from "../../../channels/index.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { EXPIRY, HEIGHT, type Name, normal, opened, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, names, shut, simple } from "../../support/closing.ts";

const PATIENCE = 288;
/** The height at which the pairs of these tests begin to close. */
const BEGUN = HEIGHT + 6;

/** Up to a height; what either side says meanwhile is not heard. */
function pass(pair: Pair, until: number): void {
  for (let height = pair.parties.a.height + 1; height <= until; height++) {
    pair.queues.a.length = 0;
    pair.queues.b.length = 0;
    pair.block(height);
  }
}
const causeOf = ({ parties }: Pair, name: Name): FailureCause | undefined => {
  const { state } = parties[name];
  return state.tag === "Failed" ? state.cause : undefined;
};
const NEVER = { tag: "fault", text: "closing never agreed" };

describe("A close by agreement that the peer does not bring to an end", () => {
  for (const by of ["a", "b"] as const)
    it(`CONFORMANCE 114: is given up for the chain 288 blocks after it was asked for, by both, if ${by} asked`, () => {
      const pair = normal();
      close(pair, by);
      while (pair.parties[by].state.tag !== "Negotiating") if (!pair.deliver("a")) pair.deliver("b");
      pass(pair, BEGUN + PATIENCE - 1);
      expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.not.include("Failed");
      pass(pair, BEGUN + PATIENCE);
      expect(causeOf(pair, by)).to.deep.equal(NEVER);
      expect(names(pair)).to.include(`${by} error`);
    });

  it("a peer that never says shutdown gets no more time by connections that come and go, or by our restarts", () => {
    const pair = normal();
    close(pair, "a");
    for (let height = BEGUN + 40; height < BEGUN + PATIENCE; height += 40) {
      pass(pair, height);
      if (height % 80 === 0) pair.crash("a");
      pair.disconnect();
      pair.connect();
      for (let frame = 0; frame < 2; frame++) pair.deliver("a");
    }
    pass(pair, BEGUN + PATIENCE - 1);
    expect(pair.parties.a.state.tag).to.equal("ShuttingDown");
    pass(pair, BEGUN + PATIENCE);
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("nor by answering each closing_complete with silence and a new connection", () => {
    const pair = shut(simple());
    for (let height = BEGUN + 6; height <= BEGUN + PATIENCE; height += 6) {
      pass(pair, height);
      if (pair.connected) pair.disconnect();
      pair.connect();
      for (let frame = 0; frame < 4; frame++) pair.deliver("a");
    }
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("but a moment after a start its peer is waited for: the record may be an old copy", () => {
    const pair = normal();
    close(pair, "a");
    pair.disconnect();
    pair.unheard = true;
    pass(pair, BEGUN + PATIENCE);
    expect(pair.parties.a.state.tag).to.equal("ShuttingDown");
    pair.unheard = false;
    pass(pair, BEGUN + PATIENCE + 1);
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("nor one that is never there", () => {
    const pair = normal();
    close(pair, "a");
    pair.disconnect();
    pass(pair, BEGUN + PATIENCE - 1);
    expect(pair.parties.a.state.tag).to.equal("ShuttingDown");
    pass(pair, BEGUN + PATIENCE);
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("counts from when the HTLCs that were pending expire, or are gone: those may take their time", () => {
    const pair = normal();
    pair.offer("b", 50_000_000n);
    pair.settle();
    close(pair, "a");
    pair.settle();
    expect(pair.parties.a.closeAwaited).to.equal(EXPIRY);
    pass(pair, BEGUN + 20);
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(pair.parties.a.closeAwaited).to.equal(EXPIRY);
    pair.fail("a", 0n);
    while (pair.parties.a.funded.commitments.htlcs.length > 0) {
      const moved = pair.deliver("a") || pair.deliver("b") || pair.signTurn("a") || pair.signTurn("b");
      expect(moved).to.equal(true);
    }
    expect(pair.parties.a.closeAwaited).to.equal(BEGUN + 20);
    pass(pair, BEGUN + 20 + PATIENCE);
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("an HTLC that the peer adds after it heard of our wish gives it no more time", () => {
    const pair = normal();
    close(pair, "a");
    pair.queues.b.length = 0;
    pair.offer("b", 50_000_000n, 0, (EXPIRY + 1_000) as typeof EXPIRY);
    pair.settle();
    expect(pair.parties.a.funded.commitments.htlcs).to.have.length(1);
    expect(pair.parties.a.closeAwaited).to.equal(BEGUN);
    pass(pair, BEGUN + PATIENCE);
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("waits for ever where the policy says so, and no longer than HTLCs allow", () => {
    const pair = normal({ policy: { closeBlocks: undefined } });
    pair.offer("a", 50_000_000n);
    pair.settle();
    close(pair, "a");
    pair.disconnect();
    pass(pair, EXPIRY + 1);
    expect(pair.parties.a.state.tag).to.equal("ShuttingDown");
    pass(pair, EXPIRY + 2);
    expect(causeOf(pair, "a")?.tag).to.equal("deadline");
    const alone = normal({ policy: { closeBlocks: undefined } });
    close(alone, "a");
    pass(alone, BEGUN + 3_000);
    expect(alone.parties.a.state.tag).to.equal("ShuttingDown");
  });

  it("begins to count when a block holds the funding transaction: before that there is nothing to publish", () => {
    const pair = opened();
    pair.settle();
    close(pair, "a");
    pair.disconnect();
    pass(pair, BEGUN + 400);
    expect([pair.parties.a.state.tag, pair.parties.a.closeAwaited]).to.deep.equal(["ShuttingDown", undefined]);
    const { funding } = pair.parties.a.funded;
    const height = pair.parties.a.height;
    pair.give("a", { tag: "FundingConfirmed", height, txIndex: 1, output: (funding.tx as Tx).outputs[1] });
    expect(pair.parties.a.closeAwaited).to.equal(height);
    pass(pair, height + PATIENCE);
    expect(causeOf(pair, "a")).to.deep.equal(NEVER);
  });

  it("says nothing to a channel that is not being closed", () => {
    const pair = normal();
    pair.give("a", { tag: "CloseAwaited", since: HEIGHT });
    pass(pair, BEGUN + 1_000);
    pair.give("a", { tag: "CloseAwaited", since: HEIGHT });
    expect(pair.parties.a.state.tag).to.equal("Normal");
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: 1_000 as never });
    expect(pair.parties.a.closeAwaited).to.equal(BEGUN + 1_000);
  });
});
