import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { cltvExpiry, msat, satPerKw } from "../../../src/base/units.ts";
import type { UpdateAddHtlc } from "../../../src/wire/updates.ts";
import { EXPIRY, hashOf, normal, ONION, type Opening, type Pair, preimageOf } from "../../support/channel-pair.ts";

const tell = (pair: Pair, message: ChannelMessage) => pair.give("a", { tag: "PeerMessage", message });
const idOf = (pair: Pair) => pair.parties.a.funded.params.channelId;
const add = (pair: Pair, change: Partial<UpdateAddHtlc> = {}): UpdateAddHtlc => ({
  name: "update_add_htlc",
  channel_id: idOf(pair),
  id: 0n,
  amount_msat: msat(1_000_000n),
  payment_hash: hashOf(1),
  cltv_expiry: EXPIRY,
  onion_routing_packet: ONION,
  ...change,
});
const warning = (pair: Pair): string | undefined => pair.parties.a.take("SendWarning")[0]?.text;

/** What a node answers to one bad message from a fresh peer: nothing of it may stay, or reach the disk. */
function answer(message: (pair: Pair) => ChannelMessage, opening: Opening = {}) {
  const pair = normal(opening);
  const disk = pair.parties.a.disk;
  const before = pair.parties.a.funded.commitments;
  tell(pair, message(pair));
  const { state } = pair.parties.a;
  if (state.tag === "Normal") {
    expect(pair.parties.a.disk, "nothing is written").to.equal(disk);
    expect(state.commitments).to.deep.equal(before);
    expect(state.link.tag).to.equal("offline");
  }
  const [sent] = [...pair.parties.a.take("SendWarning"), ...pair.parties.a.take("SendError")];
  return { state: state.tag, text: sent?.text };
}

describe("RELIABILITY C17: limits of update_add_htlc, receiving node (CONFORMANCE 72)", () => {
  const warned = (text: string) => ({ state: "Normal", text });
  it("refuses a repeated id and a skipped one", () => {
    expect(answer((pair) => add(pair, { id: 1n }))).to.deep.equal(warned("wrong htlc id, expected 0, received 1"));
    const pair = normal();
    tell(pair, add(pair));
    tell(pair, add(pair));
    expect(warning(pair)).to.equal("wrong htlc id, expected 1, received 0");
  });
  it("refuses an amount of 0", () => {
    expect(answer((pair) => add(pair, { amount_msat: msat(0n) }))).to.deep.equal(warned("htlc amount zero"));
  });
  it("refuses less than our htlc_minimum_msat", () => {
    const opening = { policy: { htlcMinimum: msat(1_000n) } };
    expect(answer((pair) => add(pair, { amount_msat: msat(999n) }), opening)).to.deep.equal(
      warned("htlc below minimum"),
    );
  });
  it("refuses an expiry that would be a time, also at the limit of 32 bits with a sign (RELIABILITY C35)", () => {
    for (const expiry of [500_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 0xffff_ffff])
      expect(answer((pair) => add(pair, { cltv_expiry: cltvExpiry(expiry) }))).to.deep.equal(
        warned("htlc expiry not a height"),
      );
  });
  it("refuses the 484th HTLC, and takes 483", () => {
    const pair = normal();
    for (let id = 0n; id < 483n; id++) tell(pair, add(pair, { id, amount_msat: msat(1n) }));
    expect(pair.parties.a.funded.commitments.htlcs).to.have.length(483);
    tell(pair, add(pair, { id: 483n, amount_msat: msat(1n) }));
    expect(warning(pair)).to.equal("too many htlcs, maximum 483");
    expect(pair.parties.a.funded.commitments.htlcs, "none of them was committed").to.deep.equal([]);
  });
  it("refuses more in flight than announced", () => {
    const opening = { policy: { inFlightSharePpm: 100_000n } };
    expect(answer((pair) => add(pair, { amount_msat: msat(100_000_001n) }), opening)).to.deep.equal(
      warned("in flight limit, maximum 100000000"),
    );
  });
  it("refuses what the peer cannot afford above its reserve", () => {
    expect(answer((pair) => add(pair, { amount_msat: msat(390_000_001n) }))).to.deep.equal(
      warned("htlc not affordable"),
    );
    expect(answer((pair) => add(pair, { amount_msat: msat(1_000_000_000n) }))).to.deep.equal(
      warned("htlc not affordable"),
    );
  });
});

