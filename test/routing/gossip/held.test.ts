import { expect } from "chai";
import {
  dequeue,
  emptyHeld,
  emptyIntake,
  enqueue,
  expireHeld,
  hold,
  releaseAnnouncements,
  releaseFor,
} from "../../../routing/index.ts";
import { ALICE, BOB, channelAnnouncement, channelUpdate, NOW, scid } from "./messages.ts";

const ID = scid(900);
const UPDATE = channelUpdate(ID);
const item = (from = ALICE, until = ID, since = NOW, gossip: typeof UPDATE = UPDATE) => ({
  gossip,
  until,
  from: from.id,
  since,
});

describe("gossip that came too early", () => {
  it("comes back once, in order, for the channel that it waited for", () => {
    const held = emptyHeld();
    const [first, second, other] = [item(), item(ALICE, ID, NOW + 1), item(ALICE, scid(901))];
    for (const message of [first, second, other]) hold(held, message);
    expect(releaseFor(held, ID)).to.deep.equal([first, second]);
    expect(releaseFor(held, ID)).to.deep.equal([]);
    expect(releaseFor(held, scid(901))).to.deep.equal([other]);
    expect(held.byPeer.size).to.equal(0);
  });
  it("comes back after a block when it is an announcement", () => {
    const held = emptyHeld();
    const announcement = { ...item(), gossip: channelAnnouncement(ID) };
    hold(held, item());
    hold(held, announcement);
    expect(releaseAnnouncements(held)).to.deep.equal([announcement]);
    expect(releaseFor(held, ID)).to.deep.equal([item()]);
  });
  it("is dropped after 20 minutes", () => {
    const held = emptyHeld();
    hold(held, item());
    expect(expireHeld(held, NOW + 1200)).to.deep.equal([]);
    expect(expireHeld(held, NOW + 1201)).to.deep.equal([item()]);
  });
  it("RELIABILITY D9: a flood pushes out only what its own sender has sent", () => {
    const held = emptyHeld();
    hold(held, item(BOB));
    for (let index = 0; index < 1000; index++) hold(held, item(ALICE, scid(100, index)));
    expect(held.byPeer.get(ALICE.id)).to.have.length(200);
    expect(releaseFor(held, scid(100, 0))).to.deep.equal([]);
    expect(releaseFor(held, scid(100, 999))).to.have.length(1);
    expect(releaseFor(held, ID)).to.deep.equal([item(BOB)]);
  });
});

describe("one peer's gossip that waits for its turn", () => {
  it("comes out in the order in which it went in", () => {
    const intake = emptyIntake();
    const announcement = channelAnnouncement(ID);
    enqueue(intake, announcement, [intake]);
    enqueue(intake, UPDATE, [intake]);
    expect([dequeue(intake), dequeue(intake), dequeue(intake), intake.bytes]).to.deep.equal([
      announcement,
      UPDATE,
      undefined,
      0,
    ]);
  });
  it("drops its oldest beyond 10,000 messages or 2 MB, and counts them", () => {
    const many = emptyIntake();
    for (let index = 0; index < 10_003; index++) enqueue(many, UPDATE, [many]);
    expect([many.waiting.length, many.dropped, many.bytes]).to.deep.equal([10_000, 3, 10_000 * UPDATE.bytes.length]);
    const large = emptyIntake();
    for (let index = 0; index < 40; index++) enqueue(large, { ...UPDATE, bytes: new Uint8Array(65_000) }, [large]);
    expect([large.waiting.length, large.dropped]).to.deep.equal([32, 8]);
  });
});
