import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { into, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const confirmedOnly = { policy: { requireConfirmedInputs: true } };
const demands = (pair: Pair) =>
  pair.trace.flatMap(({ from, message }) => ("require_confirmed_inputs" in message ? [`${from} ${message.name}`] : []));
const asked = (pair: Pair, name: Name) => pair.parties[name].take("NeedConfirmation").map(({ outpoint }) => outpoint);
const failures = (pair: Pair, name: Name) => pair.parties[name].take("NegotiationFailed").map(({ reason }) => reason);
const said = (pair: Pair, name: string) => pair.trace.filter(({ message }) => message.name === name);
const until = (pair: Pair, name: string): void => {
  while (said(pair, name).length === 0) if (!pair.deliver("b") && !pair.deliver("a")) throw new Error(name);
};

describe("CONFORMANCE 57: require_confirmed_inputs of a splice", () => {
  it("is asked by policy in every message that begins or answers one, and in none without", () => {
    const pair = spliceable(confirmedOnly);
    spliceBoth(pair, "a", into(200_000n));
    spliceBoth(pair, "b", out(50_000n, "b"), 2_000);
    expect(demands(pair)).to.deep.equal(["a splice_init", "b splice_ack", "b tx_init_rbf", "a tx_ack_rbf"]);
    const free = spliceable();
    spliceBoth(free, "a", into(200_000n));
    spliceBoth(free, "b", into(50_000n), 2_000);
    expect(demands(free)).to.deep.equal([]);
    expect([asked(free, "a"), asked(free, "b")]).to.deep.equal([[], []]);
  });
  it("is seen to: each coin of the peer's is looked up, and not what both spend", () => {
    const pair = spliceable(confirmedOnly);
    spliceBoth(pair, "a", into(200_000n));
    const [made] = pending(pair).map((splice) => splice.made?.constructed);
    const coins = made?.inputs.filter(({ shared }) => !shared).map(({ outpoint }) => outpoint);
    expect(coins?.length).to.equal(1);
    expect([asked(pair, "a"), asked(pair, "b")]).to.deep.equal([[], coins]);
    expectAgreementOnAll(pair);
  });
  it("a coin of the peer's that no block holds ends the splice and nothing else", () => {
    const pair = spliceable(confirmedOnly);
    pair.parties.b.seesConfirmed = false;
    want(pair, "a", into(200_000n));
    pair.settle();
    const [abort] = said(pair, "tx_abort");
    const text = abort?.message.name === "tx_abort" ? new TextDecoder().decode(abort.message.data) : "";
    expect([abort?.from, text.split(",")[0]]).to.deep.equal(["b", "input unconfirmed"]);
    expect([pair.parties.a.wallet.isFree, failures(pair, "a").length]).to.deep.equal([true, 1]);
    pair.offer("a", 1_000_000n);
    pair.settle();
    expect(pair.parties.b.incoming.size).to.equal(1);
  });
  it("while one is looked up it is our turn, however long that takes: what the peer says then ends the splice", () => {
    const looking = (): Pair => {
      const pair = spliceable(confirmedOnly);
      pair.parties.b.seesConfirmed = undefined;
      want(pair, "a", into(200_000n));
      pair.settle();
      return pair;
    };
    const patient = looking();
    const [outpoint] = asked(patient, "b");
    if (outpoint === undefined) throw new Error("not asked");
    const stranger = { ...outpoint, vout: outpoint.vout + 1 };
    patient.give("b", { tag: "InputConfirmation", outpoint: stranger, confirmed: false });
    expect(said(patient, "tx_abort")).to.deep.equal([]);
    patient.give("b", { tag: "InputConfirmation", outpoint, confirmed: true });
    patient.settle();
    expect(pending(patient).length).to.equal(1);
    const hasty = looking();
    const message: ChannelMessage = { name: "tx_complete", channel_id: hasty.parties.a.funded.params.channelId };
    hasty.give("b", { tag: "PeerMessage", message });
    expect(said(hasty, "tx_abort").map(({ from }) => from)).to.deep.equal(["b"]);
    hasty.give("b", { tag: "InputConfirmation", outpoint, confirmed: true });
    hasty.settle();
    expect([pending(hasty), hasty.parties.a.wallet.isFree]).to.deep.equal([[], true]);
  });
  it("is honoured: who puts in shows confirmed coins in place of those that it had chosen", () => {
    const pair = spliceable();
    pair.parties.b.policy = { ...pair.parties.b.policy, requireConfirmedInputs: true };
    spliceBoth(pair, "a", into(200_000n));
    const needs = pair.parties.a.take("NeedContribution");
    expect(needs.map(({ confirmedOnly: only }) => only)).to.deep.equal([false, true]);
    expect(needs[1]).to.deep.equal({ ...needs[0], confirmedOnly: true });
    expect(pair.parties.a.wallet.held.size).to.equal(0);
    expectAgreementOnAll(pair);
    spliceBoth(pair, "a", into(300_000n), 2_000);
    expect(pair.parties.a.take("NeedContribution").map(({ confirmedOnly: only }) => only)).to.deep.equal([
      false,
      true,
      false,
      true,
    ]);
  });
  it("without confirmed coins the splice ends before one is shown, and who asked for it is told why", () => {
    const pair = spliceable();
    pair.parties.b.policy = { ...pair.parties.b.policy, requireConfirmedInputs: true };
    pair.parties.a.wallet.isConfirmed = false;
    want(pair, "a", into(200_000n));
    pair.settle();
    expect([failures(pair, "a"), said(pair, "tx_add_input").length]).to.deep.equal([["no coins"], 0]);
    expect([pair.parties.a.wallet.isFree, pair.parties.a.funded.commitments.others]).to.deep.equal([true, []]);
    spliceBoth(pair, "a", out(50_000n));
    expect(pending(pair).length, "it takes no coins to take out").to.equal(1);
  });
  it("a connection that breaks while coins are looked for, or looked up, holds none of them", () => {
    for (const at of ["splice_ack", "tx_add_input"]) {
      const pair = spliceable(confirmedOnly);
      pair.parties.b.seesConfirmed = undefined;
      want(pair, "a", into(200_000n));
      if (at === "splice_ack") until(pair, at);
      else pair.settle();
      const [outpoint = pair.parties.a.funded.params.funding] = asked(pair, "b");
      pair.disconnect();
      expect([pair.parties.a.wallet.isFree, failures(pair, "a")], at).to.deep.equal([
        true,
        ["the connection was lost"],
      ]);
      pair.give("b", { tag: "InputConfirmation", outpoint, confirmed: true });
      pair.parties.b.seesConfirmed = true;
      pair.connect();
      pair.settle();
      spliceBoth(pair, "a", into(100_000n));
      expectAgreementOnAll(pair);
    }
  });
});
