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
  it("waits no more once its channel has failed, and is told after a restart as one that must fail", () => {
    const pair = normal();
    const { b } = pair.parties;
    pair.offer("a", 20_000_000n);
    pair.settle();
    const { id } = present([...b.incoming.values()][0], "it has come in");
    pair.give("b", { tag: "ForceClose" });
    expect([b.state.tag, isUnresolved(b.funded, id)]).to.deep.equal(["Failed", false]);
    pair.give("b", { tag: "Resume" });
    expect(b.take("HtlcCommitted").map(({ htlc }) => [htlc.id, htlc.mustFail])).to.deep.equal([
      [id, undefined],
      [id, "channel_failed"],
    ]);
  });
});
