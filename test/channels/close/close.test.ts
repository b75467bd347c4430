import { expect } from "chai";
import fc from "fast-check";
import type { ChannelMessage } from "../../../channels/index.ts";
import { blockHeight, type Sat, sat, satPerKw } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { ClosingSigned } from "../../../src/wire/closing.ts";
import { HEIGHT, type Name, normal, type Opening, opened, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { close, names } from "../../support/closing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const mutual = (pair: Pair, name: Name): Tx => pair.parties[name].broadcasts.at(-1) as Tx;

/** Both sides have the same closing transaction out; it pays each its balance, the opener less the fee. */
function expectClosed(pair: Pair, local = 600_000n, remote = 400_000n): void {
  for (const name of ["a", "b"] as const) expect(pair.parties[name].state.tag).to.equal("Closing");
  const tx = mutual(pair, "a");
  expect(mutual(pair, "b")).to.deep.equal(tx);
  const paid = new Map(tx.outputs.map(({ script, amount }) => [script[5], amount]));
  const fee = 1_000_000n - tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  expect(paid.get(0xbb)).to.equal(remote);
  expect(paid.get(0xaa)).to.equal(local - fee);
  expect(fee > 0n && fee < 5_000n, `a fee of ${fee} sat`).to.equal(true);
}

describe("BOLT 2 §Channel Close", () => {
  for (const by of ["a", "b"] as const)
    it(`closes an idle channel when ${by === "a" ? "the opener" : "the accepter"} wants to (CONFORMANCE 105, 114)`, () => {
      const pair = normal();
      close(pair, by);
      pair.settle();
      expect(names(pair)).to.deep.equal([
        `${by} shutdown`,
        `${by === "a" ? "b" : "a"} shutdown`,
        "a closing_signed",
        "b closing_signed",
      ]);
      expectClosed(pair);
    });
  it("closes when both want to at once", () => {
    const pair = normal();
    close(pair, "a");
    close(pair, "b");
    pair.settle();
    expectClosed(pair);
  });
  it("closes a channel that is not ready yet", () => {
    const pair = opened();
    pair.settle();
    close(pair, "b");
    pair.settle();
    expectClosed(pair);
  });
  it("CONFORMANCE 109: answers a peer that wants to, also when blocks are dearer than anything that it would pay", () => {
    for (const feerateMax of [400, 253]) {
      const pair = normal();
      const { b } = pair.parties;
      b.policy = { ...b.policy, feerateMax: satPerKw(feerateMax) };
      close(pair, "a");
      pair.settle();
      expectClosed(pair);
    }
  });
  it("waits with shutdown until its own updates are committed (CONFORMANCE 108)", () => {
    const pair = normal();
    pair.offer("a", 1_000n);
    close(pair, "a");
    expect(names(pair)).to.deep.equal(["a update_add_htlc"]);
    pair.settle();
    expect(names(pair).indexOf("a shutdown")).to.be.greaterThan(names(pair).indexOf("b revoke_and_ack"));
    expect(pair.parties.a.state.tag, "an HTLC is pending").to.equal("ShuttingDown");
  });
  it("offers nothing after shutdown, and takes no add after the peer's (CONFORMANCE 108)", () => {
    const pair = normal();
    pair.offer("b", 1_000n);
    pair.settle();
    close(pair, "a");
    pair.offer("a", 1_000n);
    expect(pair.parties.a.take("Refused")[0]?.reason).to.deep.equal({ code: "shutting_down" });
    pair.settle();
    tell(pair, "a", {
      name: "update_add_htlc",
      channel_id: pair.parties.a.funded.params.channelId,
      id: 1n,
      amount_msat: 1_000n as never,
      payment_hash: "00".repeat(32) as never,
      cltv_expiry: 700 as never,
      onion_routing_packet: new Uint8Array(1366),
    });
    expect(pair.parties.a.take("SendWarning")[0]?.text).to.equal("update after shutdown");
  });
  it("refuses a second wish, a bad script and a silly feerate", () => {
    const pair = normal();
    pair.give("a", { tag: "Shutdown", script: new Uint8Array(25), feerate: satPerKw(500) });
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(10) });
    close(pair, "a");
    close(pair, "a");
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal([
      "bad_script",
      "feerate_out_of_range",
      "already_shutting_down",
    ]);
  });

  describe("RELIABILITY C24: shutdown with HTLCs pending", () => {
    for (const count of [1, 30])
      it(`resolves ${count} each way first, then closes`, () => {
        const pair = normal();
        for (let i = 0; i < count; i++) {
          pair.offer("a", 1_000_000n);
          pair.offer("b", 500_000n);
        }
        pair.settle();
        close(pair, "b");
        pair.settle();
        expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["ShuttingDown", "ShuttingDown"]);
        for (const name of ["a", "b"] as const) {
          for (const htlc of pair.parties[name].incoming.values()) pair.fulfill(name, htlc);
        }
        pair.settle();
        expectClosed(pair, 600_000n - 500n * BigInt(count), 400_000n + 500n * BigInt(count));
      });
    it("survives a drop of the link, or a crash, at each step", function () {
      this.timeout(60_000);
      for (const fault of ["cut", "a", "b"] as const)
        for (let stop = 0, done = false; !done; stop++) {
          const pair = normal();
          pair.offer("a", 1_000_000n);
          pair.settle();
          close(pair, "b");
          let moves = 0;
          const next = (): boolean => {
            if (pair.deliver("a") || pair.deliver("b") || pair.signTurn("a") || pair.signTurn("b")) return true;
            const [htlc] = [...pair.parties.b.incoming.values()];
            if (htlc === undefined) return false;
            pair.parties.b.incoming.clear();
            pair.fulfill("b", htlc);
            return true;
          };
          while (moves < stop && next()) moves++;
          done = moves < stop;
          if (fault === "cut") pair.disconnect();
          else pair.crash(fault);
          pair.connect();
          while (next());
          expectClosed(pair, 599_000n, 401_000n);
          expect(pair.parties.a.ends.get("p0/0")).to.equal("settled");
        }
    });
  });

  it("RELIABILITY C25: negotiates again after the last closing_signed was lost, and publishes no commitment", () => {
    const pair = normal();
    close(pair, "a");
    while (names(pair).at(-1) !== "b closing_signed") if (!pair.deliver("b")) pair.deliver("a");
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Negotiating", "Closing"]);
    pair.disconnect();
    pair.connect();
    pair.settle();
    expectClosed(pair);
    for (const tx of [...pair.parties.a.broadcasts.slice(1), ...pair.parties.b.broadcasts])
      expect(tx.inputs[0]?.sequence, "a mutual close, no commitment").to.equal(0xffff_ffff);
  });
  it("takes a mutual close from the chain when the peer's signature never came", () => {
    const pair = normal();
    close(pair, "a");
    while (names(pair).at(-1) !== "b closing_signed") if (!pair.deliver("b")) pair.deliver("a");
    pair.disconnect();
    const tx = mutual(pair, "b");
    pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
    expect(pair.parties.a.state.tag).to.equal("Closing");
    expect(pair.parties.a.take("Closed")).to.deep.equal([{ tag: "Closed", txid: txidOf(tx), height: HEIGHT + 10 }]);
  });
  it("watches a closed channel for 100 confirmations, and through a reorganisation (CONFORMANCE 126, RELIABILITY C31)", () => {
    const pair = normal();
    close(pair, "a");
    pair.settle();
    const tx = mutual(pair, "a");
    pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
    pair.block(HEIGHT + 50);
    pair.give("a", { tag: "SpendsReorged", height: blockHeight(HEIGHT + 10) });
    expect(pair.parties.a.broadcasts.at(-1)).to.deep.equal(tx);
    pair.block(HEIGHT + 200);
    expect(pair.parties.a.state.tag).to.equal("Closing");
    pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 201) });
    pair.block(HEIGHT + 299);
    expect(pair.parties.a.state.tag).to.equal("Closing");
    pair.block(HEIGHT + 300);
    expect(pair.parties.a.state.tag).to.equal("Closed");
    expect(pair.parties.a.take("Forget")).to.have.length(1);
  });
  it("leaves a side without an output when its balance is dust", () => {
    const pair = normal({ push: 0n });
    close(pair, "a");
    pair.settle();
    const tx = mutual(pair, "a");
    expect(tx.outputs.map(({ script }) => script)).to.deep.equal([SCRIPT.a]);
    expect(mutual(pair, "b")).to.deep.equal(tx);
  });
});

