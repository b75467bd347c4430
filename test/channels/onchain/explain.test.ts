import { expect } from "chai";
import { type Explanation, explain, explanationRecord } from "../../../channels/index.ts";
import { toHex, utf8 } from "../../../src/base/bytes.ts";
import { ok, present } from "../../../src/base/result.ts";
import { cltvExpiry } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { decode, encode } from "../../../src/codec/codec.ts";
import { type Name, Pair } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";

const told = ({ pair }: Court, name: Name): Explanation => explain(pair.env(name), pair.parties[name].funded);
const CLOSED = { since: undefined, closing: undefined, outputs: [] };

/** One HTLC each way, irrevocable, that ends at the same height. */
function withHtlcs(blocks: number): { readonly court: Court; readonly expiry: number } {
  const court = new Court().open();
  const { pair } = court;
  const expiry = cltvExpiry(court.height + blocks);
  pair.offer("a", 100_000_000n, 1, expiry);
  pair.offer("b", 80_000_000n, 2, expiry);
  pair.settle();
  return { court, expiry };
}

describe("explain: why a channel was closed, for each cause", () => {
  it("open: not at all", () => {
    const court = new Court().open();
    for (const name of ["a", "b"] as const)
      expect(told(court, name)).to.deep.equal({ cause: "open", why: "It is not closed.", ...CLOSED });
  });
  it("agreement: one side asked, and what both signed is mined", () => {
    const court = new Court().open();
    const { pair } = court;
    const { closeScript } = pair.parties.a;
    pair.give("a", { tag: "Shutdown", script: closeScript, feerate: pair.env("a").feerate as never });
    const why = "One side asked to close and both agree on how: no side waits for anything.";
    expect(told(court, "a")).to.deep.equal({ cause: "agreement", why, ...CLOSED });
    court.act();
    court.mine();
    const txid = txidOf(present(pair.parties.a.broadcasts.at(-1), "the closing transaction"));
    const closing = { txid, height: court.height, by: "mutual", what: "what both had agreed on" };
    for (const name of ["a", "b"] as const)
      expect(told(court, name)).to.deep.equal({ cause: "agreement", why, ...CLOSED, closing });
  });
  it("requested: told to by whoever runs the node; the other side is told so, and says so", () => {
    const court = new Court().open();
    const { pair } = court;
    pair.give("a", { tag: "ForceClose" });
    const since = court.height;
    expect(told(court, "a")).to.deep.equal({
      ...CLOSED,
      cause: "requested",
      why: "This node was told to close it without waiting for the peer.",
      since,
    });
    pair.settle();
    expect(told(court, "b")).to.deep.equal({
      ...CLOSED,
      cause: "peer_error",
      why: "The peer failed it: closing without you.",
      since,
    });
  });
  it("peer_error without a word", () => {
    const court = new Court().open();
    const { channelId } = court.pair.parties.a.funded.params;
    const message = { name: "error", channel_id: channelId, data: utf8("") } as const;
    court.pair.give("a", { tag: "PeerMessage", message });
    expect(told(court, "a").why).to.equal("The peer failed it: it gave no reason.");
  });
  it("fault: which rule the peer broke", () => {
    const court = new Court().open();
    const { channelId } = court.pair.parties.a.funded.params;
    const message = { name: "update_fee", channel_id: channelId, feerate_per_kw: court.pair.env("a").feerate as never };
    court.pair.give("a", { tag: "PeerMessage", message: message as never });
    expect([told(court, "a").cause, told(court, "a").why]).to.deep.equal([
      "fault",
      "It could not go on: update fee not opener.",
    ]);
  });
  it("deadline: an HTLC that we offered and that nobody resolved, by id and height", () => {
    const { court, expiry } = withHtlcs(30);
    court.mineTo(expiry + 2);
    const { cause, why, since } = told(court, "a");
    expect({ cause, why, since }).to.deep.equal({
      cause: "deadline",
      why: `HTLC 0, which we offered, expired at block ${expiry} and the peer had neither paid nor failed it: it is taken back on the chain while whoever it came from still waits.`,
      since: expiry + 2,
    });
  });
  it("deadline: an HTLC whose preimage we gave and that the peer does not settle, by id and height", () => {
    const { court, expiry } = withHtlcs(30);
    const { pair } = court;
    pair.disconnect();
    for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
    court.mineTo(expiry - 18);
    const { cause, why, since } = told(court, "a");
    expect({ cause, why, since }).to.deep.equal({
      cause: "deadline",
      why: `HTLC 0, whose preimage we gave, expires at block ${expiry} and the peer had not settled it: it is claimed on the chain in time.`,
      since: expiry - 18,
    });
  });
  it("data_lost: the peer publishes a commitment that our old record does not know", () => {
    const court = new Court().open();
    const { pair } = court;
    const old = present(pair.parties.a.disk, "an old record");
    pair.offer("a", 100_000_000n);
    pair.settle();
    pair.disconnect();
    pair.load("a", old);
    pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mine();
    const { outputs, ...said } = told(court, "a");
    expect(said).to.deep.equal({
      cause: "data_lost",
      why: "The peer has proved that our record of it is an old one: nothing of ours may be published, the peer has to close.",
      since: court.height,
      closing: {
        txid: txidOf(present(pair.parties.b.broadcasts.at(-1), "its commitment")),
        height: court.height,
        by: "future",
        what: "a commitment of the peer's that we know nothing of",
      },
    });
    expect(outputs.map(({ what }) => what)).to.deep.equal(["our balance"]);
  });
  it("funding_spent: the peer's commitment, and what of it is whose, from which block on", () => {
    const { court, expiry } = withHtlcs(30);
    const { pair } = court;
    pair.disconnect();
    pair.give("b", { tag: "ForceClose" });
    court.act();
    court.silent.a = true;
    court.mine();
    const { outputs, ...said } = told(court, "a");
    const txid = txidOf(present(pair.parties.b.broadcasts.at(-1), "its commitment"));
    expect(said).to.deep.equal({
      cause: "funding_spent",
      why: "The peer closed it without us.",
      since: court.height,
      closing: { txid, height: court.height, by: "remote", what: "the peer's commitment" },
    });
    expect(outputs.map(({ what, status, height }) => ({ what, status, height }))).to.have.deep.members([
      { what: "HTLC 0 that we offered", status: "waiting", height: expiry },
      { what: "HTLC 0 that the peer offered", status: "no_preimage", height: undefined },
      { what: "our balance", status: "claimable", height: undefined },
    ]);
  });
  it("a revoked commitment: everything in it is ours", () => {
    const { court } = withHtlcs(200);
    const { pair } = court;
    const old = present(pair.parties.b.disk, "an old record");
    for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
    pair.settle();
    pair.disconnect();
    const alone = new Pair();
    alone.connected = false;
    alone.load("b", old);
    alone.give("b", { tag: "ForceClose" });
    court.publish(present(alone.parties.b.broadcasts[0], "a revoked commitment"));
    court.silent.a = true;
    court.mine();
    const { outputs, closing } = told(court, "a");
    expect([closing?.by, closing?.what]).to.deep.equal([
      "revoked",
      "a commitment that the peer had revoked: everything in it is ours",
    ]);
    expect(outputs.map(({ what, status }) => ({ what, status }))).to.have.deep.members([
      { what: "penalty: HTLC 0", status: "claimable" },
      { what: "penalty: HTLC 0", status: "claimable" },
      { what: "penalty: the peer's balance", status: "claimable" },
      { what: "our balance", status: "claimable" },
    ]);
  });
  it("what is kept when the channel is forgotten is all of it but the outputs", () => {
    const court = new Court().open();
    court.pair.disconnect();
    court.pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mine();
    const explanation = told(court, "a");
    expect(explanation.closing?.by).to.equal("local");
    const bytes = encode(explanationRecord, explanation);
    expect(decode(explanationRecord, bytes), toHex(bytes)).to.deep.equal(ok({ ...explanation, outputs: [] }));
  });
});
