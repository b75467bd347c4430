import { expect } from "chai";
import { explain } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { encodeTx, txidOf } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, normal, opened } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { Thief } from "../../support/thief.ts";

describe("A channel whose commitment is mined", () => {
  it("writes the preimage that it is given then: a crash does not take it back", () => {
    const court = new Court().open();
    const { pair } = court;
    const { b } = pair.parties;
    pair.offer("a", 50_000_000n);
    pair.settle();
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mine();
    pair.fulfill("b", present([...b.incoming.values()][0], "the HTLC that b has received"));
    pair.crash("b");
    expect(b.funded.commitments.htlcs.map(({ removal }) => removal?.tag)).to.deep.equal(["fulfilled"]);
  });
});

describe("A channel that waits for its commitment to be mined", () => {
  it("says it again at each block, and writes nothing: there is nothing new", () => {
    for (const funding of [opened(), normal()]) {
      funding.settle();
      const { a } = funding.parties;
      funding.give("a", { tag: "ForceClose" });
      const [said] = a.broadcasts.slice(-1);
      const written = a.commits;
      for (const blocks of [1, 2, 3]) {
        a.broadcasts = [];
        funding.block(HEIGHT + 10 + blocks);
        expect(a.broadcasts).to.deep.equal([said]);
      }
      expect(a.commits).to.equal(written);
    }
  });
});

describe("A channel whose outputs one transaction spends", () => {
  it("writes that once, however many they are: else a peer could make the record as long as their number squared", () => {
    const pair = normal();
    pair.compare = false;
    for (let i = 0; i < 8; i++) pair.offer("b", 10_000_000n);
    pair.settle();
    const { a, b } = pair.parties;
    const thief = new Thief(b);
    const then = b.funded;
    const { tx } = thief.commitment(then);
    const height = blockHeight(HEIGHT + 50);
    a.height = blockHeight(height + 1);
    pair.give("a", { tag: "FundingSpent", tx, height });
    const [together] = thief.secondStages(then, "offered", (bare) => bare, true);
    const { tx: second, vouts } = present(together, "all HTLCs of b");
    expect(vouts).to.have.length(8);
    const before = present(a.disk, "a record").length;
    for (const vout of vouts) {
      const outpoint = { txid: txidOf(tx), vout };
      pair.give("a", { tag: "OutputSpent", outpoint, tx: second, height: blockHeight(height + 1) });
    }
    expect(present(a.disk, "a record").length - before).to.be.below(2 * encodeTx(second).length);
    const { outputs } = explain(pair.env("a"), a.funded);
    const spent = outputs.filter(({ status, txid }) => status === "spent" && txid === txidOf(second));
    expect(spent).to.have.length(8);
    pair.give("a", { tag: "SpendsReorged", height: blockHeight(height + 1) });
    expect(explain(pair.env("a"), a.funded).outputs.some(({ status }) => status === "spent")).to.equal(false);
  });
});
