import { expect } from "chai";
import { type ChannelInput, type Effect, FRESH, keptParams } from "../../../channels/index.ts";
import { currentLocal } from "../../../channels/onchain/classify.ts";
import { fundingOutput } from "../../../channels/tx/funding-tx.ts";
import { paymentHash, preimage } from "../../../src/base/ids.ts";
import { blockHeight, cltvExpiry, msat, sat, satPerKw } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, normal, ONION, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { feeOf, POLICY } from "../onchain/scene.ts";

/** Everything of a's channel is lost but what a static backup has. */
function lose({ pair }: Court): void {
  const { a } = pair.parties;
  const params = keptParams(a.funded.params);
  pair.disconnect();
  a.state = FRESH;
  a.log = [];
  a.broadcasts = [];
  pair.give("a", { tag: "Restore", params, others: [], since: HEIGHT });
}
const open = (push?: bigint): Court => new Court().open({ policy: POLICY, ...(push !== undefined && { push }) });
/** What a got, and what the transactions that brought it paid in fees. */
function got(court: Court): { readonly worth: bigint; readonly fees: bigint } {
  const script = Buffer.from(court.pair.parties.a.closeScript);
  let fees = 0n;
  for (let height = HEIGHT + 1; height <= court.height; height++)
    for (const tx of court.chain.whole.blockAt(blockHeight(height))?.txs.slice(1) ?? [])
      if (tx.outputs.some((output) => script.equals(output.script))) fees += feeOf(court, tx);
  return { worth: court.worth("a"), fees };
}
function saysNothingBinding(log: readonly Effect[]): void {
  expect(log.filter(({ tag }) => tag === "NeedSignatures" || tag === "Broadcast")).to.deep.equal([]);
}

