import { expect } from "chai";
import { type ChannelType, explain, type HtlcOrigin } from "../../../channels/index.ts";
import type { Failed } from "../../../channels/state.ts";
import { channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, type CltvExpiry, cltvExpiry, feeForWeightCeil, msat } from "../../../src/base/units.ts";
import { type Tx, txidOf, weightOf } from "../../../src/bitcoin/tx.ts";
import { loadConfig } from "../../../src/daemon/config.ts";
import { hashOf, type Name, ONION, other, preimageOfHash } from "../../support/channel-pair.ts";
import { Court, FEERATE } from "../../support/court.ts";
import { feeOf } from "./scene.ts";

const BLOCKS = 40;
const DELAY = 144;

/** `from` has offered 100,000 sat, irrevocably; then the wire is cut. */
function offered(from: Name, amount = 100_000_000n): { readonly court: Court; readonly expiry: CltvExpiry } {
  const court = new Court().open();
  const expiry = cltvExpiry(court.height + BLOCKS);
  court.pair.offer(from, amount, 1, expiry);
  court.pair.settle();
  court.pair.disconnect();
  return { court, expiry };
}
const by = ({ pair }: Court, name: Name) => explain(pair.env(name), pair.parties[name].funded).closing?.by;
const ends = ({ pair }: Court, name: Name): readonly string[] => [...pair.parties[name].ends.values()];

/** Of the block at a height: all but the reward. */
const blockOf = ({ chain }: Court, height: number): readonly Tx[] =>
  present(chain.whole.blockAt(blockHeight(height)), "a block").txs.slice(1);

describe("An HTLC that we offered and that the peer sits on (CONFORMANCE 88, 89, 129, 136)", () => {
  it("is taken to the chain two blocks after its expiry and not before, and is back two blocks later", () => {
    const { court, expiry } = offered("a");
    court.silent.b = true;
    court.mineTo(expiry + 1);
    expect(court.pair.parties.a.state.tag).to.equal("Normal");
    court.mine();
    expect(court.pair.parties.a.take("ChannelFailed").map(({ cause }) => cause)).to.deep.equal([
      { tag: "deadline", side: "offered", id: 0n, expiry },
    ]);
    court.mine();
    expect(by(court, "a")).to.equal("local");
    court.mine();
    const [timeout] = blockOf(court, expiry + 4);
    expect(timeout?.locktime).to.equal(expiry);
  });
  it("is not, a moment after a start, before its peer could say that the record is an old copy (RELIABILITY P5)", () => {
    const { court, expiry } = offered("a");
    court.silent.b = true;
    court.pair.unheard = true;
    court.mineTo(expiry + 2);
    expect(court.pair.parties.a.state.tag).to.equal("Normal");
    court.pair.unheard = false;
    court.mine();
    expect(court.pair.parties.a.state.tag).to.equal("Failed");
  });
  it("is failed upstream once that is six deep: with blocks to spare before upstream has to act", () => {
    const { court, expiry } = offered("a");
    court.silent.b = true;
    court.mineTo(expiry + 8);
    expect(ends(court, "a")).to.deep.equal([]);
    court.mine();
    expect(ends(court, "a")).to.deep.equal(["failed"]);
    const config = loadConfig(["--datadir", "/nowhere"], {});
    const delta = config.ok ? config.value.config.cltvExpiryDelta : 0;
    const upstream = expiry + delta - court.pair.parties.a.policy.fulfillmentDeadlineBlocks;
    expect(court.height).to.be.lessThan(upstream);
  });
  it("stands in the peer's commitment: is taken back right after its expiry, without a second stage (CONFORMANCE 130)", () => {
    const { court, expiry } = offered("a");
    court.pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mineTo(expiry);
    expect(by(court, "a")).to.equal("remote");
    const before = court.worth("a");
    court.mine();
    const [tx] = blockOf(court, expiry + 1);
    expect([tx?.locktime, tx?.inputs.length, tx?.inputs[0]?.sequence]).to.deep.equal([expiry, 1, 1]);
    expect(court.worth("a") - before).to.equal(100_000n - feeOf(court, tx as Tx));
    court.mineTo(expiry + 6);
    expect(ends(court, "a")).to.deep.equal(["failed"]);
  });
  it("that no signature has covered closes nothing, however late it gets", () => {
    const court = new Court().open();
    const { pair } = court;
    pair.offer("a", 100_000_000n, 1, cltvExpiry(court.height + BLOCKS));
    pair.disconnect();
    court.mine(BLOCKS + 10);
    expect(pair.parties.a.state.tag).to.equal("Normal");
  });
});

