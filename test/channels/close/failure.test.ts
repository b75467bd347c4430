import { expect } from "chai";
import { localCommitment, specOf } from "../../../channels/commitments.ts";
import { describeFault, SEVERITY, signerMemoryOf } from "../../../channels/index.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { normal, opened, type Pair, TEMPORARY } from "../../support/channel-pair.ts";
import { into, spliceable, want } from "../../support/splicing.ts";

const error = (pair: Pair, text = "no") =>
  ({
    name: "error",
    channel_id: pair.parties.a.funded.params.channelId,
    data: new TextEncoder().encode(text),
  }) as const;

describe("BOLT 1 §The error and warning Messages", () => {
  it("RELIABILITY C20: an error that the host matched to this channel ends it, with its text made printable (CONFORMANCE 13, 15)", () => {
    const pair = normal();
    pair.give("a", { tag: "PeerMessage", message: error(pair, "stop\u001b[2J") });
    const { state } = pair.parties.a;
    expect(state.tag === "Failed" && state.cause).to.deep.equal({ tag: "peer_error", text: "stop?[2J" });
    expect(pair.parties.a.take("SendError"), "no error is answered by an error").to.deep.equal([]);
  });
  it("is no end where it is what some nodes say when they shut down: over the next connection the channel goes on", () => {
    const pair = normal();
    const { a, b } = pair.parties;
    pair.offer("a", 5_000_000n);
    pair.give("a", { tag: "PeerMessage", message: error(pair, "internal error") });
    expect([a.state.tag, pair.connected]).to.deep.equal(["Normal", false]);
    pair.connect();
    pair.settle();
    expect([a.state.tag, b.incoming.size]).to.deep.equal(["Normal", 1]);
  });
  it("ends a splice that is being made too: its coins are free, and whoever wished it is told", () => {
    const pair = spliceable();
    const { a } = pair.parties;
    want(pair, "a", into(100_000n));
    while (a.wallet.isFree) if (!pair.deliver("b")) pair.deliver("a");
    pair.give("a", { tag: "PeerMessage", message: error(pair) });
    expect([a.state.tag, a.wallet.isFree]).to.deep.equal(["Failed", true]);
    expect(a.take("NegotiationFailed")).to.have.length(1);
  });
  it("changes nothing on a warning (CONFORMANCE 14)", () => {
    const pair = normal();
    const before = pair.parties.a.state;
    pair.give("a", { tag: "PeerMessage", message: { ...error(pair), name: "warning" } });
    expect(pair.parties.a.state).to.equal(before);
    expect(pair.parties.a.take("PeerWarned")).to.deep.equal([{ tag: "PeerWarned", text: "no" }]);
  });
  it("uses the temporary id until there is a funding outpoint (CONFORMANCE 18)", () => {
    const pair = opened();
    pair.give("b", { tag: "PeerMessage", message: { ...pair.trace[0]?.message, push_msat: 1n << 50n } as never });
    expect(pair.parties.b.take("SendError")[0]?.channelId).to.equal(TEMPORARY);
  });
  it("says its error again on each reconnection and ignores the rest (CONFORMANCE 125)", () => {
    const pair = normal();
    pair.give("a", {
      tag: "PeerMessage",
      message: { ...error(pair), name: "update_fee", feerate_per_kw: 1000 } as never,
    });
    expect(pair.parties.a.state.tag).to.equal("Failed");
    pair.disconnect();
    const mark = pair.trace.length;
    pair.connect();
    const sent = pair.trace.slice(mark).filter(({ from }) => from === "a");
    expect(sent.map(({ message }) => message.name)).to.deep.equal(["error"]);
    const { state } = pair.parties.a;
    pair.give("a", {
      tag: "PeerMessage",
      message: { ...error(pair), name: "update_fee", feerate_per_kw: 1000 } as never,
    });
    expect(pair.parties.a.state).to.equal(state);
  });
});

describe("BOLT 5 §Failing a Channel", () => {
  it("keeps all that is known, refuses updates, and still takes preimages", () => {
    const pair = normal();
    pair.offer("b", 1_000_000n);
    pair.settle();
    pair.give("a", { tag: "PeerMessage", message: error(pair) });
    pair.offer("a", 1_000n);
    expect(pair.parties.a.take("Refused")[0]?.reason).to.deep.equal({ code: "not_open" });
    const [htlc] = [...pair.parties.a.incoming.values()];
    if (htlc === undefined) throw new Error("committed");
    expect(pair.fulfill("a", htlc).kind, "the chain will ask for it").to.equal("commit");
    expect(pair.parties.a.funded.commitments.htlcs[0]?.removal?.tag).to.equal("fulfilled");
  });
  it("sees the peer's commitment in a block, and its disappearance", () => {
    const pair = normal();
    const { a, b } = pair.parties;
    const { params, commitments } = b.funded;
    const { commitment } = localCommitment(
      pair.env("b"),
      params,
      commitments.local.number,
      specOf(commitments, "local"),
    );
    pair.give("a", { tag: "FundingSpent", tx: commitment.tx, height: blockHeight(300) });
    expect(a.state.tag === "Failed" && { cause: a.state.cause, spends: a.state.spends }).to.deep.equal({
      cause: { tag: "funding_spent" },
      spends: [{ outpoint: params.funding, tx: commitment.tx, height: 300 }],
    });
    pair.give("a", { tag: "SpendsReorged", height: blockHeight(300) });
    expect(a.state.tag === "Failed" && a.state.spends).to.deep.equal([]);
  });
  it("signs nothing when the signer refuses, and fails the channel", () => {
    const pair = normal();
    pair.offer("a", 1_000n);
    const { a } = pair.parties;
    const memory = signerMemoryOf(a.funded);
    a.memory = { ...memory, signed: memory.signed.map((signed) => ({ ...signed, number: 99n })) };
    a.signer = a.newSigner();
    pair.signTurn("a");
    expect(a.state.tag).to.equal("Failed");
    expect(pair.trace.some(({ message }) => message.name === "commitment_signed")).to.equal(false);
  });
});

describe("The table of faults", () => {
  it("ends a channel only for what cannot be undone by a reconnection", () => {
    const ends = Object.entries(SEVERITY).flatMap(([code, severity]) => (severity === "error-and-fail" ? [code] : []));
    expect(ends).to.include.members(["bad_commitment_signature", "wrong_revocation_secret", "update_fee_not_opener"]);
    expect(ends).to.not.include.members(["too_many_htlcs", "htlc_not_affordable", "unexpected_message"]);
  });
  it("describes a fault in one line with its data", () => {
    expect(describeFault({ code: "wrong_htlc_id", expected: 3n, received: 4n })).to.equal(
      "wrong htlc id, expected 3, received 4",
    );
  });
});
