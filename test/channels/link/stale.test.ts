import { expect } from "chai";
import type { FundedState, OfferedHtlc, Transition } from "../../../channels/index.ts";
import { blockHeight, cltvExpiry, satPerKw } from "../../../src/base/units.ts";
import { EXPIRY, normal, type Pair, preimageOfHash } from "../../support/channel-pair.ts";

const offered = (state: FundedState) =>
  state.commitments.htlcs.filter((htlc): htlc is OfferedHtlc => htlc.side === "offered");

describe("BOLT 2 §Message Retransmission: HTLCs that no commitment covers", () => {
  it("takes back one that ran out of time while the peer was away, and those behind it", () => {
    const pair = normal();
    pair.offer("a", 5_000n);
    pair.offer("a", 6_000n);
    pair.disconnect();
    for (const party of [pair.parties.a, pair.parties.b]) party.height = blockHeight(EXPIRY);
    pair.connect();
    pair.settle();
    const refused = pair.parties.a.take("Refused").map(({ reason }) => reason.code);
    expect(refused).to.deep.equal(["expiry_too_soon", "expiry_too_soon"]);
    const state = pair.parties.a.state as FundedState;
    expect(state.tag).to.equal("Normal");
    expect(offered(state)).to.deep.equal([]);
    expect(state.commitments.nextOfferedId).to.equal(0n);
  });
  it("sends the others again under the same ids (CONFORMANCE 71, 116)", () => {
    const pair = normal();
    pair.offer("a", 5_000n);
    pair.disconnect();
    pair.connect();
    pair.settle();
    const [htlc] = offered(pair.parties.a.state as FundedState);
    expect(htlc?.id).to.equal(0n);
    expect(pair.parties.a.take("Refused")).to.deep.equal([]);
  });
  it("takes back, while the peer stays away, one that runs out of time: whoever it came from waits for no reconnection", () => {
    const pair = normal();
    pair.offer("a", 5_000n);
    pair.disconnect();
    pair.block(EXPIRY - 1);
    expect(pair.parties.a.take("Refused")).to.deep.equal([]);
    pair.block(EXPIRY);
    expect(pair.parties.a.take("Refused").map(({ reason }) => reason)).to.deep.equal([
      { code: "expiry_too_soon", height: EXPIRY, requested: EXPIRY },
    ]);
    expect(offered(pair.parties.a.funded)).to.deep.equal([]);
    pair.crash("a");
    expect(offered(pair.parties.a.funded), "on disk too").to.deep.equal([]);
    pair.connect();
    pair.settle();
    pair.offer("a", 7_000n, 9, cltvExpiry(EXPIRY + 40));
    pair.settle();
    expect(offered(pair.parties.a.funded).map(({ id, step }) => [id, step])).to.deep.equal([
      [0n, "SENT_ADD_ACK_REVOCATION"],
    ]);
  });
  it("parts with a peer that acknowledges no commitment until one has run out of time, and takes it back", () => {
    const pair = normal();
    const { a } = pair.parties;
    pair.offer("a", 5_000_000n, 1, cltvExpiry(EXPIRY + 40));
    pair.signTurn("a");
    pair.offer("a", 6_000_000n, 2);
    pair.block(EXPIRY - 1);
    expect([a.take("Refused"), pair.connected]).to.deep.equal([[], true]);
    pair.block(EXPIRY);
    expect(a.take("Refused").map(({ origin }) => origin)).to.deep.equal([
      { tag: "payment", paymentId: "p2", attempt: 0 },
    ]);
    expect(a.take("SendWarning").map(({ text, disconnect }) => ({ text, disconnect }))).to.deep.equal([
      { text: "commitment not acknowledged", disconnect: true },
    ]);
    expect([a.state.tag, pair.connected]).to.deep.equal(["Normal", false]);
    pair.connect();
    pair.settle();
    expect(offered(a.funded).map(({ id, step }) => [id, step])).to.deep.equal([[0n, "SENT_ADD_ACK_REVOCATION"]]);
    expect(offered(pair.parties.b.funded)).to.deep.equal([]);
  });
});

