import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { sat } from "../../../src/base/units.ts";
import { strippedTx } from "../../../src/bitcoin/tx.ts";
import { encode } from "../../../src/codec/codec.ts";
import { ALIAS, type Name, Pair as NewPair, type Pair } from "../../support/channel-pair.ts";
import { addInput, coin } from "../../support/constructing.ts";
import { type DualOpening, namesOf, openedDual } from "../../support/dual-pair.ts";

/** a asks b, which trusts it unless told otherwise, for a channel that is used before a block holds it. */
function trusting(options: DualOpening = {}, trusted = true): Pair {
  const pair = new NewPair();
  pair.features = [...pair.features, 46, 50];
  const zeroConfPeers = new Set(trusted ? [pair.parties.a.nodeId] : []);
  pair.parties.b.policy = { ...pair.parties.b.policy, zeroConfPeers };
  return openedDual({ type: { zeroConf: true }, ...options }, pair);
}
const errors = (pair: Pair, name: Name) => pair.parties[name].take("SendError").map(({ text }) => text);
const both = ({ parties }: Pair) => [parties.a.state.tag, parties.b.state.tag];
const until = (pair: Pair, said: string): void => {
  while (!namesOf(pair).includes(said)) if (!pair.deliver("b") && !pair.deliver("a")) throw new Error(said);
};

