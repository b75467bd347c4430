import { expect } from "chai";
import {
  badSignature,
  emptyGraph,
  judge,
  judgeFunding,
  markSpent,
  signatureChecks,
  verifyGossip,
} from "../../../routing/index.ts";
import { concat } from "../../../src/base/bytes.ts";
import type { BlockHash } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { multisig2of2, p2wshOf } from "../../../src/bitcoin/templates.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import {
  ALICE,
  BOB,
  CAPACITY,
  CAROL,
  CONTEXT,
  channelAnnouncement,
  channelUpdate,
  learnt,
  NOW,
  nodeAnnouncement,
  scid,
} from "./messages.ts";

const ID = scid(900);
const OTHER_CHAIN = "ee".repeat(32) as BlockHash;
const ANNOUNCED = channelAnnouncement(ID);
const known = () => learnt(emptyGraph(), ANNOUNCED);
const ignored = (reason: string) => ({ tag: "Ignore", reason });
const WEEKS_2 = 14 * 24 * 60 * 60;

describe("BOLT 7 §The channel_announcement Message: receiving", () => {
  const script = p2wshOf(
    multisig2of2(secp256k1.publicKey(ALICE.fundingSecret), secp256k1.publicKey(BOB.fundingSecret)),
  );
  const needs = { tag: "NeedsFunding", shortChannelId: ID, script } as const;
  it("asks the chain for the output of the two keys", () => {
    expect(judge(emptyGraph(), ANNOUNCED, CONTEXT)).to.deep.equal(needs);
  });
  it("accepts it when that output stands unspent", () => {
    expect(judgeFunding(ANNOUNCED, needs, { amount: CAPACITY, script })).to.deep.equal({
      tag: "Accept",
      signer: ALICE.id,
      relay: true,
    });
  });
  it("RELIABILITY D10: ignores it when the output is not there, or has another script", () => {
    expect(judgeFunding(ANNOUNCED, needs, undefined)).to.deep.equal(ignored("unproven"));
    const other = p2wshOf(script);
    expect(judgeFunding(ANNOUNCED, needs, { amount: CAPACITY, script: other })).to.deep.equal(ignored("unproven"));
  });
  it("ignores another chain's, and one that is known", () => {
    expect(judge(emptyGraph(), ANNOUNCED, { ...CONTEXT, chain: OTHER_CHAIN })).to.deep.equal(ignored("other-chain"));
    expect(judge(known(), ANNOUNCED, CONTEXT)).to.deep.equal(ignored("duplicate"));
  });
  it("holds one with fewer than 6 confirmations, and takes it with 6", () => {
    const at = (height: number) => judge(emptyGraph(), ANNOUNCED, { ...CONTEXT, height: blockHeight(height) });
    expect(at(904)).to.deep.equal({ tag: "Hold", until: ID });
    expect(at(905)).to.deep.equal(needs);
  });
  it("holds one that is a little ahead of our chain, and ignores one that is far ahead", () => {
    const at = (height: number) => judge(emptyGraph(), ANNOUNCED, { ...CONTEXT, height: blockHeight(height) });
    expect(at(888)).to.deep.equal({ tag: "Hold", until: ID });
    expect(at(887)).to.deep.equal(ignored("too-far-ahead"));
  });
  it("punishes node ids that are out of order or equal", () => {
    for (const [a, b] of [
      [BOB, ALICE],
      [ALICE, ALICE],
    ] as const)
      expect(judge(emptyGraph(), channelAnnouncement(ID, a, b), CONTEXT)).to.deep.equal({
        tag: "Punish",
        warning: "channel_announcement: node ids are not in ascending order",
        disconnect: false,
      });
  });
  it("does not pass on one that is longer than anyone needs", () => {
    const long = { ...ANNOUNCED, bytes: concat(ANNOUNCED.bytes, new Uint8Array(5000)) };
    const verdict = judgeFunding(long, needs, { amount: CAPACITY, script });
    expect(verdict).to.deep.equal({ tag: "Accept", signer: ALICE.id, relay: false });
  });
});

