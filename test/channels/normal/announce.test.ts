import { expect } from "chai";
import { idBytes } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { encode } from "../../../src/codec/codec.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { type AnnouncementSignatures, ChannelAnnouncement, signedDigest } from "../../../src/wire/gossip.ts";
import { HEIGHT, normal, opened, type Pair } from "../../support/channel-pair.ts";

const halves = (pair: Pair): string[] =>
  pair.trace.flatMap(({ from, message }) => (message.name === "announcement_signatures" ? [from] : []));

describe("BOLT 7 §The announcement_signatures Message (CONFORMANCE 163)", () => {
  it("announces a public channel with four good signatures, lesser node id first", () => {
    const pair = opened({ announce: true });
    pair.settle();
    pair.confirm();
    for (const party of [pair.parties.a, pair.parties.b]) {
      const [announced] = party.take("Announced");
      if (announced === undefined) throw new Error("announced");
      const { announcement } = announced;
      const digest = signedDigest("channel_announcement", encode(ChannelAnnouncement.codec, announcement));
      expect(announcement.node_id_1 < announcement.node_id_2).to.equal(true);
      expect([
        secp256k1.verify(announcement.node_signature_1, digest, idBytes(announcement.node_id_1)),
        secp256k1.verify(announcement.node_signature_2, digest, idBytes(announcement.node_id_2)),
        secp256k1.verify(announcement.bitcoin_signature_1, digest, announcement.bitcoin_key_1),
        secp256k1.verify(announcement.bitcoin_signature_2, digest, announcement.bitcoin_key_2),
      ]).to.deep.equal([true, true, true, true]);
    }
    expect(pair.parties.a.take("Announced")[0]).to.deep.equal(pair.parties.b.take("Announced")[0]);
  });
  it("says nothing of a private channel", () => {
    const pair = opened();
    pair.settle();
    pair.confirm();
    pair.block(HEIGHT + 50);
    pair.settle();
    expect(halves(pair)).to.deep.equal([]);
  });
  it("waits for six confirmations", () => {
    const pair = opened({ announce: true });
    pair.settle();
    pair.confirm(5);
    expect([pair.parties.a.state.tag, halves(pair)]).to.deep.equal(["Normal", []]);
    pair.block(HEIGHT + 6);
    pair.settle();
    expect(halves(pair)).to.have.members(["a", "b"]);
  });
  it("sends its half again on each connection until it has the peer's, and answers one that comes again", () => {
    const pair = opened({ announce: true });
    pair.settle();
    pair.confirm(5);
    pair.parties.a.height = blockHeight(HEIGHT + 6);
    pair.give("a", { tag: "BlockConnected", height: blockHeight(HEIGHT + 6) });
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(halves(pair)).to.deep.equal(["a", "a"]);
    pair.block(HEIGHT + 7);
    pair.settle();
    expect(pair.parties.a.take("Announced")).to.have.length(1);
    expect(pair.parties.b.take("Announced")).to.have.length(1);
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(halves(pair), "both have both").to.deep.equal(["a", "a", "b"]);
    const half = pair.trace.find(({ from, message }) => from === "b" && message.name === "announcement_signatures");
    for (let i = 0; i < 100; i++)
      pair.give("a", { tag: "PeerMessage", message: half?.message as AnnouncementSignatures });
    expect(halves(pair), "once a connection").to.deep.equal(["a", "a", "b", "a"]);
  });
  it("refuses a half that is signed wrongly, and puts aside one for another place", () => {
    const pair = normal({ announce: true });
    const { a } = pair.parties;
    const channel_id = a.funded.params.channelId;
    const scid = a.funded.funding.confirmed?.shortChannelId as never;
    const half: AnnouncementSignatures = {
      name: "announcement_signatures",
      channel_id,
      short_channel_id: 1n as never,
      node_signature: new Uint8Array(64).fill(1),
      bitcoin_signature: new Uint8Array(64).fill(1),
    };
    pair.give("a", { tag: "PeerMessage", message: half });
    expect(a.take("SendWarning")).to.deep.equal([]);
    pair.give("a", { tag: "PeerMessage", message: { ...half, short_channel_id: scid } });
    expect(a.take("SendWarning")[0]?.text).to.equal("bad announcement signature");
  });
  it("tells of it again after loading", () => {
    const pair = normal({ announce: true });
    pair.offer("a", 1_000n);
    pair.settle();
    pair.crash("a");
    expect(pair.parties.a.take("Announced")).to.have.length(1);
  });
});
