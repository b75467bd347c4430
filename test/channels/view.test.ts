import { expect } from "chai";
import { spendableNow, spendableSoon, viewOf } from "../../channels/index.ts";
import { normal } from "../support/channel-pair.ts";

describe("the view of a channel", () => {
  it("says what can be sent now, in full or alone", () => {
    const pair = normal();
    const { a } = pair.parties;
    const before = spendableNow(pair.env("a"), a.funded);
    pair.offer("a", 1_000_000n);
    const after = spendableNow(pair.env("a"), a.funded);
    expect(viewOf(pair.env("a"), a.funded).spendable).to.equal(after);
    expect((before ?? 0n) > (after ?? 0n)).to.equal(true);
  });

  it("says what can be sent once what is decided has left both commitments", () => {
    const pair = normal();
    const { a, b } = pair.parties;
    const at = (of: typeof spendableNow): bigint | undefined => of(pair.env("a"), a.funded);
    pair.offer("a", 20_000_000n);
    pair.offer("a", 30_000_000n);
    pair.settle();
    expect(at(spendableSoon), "nothing is decided").to.equal(at(spendableNow));
    const [paid, refused] = [...b.incoming.values()];
    if (paid === undefined || refused === undefined) throw new Error("both have come in");
    pair.fulfill("b", paid);
    pair.give("b", { tag: "FailHtlc", id: refused.id, reason: new Uint8Array(292) });
    const before = at(spendableNow);
    // Both updates reach us, and no signature yet.
    pair.deliver("a");
    pair.deliver("a");
    const soon = at(spendableSoon);
    expect([at(spendableNow) === before, (soon ?? 0n) > (before ?? 0n)]).to.deep.equal([true, true]);
    pair.settle();
    expect(at(spendableNow)).to.equal(soon);
  });

  it("says nothing of what can be sent while the peer is away", () => {
    const pair = normal();
    pair.give("a", { tag: "Disconnected" });
    const { a } = pair.parties;
    expect(spendableNow(pair.env("a"), a.funded)).to.equal(undefined);
    expect(viewOf(pair.env("a"), a.funded)).to.deep.include({ active: false, spendable: 0n });
  });
});