describe("CONFORMANCE 32: the type zeroconf in open_channel2", () => {
  it("is ready as soon as the transaction is complete, not before, and pays at once", () => {
    const pair = trusting();
    pair.settle();
    expect(namesOf(pair).slice(-5)).to.deep.equal([
      "b commitment_signed",
      "b tx_signatures",
      "a tx_signatures",
      "a channel_ready",
      "b channel_ready",
    ]);
    expect(both(pair)).to.deep.equal(["Normal", "Normal"]);
    const { a, b } = pair.parties;
    for (const name of ["a", "b"] as const)
      expect(pair.parties[name].take("Ready").map(({ names }) => names)).to.deep.equal([[ALIAS[name]]]);
    expect([a.broadcasts.length, b.broadcasts.length]).to.deep.equal([1, 1]);
    pair.offer("a", 100_000_000n);
    pair.settle();
    for (const htlc of b.incoming.values()) pair.fulfill("b", htlc);
    pair.settle();
    expect(a.funded.commitments.balance).to.deep.equal({ local: 900_000_000n, remote: 100_000_000n });
  });
  it("no block makes ready what the peer has not completed", () => {
    const pair = trusting();
    until(pair, "b tx_signatures");
    pair.block(210);
    expect([both(pair)[1], namesOf(pair).includes("b channel_ready")]).to.deep.equal([
      "WaitForFundingConfirmed",
      false,
    ]);
    pair.settle();
    expect(both(pair)).to.deep.equal(["Normal", "Normal"]);
  });
  it("CONFORMANCE 122: goes through a break after any message, and a crash of either side", () => {
    for (let messages = 12; messages <= 16; messages++) {
      for (const crashed of [undefined, "a", "b"] as const) {
        const pair = trusting();
        for (let count = 0; count < messages; count++) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
        pair.disconnect();
        if (crashed !== undefined) pair.crash(crashed);
        pair.connect();
        pair.settle();
        expect(both(pair), `${messages} ${crashed}`).to.deep.equal(["Normal", "Normal"]);
        pair.offer("a", 1_000_000n);
        pair.settle();
        expect(pair.parties.b.incoming.size).to.equal(1);
      }
    }
  });
  it("gets its place in the chain later, and goes on when its block leaves the chain (RELIABILITY U18)", () => {
    const pair = trusting();
    pair.settle();
    const { txid } = pair.parties.a.funded.params.funding;
    pair.offer("a", 1_000_000n);
    pair.settle();
    const { tx } = pair.parties.a.funded.funding;
    const output = tx?.outputs[pair.parties.a.funded.params.funding.vout];
    for (const name of ["a", "b"] as const) {
      pair.give(name, { tag: "FundingConfirmed", height: 206 as never, txIndex: 1, output });
      expect(pair.parties[name].take("Ready").at(-1)?.names.length).to.equal(2);
      pair.give(name, { tag: "FundingReorged" });
      expect(pair.parties[name].tags()).to.not.include("NotReady");
    }
    expect(pair.parties.a.funded.params.funding.txid).to.equal(txid);
    expect(both(pair)).to.deep.equal(["Normal", "Normal"]);
  });
  it("asks for no confirmations, and every other type for some: for one of a peer that asks for none", () => {
    for (const zeroConf of [true, false]) {
      const pair = trusting({ type: { zeroConf } });
      pair.deliver("b");
      const accept = pair.trace.at(-1)?.message;
      if (accept?.name !== "accept_channel2") throw new Error("an accept_channel2");
      expect(accept.minimum_depth).to.equal(zeroConf ? 0 : 3);
      pair.queues.a.length = 0;
      pair.give("a", { tag: "PeerMessage", message: { ...accept, minimum_depth: zeroConf ? 1 : 0 } });
      expect(errors(pair, "a")).to.deep.equal(zeroConf ? ["bad opening, rule minimum_depth"] : []);
      if (zeroConf) continue;
      pair.settle();
      expect(pair.parties.a.funded.params.minimumDepth).to.equal(1);
    }
  });
  it("is taken from trusted peers alone, and up to what may be lost (RELIABILITY U8)", () => {
    const stranger = trusting({}, false);
    stranger.settle();
    expect(errors(stranger, "b")).to.deep.equal(["bad opening, rule zero_conf_not_trusted"]);
    const large = trusting({ contribution: 1_000_001n });
    large.settle();
    expect(errors(large, "b")).to.deep.equal(["bad opening, rule zero_conf_exposure"]);
    expect([stranger.parties.b.disk, large.parties.b.disk]).to.deep.equal([undefined, undefined]);
  });
  it("RELIABILITY U8: holds coins of who opens alone: we add none, and take none", () => {
    const pair = trusting({ joins: 400_000n });
    pair.settle();
    expect(pair.parties.b.funded.params.capacity).to.equal(1_000_000n);
    const generous = trusting();
    generous.deliver("b");
    const accept = generous.trace.at(-1)?.message;
    if (accept?.name !== "accept_channel2") throw new Error("an accept_channel2");
    generous.give("a", { tag: "PeerMessage", message: { ...accept, funding_satoshis: sat(1n) } });
    expect(errors(generous, "a")).to.deep.equal(["bad opening, rule zero_conf_not_trusted"]);
  });
  it("RELIABILITY U8: ends when the peer shows a coin of its own, which it could take back", () => {
    const pair = trusting();
    until(pair, "a tx_add_output");
    const own = coin("theirs", 10_000n);
    const channel_id = idOf(pair);
    const add = (message: ChannelMessage): void => {
      pair.queues.a.length = 0;
      pair.give("a", { tag: "PeerMessage", message });
    };
    add({ ...addInput(own, 1n, encode(strippedTx, own.prevtx)), channel_id });
    for (let count = 0; count < 4 && !namesOf(pair).includes("a tx_complete"); count++)
      add({ name: "tx_complete", channel_id });
    add({ name: "tx_complete", channel_id });
    const last = pair.trace.at(-1)?.message;
    expect(last?.name === "tx_abort" && new TextDecoder().decode(last.data)).to.equal(
      "before a block holds it, you could take your coins back",
    );
    expect(pair.parties.a.wallet.isFree).to.equal(true);
  });
});
const idOf = (pair: Pair) => {
  const { state } = pair.parties.a;
  if (state.tag !== "ConstructingFunding") throw new Error(state.tag);
  return state.channelId;
};