describe("BOLT 2 §Message Retransmission: updates that are out of bounds by what the peer has added meanwhile", () => {
  /** a pays for the commitments and has little; b adds twelve HTLCs, and does not hear that a has revoked for them. */
  function crossed(update: (pair: Pair) => Transition): Pair {
    const pair = normal({ capacity: 100_000n, push: 94_390_000n });
    expect(update(pair).kind).to.equal("advance");
    for (let i = 0; i < 12; i++) pair.offer("b", 1_000_000n);
    pair.signTurn("b");
    while (pair.deliver("a"));
    pair.disconnect();
    pair.connect();
    pair.settle();
    const { a, b } = pair.parties;
    expect([...a.take("SendWarning"), ...b.take("SendWarning")]).to.deep.equal([]);
    expect(pair.connected).to.equal(true);
    expect(a.incoming.size, "what the peer added is committed").to.equal(12);
    return pair;
  }
  it("takes an HTLC back that the peer would part with us for, each time", () => {
    const { a } = crossed((pair) => pair.offer("a", 1_000_000n)).parties;
    expect(a.take("Refused").map(({ reason }) => reason)).to.deep.equal([
      { code: "insufficient_balance", available: 0n, requested: 1_000_000n },
    ]);
    expect([offered(a.funded), a.funded.commitments.nextOfferedId]).to.deep.equal([[], 0n]);
  });
  it("forgets a change of the feerate, to be decided on anew", () => {
    const pair = crossed((pair) => pair.give("a", { tag: "UpdateFee", feerate: satPerKw(3_000) }));
    const { a, b } = pair.parties;
    for (const { commitments } of [a.funded, b.funded])
      expect([commitments.feerate, commitments.feeUpdates, commitments.proposed]).to.deep.equal([1_000, [], []]);
  });
});

describe("BOLT 5 §Failing a Channel: a preimage that comes late", () => {
  it("is taken and passed on once, and changes nothing else (CONFORMANCE 78)", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.settle();
    const before = pair.parties.a.state as FundedState;
    const [htlc] = offered(before);
    if (htlc === undefined) throw new Error("offered");
    const channel_id = before.params.channelId;
    pair.give("a", { tag: "PeerMessage", message: { name: "error", channel_id, data: new Uint8Array(0) } });
    const failed = pair.parties.a.state as FundedState;
    expect(failed.tag).to.equal("Failed");
    const preimage = preimageOfHash(htlc.paymentHash);
    const message = { name: "update_fulfill_htlc", channel_id, id: htlc.id, payment_preimage: preimage } as const;
    pair.give("a", { tag: "PeerMessage", message });
    pair.give("a", { tag: "PeerMessage", message });
    const { id, origin, amount } = htlc;
    expect(pair.parties.a.take("HtlcSettled")).to.deep.equal([{ tag: "HtlcSettled", id, origin, amount, preimage }]);
    const after = pair.parties.a.state as FundedState;
    expect({ ...after, commitments: failed.commitments }).to.deep.equal(failed);
  });
  it("is ignored when it is not the preimage", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.settle();
    const { params } = pair.parties.a.state as FundedState;
    const { channelId: channel_id } = params;
    pair.give("a", { tag: "PeerMessage", message: { name: "error", channel_id, data: new Uint8Array(0) } });
    const failed = pair.parties.a.state;
    const payment_preimage = "00".repeat(32) as never;
    pair.give("a", {
      tag: "PeerMessage",
      message: { name: "update_fulfill_htlc", channel_id, id: 0n, payment_preimage },
    });
    expect(pair.parties.a.take("HtlcSettled")).to.deep.equal([]);
    expect(pair.parties.a.state).to.equal(failed);
  });
});