describe("An HTLC whose preimage we gave and that the peer does not settle (CONFORMANCE 88, 129, 130)", () => {
  it("is taken to the chain 18 blocks before its expiry and not before, and is ours two blocks later", () => {
    const { court, expiry } = offered("b");
    for (const htlc of court.pair.parties.a.incoming.values()) court.pair.fulfill("a", htlc);
    court.silent.b = true;
    court.mineTo(expiry - 19);
    expect(court.pair.parties.a.state.tag).to.equal("Normal");
    court.mineTo(expiry - 16);
    const [success] = blockOf(court, expiry - 16);
    expect(success?.locktime).to.equal(0);
    court.mine(DELAY + 2);
    expect(court.worth("a") > 675_000n, "600,000 and 80,000 sat and more, less fees").to.equal(true);
  });
  it("is claimed from the peer's commitment in the next block", () => {
    const { court } = offered("b");
    for (const htlc of court.pair.parties.a.incoming.values()) court.pair.fulfill("a", htlc);
    court.pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mine(2);
    expect(court.worth("a") > 695_000n).to.equal(true);
  });
  it("without the preimage is left to the peer, and closes nothing", () => {
    const { court, expiry } = offered("b");
    court.silent.b = true;
    court.mineTo(expiry + 1);
    expect(court.pair.parties.a.state.tag).to.equal("Normal");
  });
});

describe("HTLCs without an output (CONFORMANCE 132)", () => {
  for (const closer of ["a", "b"] as const)
    it(`are failed upstream once the commitment of ${closer} is six deep, not before`, () => {
      const { court } = offered("a", 200_000n);
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      court.mine(5);
      expect(ends(court, "a")).to.deep.equal([]);
      court.mine();
      expect(ends(court, "a")).to.deep.equal(["failed"]);
    });
});

describe("RELIABILITY O20: an HTLC that was passed on, whose channel has failed and whose commitment no block takes", () => {
  /** Of a's, whose commitment nobody brings into the chain; and whether a still waits with its answer to where it came from. */
  function unmined(amount: bigint, origin: HtlcOrigin, type: Partial<ChannelType> = {}, feerate = 1_000) {
    const court = new Court().open({ type, feerate });
    const { pair } = court;
    const expiry = cltvExpiry(court.height + BLOCKS);
    const paymentHash = hashOf(1);
    pair.give("a", { tag: "OfferHtlc", amount: msat(amount), paymentHash, expiry, onion: ONION, origin });
    pair.settle();
    court.silent.a = true;
    court.silent.b = true;
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.act();
    return { court, expiry, failures: () => pair.parties.a.take("HtlcFailed").map(({ failure }) => failure.tag) };
  }
  const forwarded: HtlcOrigin = { tag: "relay", channelId: channelId(new Uint8Array(32).fill(7)), htlcId: 3n };
  const config = loadConfig(["--datadir", "/nowhere"], {});
  const least = 34;

  it("is failed upstream if it has an output in no commitment, when that would be deep, long before upstream has to act", () => {
    const { court, expiry, failures } = unmined(200_000n, forwarded);
    court.mineTo(expiry + 7);
    expect(failures()).to.deep.equal([]);
    court.mine();
    expect(failures()).to.deep.equal(["on_chain"]);
    expect(config.ok && config.value.config.cltvExpiryDelta >= least).to.equal(true);
    expect(court.height).to.be.below(expiry + least - 3);
    court.mine(10);
    expect(failures(), "once").to.deep.equal(["on_chain"]);
  });
  it("is not failed upstream while the peer may fetch it from a commitment of either side", () => {
    const { court, expiry, failures } = unmined(400_000n, forwarded);
    court.mineTo(expiry + 100);
    expect(failures()).to.deep.equal([]);
  });
  it("is not failed while one of both commitments has an output for it, which without anchors the side decides", () => {
    // In the peer's commitment it is a received one, whose second stage weighs more: it has an output in ours alone.
    const { court, expiry, failures } = unmined(1_040_000n, forwarded, { format: "static_remotekey" });
    court.mineTo(expiry + 100);
    expect(failures()).to.deep.equal([]);
    const trimmed = unmined(1_010_000n, forwarded, { format: "static_remotekey" });
    trimmed.court.mineTo(trimmed.expiry + 8);
    expect(trimmed.failures()).to.deep.equal(["on_chain"]);
  });
  it("stays open when it is a payment of our own: nobody waits for it, and it may have reached its payee", () => {
    const { court, expiry, failures } = unmined(200_000n, { tag: "payment", paymentId: "p", attempt: 0 });
    court.mineTo(expiry + 100);
    expect(failures()).to.deep.equal([]);
  });
  it("is paid for upstream when the preimage comes in time", () => {
    const { court, expiry, failures } = unmined(200_000n, forwarded);
    const { pair } = court;
    court.mineTo(expiry + 7);
    const message = {
      name: "update_fulfill_htlc",
      channel_id: pair.parties.a.funded.params.channelId,
      id: 0n,
      payment_preimage: preimageOfHash(hashOf(1)),
    } as const;
    pair.give("a", { tag: "PeerMessage", message });
    court.mine(100);
    expect([failures(), pair.parties.a.take("HtlcSettled").map(({ origin }) => origin)]).to.deep.equal([
      [],
      [forwarded],
    ]);
  });
  it("has not ended by our own record when that is an old one", () => {
    const { court, expiry, failures } = unmined(200_000n, forwarded);
    const { a } = court.pair.parties;
    a.state = { ...(a.state as Failed), cause: { tag: "data_lost" } };
    court.mineTo(expiry + 100);
    expect(failures()).to.deep.equal([]);
  });
});

