import { expect } from "chai";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import { normal, opened, type Pair } from "../../support/channel-pair.ts";

const reestablishes = ({ trace }: Pair): readonly ChannelReestablish[] =>
  trace.flatMap(({ message }) => (message.name === "channel_reestablish" ? [message] : []));

describe("BOLT 2 §Message Retransmission: what is remembered", () => {
  it("CONFORMANCE 124: an opener remembers a channel from its broadcast on, an accepter once funding_signed is sent", () => {
    const pair = opened();
    const { a, b } = pair.parties;
    while (b.disk === undefined) {
      expect(pair.trace.some(({ message }) => message.name === "funding_signed")).to.equal(false);
      if (!pair.deliver("b")) pair.deliver("a");
    }
    expect(pair.trace.at(-1)?.message.name, "written, then sent").to.equal("funding_signed");
    expect([a.disk, a.broadcasts.length]).to.deep.equal([undefined, 0]);
    pair.deliver("a");
    expect([a.disk === undefined, a.broadcasts.length]).to.deep.equal([false, 1]);
    pair.disconnect();
    expect([a.state.tag, b.state.tag]).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
  });
  it("CONFORMANCE 121: says a valid point of its own on every connection, and gives nothing for the peer's", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n);
    pair.settle();
    pair.disconnect();
    pair.connect();
    const said = reestablishes(pair);
    expect(said.map(({ my_current_per_commitment_point: point }) => secp256k1.isPoint(point))).to.deep.equal([
      true,
      true,
    ]);
    const theirs = pair.trace.flatMap(({ from, message }) =>
      from === "b" && message.name === "channel_reestablish" ? [message] : [],
    )[0];
    if (theirs === undefined) throw new Error("b has spoken");
    pair.queues.a.length = 0;
    const another = pair.parties.a.keys.commitmentPoint(77n);
    pair.give("a", { tag: "PeerMessage", message: { ...theirs, my_current_per_commitment_point: another } });
    pair.settle();
    for (const { state } of [pair.parties.a, pair.parties.b]) expect(state.tag).to.equal("Normal");
    pair.offer("a", 1_000_000n);
    pair.settle();
    expect(pair.parties.b.incoming.size).to.equal(2);
  });
});
