import { expect } from "chai";
import { isUnresolved } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { normal } from "../../support/channel-pair.ts";

describe("an HTLC that has come in", () => {
  it("waits for an answer from when it is irrevocable until it has one, whoever else offers one of its number", () => {
    const pair = normal();
    const { a, b } = pair.parties;
    pair.offer("a", 20_000_000n);
    expect(isUnresolved(b.funded, 0n), "not irrevocable").to.equal(false);
    pair.settle();
    const htlc = present([...b.incoming.values()][0], "it has come in");
    expect([a, b].map(({ funded }) => isUnresolved(funded, htlc.id))).to.deep.equal([false, true]);
    expect(isUnresolved(b.funded, htlc.id + 1n)).to.equal(false);
    pair.fulfill("b", htlc);
    expect(isUnresolved(b.funded, htlc.id)).to.equal(false);
    pair.settle();
    expect(isUnresolved(b.funded, htlc.id)).to.equal(false);
  });
});
