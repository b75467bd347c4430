import { expect } from "chai";
import { constructedAlone, decodeChannel } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { begin, coin, contribution, FUNDING, scriptOf, talk, terms, unwrap } from "../../support/constructing.ts";
import { mine, namesOf, openedDual } from "../../support/dual-pair.ts";

/** a has all of b's signatures, and has to wait for those of others. */
function held(): Pair {
  const pair = openedDual();
  pair.parties.a.isShared = true;
  pair.settle();
  return pair;
}
const tags = ({ parties }: Pair) => [parties.a.state.tag, parties.b.state.tag];

describe("RELIABILITY U12: a transaction of both sides that funds other channels too", () => {
  it("waits when the peer has signed: nothing of ours leaves, and nothing goes out", () => {
    const pair = held();
    const { a } = pair.parties;
    expect(tags(pair)).to.deep.equal(["WaitForFundingSignatures", "WaitForFundingConfirmed"]);
    expect([a.take("FundingHeld").length, a.broadcasts.length]).to.deep.equal([1, 0]);
    expect(namesOf(pair)).to.not.include("a tx_signatures");
    const disk = decodeChannel(present(a.disk, "a record"));
    expect(disk.ok && disk.value.tag).to.equal("WaitForFundingSignatures");
  });
  it("is signed for once all are, and then as any other", () => {
    const pair = held();
    pair.give("a", { tag: "FundingAllSigned" });
    pair.settle();
    expect(tags(pair)).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
    mine(pair, pair.parties.a.funded.params.funding.txid);
    expect(tags(pair)).to.deep.equal(["Normal", "Normal"]);
  });
  it("is given up with the others: the coins are free, and what comes too late changes nothing", () => {
    const pair = held();
    const { a } = pair.parties;
    pair.give("a", { tag: "AbortOpening", reason: "another one failed" });
    expect([a.state.tag, a.wallet.isFree]).to.deep.equal(["Closed", true]);
    pair.give("a", { tag: "FundingAllSigned" });
    expect([a.state.tag, a.broadcasts.length]).to.deep.equal(["Closed", 0]);
  });
  it("is not signed for before the peer has signed, whatever the host says", () => {
    const pair = openedDual();
    pair.parties.a.isShared = true;
    while (!namesOf(pair).includes("a commitment_signed")) pair.deliver("b") || pair.deliver("a");
    pair.give("a", { tag: "FundingAllSigned" });
    expect([tags(pair)[0], namesOf(pair).includes("a tx_signatures")]).to.deep.equal([
      "WaitForFundingSignatures",
      false,
    ]);
  });
  for (const at of ["before", "after"] as const)
    it(`a connection that breaks while it waits: our signatures are said on the next, if all have signed ${at} that`, () => {
      const pair = held();
      const { a } = pair.parties;
      pair.disconnect();
      if (at === "before") pair.give("a", { tag: "FundingAllSigned" });
      expect(namesOf(pair)).to.not.include("a tx_signatures");
      pair.connect();
      pair.settle();
      if (at === "after") pair.give("a", { tag: "FundingAllSigned" });
      pair.settle();
      expect(tags(pair)).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
      expect([a.broadcasts.length, pair.parties.b.broadcasts.length]).to.deep.equal([1, 1]);
    });
  it("is known before it is constructed, as the peer adds nothing", () => {
    const [x, y] = [coin("x", 700_000n), coin("yy", 900_000n)];
    const inputs = [
      { ...x, serialId: 40n },
      { ...y, serialId: 6n },
    ];
    const other = { serialId: 8n, output: { amount: sat(500_000n), script: scriptOf("another channel") } };
    const change = { serialId: 2n, output: { amount: sat(90_000n), script: scriptOf("change") } };
    const shared = { input: 0n, output: 4n };
    const first = begin(terms("local", { locktime: 7 }), contribution({ inputs, outputs: [change, other], shared }));
    const { initiator } = talk(first, begin(terms("remote", { locktime: 7 })));
    const outputs = [change, other, { serialId: 4n, output: FUNDING }];
    expect(unwrap(present(initiator, "a transaction")).txid).to.equal(
      constructedAlone({ inputs, outputs, locktime: 7 }),
    );
  });
});