describe("What spends the funding output (CONFORMANCE 127, 128)", () => {
  it("may be the peer's next commitment, which we have signed while it has not revoked the one before", () => {
    const court = new Court().open();
    const { pair } = court;
    const expiry = cltvExpiry(court.height + BLOCKS);
    pair.offer("a", 100_000_000n, 1, expiry);
    pair.signTurn("a");
    while (pair.deliver("b"));
    pair.disconnect();
    const { remote, sent } = pair.parties.a.funded.commitments;
    expect([remote.number, pair.parties.b.funded.commitments.local.number, sent !== undefined]).to.deep.equal([
      0n,
      1n,
      true,
    ]);
    pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mineTo(expiry + 1);
    expect([by(court, "a"), by(court, "b")]).to.deep.equal(["remote", "local"]);
    expect(court.worth("a") > 597_000n, "with the HTLC in it").to.equal(true);
    court.mine(5);
    expect(ends(court, "a")).to.deep.equal(["failed"]);
  });
  it("may be the one before that: the HTLC is in neither, and is failed upstream when it is six deep", () => {
    const court = new Court().open();
    const { pair } = court;
    pair.offer("a", 100_000_000n, 1, cltvExpiry(court.height + BLOCKS));
    pair.signTurn("a");
    pair.disconnect();
    pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mine(5);
    expect([by(court, "a"), ...ends(court, "a")]).to.deep.equal(["remote"]);
    court.mine();
    expect(ends(court, "a")).to.deep.equal(["failed"]);
  });
  it("may be a commitment that we know nothing of: we say that our record is an old one, and publish nothing", () => {
    const { court } = offered("a");
    const { pair } = court;
    pair.connect();
    pair.settle();
    const old = present(pair.parties.a.disk, "an old record");
    pair.offer("a", 100_000_000n);
    pair.settle();
    pair.disconnect();
    pair.load("a", old);
    pair.parties.a.log = [];
    pair.parties.a.broadcasts = [];
    pair.give("b", { tag: "ForceClose" });
    court.act();
    court.mine(2);
    const { a } = pair.parties;
    expect(a.take("ChannelFailed").map(({ cause }) => cause.tag)).to.deep.equal(["funding_spent", "data_lost"]);
    expect([by(court, "a"), a.broadcasts]).to.deep.equal(["future", []]);
    expect(court.worth("a") > 396_000n, "our balance is ours all the same").to.equal(true);
  });
});

describe("Locks of what we publish (CONFORMANCE 137)", () => {
  for (const closer of ["a", "b"] as const)
    it(`from ${closer}'s own commitment everything is swept when the peer's delay is over, and not before`, () => {
      const { court, expiry } = offered(closer);
      court.silent[other(closer)] = true;
      court.mineTo(expiry + 3);
      court.mine(DELAY - 1);
      expect(court.worth(closer)).to.equal(0n);
      court.mine();
      const [sweep] = blockOf(court, expiry + 3 + DELAY);
      const [input] = present(sweep, "the sweep").inputs;
      expect([sweep?.version, sweep?.locktime, input?.sequence]).to.deep.equal([2, 0, DELAY]);
    });
});

describe("A commitment whose own fee is too low by now (CONFORMANCE 135)", () => {
  it("is paid for through the anchor: both together meet the feerate", () => {
    const court = new Court().open({ feerate: 253 });
    court.pair.disconnect();
    court.pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mine();
    const [commitment, child] = blockOf(court, court.height) as readonly [Tx, Tx];
    expect(child.inputs[0]?.prevout.txid).to.equal(txidOf(commitment));
    const paid = feeOf(court, commitment) + feeOf(court, child);
    expect(paid >= feeForWeightCeil(FEERATE, weightOf(commitment) + weightOf(child))).to.equal(true);
  });
});
