import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { attemptsOf, fundedDual, mine } from "../../support/dual-pair.ts";
import { into, lockBoth, spliceBoth } from "../../support/splicing.ts";

/** The opener, a, has put in just as much as it must keep. */
function ready() {
  const pair = fundedDual({ contribution: 50_000n, joins: 4_950_000n });
  pair.features = [...pair.features, 62];
  mine(pair, present(attemptsOf(pair)[0], "the only attempt").params.funding.txid);
  expect(pair.parties.b.state.tag).to.equal("Normal");
  return pair;
}

describe("BOLT 2 §Adding an HTLC: the opener of a channel of both sides' coins", () => {
  it("is left its reserve beside the fee: the id of the channel is of no transaction, but nothing was spliced", () => {
    const pair = ready();
    expect(pair.offer("b", 1_000_000n).kind).to.equal("stay");
    expect(pair.parties.b.take("Refused").map(({ reason }) => reason)).to.deep.equal([
      { code: "remote_cannot_pay_fee" },
    ]);
  });
  it("is paid below its reserve where a splice has left it there", () => {
    const pair = ready();
    lockBoth(pair, spliceBoth(pair, "b", into(100_000n)));
    expect(pair.offer("b", 1_000_000n).kind).to.equal("advance");
  });
});