describe("BOLT 2 §Legacy Closing Negotiation: closing_signed (CONFORMANCE 114)", () => {
  /** b has asked to close; a's first closing_signed is on its way to b. */
  function proposed(opening: Opening = {}): { readonly pair: Pair; readonly first: ClosingSigned } {
    const pair = normal(opening);
    close(pair, "b");
    while (names(pair).at(-1) !== "a closing_signed") if (!pair.deliver("a")) pair.deliver("b");
    pair.deliver("b");
    return { pair, first: pair.trace.at(-1)?.message as ClosingSigned };
  }
  it("offers a range around its fee, and the accepter takes the fee", () => {
    const { pair, first } = proposed();
    const { min_fee_satoshis: min, max_fee_satoshis: max } = first.fee_range as {
      min_fee_satoshis: Sat;
      max_fee_satoshis: Sat;
    };
    expect(min <= first.fee_satoshis && first.fee_satoshis <= max).to.equal(true);
    pair.settle();
    expectClosed(pair);
  });
  it("warns on a signature for no closing transaction", () => {
    const { pair, first } = proposed();
    tell(pair, "b", { ...first, signature: new Uint8Array(64).fill(1) });
    expect(pair.parties.b.take("SendWarning")[0]?.text).to.equal("bad closing signature");
    expect(pair.parties.b.broadcasts).to.deep.equal([]);
  });
  it("warns on a fee that the opener cannot pay", () => {
    const { pair, first } = proposed();
    tell(pair, "b", { ...first, fee_satoshis: sat(700_000n) });
    expect(pair.parties.b.take("SendWarning")[0]?.text).to.equal("bad closing signature");
  });
  it("comes to a fee by steps with a peer that knows no fee_range, or says it cannot", () => {
    // The accepter's floor is far above what the opener offers first.
    const { pair, first } = proposed();
    pair.parties.b.policy = { ...pair.parties.b.policy, closingFeerateMin: satPerKw(900) };
    pair.queues.b.length = 0;
    const { fee_range: _, ...bare } = first;
    tell(pair, "b", bare as ClosingSigned);
    const counter = pair.trace.at(-1)?.message as ClosingSigned;
    expect(counter.name).to.equal("closing_signed");
    expect(counter.fee_satoshis > first.fee_satoshis).to.equal(true);
    pair.settle();
    expectClosed(pair);
  });
  it("picks a fee in the overlap of both ranges when the opener's fee is too low", () => {
    const { pair, first } = proposed();
    pair.parties.b.policy = { ...pair.parties.b.policy, closingFeerateMin: satPerKw(900) };
    pair.settle();
    const [fee] = pair.trace.flatMap(({ from, message }) =>
      from === "b" && message.name === "closing_signed" ? [message.fee_satoshis] : [],
    );
    if (fee === undefined) throw new Error("answered");
    const range = first.fee_range as { min_fee_satoshis: Sat; max_fee_satoshis: Sat };
    expect(fee > first.fee_satoshis && fee <= range.max_fee_satoshis).to.equal(true);
    expectClosed(pair);
  });
  it("closes at any balance and feerate, and both sides get the same transaction", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 980_000_000n }), fc.integer({ min: 253, max: 20_000 }), (push, feerate) => {
        const pair = normal({ push });
        close(pair, "a", feerate);
        pair.settle();
        expect(pair.parties.b.state.tag).to.equal("Closing");
        expect(mutual(pair, "a")).to.deep.equal(mutual(pair, "b"));
      }),
      { seed: 4, numRuns: 40 },
    );
  });
});
