import { expect } from "chai";
import { localCommitment, specOf } from "../../../channels/commitments.ts";
import type { FundedState } from "../../../channels/index.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, type Name, type Pair } from "../../support/channel-pair.ts";
import { close, names, proposedBy, shut, simple } from "../../support/closing.ts";

const closings = (pair: Pair, name: Name): readonly Tx[] => {
  const { txid } = pair.parties[name].funded.params.funding;
  return pair.parties[name].broadcasts.filter(({ inputs }) => inputs.some(({ prevout }) => prevout.txid === txid));
};
const isCommitment = ({ inputs }: Tx): boolean => (inputs[0]?.sequence ?? 0) >>> 24 === 0x80;
/** Both are closing, hold a transaction in common, and neither has published a commitment. */
function expectClosing(pair: Pair): void {
  const sets = (["a", "b"] as const).map((name) => {
    const { state } = pair.parties[name];
    if (state.tag !== "Closing") throw new Error(`${name} is ${state.tag}`);
    expect(closings(pair, name).some(isCommitment)).to.equal(false);
    return new Set(state.simple.complete.map(txidOf));
  });
  expect(sets[0]?.size).to.be.greaterThan(0);
  expect([...(sets[0] ?? [])].some((txid) => sets[1]?.has(txid))).to.equal(true);
}

/** Everything that may happen next, one thing at a time; HTLCs are fulfilled as soon as they may be. */
function next(pair: Pair): boolean {
  if (pair.deliver("a") || pair.deliver("b") || pair.signTurn("a") || pair.signTurn("b")) return true;
  for (const by of ["a", "b"] as const) {
    const [htlc] = [...pair.parties[by].incoming.values()];
    if (htlc === undefined) continue;
    pair.parties[by].incoming.delete(htlc.id);
    pair.fulfill(by, htlc);
    return true;
  }
  return false;
}

describe("BOLT 2 §Closing Negotiation: closing_complete and closing_sig: connections that break", () => {
  it("RELIABILITY C24, C25: closes after a drop of the link, or a crash, at each step, with HTLCs pending and a higher fee on the way", function () {
    this.timeout(60_000);
    for (const fault of ["cut", "a", "b", "before_write", "after_write"] as const)
      for (let stop = 0, done = false; !done; stop += fault === "cut" ? 1 : 3) {
        const pair = simple();
        pair.compare = false;
        pair.offer("a", 1_000_000n);
        pair.offer("b", 2_000_000n);
        pair.settle();
        close(pair, "b");
        let moves = 0;
        let raised = false;
        while (moves < stop && next(pair)) {
          moves++;
          if (raised || !names(pair).includes("b closing_complete")) continue;
          raised = true;
          close(pair, "b", 4_000);
        }
        done = moves < stop;
        if (fault === "cut") pair.disconnect();
        else if (fault === "a" || fault === "b") pair.crash(fault);
        else pair.nextFault = { party: stop % 2 === 0 ? "a" : "b", fault: { crash: fault } };
        while (pair.connected && next(pair));
        pair.nextFault = undefined;
        pair.connect();
        while (next(pair));
        expectClosing(pair);
        expect([pair.parties.a.ends.get("p0/0"), pair.parties.b.ends.get("p1/0")]).to.deep.equal([
          "settled",
          "settled",
        ]);
      }
  });
  it("CONFORMANCE 109, 113: says shutdown and the very same closing_complete again on each connection", () => {
    const pair = simple();
    close(pair, "a");
    pair.settle();
    const first = pair.trace.filter(({ from, message }) => from === "a" && message.name === "closing_complete");
    pair.disconnect();
    pair.trace.length = 0;
    pair.connect();
    pair.settle();
    expect(names(pair).filter((name) => /^a (?!channel_)/.test(name))).to.deep.equal([
      "a shutdown",
      "a closing_complete",
      "a closing_sig",
    ]);
    expect(pair.trace.filter(({ from, message }) => from === "a" && message.name === "closing_complete")).to.deep.equal(
      first,
    );
  });
  it("RELIABILITY C25: negotiates again after closing_sig was lost, and publishes no commitment", () => {
    const pair = shut(simple());
    while (!names(pair).includes("b closing_sig")) pair.deliver("b");
    pair.disconnect();
    expect(pair.parties.a.state.tag).to.equal("Negotiating");
    pair.connect();
    pair.settle();
    expectClosing(pair);
  });
  it("an error of the peer changes nothing while a close that can be mined is out, and ends a channel that has none", () => {
    const pair = simple();
    close(pair, "a");
    pair.settle();
    const { params } = pair.parties.a.funded;
    const error = { name: "error", channel_id: params.channelId, data: new Uint8Array(3).fill(0x61) } as const;
    pair.give("a", { tag: "PeerMessage", message: error });
    expect(pair.parties.a.state.tag).to.equal("Closing");
    const poor = shut(simple());
    poor.give("a", { tag: "PeerMessage", message: proposedBy(poor, "b", { fee: 0n }) });
    poor.give("a", { tag: "PeerMessage", message: error });
    expect(poor.parties.a.state.tag).to.equal("Failed");
  });
});

