import { expect } from "chai";
import type { FundedState, OfferedHtlc } from "../../../channels/index.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { EXPIRY, normal, preimageOfHash } from "../../support/channel-pair.ts";

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
