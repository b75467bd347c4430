import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { mined, out, spliceable, spliceBoth } from "../../support/splicing.ts";

const funding = (pair: Pair, name: Name): Txid => pair.parties[name].funded.params.funding.txid;
const lock = (pair: Pair, to: Name, splice_txid: Txid) =>
  pair.give(to, {
    tag: "PeerMessage",
    message: { name: "splice_locked", channel_id: pair.parties[to].funded.params.channelId, splice_txid },
  });
const reorged = (pair: Pair, name: Name, txid: Txid) => pair.give(name, { tag: "OtherFundingReorged", txid });

/** a has locked the first of two splices; then its chain holds the second one instead, so deep that it locks that too. */
function forked(): { readonly pair: Pair; readonly before: Txid; readonly first: Txid; readonly second: Txid } {
  const pair = spliceable();
  const before = funding(pair, "a");
  const first = spliceBoth(pair, "a", out(50_000n));
  const second = spliceBoth(pair, "a", out(50_000n), 2_000);
  mined(pair, "a", first);
  reorged(pair, "a", first);
  mined(pair, "a", second);
  return { pair, before, first, second };
}

describe("BOLT 2 §The splice_locked Message: of two candidates, over forks of the chain", () => {
  it("the one that the chain no longer holds is not moved to when the peer locks it after all", () => {
    const { pair, before, first, second } = forked();
    lock(pair, "a", first);
    expect(funding(pair, "a"), "the other one is mined").to.equal(before);
    pair.queues.b.length = 0;
    pair.offer("a", 5_000_000n);
    pair.signTurn("a");
    const signed = pair.trace.flatMap(({ message }) =>
      message.name === "commitment_signed" && pair.trace.length > 0 ? [message.funding_txid] : [],
    );
    expect(signed.slice(-3)).to.deep.equal([before, first, second]);
    lock(pair, "a", second);
    expect(funding(pair, "a")).to.equal(second);
  });
  it("it is moved to when the chain holds it again", () => {
    const { pair, before, first, second } = forked();
    lock(pair, "a", first);
    reorged(pair, "a", second);
    expect(funding(pair, "a")).to.equal(before);
    mined(pair, "a", first, 2);
    expect(funding(pair, "a"), "not yet deep again").to.equal(before);
    mined(pair, "a", first, 3);
    expect(funding(pair, "a")).to.equal(first);
  });
  it("it is moved to while the chain holds neither: it comes again", () => {
    const { pair, first, second } = forked();
    reorged(pair, "a", second);
    lock(pair, "a", first);
    expect(funding(pair, "a")).to.equal(first);
  });
  it("both sides lock the one that is mined in the end, whichever each had seen first", () => {
    const { pair, first, second } = forked();
    mined(pair, "b", first);
    expect(pair.parties.a.state.tag).to.equal("Normal");
    pair.queues.b.length = 0;
    pair.queues.a.length = 0;
    reorged(pair, "b", first);
    mined(pair, "b", second);
    pair.disconnect();
    pair.trace.length = 0;
    pair.connect();
    const said = pair.trace.flatMap(({ message }) =>
      message.name === "channel_reestablish" ? [(message as ChannelReestablish).my_current_funding_locked] : [],
    );
    expect(said.map((locked) => present(locked, "a funding").my_current_funding_locked_txid)).to.deep.equal([
      second,
      second,
    ]);
    pair.settle();
    expect([funding(pair, "a"), funding(pair, "b")]).to.deep.equal([second, second]);
    pair.offer("b", 1_000_000n);
    pair.settle();
    expectAgreementOnAll(pair);
    expect(pair.parties.a.incoming.size).to.equal(1);
  });
});