describe("Whichever closing transaction is mined", () => {
  /** a has completed its own, b's, and b's at a higher fee; its newest is signed by a alone as far as a knows. */
  function many(): Pair {
    const pair = simple();
    close(pair, "a");
    pair.settle();
    close(pair, "b", 2_000);
    pair.settle();
    close(pair, "a", 6_000);
    return pair;
  }
  it("closes the channel, also one that the peer has completed without a word to us", () => {
    const pair = many();
    const { state } = pair.parties.a;
    if (state.tag !== "Closing") throw new Error(state.tag);
    pair.deliver("b");
    const theirs = pair.parties.b.broadcasts.at(-1) as Tx;
    expect(state.simple.complete.map(txidOf)).to.not.include(txidOf(theirs));
    for (const tx of [...state.simple.complete, theirs]) {
      const one = many();
      one.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
      const after = one.parties.a.state as FundedState;
      expect(after.tag === "Closing" && { tx: after.tx, confirmed: after.confirmed }).to.deep.equal({
        tx,
        confirmed: { txid: txidOf(tx), height: HEIGHT + 10 },
      });
      one.block(HEIGHT + 109);
      expect(one.parties.a.state).to.deep.include({ tag: "Closed", closingTxid: txidOf(tx) });
    }
  });
  it("RELIABILITY C31: when a reorganisation takes it away all of them are said again, what pays most first", () => {
    const pair = many();
    pair.settle();
    const { broadcasts } = pair.parties.a;
    const [first] = closings(pair, "a");
    pair.give("a", { tag: "FundingSpent", tx: first as Tx, height: blockHeight(HEIGHT + 10) });
    const mark = broadcasts.length;
    pair.give("a", { tag: "SpendsReorged", height: blockHeight(HEIGHT + 10) });
    const again = broadcasts.slice(mark);
    expect(again).to.have.length(4);
    const paid = again.map(({ outputs }) => outputs.reduce((sum, { amount }) => sum + amount, 0n));
    expect(paid).to.deep.equal([...paid].sort((a, b) => Number(a - b)));
  });
  it("is said again after a restart, whatever was complete", () => {
    const pair = many();
    pair.settle();
    const all = new Set(closings(pair, "a").map(txidOf));
    pair.parties.a.broadcasts.length = 0;
    pair.crash("a");
    expect(new Set(closings(pair, "a").map(txidOf))).to.deep.equal(all);
  });
  it("can be left behind by force while its fee is too low for the blocks, and is not once it is mined", () => {
    const pair = many();
    pair.settle();
    const [tx] = closings(pair, "a");
    const mined = many();
    mined.give("a", { tag: "FundingSpent", tx: tx as Tx, height: blockHeight(HEIGHT + 10) });
    mined.give("a", { tag: "ForceClose" });
    expect(mined.parties.a.take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal(["wrong_state"]);
    pair.give("a", { tag: "ForceClose" });
    expect(pair.parties.a.state.tag).to.equal("Failed");
    expect(isCommitment(pair.parties.a.broadcasts.at(-1) as Tx)).to.equal(true);
    pair.give("a", { tag: "FundingSpent", tx: tx as Tx, height: blockHeight(HEIGHT + 10) });
    expect(
      pair.parties.a.take("Closed").map(({ txid }) => txid),
      "the close was mined after all",
    ).to.deep.equal([txidOf(tx as Tx)]);
  });
  it("RELIABILITY C31: a revoked commitment that takes its place in a reorganisation is punished", () => {
    const pair = simple();
    const old = pair.parties.b.funded;
    pair.offer("a", 5_000_000n);
    while (next(pair));
    close(pair, "a");
    pair.settle();
    const [tx] = closings(pair, "a");
    pair.give("a", { tag: "FundingSpent", tx: tx as Tx, height: blockHeight(HEIGHT + 10) });
    pair.give("a", { tag: "SpendsReorged", height: blockHeight(HEIGHT + 10) });
    const { number } = old.commitments.local;
    const revoked = localCommitment(pair.env("b"), old.params, number, specOf(old.commitments, "local")).commitment.tx;
    pair.give("a", { tag: "FundingSpent", tx: revoked, height: blockHeight(HEIGHT + 10) });
    expect(pair.parties.a.take("Breach")).to.deep.equal([{ tag: "Breach", txid: txidOf(revoked), number }]);
    pair.block(HEIGHT + 10);
    expect(pair.parties.a.claims.map(({ why }) => why)).to.include("penalty");
  });
});