describe("A channel of which only a static backup is left", () => {
  it("CONFORMANCE 119: asks the peer to close by a next_commitment_number of 0 and an error, on every connection", () => {
    const court = open();
    lose(court);
    const { pair } = court;
    for (let connection = 0; connection < 2; connection++) {
      pair.parties.a.log = [];
      pair.connect();
      const [bound] = pair.parties.a.take("Bind");
      expect(bound?.message).to.deep.include({
        name: "channel_reestablish",
        channel_id: pair.parties.b.funded.params.channelId,
        next_commitment_number: 0n,
        next_revocation_number: 0n,
        your_last_per_commitment_secret: new Uint8Array(32),
      });
      expect(pair.parties.a.take("SendError").map(({ text }) => text)).to.deep.equal([
        "our state is lost: please close the channel",
      ]);
      pair.settle();
      expect(pair.parties.b.state.tag).to.equal("Failed");
      pair.disconnect();
    }
  });
  it("CONFORMANCE 130: gets its balance of the peer's commitment one block later, to the satoshi less the fee of claiming it", () => {
    const court = open();
    court.pair.offer("a", 50_000_000n, 1);
    court.pair.settle();
    for (const htlc of court.pair.parties.b.incoming.values()) court.pair.fulfill("b", htlc);
    court.pair.settle();
    const balance = court.pair.parties.b.funded.commitments.balance.remote / 1000n;
    expect(balance).to.equal(550_000n);
    lose(court);
    court.pair.connect();
    court.act();
    const [published] = court.pair.parties.b.broadcasts.slice(-1);
    if (published === undefined) throw new Error("published");
    court.mine(3);
    const { worth, fees } = got(court);
    // a opened: the commitment's fee and both anchors are its own.
    expect(worth).to.equal(balance - feeOf(court, published) - 660n - fees);
    saysNothingBinding(court.pair.parties.a.log);
    court.mine(97);
    expect(court.pair.parties.a.take("Forget")).to.deep.equal([]);
    court.mine(1);
    expect(court.pair.parties.a.take("Forget")).to.deep.equal([{ tag: "Forget", reason: "closed and buried" }]);
  });
  it("CONFORMANCE 129: gets its balance of its own commitment after the delay, when that was out before all was lost", () => {
    const court = open();
    court.pair.disconnect();
    court.pair.give("a", { tag: "ForceClose" });
    court.act();
    const [published] = court.pair.parties.a.broadcasts.slice(-1);
    if (published === undefined) throw new Error("published");
    lose(court);
    court.mine(POLICY.toSelfDelay);
    expect(court.worth("a")).to.equal(0n);
    court.mine(2);
    const { worth, fees } = got(court);
    expect(worth).to.equal(600_000n - feeOf(court, published) - 660n - fees);
    saysNothingBinding(court.pair.parties.a.log);
  });
  it("takes what a revoked commitment of the peer's leaves it, and nothing that it cannot prove", () => {
    const court = open();
    const old = court.pair.parties.b.disk;
    if (old === undefined) throw new Error("a record");
    court.pair.offer("b", 70_000_000n, 1);
    court.pair.settle();
    for (const htlc of court.pair.parties.a.incoming.values()) court.pair.fulfill("a", htlc);
    court.pair.settle();
    lose(court);
    court.pair.load("b", old);
    court.pair.give("b", { tag: "ForceClose" });
    court.act();
    const [published] = court.pair.parties.b.broadcasts.slice(-1);
    if (published === undefined) throw new Error("published");
    court.mine(3);
    const { worth, fees } = got(court);
    expect(worth).to.equal(600_000n - feeOf(court, published) - 660n - fees);
  });
  it("is forgotten when what both agreed on before is 100 deep: that paid the wallet", () => {
    const court = open();
    const { pair } = court;
    pair.give("a", { tag: "Shutdown", script: pair.parties.a.closeScript, feerate: satPerKw(1_000) });
    pair.settle();
    court.silent.b = true;
    lose(court);
    court.silent.b = false;
    const [closing] = pair.parties.b.broadcasts.slice(-1);
    if (closing === undefined) throw new Error("closing");
    court.publish(closing);
    court.mine(1);
    expect(pair.parties.a.take("Closed").map(({ txid }) => txid)).to.deep.equal([txidOf(closing)]);
    court.mine(99);
    expect(pair.parties.a.take("Forget")).to.have.length(1);
    expect(pair.parties.a.take("Claims").flatMap(({ claims }) => claims)).to.deep.equal([]);
  });
  for (const [when, isSpliced, isKnown] of [
    ["the peer closes the channel on it", true, true],
    ["the peer closes it on the one before", false, true],
    ["the backup is from before it", true, false],
  ] as const)
    it(`follows a splice to the funding that it makes, where ${when}`, () => {
      const pair = normal();
      const { a, b } = pair.parties;
      const { params } = a.funded;
      const { tx } = currentLocal(pair.env("b"), b.funded);
      const keys = { local: params.local.basepoints.fundingPubkey, remote: params.remote.basepoints.fundingPubkey };
      const [spent] = tx.inputs;
      if (spent === undefined) throw new Error("an input");
      const output = {
        amount: sat(2_000_000n),
        script: fundingOutput(keys.local, keys.remote, sat(2_000_000n)).script,
      };
      const splice = { ...tx, locktime: 0, inputs: [{ ...spent, sequence: 0xffff_fffd }], outputs: [output] };
      const outpoint = { txid: txidOf(splice), vout: 0 };
      const closing = isSpliced ? { ...tx, inputs: [{ ...spent, prevout: outpoint }] } : tx;
      a.state = FRESH;
      a.log = [];
      const others = isKnown ? [{ outpoint, capacity: sat(2_000_000n), keys }] : [];
      pair.give("a", { tag: "Restore", params: keptParams(params), others, since: HEIGHT });
      const watched = () => a.take("WatchFunding").map((effect) => effect.outpoint);
      expect(watched()).to.deep.equal([params.funding, ...(isKnown ? [outpoint] : [])]);
      if (isSpliced) {
        a.log = [];
        pair.give("a", { tag: "FundingSpent", tx: splice, height: blockHeight(HEIGHT + 1) });
        expect(watched()).to.deep.equal(isKnown ? [] : [outpoint]);
        pair.block(HEIGHT + 150);
        expect([a.take("Closed"), a.take("Forget"), a.take("Claims")]).to.deep.equal([[], [], []]);
      }
      pair.give("a", { tag: "FundingSpent", tx: closing, height: blockHeight(HEIGHT + 2) });
      expect(a.take("Closed").map(({ txid }) => txid)).to.deep.equal([txidOf(closing)]);
      pair.block(HEIGHT + 151);
      expect(a.claims.map(({ why, outpoint: { txid } }) => [why, txid])).to.deep.equal([
        ["to_remote", txidOf(closing)],
      ]);
    });
  it("loses nothing to a reorganisation that takes the closing back and mines it again", () => {
    const court = open();
    lose(court);
    court.pair.connect();
    court.act();
    court.mine(2);
    const before = got(court).worth;
    court.reorganise(3);
    court.mine(4);
    expect(got(court).worth).to.equal(before);
  });
  it("RELIABILITY P5: signs and publishes nothing, whatever it is told", () => {
    const court = open();
    lose(court);
    for (const input of everything(court.pair)) court.pair.give("a", input);
    const { a } = court.pair.parties;
    expect(a.state.tag).to.equal("Restored");
    saysNothingBinding(a.log);
    expect(
      [...new Set(a.log.map((effect) => (effect.tag === "Bind" ? effect.message.name : effect.tag)))].sort(),
    ).to.deep.equal([
      "CommandRefused",
      "NotifyUpdated",
      "PeerWarned",
      "Refused",
      "SendError",
      "WatchFunding",
      "channel_reestablish",
    ]);
  });
});