describe("BOLT 7 §The channel_update Message: receiving", () => {
  const accepted = (signer = ALICE.id, relay = true) => ({ tag: "Accept", signer, relay });
  it("accepts an update of either side, signed by the node at which the direction begins", () => {
    expect(judge(known(), channelUpdate(ID), CONTEXT)).to.deep.equal(accepted());
    expect(judge(known(), channelUpdate(ID, BOB, ALICE), CONTEXT)).to.deep.equal(accepted(BOB.id));
  });
  it("ignores another chain's", () => {
    const context = { ...CONTEXT, chain: OTHER_CHAIN };
    expect(judge(known(), channelUpdate(ID), context)).to.deep.equal(ignored("other-chain"));
  });
  it("holds one whose channel may yet be announced, and ignores one whose channel cannot exist", () => {
    expect(judge(emptyGraph(), channelUpdate(ID), CONTEXT)).to.deep.equal({ tag: "Hold", until: ID });
    expect(judge(emptyGraph(), channelUpdate(scid(1013)), CONTEXT)).to.deep.equal(ignored("unknown-channel"));
  });
  it("RELIABILITY D4: ignores timestamps of zero, two weeks ago and two weeks ahead", () => {
    const at = (timestamp: number) => judge(known(), channelUpdate(ID, ALICE, BOB, { timestamp }), CONTEXT);
    const zero = channelUpdate(ID);
    const message = { ...zero.message, timestamp: 0 };
    expect(judge(known(), { ...zero, message }, CONTEXT)).to.deep.equal(ignored("stale"));
    expect(at(1)).to.deep.equal(ignored("stale"));
    expect(at(NOW - WEEKS_2 - 1)).to.deep.equal(ignored("stale"));
    expect(at(NOW - WEEKS_2)).to.deep.equal(accepted());
    expect(at(NOW + WEEKS_2)).to.deep.equal(accepted());
    expect(at(NOW + WEEKS_2 + 1)).to.deep.equal(ignored("too-far-ahead"));
    expect(at(2 ** 32 - 1)).to.deep.equal(ignored("too-far-ahead"));
  });
  it("ignores one that is older than, or as old as, the one it has, and takes a newer one", () => {
    const graph = learnt(known(), channelUpdate(ID));
    const at = (timestamp: number, disabled = false) =>
      judge(graph, channelUpdate(ID, ALICE, BOB, { timestamp, disabled }), CONTEXT);
    expect(at(NOW - 1)).to.deep.equal(ignored("stale"));
    expect(at(NOW)).to.deep.equal(ignored("duplicate"));
    expect(at(NOW, true)).to.deep.equal(ignored("duplicate"));
    expect(at(NOW + 1)).to.deep.equal(accepted());
    expect(judge(graph, channelUpdate(ID, BOB, ALICE), CONTEXT)).to.deep.equal(accepted(BOB.id));
  });
  it("ignores an update of a spent channel, unless it disables it", () => {
    const graph = known();
    markSpent(graph, ID, blockHeight(950));
    expect(judge(graph, channelUpdate(ID), CONTEXT)).to.deep.equal(ignored("spent"));
    expect(judge(graph, channelUpdate(ID, ALICE, BOB, { disabled: true }), CONTEXT)).to.deep.equal(accepted());
  });
  it("does not pass on what is for us alone, nor hold it", () => {
    const mine = channelUpdate(ID, ALICE, BOB, { announced: false });
    expect(judge(known(), mine, CONTEXT)).to.deep.equal(accepted(ALICE.id, false));
    expect(judge(emptyGraph(), mine, CONTEXT)).to.deep.equal(ignored("unknown-channel"));
  });
});

