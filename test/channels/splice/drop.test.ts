import { expect } from "chai";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { into, out, pending, spliceable, want } from "../../support/splicing.ts";

type Cut = "none" | Name;
/** A splice that a begins with an HTLC of each side pending, one message at a time, so many of them. */
function begun(kind: "in" | "out", first: Name, stop: number): { readonly pair: Pair; readonly done: boolean } {
  const pair = spliceable();
  pair.offer("a", 5_000_000n);
  pair.offer("b", 3_000_000n);
  pair.settle();
  want(pair, "a", kind === "in" ? into(200_000n) : out(50_000n));
  const second: Name = first === "a" ? "b" : "a";
  let moves = 0;
  const next = (): boolean =>
    pair.signTurn(first) || pair.signTurn(second) || pair.deliver(second) || pair.deliver(first);
  while (moves < stop && next()) moves++;
  return { pair, done: moves < stop };
}
const worth = (pair: Pair, name: Name) => {
  const { balance, others } = pair.parties[name].funded.commitments;
  return [balance.local, ...others.map(({ shift }) => balance.local + shift.local)];
};

describe("CONFORMANCE 122: the link drops at each point of a splice (RELIABILITY C15, C36)", () => {
  const WAYS: readonly (readonly ["in" | "out", Name, Cut])[] = [
    ["out", "a", "none"],
    ["out", "b", "a"],
    ["out", "b", "b"],
    ["in", "a", "a"],
    ["in", "b", "none"],
  ];
  for (const [kind, first, cut] of WAYS)
    it(`splice ${kind}, ${first} first, ${cut === "none" ? "no crash" : `${cut} crashes`}: both have it, or neither`, () => {
      const ends = new Set<number>();
      for (let stop = 0; ; stop++) {
        const { pair, done } = begun(kind, first, stop);
        if (cut === "none") pair.disconnect();
        else pair.crash(cut);
        // What is held in memory alone is free after a crash.
        if (cut === "a") pair.parties.a.wallet.held.clear();
        pair.connect();
        pair.settle();
        const { a, b } = pair.parties;
        const where = `after ${stop} moves`;
        expect([a.state.tag, b.state.tag], where).to.deep.equal(["Normal", "Normal"]);
        expect([...a.take("SendError"), ...b.take("SendError")], where).to.deep.equal([]);
        expect(
          pending(pair, "a").map(({ terms }) => terms.outpoint),
          where,
        ).to.deep.equal(pending(pair, "b").map(({ terms }) => terms.outpoint));
        expect(a.funded.commitments.others.length, where).to.equal(pending(pair, "a").length);
        ends.add(pending(pair, "a").length);
        // The channel goes on, on whatever fundings it has.
        pair.offer("b", 1_000_000n);
        pair.settle();
        for (const htlc of a.incoming.values()) pair.fulfill("a", htlc);
        for (const htlc of b.incoming.values()) pair.fulfill("b", htlc);
        pair.settle();
        expectAgreementOnAll(pair);
        expect(a.funded.commitments.htlcs, where).to.deep.equal([]);
        expect(worth(pair, "a")[0], where).to.equal(599_000_000n);
        if (pending(pair, "a").length === 0) expect(a.wallet.isFree, where).to.equal(true);
        if (done) break;
      }
      expect([...ends].sort(), "some ways end with a splice, some without").to.deep.equal([0, 1]);
    });
});
