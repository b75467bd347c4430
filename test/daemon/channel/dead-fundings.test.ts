import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { freeDeadFundings } from "../../../src/daemon/channel/dead-fundings.ts";
import { attemptsOf, fundedDual } from "../../support/dual-pair.ts";

/** What is given up of the channel's attempts, of which the wallet keeps some and the peer has made some impossible. */
function givenUp(pair: ReturnType<typeof fundedDual>, kept: ReadonlyMap<Txid, string>, dead: readonly Txid[]) {
  const found: Txid[] = [];
  const host = {
    table: { coins: { conflictDepth: (tx: Tx) => (dead.includes(txidOf(tx)) ? 6 : 5) } },
    parts: {
      ctx: { log: { warn: () => undefined }, policy: { channel: { resolutionDepth: 6 } } },
      wallet: {
        state: () => ({ txs: new Map([...kept].map(([txid, status]) => [txid, { status }])) }),
        giveUp: (_turn: unknown, txid: Txid) => found.push(txid),
      },
    },
  };
  freeDeadFundings(host as never, {} as never, { state: pair.parties.a.state } as never, blockHeight(200));
  return found;
}

describe("funding transactions that can never be mined, as the peer has spent a coin of its own", () => {
  const pair = fundedDual({ joins: 400_000n });
  pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
  pair.settle();
  const [first, second] = attemptsOf(pair).map(({ params }) => params.funding.txid);
  const [one, two] = [present(first, "an attempt"), present(second, "another")];
  const both = new Map([
    [one, "reserved"],
    [two, "reserved"],
  ]);

  it("are given up for our coins, once", () => {
    expect(givenUp(pair, both, [])).to.deep.equal([]);
    expect(givenUp(pair, both, [one, two])).to.deep.equal([one, two]);
    expect(givenUp(pair, new Map([[one, "abandoned"]]), [one, two]), "and none that has nothing of ours").to.deep.equal(
      [],
    );
  });
  it("keep our coins while another attempt may still bring them into the channel: our signature for it is out", () => {
    expect(givenUp(pair, both, [one])).to.deep.equal([]);
    expect(givenUp(pair, both, [two])).to.deep.equal([]);
  });
});
