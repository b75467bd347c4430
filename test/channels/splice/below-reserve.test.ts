import { expect } from "chai";
import { toMsat } from "../../../src/base/units.ts";
import { into, lockBoth, spliceable, spliceBoth } from "../../support/splicing.ts";

describe("BOLT 2 §Adding an HTLC: an opener that a splice of the other side has left below its reserve", () => {
  it("is paid all the same, by a few HTLCs at once, as far as it can pay for them", () => {
    const pair = spliceable({ push: 980_000_000n });
    lockBoth(pair, spliceBoth(pair, "b", into(4_000_000n)));
    const { a, b } = pair.parties;
    expect(a.funded.commitments.balance.local).to.equal(20_000_000n);
    expect(a.funded.params.remote.channelReserve).to.equal(50_000n);
    const offers = Array.from({ length: 6 }, () => pair.offer("b", 1_000_000n).kind);
    expect(offers).to.deep.equal(["advance", "advance", "advance", "advance", "advance", "stay"]);
    expect(b.take("Refused").map(({ reason }) => reason)).to.deep.equal([{ code: "remote_cannot_pay_fee" }]);
    pair.settle();
    for (const htlc of [...a.incoming.values()]) pair.fulfill("a", htlc);
    pair.settle();
    expect(a.funded.commitments.balance.local).to.equal(25_000_000n);
    pair.offer("b", 30_000_000n);
    pair.settle();
    for (const htlc of [...a.incoming.values()].slice(5)) pair.fulfill("a", htlc);
    pair.settle();
    expect(a.funded.commitments.balance.local > toMsat(a.funded.params.remote.channelReserve)).to.equal(true);
  });
});
