import { expect } from "chai";
import { outpointKey } from "../../../src/base/ids.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { ALIAS, fundedOutput, HEIGHT, type Opening, opened, Pair } from "../../support/channel-pair.ts";

const TYPE = { zeroConf: true };
/** b trusts a. */
function trusting(options: Opening = {}, trusted = true): Pair {
  const pair = new Pair();
  pair.features = [...pair.features, 46, 50];
  const zeroConfPeers = new Set(trusted ? [pair.parties.a.nodeId] : []);
  pair.parties.b.policy = { ...pair.parties.b.policy, zeroConfPeers };
  return opened({ type: TYPE, ...options }, pair);
}
function used(): Pair {
  const pair = trusting();
  pair.settle();
  return pair;
}

describe("CONFORMANCE 32: the type zeroconf", () => {
  it("is taken from trusted peers alone, and refused before anything is written", () => {
    const pair = trusting({}, false);
    pair.settle();
    expect(pair.parties.b.take("SendError").map(({ text }) => text)).to.deep.equal([
      "bad opening, rule zero_conf_not_trusted",
    ]);
    expect([pair.parties.a.state.tag, pair.parties.b.disk]).to.deep.equal(["Aborted", undefined]);
  });
  it("asks for no confirmations, and every other type for some", () => {
    const depth = (type: Opening["type"]): number | undefined => {
      const pair = trusting({ type: type ?? {} });
      pair.deliver("b");
      const accept = pair.trace.at(-1)?.message;
      return accept?.name === "accept_channel" ? accept.minimum_depth : undefined;
    };
    expect([depth(TYPE), depth({ ...TYPE, scidAlias: true }), depth({})]).to.deep.equal([0, 0, 3]);
  });
  it("is ended by a peer that asks for confirmations all the same", () => {
    const pair = trusting();
    pair.deliver("b");
    const accept = pair.trace.at(-1)?.message;
    if (accept?.name !== "accept_channel") throw new Error("an accept_channel");
    pair.give("a", { tag: "PeerMessage", message: { ...accept, minimum_depth: 1 } });
    expect(pair.parties.a.take("SendError").map(({ text }) => text)).to.deep.equal(["bad opening, rule minimum_depth"]);
  });
  it("is not needed for a peer to ask for none: another channel waits for one, as its coins are ours", () => {
    const pair = opened();
    pair.deliver("b");
    const accept = pair.trace.at(-1)?.message;
    if (accept?.name !== "accept_channel") throw new Error("an accept_channel");
    pair.queues.a.length = 0;
    pair.give("a", { tag: "PeerMessage", message: { ...accept, minimum_depth: 0 } });
    pair.settle();
    const { a } = pair.parties;
    expect([a.state.tag, a.funded.params.minimumDepth]).to.deep.equal(["WaitForFundingConfirmed", 1]);
    pair.confirm(1);
    expect(a.state.tag).to.equal("WaitForChannelReady");
  });
  it("RELIABILITY U8: is taken up to what may be lost to a peer that takes its coins back", () => {
    const pair = trusting({ capacity: 1_000_001n, push: 0n });
    pair.deliver("b");
    expect(pair.parties.b.take("SendError").map(({ text }) => text)).to.deep.equal([
      "bad opening, rule zero_conf_exposure",
    ]);
  });
});