describe("BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc, receiving node", () => {
  /** One HTLC from a to b, irrevocably committed. */
  function committed(): Pair {
    const pair = normal();
    pair.offer("a", 1_000_000n, 5);
    pair.settle();
    return pair;
  }
  const fulfill = (pair: Pair, tick: number, id = 0n) =>
    ({ name: "update_fulfill_htlc", channel_id: idOf(pair), id, payment_preimage: preimageOf(tick) }) as const;
  const fail = (pair: Pair, id = 0n) =>
    ({ name: "update_fail_htlc", channel_id: idOf(pair), id, reason: new Uint8Array(292) }) as const;

  it("fails the channel on a preimage that does not hash to the payment_hash (CONFORMANCE 79)", () => {
    const pair = committed();
    tell(pair, fulfill(pair, 6));
    expect(pair.parties.a.state.tag).to.equal("Failed");
  });
  it("refuses to remove an unknown HTLC, and one that is not committed (CONFORMANCE 76, 79)", () => {
    expect(answer((pair) => fulfill(pair, 5)).text).to.equal("unknown htlc, id 0");
    const pair = normal();
    pair.offer("a", 1_000_000n, 5);
    tell(pair, fulfill(pair, 5));
    expect(warning(pair)).to.equal("htlc not removable, id 0");
  });
  it("refuses update_fail_malformed_htlc without BADONION (CONFORMANCE 80)", () => {
    const pair = committed();
    const malformed = { name: "update_fail_malformed_htlc", channel_id: idOf(pair), id: 0n } as const;
    tell(pair, { ...malformed, sha256_of_onion: new Uint8Array(32), failure_code: 0x4005 });
    expect(warning(pair)).to.equal("not badonion, failureCode 16389");
  });
  it("passes the code and hash of a malformed HTLC on, once it is irrevocably gone (CONFORMANCE 80)", () => {
    const pair = committed();
    pair.give("b", { tag: "FailMalformedHtlc", id: 0n, code: 0xc005, sha256OfOnion: new Uint8Array(32).fill(3) });
    pair.settle();
    expect(pair.parties.a.take("HtlcFailed").map(({ failure }) => failure)).to.deep.equal([
      { tag: "malformed", code: 0xc005, sha256OfOnion: new Uint8Array(32).fill(3) },
    ]);
  });
  it("tells of a preimage at once, though the removal is not committed (CONFORMANCE 78)", () => {
    const pair = committed();
    tell(pair, fulfill(pair, 5));
    expect(
      pair.parties.a.take("HtlcSettled").map(({ id, amount, preimage }) => ({ id, amount, preimage })),
    ).to.deep.equal([{ id: 0n, amount: 1_000_000n, preimage: preimageOf(5) }]);
  });
  it("tells of a failure only when the removal is irrevocable (CONFORMANCE 77)", () => {
    const pair = committed();
    pair.fail("b", 0n);
    const seen: string[] = [];
    for (let i = 0; i < 40 && pair.parties.a.take("HtlcFailed").length === 0; i++) {
      if (pair.deliver("a")) seen.push(pair.trace.filter(({ from }) => from === "b").at(-1)?.message.name ?? "");
      else if (!pair.deliver("b") && !pair.signTurn("b")) pair.signTurn("a");
    }
    const names = pair.trace.map(({ from, message }) => `${from} ${message.name}`);
    expect(names.slice(-5)).to.deep.equal([
      "b update_fail_htlc",
      "b commitment_signed",
      "a revoke_and_ack",
      "a commitment_signed",
      "b revoke_and_ack",
    ]);
    expect(pair.parties.a.funded.commitments.htlcs).to.deep.equal([]);
  });

  describe("RELIABILITY C16: each removal sent twice, and two for one id", () => {
    it("answers a second fulfill with a warning and stays usable", () => {
      const pair = committed();
      tell(pair, fulfill(pair, 5));
      tell(pair, fulfill(pair, 5));
      expect(warning(pair)).to.equal("htlc not removable, id 0");
      expect(pair.parties.a.take("HtlcSettled")).to.have.length(1);
    });
    it("does not let a failure follow a fulfill, or a fulfill a failure", () => {
      for (const [first, second] of [
        [fulfill, fail],
        [fail, fulfill],
      ] as const) {
        const pair = committed();
        tell(pair, first(pair, 5 as never));
        tell(pair, second(pair, 5 as never));
        expect(pair.parties.a.take("SendWarning")).to.have.length(1);
      }
    });
    it("keeps the first of two settlements of our own", () => {
      const pair = committed();
      const [htlc] = [...pair.parties.b.incoming.values()];
      if (htlc === undefined) throw new Error("committed");
      expect(pair.fulfill("b", htlc).kind).to.equal("commit");
      expect(pair.fulfill("b", htlc)).to.deep.equal({ kind: "stay", effects: [] });
      pair.fail("b", 0n);
      expect(pair.parties.b.take("CommandRefused")[0]?.reason).to.deep.equal({ code: "htlc_already_removed", id: 0n });
      pair.settle();
      expect(pair.parties.a.ends.get("p5/0")).to.equal("settled");
    });
  });

  it("RELIABILITY C14: a fulfill lost with the connection comes again, is told once, and the channel lives", () => {
    const pair = committed();
    const [htlc] = [...pair.parties.b.incoming.values()];
    if (htlc === undefined) throw new Error("committed");
    pair.fulfill("b", htlc);
    pair.deliver("a");
    expect(pair.parties.a.take("HtlcSettled")).to.have.length(1);
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(pair.parties.a.take("HtlcSettled")).to.have.length(1);
    expect(pair.parties.a.funded.commitments.htlcs).to.deep.equal([]);
    expect(pair.parties.a.funded.commitments.balance.local).to.equal(599_000_000n);
  });
  it("lets no failure undo a preimage that was given before a reconnection", () => {
    const pair = committed();
    tell(pair, fulfill(pair, 5));
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.fail("b", 0n);
    pair.settle();
    expect(pair.parties.a.take("HtlcSettled")).to.have.length(1);
    expect(pair.parties.a.take("HtlcFailed")).to.deep.equal([]);
    expect(pair.parties.a.funded.commitments.balance.local).to.equal(600_000_000n);
  });
  it("removes nothing of the peer's before it is irrevocable on both sides (CONFORMANCE 76)", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n, 5);
    const settle = () => pair.give("b", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(5) });
    settle();
    pair.signTurn("a");
    for (const to of ["b", "b", "a"] as const) {
      pair.deliver(to);
      settle();
    }
    pair.signTurn("b");
    settle();
    expect(pair.parties.b.take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal([
      "unknown_htlc",
      "htlc_not_committed",
      "htlc_not_committed",
      "htlc_not_committed",
      "htlc_not_committed",
    ]);
    pair.settle();
    expect(settle().kind).to.equal("commit");
  });
  it("settles and fails while disconnected, and sends it on reconnection", () => {
    const pair = committed();
    pair.offer("a", 2_000_000n, 6);
    pair.settle();
    pair.disconnect();
    for (const htlc of pair.parties.b.incoming.values()) if (htlc.id === 0n) pair.fulfill("b", htlc);
    pair.fail("b", 1n);
    pair.connect();
    pair.settle();
    expect([pair.parties.a.ends.get("p5/0"), pair.parties.a.ends.get("p6/0")]).to.deep.equal(["settled", "failed"]);
  });
});

