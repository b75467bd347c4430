import { expect } from "chai";
import { roomNow, roomSoon, viewOf } from "../../channels/index.ts";
import { normal } from "../support/channel-pair.ts";

describe("the view of a channel", () => {
  it("says what can be sent now, in full or alone", () => {
    const pair = normal();
    const { a } = pair.parties;
    const before = roomNow(pair.env("a"), a.funded)?.spendable;
    pair.offer("a", 1_000_000n);
    const after = roomNow(pair.env("a"), a.funded)?.spendable;
    expect(viewOf(pair.env("a"), a.funded).spendable).to.equal(after);
    expect((before ?? 0n) > (after ?? 0n)).to.equal(true);
  });

  it("says what can be sent once all that is in it is over, if nothing comes back that is not decided", () => {
    const pair = normal();
    const { a, b } = pair.parties;
    const at = (of: typeof roomNow): bigint | undefined => of(pair.env("a"), a.funded)?.spendable;
    pair.offer("a", 20_000_000n);
    pair.offer("a", 30_000_000n);
    pair.offer("b", 5_000_000n);
    pair.settle();
    const undecided = at(roomSoon) ?? 0n;
    const [paid, refused] = [...b.incoming.values()];
    const [theirs] = [...a.incoming.values()];
    if (paid === undefined || refused === undefined || theirs === undefined) throw new Error("all have come in");
    pair.fulfill("b", paid);
    pair.give("b", { tag: "FailHtlc", id: refused.id, reason: new Uint8Array(292) });
    pair.fulfill("a", theirs);
    const before = at(roomNow) ?? 0n;
    expect(undecided > before, "fewer HTLCs cost the opener less").to.equal(true);
    // Both updates reach us, and no signature yet.
    pair.deliver("a");
    pair.deliver("a");
    const soon = at(roomSoon) ?? 0n;
    expect([(at(roomNow) ?? 0n) < soon, soon - undecided]).to.deep.equal([true, 35_000_000n]);
    pair.settle();
    expect([at(roomNow), at(roomSoon)]).to.deep.equal([soon, soon]);
  });

  it("says nothing of what can be sent while the peer is away", () => {
    const pair = normal();
    pair.give("a", { tag: "Disconnected" });
    const { a } = pair.parties;
    expect(roomNow(pair.env("a"), a.funded)).to.equal(undefined);
    expect(viewOf(pair.env("a"), a.funded)).to.deep.include({ active: false, spendable: 0n });
  });
});
