import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import { sat, toMsat } from "../../src/base/units.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { Court } from "../support/court.ts";

/** Hitesh opens the channel and gives Irene half of it. */
const [HITESH, IRENE] = ["a", "b"] as const;
const BTC = 100_000_000n;
/** What the book's world needs and an honest node refuses: a channel of 10 BTC, and a delay of a week. */
const BOOK = { capacityMax: sat(10n * BTC), toSelfDelay: 1_000, reserveSharePpm: 0n };
const ANCHORS_SAT = 660n;

const balances = ({ pair }: Court): readonly bigint[] => {
  const { local, remote } = pair.parties[HITESH].funded.commitments.balance;
  return [local, remote];
};

/** Both have 5 BTC; Irene keeps the record of that, and pays 2. */
function afterPayment(): { readonly court: Court; readonly old: Uint8Array } {
  const court = new Court();
  const { pair } = court;
  // 2^24 sat and more are for nodes that both say so.
  pair.features = [...pair.features, 18];
  court.open({ capacity: 10n * BTC, push: toMsat(sat(5n * BTC)), policy: BOOK });
  const old = present(pair.parties[IRENE].disk, "Irene's record of 5 and 5");
  expect(balances(court)).to.deep.equal([5n * BTC * 1_000n, 5n * BTC * 1_000n]);
  pair.offer(IRENE, 2n * BTC * 1_000n);
  pair.settle();
  for (const htlc of pair.parties[HITESH].incoming.values()) pair.fulfill(HITESH, htlc);
  pair.settle();
  expect(balances(court)).to.deep.equal([7n * BTC * 1_000n, 3n * BTC * 1_000n]);
  return { court, old };
}

/** She puts her old record back, and closes with it as if it were the newest. The answer is commitment 0, mined. */
function publishOld(court: Court, old: Uint8Array): Tx {
  const { pair } = court;
  pair.disconnect();
  pair.load(IRENE, old);
  pair.parties[IRENE].broadcasts = [];
  pair.give(IRENE, { tag: "ForceClose" });
  court.act();
  court.mine();
  const [published] = pair.parties[IRENE].broadcasts;
  return present(published, "her commitment 0");
}

/** What a transaction of the chain leaves to miners, in sat. */
function feeOf(court: Court, tx: Tx): bigint {
  const paid = tx.inputs.reduce((sum, { prevout: { txid, vout } }) => {
    const output = present(court.transaction(txid), "what is spent is in the chain").outputs[vout];
    return sum + present(output, "what is spent was there").amount;
  }, 0n);
  return paid - tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
}
/** Hitesh's transactions that spend the commitment: found by what they pay. */
function claimsOf(court: Court, commitment: Tx): readonly Tx[] {
  const { spends } = court.pair.parties[HITESH].funded as { readonly spends: readonly { readonly tx: Tx }[] };
  return spends.map(({ tx }) => tx).filter((tx) => txidOf(tx) !== txidOf(commitment));
}

/** To the satoshi: all 10 BTC are Hitesh's, but for what went to miners and the two anchors. */
function expectAllForHitesh(court: Court, commitment: Tx): void {
  const claims = claimsOf(court, commitment);
  expect(claims).to.have.length(2);
  const fees = [commitment, ...claims].reduce((sum, tx) => sum + feeOf(court, tx), 0n);
  expect(court.worth(HITESH)).to.equal(10n * BTC - ANCHORS_SAT - fees);
  expect(court.worth(IRENE)).to.equal(0n);
}

describe("The textbook: Hitesh and Irene have 5 BTC each, then 7 and 3, and Irene publishes commitment 0", () => {
  it("the next block gives Hitesh all of it: 10 BTC less fees, and Irene nothing, then or after her delay", () => {
    const { court, old } = afterPayment();
    const commitment = publishOld(court, old);
    expect(court.pair.parties[HITESH].take("Breach").map(({ number }) => number)).to.deep.equal([0n]);
    court.mine();
    expectAllForHitesh(court, commitment);
    expect(court.worth(HITESH) > 10n * BTC - 10_000n, "fees are small").to.equal(true);
    court.mine(100);
    expect(court.pair.parties[HITESH].state.tag).to.equal("Closed");
  });

  it("Hitesh sleeps for 998 blocks and wakes in time, and bids nearly all of her 5 BTC for the last block", () => {
    const { court, old } = afterPayment();
    court.silent[HITESH] = true;
    const commitment = publishOld(court, old);
    court.mine(998);
    court.silent[HITESH] = false;
    court.pair.give(HITESH, { tag: "BlockConnected", height: court.pair.parties[HITESH].height });
    court.act();
    court.mine();
    expectAllForHitesh(court, commitment);
    expect(court.worth(HITESH) > 5n * BTC, "what was his was never at stake").to.equal(true);
    court.mine(2);
    expect(court.worth(IRENE)).to.equal(0n);
  });

  it("Hitesh sleeps for 1,000 blocks: Irene has the 5 BTC of commitment 0", () => {
    const { court, old } = afterPayment();
    court.silent[HITESH] = true;
    publishOld(court, old);
    court.mine(999);
    expect(court.worth(IRENE), "one block before").to.equal(0n);
    court.mine();
    expect(court.worth(IRENE) > 5n * BTC - 10_000n).to.equal(true);
  });
});
