import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { ChannelReady } from "../../../src/wire/opening.ts";
import { fundedOutput, HEIGHT, type Name, normal, opened, type Pair } from "../../support/channel-pair.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });

describe("BOLT 2 §Message Retransmission", () => {
  const since = (pair: Pair, mark: number): string[] =>
    pair.trace.slice(mark).map(({ from, message }) => `${from} ${message.name}`);

  it("sends channel_reestablish first, and nothing else before the peer's (CONFORMANCE 115)", () => {
    const pair = normal();
    pair.offer("a", 1_000n);
    pair.disconnect();
    const mark = pair.trace.length;
    pair.connect();
    expect(since(pair, mark)).to.deep.equal(["a channel_reestablish", "b channel_reestablish"]);
    pair.give("a", { tag: "Sign" });
    expect(since(pair, mark)).to.have.length(2);
  });
  it("writes before it says where it stands", () => {
    const pair = normal();
    pair.disconnect();
    const commits = pair.parties.a.commits;
    pair.connect();
    expect(pair.parties.a.commits).to.equal(commits + 1);
  });
  it("sends channel_ready again while neither side has a second commitment, and not later (CONFORMANCE 118)", () => {
    const pair = normal();
    pair.disconnect();
    pair.connect();
    let mark = pair.trace.length;
    pair.settle();
    expect(since(pair, mark)).to.have.members(["a channel_ready", "b channel_ready"]);
    pair.offer("a", 1_000n);
    pair.settle();
    pair.disconnect();
    pair.connect();
    mark = pair.trace.length;
    pair.settle();
    expect(since(pair, mark)).to.deep.equal([]);
  });
  it("sends a lost commitment_signed again byte for byte, with its updates before it (CONFORMANCE 117)", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.offer("a", 1_000n);
    pair.signTurn("a");
    pair.offer("a", 2_000n);
    const first = pair.trace.slice();
    pair.disconnect();
    pair.connect();
    pair.deliver("a");
    const again = pair.trace.filter(
      ({ from, message }, at) =>
        at > first.length && from === "a" && message.name !== "channel_reestablish" && message.name !== "channel_ready",
    );
    expect(again.map(({ message }) => message)).to.deep.equal(first.map(({ message }) => message));
  });
  for (const order of ["commitment_signed revoke_and_ack", "revoke_and_ack commitment_signed"])
    it(`keeps the order ${order}, also over a restart`, () => {
      for (const crash of [false, true]) {
        const pair = normal();
        pair.offer("b", 5_000_000n);
        pair.signTurn("b");
        pair.offer("a", 1_000_000n);
        if (order.startsWith("commitment")) pair.signTurn("a");
        pair.deliver("a");
        pair.deliver("a");
        if (order.startsWith("revoke")) pair.signTurn("a");
        const both = (from: number) =>
          pair.trace
            .slice(from)
            .filter(({ from: by, message }) => by === "a" && /commitment_signed|revoke/.test(message.name))
            .map(({ message }) => message);
        const first = both(0);
        expect(first.map(({ name }) => name).join(" ")).to.equal(order);
        const mark = pair.trace.length;
        if (crash) pair.crash("a");
        else pair.disconnect();
        pair.connect();
        pair.deliver("a");
        expect(both(mark)).to.deep.equal(first);
        pair.settle();
        expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
      }
    });
  it("forgets the peer's uncommitted updates, and sends its own with the same ids (CONFORMANCE 116)", () => {
    const pair = normal();
    pair.offer("a", 1_000n);
    pair.deliver("b");
    expect(pair.parties.b.funded.commitments.htlcs).to.have.length(1);
    pair.disconnect();
    expect(pair.parties.b.funded.commitments.htlcs).to.deep.equal([]);
    expect(pair.parties.b.funded.commitments.nextReceivedId).to.equal(0n);
    pair.connect();
    pair.settle();
    expect([...pair.parties.b.incoming.keys()]).to.deep.equal([0n]);
  });
  it("RELIABILITY C38: an update that we have acknowledged and not yet signed survives a restart", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.signTurn("a");
    pair.deliver("b");
    pair.deliver("b");
    pair.deliver("a");
    expect(pair.trace.at(-1)?.message.name).to.equal("revoke_and_ack");
    pair.crash("b");
    pair.connect();
    pair.settle();
    expect(pair.parties.b.incoming.size).to.equal(1);
    expect(pair.parties.b.state.tag).to.equal("Normal");
  });
  it("says again, after loading, what the host may have missed", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.offer("b", 3_000_000n);
    pair.settle();
    const [htlc] = [...pair.parties.b.incoming.values()];
    if (htlc === undefined) throw new Error("committed");
    pair.fulfill("b", htlc);
    pair.deliver("a");
    for (const party of [pair.parties.a, pair.parties.b]) party.log = [];
    pair.crash("a");
    expect(pair.parties.a.tags().filter((tag) => tag.startsWith("Htlc"))).to.deep.equal([
      "HtlcSettled",
      "HtlcCommitted",
    ]);
    expect(pair.parties.a.tags()).to.include("WatchFunding");
  });
  it("ignores what comes before the peer's channel_reestablish only by breaking the connection", () => {
    const pair = normal();
    pair.disconnect();
    pair.connect();
    tell(pair, "a", {
      name: "update_fee",
      channel_id: pair.parties.a.funded.params.channelId,
      feerate_per_kw: 1000 as never,
    });
    expect(pair.parties.a.take("SendWarning")[0]?.text).to.match(/^unexpected message/);
    expect(pair.parties.a.funded.link.tag).to.equal("offline");
  });
  it("puts up with a channel_ready before it, which comes again", () => {
    const pair = opened();
    pair.settle();
    pair.disconnect();
    pair.confirm();
    pair.connect();
    pair.deliver("b");
    const { a } = pair.queues;
    const [, ready] = a.splice(0, 2, a[1] as Uint8Array, a[0] as Uint8Array, a[1] as Uint8Array);
    expect(ready?.[1]).to.equal(ChannelReady.type);
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect(pair.parties.a.take("SendWarning")).to.deep.equal([]);
  });
  for (const first of ["a", "b"] as const)
    it(`comes to terms with a peer that says where it stands only after both channel_ready, if ${first} sees the block first`, () => {
      const pair = opened();
      pair.settle();
      pair.disconnect();
      pair.connect();
      // b keeps its channel_reestablish back, and does not look at a's, before it has heard a's channel_ready.
      const kept = pair.queues.a.splice(0);
      const unread = pair.queues.b.splice(0);
      const output = fundedOutput(pair);
      const { a } = pair.parties;
      a.height = blockHeight(HEIGHT + 6);
      const confirm = () =>
        pair.give("a", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output });
      const channel_ready: ChannelMessage = {
        name: "channel_ready",
        channel_id: a.funded.params.channelId,
        second_per_commitment_point: pair.parties.b.keys.commitmentPoint(1n),
      };
      if (first === "a") confirm();
      expect(pair.queues.b).to.deep.equal([]);
      for (let times = 0; times < 3; times++) tell(pair, "a", channel_ready);
      if (first === "b") confirm();
      expect(pair.queues.b.map((frame) => frame[1])).to.deep.equal([ChannelReady.type]);
      pair.queues.b.splice(0, 1, ...unread);
      pair.queues.a.unshift(...kept);
      pair.confirm();
      expect([a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
      pair.offer("a", 5_000_000n);
      pair.settle();
      expect(pair.parties.b.incoming.size).to.equal(1);
    });
  it("takes announcement_signatures before it too", () => {
    const pair = normal({ announce: true });
    const { a } = pair.parties;
    const { announcement } = a.funded;
    pair.disconnect();
    a.state = { ...a.funded, announcement: { ...announcement, remote: undefined } };
    pair.connect();
    tell(pair, "a", {
      name: "announcement_signatures",
      channel_id: a.funded.params.channelId,
      short_channel_id: present(a.funded.funding.confirmed, "it is mined").shortChannelId,
      node_signature: present(announcement.remote, "b has signed").nodeSignature,
      bitcoin_signature: present(announcement.remote, "b has signed").bitcoinSignature,
    });
    expect([a.take("SendWarning"), a.funded.announcement]).to.deep.equal([[], announcement]);
    expect(a.take("Announced")).to.have.length(1);
    pair.settle();
    expect([a.state.tag, a.funded.link.tag]).to.deep.equal(["Normal", "online"]);
  });
  it("reconnects while the funding transaction is not confirmed", () => {
    const pair = opened();
    pair.settle();
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.confirm();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
});