describe("BOLT 2 §Updating Fees: update_fee", () => {
  it("RELIABILITY C11: from the accepter it fails the channel once, whatever the rate (CONFORMANCE 85)", () => {
    for (const rate of [0, 1000, 0xffff_ffff]) {
      const pair = normal();
      const message = { name: "update_fee", channel_id: idOf(pair), feerate_per_kw: satPerKw(rate) } as const;
      tell(pair, message);
      tell(pair, message);
      expect(pair.parties.a.state.tag).to.equal("Failed");
      expect(pair.parties.a.take("ChannelFailed")).to.have.length(1);
      expect(pair.parties.a.funded.commitments.feeUpdates).to.deep.equal([]);
    }
  });
  it("from the opener counts on both commitments once committed, and only the last one does", () => {
    const pair = normal();
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(2_000) });
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(3_000) });
    pair.settle();
    for (const party of [pair.parties.a, pair.parties.b]) {
      expect(party.funded.commitments.feerate).to.equal(3_000);
      expect(party.funded.commitments.feeUpdates).to.deep.equal([]);
    }
  });
  it("is refused when silly or not affordable", () => {
    const opening = { push: 980_000_000n };
    for (const [rate, code] of [
      [252, "feerate out of range, feerate 252"],
      [100_001, "feerate out of range, feerate 100001"],
      [90_000, "feerate not affordable, feerate 90000"],
    ] as const) {
      const pair = normal(opening);
      const message = { name: "update_fee", channel_id: idOf(pair), feerate_per_kw: satPerKw(rate) } as const;
      pair.give("b", { tag: "PeerMessage", message });
      expect(pair.parties.b.take("SendWarning")[0]?.text).to.equal(code);
    }
  });
  it("is not sent when we cannot afford it, or are not the opener", () => {
    const pair = normal({ push: 980_000_000n });
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(20_000) });
    expect(pair.parties.a.take("CommandRefused")[0]?.reason.code).to.equal("cannot_afford_feerate");
    pair.give("b", { tag: "UpdateFee", feerate: satPerKw(2_000) });
    expect(pair.parties.b.take("CommandRefused")[0]?.reason).to.deep.equal({ code: "not_opener" });
  });
});
