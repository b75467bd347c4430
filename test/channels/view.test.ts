import { expect } from "chai";
import { spendableNow, viewOf } from "../../channels/index.ts";
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

  it("says nothing of what can be sent while the peer is away", () => {
    const pair = normal();
    pair.give("a", { tag: "Disconnected" });
    const { a } = pair.parties;
    expect(spendableNow(pair.env("a"), a.funded)).to.equal(undefined);
    expect(viewOf(pair.env("a"), a.funded)).to.deep.include({ active: false, spendable: 0n });
  });
});
