import { expect } from "chai";
import { type Name, normal, type Pair } from "../../support/channel-pair.ts";
import { comeToRest, expectAgreement, type Offers } from "../../support/schedule.ts";

/** Both sides add at once and settle at once, one message at a time: the wires and turns in a fixed order. */
function twoWay(first: Name, stop: number): { readonly pair: Pair; readonly offers: Offers; readonly done: boolean } {
  const pair = normal();
  const offers: Offers = new Map();
  const second: Name = first === "a" ? "b" : "a";
  for (const [from, amount] of [
    [first, 5_000_000n],
    [second, 3_000_000n],
    [first, 1_000n],
  ] as const) {
    offers.set(`p${pair.ticks}/0`, { from, amount });
    pair.offer(from, amount);
  }
  let moves = 0;
  const next = (): boolean => {
    if (pair.signTurn(first) || pair.signTurn(second) || pair.deliver(second) || pair.deliver(first)) return true;
    for (const name of [first, second]) {
      const [htlc] = [...pair.parties[name].incoming.values()];
      if (htlc === undefined) continue;
      pair.parties[name].incoming.delete(htlc.id);
      if (htlc.id === 1n) pair.fail(name, htlc.id);
      else pair.fulfill(name, htlc);
      return true;
    }
    return false;
  };
  while (moves < stop && next()) moves++;
  return { pair, offers, done: moves < stop };
}

describe("RELIABILITY C15: the link drops at each point of an update in both directions (CONFORMANCE 115-117)", () => {
  for (const first of ["a", "b"] as const)
    for (const crash of ["none", "a", "b"] as const)
      it(`comes to the same end from every point, ${first} first, ${crash === "none" ? "no crash" : `${crash} crashes`}`, () => {
        let points = 0;
        for (let stop = 0; ; stop++) {
          const { pair, offers, done } = twoWay(first, stop);
          if (crash === "none") pair.disconnect();
          else pair.crash(crash);
          // A payment that a crash took back before anything was signed for it never was.
          for (const key of [...offers.keys()]) if (lost(pair, key, offers)) offers.delete(key);
          comeToRest(pair);
          expect([pair.parties.a.state.tag, pair.parties.b.state.tag], `after ${stop} moves`).to.deep.equal([
            "Normal",
            "Normal",
          ]);
          expectAgreement(pair, offers);
          for (const [key, { from }] of offers) expect(pair.parties[from].ends.has(key), `${key} ends`).to.equal(true);
          if (done) break;
          points++;
        }
        expect(points).to.be.greaterThan(20);
      });
});
function lost(pair: Pair, key: string, offers: Offers): boolean {
  const from = offers.get(key)?.from as Name;
  const held = pair.parties[from].funded.commitments.htlcs.some(
    (htlc) => htlc.side === "offered" && htlc.origin.tag === "payment" && `${htlc.origin.paymentId}/0` === key,
  );
  return !held && !pair.parties[from].ends.has(key);
}