/** One of every input that a channel can get but for what the chain tells. */
function everything(pair: Pair): readonly ChannelInput[] {
  const { params, commitments } = pair.parties.b.funded;
  const channel_id = params.channelId;
  const data = new Uint8Array(3).fill(0x61);
  const signature = new Uint8Array(64).fill(1);
  const tx = pair.parties.b.broadcasts[0] ?? pair.fund({ amount: params.capacity, script: SCRIPT.a });
  return [
    { tag: "Restore", params: keptParams(params), others: [], since: HEIGHT },
    { tag: "Resume" },
    { tag: "Connected" },
    { tag: "PeerMessage", message: { name: "error", channel_id, data } },
    { tag: "PeerMessage", message: { name: "warning", channel_id, data } },
    {
      tag: "PeerMessage",
      message: {
        name: "channel_reestablish",
        channel_id,
        next_commitment_number: commitments.local.number + 1n,
        next_revocation_number: commitments.remote.number,
        your_last_per_commitment_secret: new Uint8Array(32),
        my_current_per_commitment_point: pair.parties.b.keys.commitmentPoint(0n),
      },
    },
    { tag: "PeerMessage", message: { name: "commitment_signed", channel_id, signature, htlc_signature: [] } },
    { tag: "PeerMessage", message: { name: "shutdown", channel_id, scriptpubkey: SCRIPT.b } },
    {
      tag: "OfferHtlc",
      amount: msat(1_000_000n),
      paymentHash: paymentHash(new Uint8Array(32)),
      expiry: cltvExpiry(HEIGHT + 100),
      onion: ONION,
      origin: { tag: "payment", paymentId: "x", attempt: 0 },
    },
    { tag: "FulfillHtlc", id: 0n, preimage: preimage(new Uint8Array(32)) },
    { tag: "FailHtlc", id: 0n, reason: new Uint8Array(292) },
    { tag: "FailMalformedHtlc", id: 0n, code: 0xc005, sha256OfOnion: new Uint8Array(32) },
    { tag: "Sign" },
    { tag: "Signatures", signatures: { signature, htlcSignatures: [] } },
    { tag: "SigningRefused", refusal: { code: "malformed_request" } },
    { tag: "UpdateFee", feerate: satPerKw(1_000) },
    { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(1_000) },
    { tag: "ForceClose" },
    { tag: "AnnouncementSignatures", nodeSignature: signature, bitcoinSignature: signature },
    { tag: "FundingTx", tx, vout: 1 },
    { tag: "AbortOpening", reason: "no" },
    { tag: "FundingConfirmed", height: HEIGHT, txIndex: 1, output: undefined },
    { tag: "FundingReorged" },
    { tag: "FundingConflictBuried" },
    { tag: "SpendSeen", tx },
    { tag: "RevokedHtlcs", number: 0n, htlcs: [] },
    { tag: "BlockConnected", height: HEIGHT },
    { tag: "Disconnected" },
  ];
}
