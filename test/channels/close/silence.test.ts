import { expect } from "chai";
import { HEIGHT, normal, type Pair } from "../../support/channel-pair.ts";
import { close, shut, simple } from "../../support/closing.ts";

/** Blocks that only a hears of: b says nothing. */
function pass(pair: Pair, blocks: number): void {
  for (let height = HEIGHT + 7; height <= HEIGHT + 6 + blocks; height++) {
    pair.queues.a.length = 0;
    pair.block(height);
  }
}

describe("BOLT 2 §Channel Close: a peer that does not answer", () => {
  it("is parted with when 6 blocks brought no closing_sig, and hears the same again on the next connection", () => {
    const pair = shut(simple());
    pass(pair, 5);
    expect(pair.connected).to.equal(true);
    pass(pair, 6);
    expect(pair.parties.a.take("SendWarning").map(({ text }) => text)).to.deep.equal(["closing unanswered"]);
    expect(pair.connected).to.equal(false);
    pair.connect();
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
  });
  it("has all the time that the chain takes once both have signed", () => {
    const pair = normal();
    close(pair, "a");
    pair.settle();
    pass(pair, 600);
    expect(pair.parties.a.state.tag).to.equal("Closing");
  });
});