describe("BOLT 7 §The node_announcement Message: receiving", () => {
  it("accepts a known node's, and ignores a stranger's", () => {
    expect(judge(known(), nodeAnnouncement(), CONTEXT)).to.deep.equal({
      tag: "Accept",
      signer: ALICE.id,
      relay: true,
    });
    expect(judge(known(), nodeAnnouncement(CAROL), CONTEXT)).to.deep.equal(ignored("unknown-node"));
  });
  it("RELIABILITY D4: ignores timestamps of zero, far ahead, older and equal", () => {
    const graph = learnt(known(), nodeAnnouncement());
    const zero = nodeAnnouncement();
    const at = (timestamp: number) => judge(graph, nodeAnnouncement(ALICE, timestamp), CONTEXT);
    expect(judge(graph, { ...zero, message: { ...zero.message, timestamp: 0 } }, CONTEXT)).to.deep.equal(
      ignored("stale"),
    );
    expect(at(NOW - 1)).to.deep.equal(ignored("stale"));
    expect(at(NOW)).to.deep.equal(ignored("duplicate"));
    expect(at(NOW + WEEKS_2 + 1)).to.deep.equal(ignored("too-far-ahead"));
    expect(at(NOW + 1)).to.deep.equal({ tag: "Accept", signer: ALICE.id, relay: true });
  });
  it("punishes addresses that are cut short", () => {
    const whole = nodeAnnouncement();
    const message = { ...whole.message, addresses: Uint8Array.of(1, 127, 0) };
    expect(judge(known(), { ...whole, message }, CONTEXT)).to.deep.equal({
      tag: "Punish",
      warning: "node_announcement: short_read at addresses",
      disconnect: false,
    });
  });
  it("does not pass on one with two DNS hostnames", () => {
    const whole = nodeAnnouncement();
    const hostname = Uint8Array.of(5, 1, 0x61, 1, 1);
    const message = { ...whole.message, addresses: concat(hostname, hostname) };
    expect(judge(known(), { ...whole, message }, CONTEXT)).to.deep.equal({
      tag: "Accept",
      signer: ALICE.id,
      relay: false,
    });
  });
});

describe("BOLT 7 §The channel_announcement Message: signatures", () => {
  const messages = [
    ["channel_announcement", ANNOUNCED, 4],
    ["channel_update", channelUpdate(ID), 1],
    ["node_announcement", nodeAnnouncement(), 1],
  ] as const;
  for (const [name, gossip, count] of messages) {
    it(`${name} has ${count} to verify, and they are right`, () => {
      expect(signatureChecks(gossip, ALICE.id)).to.have.length(count);
      expect(verifyGossip(gossip, ALICE.id)).to.equal(true);
    });
    it(`${name} covers every byte behind them, also unknown ones`, () => {
      const signed = 2 + 64 * count;
      for (const at of [signed, signed + 20, gossip.bytes.length - 1]) {
        const bytes = gossip.bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
        expect(verifyGossip({ ...gossip, bytes }, ALICE.id), `${at}`).to.equal(false);
      }
      expect(verifyGossip({ ...gossip, bytes: concat(gossip.bytes, Uint8Array.of(1)) }, ALICE.id)).to.equal(false);
    });
  }
  it("every one of the four is needed", () => {
    const fields = ["node_signature_1", "node_signature_2", "bitcoin_signature_1", "bitcoin_signature_2"] as const;
    for (const field of fields) {
      const message = { ...ANNOUNCED.message, [field]: new Uint8Array(64).fill(1) };
      expect(verifyGossip({ message, bytes: ANNOUNCED.bytes }, ALICE.id), field).to.equal(false);
    }
  });
  it("an update is checked against the node of its direction alone", () => {
    expect(verifyGossip(channelUpdate(ID), BOB.id)).to.equal(false);
  });
  it("a wrong one ends the connection", () => {
    expect(badSignature(ANNOUNCED.message)).to.deep.equal({
      tag: "Punish",
      warning: "channel_announcement: bad signature",
      disconnect: true,
    });
  });
});
