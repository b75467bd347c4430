import { expect } from "chai";
import { nextTimestamp, ownNode, ownUpdate, verifyGossip, withSignature } from "../../../routing/index.ts";
import { AssertionError } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { decodeMessage } from "../../../src/wire/registry.ts";
import { ALICE, BOB, CHAIN, channelUpdate, NOW, nodeAnnouncement, scid } from "./messages.ts";

const OWN = {
  chain: CHAIN,
  shortChannelId: scid(900),
  self: BOB.id,
  peer: ALICE.id,
  capacity: sat(1_000n),
  terms: {
    feeBaseMsat: 7,
    feeProportionalMillionths: 8,
    cltvExpiryDelta: 34,
    htlcMinimum: msat(1n),
    htlcMaximum: msat(1_000_000n),
  },
  disabled: false,
  announced: true,
  timestamp: NOW,
};

describe("BOLT 7 §The channel_update Message: of our own", () => {
  it("says what we ask for, in the direction that begins at us", () => {
    expect(ownUpdate(OWN).message).to.deep.equal({
      name: "channel_update",
      signature: new Uint8Array(64),
      chain_hash: CHAIN,
      short_channel_id: scid(900),
      timestamp: NOW,
      message_flags: 1,
      channel_flags: 1,
      cltv_expiry_delta: 34,
      htlc_minimum_msat: 1n,
      fee_base_msat: 7,
      fee_proportional_millionths: 8,
      htlc_maximum_msat: 1_000_000n,
    });
    expect(ownUpdate({ ...OWN, self: ALICE.id, peer: BOB.id }).message.channel_flags).to.equal(0);
  });
  it("sets disable, and dont_forward while the channel is not announced", () => {
    const { message } = ownUpdate({ ...OWN, disabled: true, announced: false });
    expect([message.channel_flags, message.message_flags]).to.deep.equal([3, 3]);
  });
  it("is never made with limits that cross, a maximum above the capacity or a timestamp of zero", () => {
    const terms = (changes: object) => ({ ...OWN, terms: { ...OWN.terms, ...changes } });
    expect(() => ownUpdate(terms({ htlcMinimum: msat(1_000_001n) }))).to.throw(AssertionError);
    expect(() => ownUpdate(terms({ htlcMaximum: msat(1_000_001n) }))).to.throw(AssertionError);
    expect(() => ownUpdate({ ...OWN, timestamp: 0 })).to.throw(AssertionError);
  });
  it("becomes, with its signature, what others read and verify", () => {
    const gossip = channelUpdate(scid(900), BOB, ALICE);
    expect(decodeMessage(gossip.bytes)).to.deep.equal({ ok: true, value: gossip.message });
    expect(verifyGossip(gossip, BOB.id)).to.equal(true);
  });
});

describe("BOLT 7 §The node_announcement Message: of our own", () => {
  it("becomes, with its signature, what others read and verify", () => {
    const gossip = nodeAnnouncement();
    expect(decodeMessage(gossip.bytes)).to.deep.equal({ ok: true, value: gossip.message });
    expect(verifyGossip(gossip, ALICE.id)).to.equal(true);
  });
  it("pads the alias with zeros, and takes no more than 32 bytes of it", () => {
    const node = (alias: string) =>
      ownNode({ self: ALICE.id, alias, color: new Uint8Array(3), addresses: [], timestamp: 1 });
    expect(node("ab").message.alias).to.deep.equal(Uint8Array.of(0x61, 0x62, ...new Uint8Array(30)));
    expect(() => node("é".repeat(17))).to.throw(AssertionError);
  });
  it("is never made with a signature of another length", () => {
    const unsigned = ownNode({ self: ALICE.id, alias: "", color: new Uint8Array(3), addresses: [], timestamp: 1 });
    expect(() => withSignature(unsigned, secp256k1.publicKey(ALICE.secret))).to.throw(AssertionError);
  });
});

describe("timestamps of our own", () => {
  it("are the time, or one above the last when that is not behind", () => {
    expect([nextTimestamp(undefined, NOW), nextTimestamp(NOW - 5, NOW), nextTimestamp(NOW, NOW)]).to.deep.equal([
      NOW,
      NOW,
      NOW + 1,
    ]);
  });
});
