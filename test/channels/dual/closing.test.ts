import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { close } from "../../support/closing.ts";
import { attemptsOf, fundedDual, mine } from "../../support/dual-pair.ts";

const SIMPLE_CLOSE = 60;
/** Two transactions may fund the channel, and both sides have agreed how the newer one is to be closed. */
function closedUnmined(kind: "simple" | "legacy"): Pair {
  const pair = fundedDual({ joins: 400_000n });
  pair.features = [...pair.features, ...(kind === "simple" ? [26, SIMPLE_CLOSE] : [])];
  pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
  pair.settle();
  close(pair, "a");
  pair.settle();
  return pair;
}

describe("BOLT 2 §Channel Close: before it is certain which transaction funds the channel", () => {
  for (const kind of ["simple", "legacy"] as const)
    it(`what is mined is closed, though the close of another was agreed: ${kind}`, () => {
      const pair = closedUnmined(kind);
      const { a, b } = pair.parties;
      expect([a.state.tag, b.state.tag]).to.deep.equal(["Closing", "Closing"]);
      const first = present(attemptsOf(pair)[0], "the first attempt").params.funding;
      mine(pair, first.txid);
      pair.disconnect();
      pair.connect();
      pair.settle();
      for (const party of [a, b]) {
        expect(party.funded.params.funding).to.deep.equal(first);
        expect(party.state.tag).to.equal("Closing");
        const closed = party.broadcasts.at(-1);
        expect(closed?.inputs.map(({ prevout }) => prevout)).to.deep.equal([first]);
      }
    });
  it("what is mined can be closed without the peer, though the close of another was agreed", () => {
    const pair = closedUnmined("simple");
    const { a } = pair.parties;
    const first = present(attemptsOf(pair)[0], "the first attempt").params.funding;
    pair.disconnect();
    mine(pair, first.txid, 3, ["a"]);
    expect(a.state.tag).to.equal("Negotiating");
    pair.give("a", { tag: "ForceClose" });
    expect(a.broadcasts.at(-1)?.inputs.map(({ prevout }) => prevout)).to.deep.equal([first]);
  });
});