describe("A channel that is used before a block holds it", () => {
  it("is ready at once, under its aliases, and pays both ways", () => {
    const pair = used();
    expect(pair.trace.map(({ from, message }) => `${from} ${message.name}`)).to.deep.equal([
      "a open_channel",
      "b accept_channel",
      "a funding_created",
      "b funding_signed",
      "b channel_ready",
      "a channel_ready",
    ]);
    for (const name of ["a", "b"] as const) {
      expect(pair.parties[name].state.tag).to.equal("Normal");
      expect(pair.parties[name].take("Ready").map(({ names }) => names)).to.deep.equal([[ALIAS[name]]]);
    }
    pair.offer("a", 100_000_000n);
    pair.offer("b", 50_000_000n);
    pair.settle();
    for (const name of ["a", "b"] as const)
      for (const htlc of pair.parties[name].incoming.values()) pair.fulfill(name, htlc);
    pair.settle();
    expect(pair.parties.a.funded.commitments.balance).to.deep.equal({ local: 550_000_000n, remote: 450_000_000n });
  });
  it("CONFORMANCE 40: is on both disks before it is ready, and broadcast by who opened it", () => {
    const pair = trusting();
    for (const to of ["b", "a", "b"] as const) pair.deliver(to);
    expect(pair.parties.b.disk).to.not.equal(undefined);
    expect(pair.parties.a.disk).to.equal(undefined);
    pair.settle();
    expect(pair.parties.a.broadcasts.length).to.equal(1);
  });
  it("is named by its place too once a block holds it, unless that stays between both", () => {
    for (const scidAlias of [false, true]) {
      const pair = trusting({ type: { ...TYPE, scidAlias } });
      pair.settle();
      for (const name of ["a", "b"] as const) pair.parties[name].log = [];
      pair.confirm();
      const real = pair.parties.a.funded.funding.confirmed?.shortChannelId;
      expect(real).to.not.equal(undefined);
      const names = scidAlias ? [ALIAS.a] : [real, ALIAS.a];
      expect(pair.parties.a.take("Ready").map((told) => told.names)).to.deep.equal([names]);
    }
  });
  it("CONFORMANCE 43: is failed when the block holds another output than was agreed on", () => {
    const pair = used();
    pair.parties.b.height = blockHeight(HEIGHT + 1);
    const output = { ...fundedOutput(pair), amount: sat(999_999n) };
    pair.give("b", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output });
    expect(pair.parties.b.state.tag).to.equal("Failed");
  });
  it("RELIABILITY U18: goes on when its block leaves the chain, and gets its new place in the next", () => {
    const pair = used();
    pair.confirm();
    for (const name of ["a", "b"] as const) pair.parties[name].log = [];
    for (const name of ["a", "b"] as const) pair.give(name, { tag: "FundingReorged" });
    expect(pair.parties.b.tags()).to.not.include("NotReady");
    expect(pair.offer("b", 1_000_000n).kind).to.equal("advance");
    pair.settle();
    const output = fundedOutput(pair);
    for (const name of ["a", "b"] as const) {
      pair.parties[name].height = blockHeight(HEIGHT + 9);
      pair.give(name, { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 9), txIndex: 2, output });
    }
    expect(pair.parties.a.take("Ready").map(({ names }) => names.length)).to.deep.equal([2]);
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
  it("RELIABILITY U8: whose coins go another way is survived: nothing throws, and it is forgotten when nothing of ours is in it", () => {
    for (const push of [0n, 400_000_000n]) {
      const pair = trusting({ push });
      pair.settle();
      pair.offer("a", 100_000_000n);
      pair.settle();
      for (const htlc of pair.parties.b.incoming.values()) pair.fail("b", htlc.id);
      pair.settle();
      // a's coins are gone: the transaction is never seen.
      pair.block(HEIGHT + 2016);
      expect(pair.parties.b.state.tag, `${push} msat pushed`).to.equal(push === 0n ? "Closed" : "Normal");
      if (push === 0n) continue;
      pair.give("b", { tag: "ForceClose" });
      pair.block(HEIGHT + 2017);
      expect(pair.parties.b.take("Claims").flatMap(({ claims }) => claims)).to.deep.equal([]);
      // Should it be mined after all, what is ours is claimed.
      const [funding, commitment] = [pair.parties.b.funded.params.funding, pair.parties.b.broadcasts.at(-1)];
      expect(commitment?.inputs.map(({ prevout }) => outpointKey(prevout))).to.deep.equal([outpointKey(funding)]);
    }
  });
});
