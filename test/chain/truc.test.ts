import { expect } from "chai";
import { fromHex } from "../../src/base/bytes.ts";
import type { Outpoint } from "../../src/base/ids.ts";
import { type Tx, type TxOut, txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import { acceptTx } from "../../src/chain/accept-tx.ts";
import { buildBlock, COIN, give, input, matured, NOW, outpointOf, output, spend } from "./builder.ts";
import { take } from "./package-bench.ts";
import { coinOf, type Mature, refused, relayFee, takeAll, template, waiting } from "./pool-bench.ts";

const three = (prevouts: readonly Outpoint[], outputs: readonly TxOut[]): Tx =>
  spend(prevouts, outputs, { version: 3 });
const ANCHOR = fromHex("51024e73");
/** A transaction of version 3 with so many outputs of one value each. */
const trucOf = (coin: Outpoint, fee: bigint, parts = 2, value = COIN): Tx => {
  const each = output((value - fee) / BigInt(parts));
  return three(
    [coin],
    Array.from({ length: parts }, () => each),
  );
};
const amountOf = (tx: Tx): bigint => tx.outputs[0]?.amount ?? 0n;
const childOf = (tx: Tx, fee: bigint, vout = 0): Tx => three([outpointOf(tx, vout)], [output(amountOf(tx) - fee)]);
const detailOf = ({ brain }: Mature, tx: Tx): string | undefined => {
  const taken = acceptTx(brain.pool, brain.chain, tx, { now: NOW });
  return taken.ok ? "accepted" : taken.error.detail;
};

describe("BIP 431 §Specification: version 3 in the mempool", () => {
  it("takes one, and one child of it", () => {
    const chain = matured(1);
    const parent = trucOf(coinOf(chain), 1000n);
    takeAll(chain, [parent, childOf(parent, 1000n)]);
  });
  it("rule 1: is replaced though no sequence says that it may be", () => {
    const chain = matured(1);
    const rival = trucOf(coinOf(chain), 5000n);
    takeAll(chain, [trucOf(coinOf(chain), 1000n), rival]);
    expect(waiting(chain)).to.deep.equal([txidOf(rival)]);
  });
  it("rule 2: neither spends what waits in another version, nor the reverse; once confirmed both may", () => {
    const chain = matured(2);
    const truc = trucOf(coinOf(chain), 1000n);
    const other = { ...trucOf(coinOf(chain, 1), 1000n), version: 2 };
    takeAll(chain, [truc, other]);
    const children = [childOf(other, 1000n), { ...childOf(truc, 1000n), version: 2 }];
    for (const child of children) refused(chain, child, "TRUC-violation");
    give(chain, buildBlock(chain, { txs: [truc, other], fees: 2000n }));
    takeAll(chain, children);
  });
  it("rule 3: has no more than one unconfirmed ancestor", () => {
    const chain = matured(2);
    const [first, second] = [0, 1].map((at) => trucOf(coinOf(chain, at), 1000n)) as [Tx, Tx];
    takeAll(chain, [first, second]);
    const both = three([outpointOf(first), outpointOf(second)], [output(2n * amountOf(first) - 1000n)]);
    expect(detailOf(chain, both)).to.equal("more than one unconfirmed ancestor");
    const child = childOf(first, 1000n);
    takeAll(chain, [child]);
    expect(detailOf(chain, childOf(child, 1000n))).to.equal("more than one unconfirmed ancestor");
  });
  it("rule 4: is no larger than 10,000 virtual bytes, rule 5: as a child than 1,000", () => {
    const chain = matured(2);
    const sized = (parts: number, coin = coinOf(chain)): Tx => trucOf(coin, 40_000n, parts);
    expect([vsizeOf(sized(231)), vsizeOf(sized(232))]).to.deep.equal([9986, 10_029]);
    expect(detailOf(chain, sized(232))).to.equal("more than 10000 virtual bytes");
    takeAll(chain, [sized(231)]);
    const parent = trucOf(coinOf(chain, 1), 1000n);
    takeAll(chain, [parent]);
    const child = (parts: number): Tx => trucOf(outpointOf(parent), 5000n, parts, amountOf(parent));
    expect([vsizeOf(child(22)), vsizeOf(child(23))]).to.deep.equal([999, 1042]);
    expect(detailOf(chain, child(23))).to.equal("a child of more than 1000 virtual bytes");
    takeAll(chain, [child(22)]);
  });
  it("rule 6: may pay nothing at all where its child pays for both", () => {
    const chain = matured(1);
    const parent = trucOf(coinOf(chain), 0n);
    const child = childOf(parent, 1000n);
    refused(chain, parent, "min relay fee not met");
    expect(take(chain, [parent, child]).fault).to.equal(undefined);
    expect(waiting(chain)).to.deep.equal([parent, child].map(txidOf));
    expect(template(chain).txs.slice(1)).to.deep.equal([parent, child]);
  });
});

describe("version 3: a sibling", () => {
  const withChild = (fee: bigint) => {
    const chain = matured(2);
    const parent = trucOf(coinOf(chain), 1000n);
    const child = childOf(parent, fee);
    takeAll(chain, [parent, child]);
    return { chain, parent, child };
  };
  it("takes the place of the child that was there, at the price of a replacement", () => {
    const { chain, parent } = withChild(1000n);
    const relay = relayFee(vsizeOf(childOf(parent, 1n, 1)));
    refused(chain, childOf(parent, 1000n + relay - 1n, 1), "insufficient fee");
    const sibling = childOf(parent, 1000n + relay, 1);
    takeAll(chain, [sibling]);
    expect(waiting(chain)).to.deep.equal([parent, sibling].map(txidOf));
  });
  it("does not in a package", () => {
    const { chain, parent, child } = withChild(1000n);
    const poor = trucOf(coinOf(chain, 1), 0n);
    const both = three([outpointOf(parent, 1), outpointOf(poor)], [output(amountOf(parent))]);
    expect(take(chain, [poor, both])).to.include({
      fault: "TRUC-violation",
      detail: "more than one unconfirmed ancestor",
    });
    expect(waiting(chain)).to.deep.equal([parent, child].map(txidOf));
  });
  it("is not needed where the child itself is replaced", () => {
    const { chain, parent } = withChild(1000n);
    const rival = three([outpointOf(parent), outpointOf(parent, 1)], [output(2n * amountOf(parent) - 9000n)]);
    takeAll(chain, [rival]);
    expect(waiting(chain)).to.deep.equal([parent, rival].map(txidOf));
  });
  it("is kept out of a package that has another child already", () => {
    const chain = matured(1);
    const parent = trucOf(coinOf(chain), 0n);
    const [first, second] = [childOf(parent, 1000n), childOf(parent, 1000n, 1)];
    const child = three([outpointOf(parent), outpointOf(first)], [output(amountOf(parent))]);
    expect(take(chain, [parent, first, second]).fault).to.equal("package-not-child-with-parents");
    expect(take(chain, [parent, child]).fault).to.equal("transaction failed");
  });
});

describe("version 3: replacement of a parent with its child", () => {
  it("throws out another parent of the same coin that pays nothing either, with its child", () => {
    const chain = matured(1);
    const [old, fresh] = [2, 3].map((parts) => trucOf(coinOf(chain), 0n, parts)) as [Tx, Tx];
    const [oldChild, poorChild, freshChild] = [childOf(old, 1000n), childOf(fresh, 1050n), childOf(fresh, 9000n)];
    expect(take(chain, [old, oldChild]).fault).to.equal(undefined);
    expect(take(chain, [fresh, poorChild]).fault).to.equal("package RBF failed");
    expect(take(chain, [fresh, freshChild])).to.include({ fault: undefined });
    expect(waiting(chain)).to.deep.equal([fresh, freshChild].map(txidOf));
  });
});

describe("ephemeral dust: an output that its child takes away", () => {
  const anchored = (chain: Mature, fee = 0n, anchors = 1): Tx =>
    three([coinOf(chain)], [output(COIN - fee), ...Array.from({ length: anchors }, () => output(0n, ANCHOR))]);
  /** Spends the anchor, without a witness, and a coin that pays. */
  const sweep = (chain: Mature, parent: Tx, fee: bigint): Tx => ({
    ...three([outpointOf(parent, 1), coinOf(chain, 1)], [output(COIN - fee)]),
    inputs: [input(outpointOf(parent, 1), { witness: [] }), input(coinOf(chain, 1))],
  });
  it("stands in a transaction without a fee, and comes with its child", () => {
    const chain = matured(2);
    const parent = anchored(chain);
    const child = sweep(chain, parent, 1000n);
    expect(take(chain, [parent, child]).fault).to.equal(undefined);
    expect(template(chain).txs.slice(1)).to.deep.equal([parent, child]);
  });
  it("stands in none that pays, and only one in any", () => {
    const chain = matured(2);
    refused(chain, anchored(chain, 1000n), "dust");
    refused(chain, anchored(chain, 0n, 2), "dust");
  });
  it("is spent by the child, or that stays out", () => {
    const chain = matured(2);
    const parent = anchored(chain);
    const verdict = take(chain, [parent, childOf(parent, 1000n)]);
    expect(verdict.fault).to.equal("transaction failed");
    expect(verdict.txs[1]).to.include({ code: "missing-ephemeral-spends" });
    expect(waiting(chain)).to.deep.equal([]);
    takeAll(chain, []);
    expect(take(chain, [parent, sweep(chain, parent, 1000n)]).fault).to.equal(undefined);
    refused(chain, childOf(parent, 9000n), "missing-ephemeral-spends");
  });
  it("is not mined without it, should the child have gone", () => {
    const chain = matured(2);
    const parent = anchored(chain);
    const child = sweep(chain, parent, 1000n);
    take(chain, [parent, child]);
    const rival = three([coinOf(chain, 1)], [output(COIN - 9000n)]);
    takeAll(chain, [rival]);
    expect(waiting(chain)).to.deep.equal([parent, rival].map(txidOf));
    expect(template(chain).txs.slice(1)).to.deep.equal([rival]);
  });
  it("is no dust where it holds what its spending costs: 240 sat for an anchor", () => {
    const chain = matured(2);
    const rich = three([coinOf(chain)], [output(COIN - 1240n), output(240n, ANCHOR)]);
    takeAll(chain, [rich]);
    const witness = { ...sweep(chain, rich, 1000n), inputs: [input(outpointOf(rich, 1)), input(coinOf(chain, 1))] };
    refused(chain, witness, "bad-witness-nonstandard");
    takeAll(chain, [sweep(chain, rich, 1000n)]);
  });
});
