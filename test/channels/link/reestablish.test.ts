import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import { type Name, normal, opened, type Pair } from "../../support/channel-pair.ts";
import { comeToRest, expectAgreement, type Offers } from "../../support/schedule.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });

/** Both sides add at once and settle at once, one message at a time: the wires and turns in a fixed order. */
function twoWay(first: Name, stop: number): { readonly pair: Pair; readonly offers: Offers; readonly done: boolean } {
  const pair = normal();
  const offers: Offers = new Map();
  const second: Name = first === "a" ? "b" : "a";
  for (const [from, amount] of [
    [first, 5_000_000n],
    [second, 3_000_000n],
    [first, 1_000n],
  ] as const) {
    offers.set(`p${pair.ticks}/0`, { from, amount });
    pair.offer(from, amount);
  }
  let moves = 0;
  const next = (): boolean => {
    if (pair.signTurn(first) || pair.signTurn(second) || pair.deliver(second) || pair.deliver(first)) return true;
    for (const name of [first, second]) {
      const [htlc] = [...pair.parties[name].incoming.values()];
      if (htlc === undefined) continue;
      pair.parties[name].incoming.delete(htlc.id);
      if (htlc.id === 1n) pair.fail(name, htlc.id);
      else pair.fulfill(name, htlc);
      return true;
    }
    return false;
  };
  while (moves < stop && next()) moves++;
  return { pair, offers, done: moves < stop };
}

describe("RELIABILITY C15: the link drops at each point of an update in both directions (CONFORMANCE 115-117)", () => {
  for (const first of ["a", "b"] as const)
    for (const crash of ["none", "a", "b"] as const)
      it(`comes to the same end from every point, ${first} first, ${crash === "none" ? "no crash" : `${crash} crashes`}`, () => {
        let points = 0;
        for (let stop = 0; ; stop++) {
          const { pair, offers, done } = twoWay(first, stop);
          if (crash === "none") pair.disconnect();
          else pair.crash(crash);
          // A payment that a crash took back before anything was signed for it never was.
          for (const key of [...offers.keys()]) if (lost(pair, key, offers)) offers.delete(key);
          comeToRest(pair);
          expect([pair.parties.a.state.tag, pair.parties.b.state.tag], `after ${stop} moves`).to.deep.equal([
            "Normal",
            "Normal",
          ]);
          expectAgreement(pair, offers);
          for (const [key, { from }] of offers) expect(pair.parties[from].ends.has(key), `${key} ends`).to.equal(true);
          if (done) break;
          points++;
        }
        expect(points).to.be.greaterThan(20);
      });
});
function lost(pair: Pair, key: string, offers: Offers): boolean {
  const from = offers.get(key)?.from as Name;
  const held = pair.parties[from].funded.commitments.htlcs.some(
    (htlc) => htlc.side === "offered" && htlc.origin.tag === "payment" && `${htlc.origin.paymentId}/0` === key,
  );
  return !held && !pair.parties[from].ends.has(key);
}

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

describe("RELIABILITY C28: one side has lost data (CONFORMANCE 119, 120)", () => {
  /** a's records, oldest first, over a few payments in both directions. */
  function history(): { readonly pair: Pair; readonly records: Uint8Array[] } {
    const pair = normal();
    const records: Uint8Array[] = [];
    const keep = (): void => {
      const { disk } = pair.parties.a;
      if (disk !== undefined && records.at(-1) !== disk) records.push(disk);
    };
    for (let round = 0; round < 4; round++) {
      pair.offer("a", 2_000_000n);
      pair.offer("b", 1_000_000n);
      for (let i = 0; i < 60; i++) {
        const moved = pair.deliver("a") || pair.deliver("b") || pair.signTurn("a") || pair.signTurn("b");
        keep();
        if (!moved) break;
      }
    }
    return { pair, records };
  }
  function reestablish(pair: Pair, change: Partial<ChannelReestablish>): void {
    pair.disconnect();
    pair.connect();
    const good = pair.trace.filter(({ from }) => from === "b").at(-1)?.message;
    if (good?.name !== "channel_reestablish") throw new Error("reestablished");
    tell(pair, "a", { ...good, ...change });
  }

  it("(a) the peer claims to be ahead with a wrong secret: the channel fails, and our state stays good", () => {
    const { pair } = history();
    reestablish(pair, {
      next_commitment_number: 100n,
      next_revocation_number: 90n,
      your_last_per_commitment_secret: new Uint8Array(32).fill(1),
    });
    const { state } = pair.parties.a;
    expect(state.tag === "Failed" && state.cause).to.deep.equal({ tag: "fault", text: "reestablish unproven future" });
  });
  it("(b, c) our record is 1, 2 or many writes old: nothing is signed or broadcast, and the peer is asked to close", () => {
    const steps = history().records.length;
    let proven = 0;
    for (let back = 1; back < steps; back++) {
      const { pair, records } = history();
      pair.parties.a.log = [];
      pair.load("a", records[records.length - 1 - back] as Uint8Array);
      pair.disconnect();
      pair.connect();
      pair.settle();
      const { a } = pair.parties;
      expect(a.take("NeedSignatures"), `${back} back`).to.deep.equal([]);
      expect(a.take("Broadcast")).to.deep.equal([]);
      const state = a.state;
      // A record that differs in nothing the peer knows of is not old.
      if (state.tag === "Normal") continue;
      if (state.tag !== "Failed") throw new Error(state.tag);
      if (state.cause.tag === "data_lost") {
        proven++;
        expect(a.take("SendError")[0]?.text).to.equal("our state is behind yours: please close the channel");
      }
    }
    expect(proven).to.be.greaterThan(10);
  });
  it("keeps the mark over a restart, and shows the peer its numbers again", () => {
    const { pair, records } = history();
    pair.load("a", records[0] as Uint8Array);
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.crash("a");
    const mark = pair.trace.length;
    pair.connect();
    expect(
      pair.trace
        .slice(mark)
        .filter(({ from }) => from === "a")
        .map(({ message }) => message.name),
    ).to.deep.equal(["channel_reestablish", "error"]);
    expect(pair.parties.a.state.tag === "Failed" && pair.parties.a.state.cause.tag).to.equal("data_lost");
  });
  it("fails at once on next_commitment_number 0", () => {
    const { pair } = history();
    reestablish(pair, { next_commitment_number: 0n });
    expect(pair.parties.a.take("SendError")[0]?.text).to.equal("reestablish lost state");
  });
  it("fails when the peer has gone back, or shows a wrong secret for the right number", () => {
    for (const [change, text] of [
      [{ next_commitment_number: 1n }, "reestablish lost state"],
      [{ your_last_per_commitment_secret: new Uint8Array(32).fill(1) }, "reestablish wrong secret"],
    ] as const) {
      const { pair } = history();
      reestablish(pair, change);
      expect(pair.parties.a.take("SendError")[0]?.text).to.equal(text);
    }
  });
});
