import { expect } from "chai";
import { script } from "../../src/bitcoin/script.ts";
import { type Tx, txidOf, vsizeOf, wtxidOf } from "../../src/bitcoin/tx.ts";
import { tryTx } from "../../src/chain/brain.ts";
import { COIN, fakeOutpoint, input, matured, NOW, outpointOf, output, spend } from "./builder.ts";
import { dear, effective, family, named, refusedAs, take, taken } from "./package-bench.ts";
import { ask, coinOf, contents, joining, paying, takeAll, waiting, withPolicy } from "./pool-bench.ts";

describe("package: what pays together", () => {
  it("takes a parent below the mempool's price with a child that pays for both", () => {
    const chain = dear(1);
    const { parent, child } = family(coinOf(chain), { parent: 200n, child: 3000n });
    const both = effective([parent, child], 3200n);
    expect(take(chain, [parent, child])).to.deep.equal({
      fault: undefined,
      txs: [taken(parent, 200n, both), taken(child, 3000n, both)],
      replaced: [],
    });
    expect(waiting(chain)).to.deep.equal([parent, child].map(txidOf));
  });
  it("asks the price of both to the satoshi", () => {
    const chain = dear(1);
    const size = family(coinOf(chain), { parent: 200n, child: 0n });
    const price = 5n * BigInt(vsizeOf(size.parent) + vsizeOf(size.child));
    const short = family(coinOf(chain), { parent: 200n, child: price - 201n });
    const both = effective([short.parent, short.child], price - 1n);
    const why = { effective: both };
    expect(take(chain, [short.parent, short.child])).to.deep.equal({
      fault: "transaction failed",
      txs: [short.parent, short.child].map((tx) => refusedAs(tx, "mempool min fee not met", why)),
      replaced: [],
    });
    expect(waiting(chain)).to.deep.equal([]);
    const enough = family(coinOf(chain), { parent: 200n, child: price - 200n });
    expect(take(chain, [enough.parent, enough.child]).fault).to.equal(undefined);
  });
  it("never lets a child pay for a parent that relay would refuse at any time", () => {
    const chain = withPolicy(matured(1), {});
    const { parent, child } = family(coinOf(chain), { parent: 0n, child: 9000n });
    expect(take(chain, [parent, child])).to.deep.equal({
      fault: "transaction failed",
      txs: [refusedAs(parent, "min relay fee not met"), refusedAs(child, "bad-txns-inputs-missingorspent")],
      replaced: [],
    });
  });
  it("judges what can be taken alone by what it pays alone, and takes it though the rest fails", () => {
    const chain = dear(2);
    const { parent, child } = family(coinOf(chain), { parent: 2000n, child: 200n });
    expect(take(chain, [parent, child])).to.deep.equal({
      fault: "transaction failed",
      txs: [taken(parent, 2000n), refusedAs(child, "mempool min fee not met")],
      replaced: [],
    });
    expect(waiting(chain)).to.deep.equal([txidOf(parent)]);
    const second = paying(outpointOf(parent), 1000n, COIN - 2000n);
    expect(take(chain, [parent, second]).txs).to.deep.equal([
      { ...named(parent), tag: "Known", fee: 2000n, vsize: vsizeOf(parent) },
      taken(second, 1000n),
    ]);
  });
  it("lets one child pay for several parents, and leaves out one that pays for itself", () => {
    const chain = dear(3);
    const poor = [0, 1].map((at) => paying(coinOf(chain, at), 200n));
    const rich = paying(coinOf(chain, 2), 4000n);
    const child = spend(
      [...poor, rich].map((tx) => outpointOf(tx)),
      [output(3n * COIN - 4400n - 5000n)],
    );
    const three = effective([...poor, child], 5400n);
    const verdict = take(chain, [...poor, rich, child]);
    expect(verdict.fault).to.equal(undefined);
    expect(verdict.txs).to.deep.equal([
      ...poor.map((tx) => taken(tx, 200n, three)),
      taken(rich, 4000n),
      taken(child, 5000n, three),
    ]);
  });
  it("answers for a known transaction with another witness by the name of that one", () => {
    const chain = withPolicy(matured(1), {});
    const { parent, child } = family(coinOf(chain), { parent: 1000n, child: 1000n });
    takeAll(chain, [parent]);
    const other = { ...parent, inputs: [input(coinOf(chain), { witness: [new Uint8Array(2), script(1n)] })] };
    expect(take(chain, [other, child]).txs).to.deep.equal([
      { ...named(other), tag: "OtherWitness", other: wtxidOf(parent) },
      taken(child, 1000n),
    ]);
  });
});

describe("package: what is refused", () => {
  const chain = dear(3);
  const { parent, child } = family(coinOf(chain), { parent: 200n, child: 3000n });
  const forms: readonly (readonly [string, string, readonly Tx[]])[] = [
    ["26 transactions", "package-too-many-transactions", Array.from({ length: 26 }, () => parent)],
    [
      "more than 404,000 weight units",
      "package-too-large",
      [0, 1].map((at) =>
        spend(
          [coinOf(chain, at)],
          Array.from({ length: 1200 }, () => output(1000n)),
        ),
      ),
    ],
    ["one transaction twice", "package-contains-duplicates", [parent, parent, child]],
    ["a child before its parent", "package-not-sorted", [child, parent]],
    ["two that spend one coin", "conflict-in-package", [parent, paying(coinOf(chain), 900n)]],
    ["strangers to one another", "package-not-child-with-parents", [parent, paying(coinOf(chain, 1), 900n)]],
    ["a grandparent", "package-not-child-with-parents", [parent, child, paying(outpointOf(child), 900n, COIN - 3200n)]],
    ["nothing", "package-not-child-with-parents", []],
  ];
  for (const [what, fault, txs] of forms) {
    it(`is ${what}: ${fault}, and nobody is judged`, () => {
      const before = contents(chain.brain.pool);
      const verdict = take(chain, txs);
      expect(verdict.fault).to.equal(fault);
      expect(verdict.txs).to.deep.equal(txs.map((tx) => ({ ...named(tx), tag: "Unjudged" })));
      expect(contents(chain.brain.pool)).to.deep.equal(before);
    });
  }
  it("B1: has one transaction that spends a coin twice", () => {
    const twice = spend([coinOf(chain), coinOf(chain)], [output(2n * COIN - 900n)]);
    const spender = paying(outpointOf(twice), 9000n, 2n * COIN - 900n);
    expect(take(chain, [twice, spender]).txs.map((verdict) => "code" in verdict && verdict.code)).to.deep.equal([
      "bad-txns-inputs-duplicate",
      "bad-txns-inputs-missingorspent",
    ]);
  });
  it("has a bad signature anywhere: none of those that wait for one another are taken", () => {
    const bad = { ...child, inputs: [input(outpointOf(parent), { witness: [script(0n)] })] };
    const before = contents(chain.brain.pool);
    const verdict = take(chain, [parent, bad]);
    expect(verdict.fault).to.equal("transaction failed");
    expect(verdict.txs.map(({ tag }) => tag)).to.deep.equal(["Refused", "Refused"]);
    expect(contents(chain.brain.pool)).to.deep.equal(before);
  });
  it("would make a chain too long, each of them counted with all the others", () => {
    const long = dear(1);
    ask(long, 0n);
    const chain = { ...long, brain: withPolicy(long, { chainCountMax: 3 }).brain };
    const first = paying(coinOf(chain), 1000n);
    const second = paying(outpointOf(first), 1000n, COIN - 1000n);
    takeAll(chain, [first, second]);
    ask(chain, 5000n);
    const third = paying(outpointOf(second), 200n, COIN - 2000n);
    const verdict = take(chain, [third, paying(outpointOf(third), 9000n, COIN - 2200n)]);
    expect(verdict.fault).to.equal("package-mempool-limits");
    expect(waiting(chain)).to.deep.equal([first, second].map(txidOf));
  });
});

describe("package: what is only asked", () => {
  const chain = dear(3);
  const judged = (txs: readonly Tx[]) => {
    const before = contents(chain.brain.pool);
    const verdict = tryTx(chain.brain, txs, NOW);
    expect(contents(chain.brain.pool)).to.deep.equal(before);
    return verdict;
  };
  it("says what one would pay and throw out, and why not, and changes nothing", () => {
    const old = paying(coinOf(chain), 1000n);
    takeAll(chain, [old]);
    const rival = paying(coinOf(chain), 3000n);
    expect(judged([rival])).to.deep.equal({ fault: undefined, txs: [taken(rival, 3000n)], replaced: [txidOf(old)] });
    expect(judged([old])).to.deep.equal({
      fault: "transaction failed",
      txs: [refusedAs(old, "txn-already-in-mempool")],
      replaced: [],
    });
    const bad = { ...rival, inputs: [input(coinOf(chain), { witness: [script(0n)] })] };
    expect(judged([bad]).txs[0]).to.include({ code: "mempool-script-verify-flag-failed" });
  });
  it("judges several by what each pays, and none that would replace", () => {
    const rich = family(coinOf(chain, 1), { parent: 1000n, child: 1000n });
    expect(judged([rich.parent, rich.child])).to.deep.equal({
      fault: undefined,
      txs: [taken(rich.parent, 1000n), taken(rich.child, 1000n)],
      replaced: [],
    });
    const poor = family(coinOf(chain, 1), { parent: 200n, child: 9000n });
    expect(judged([poor.parent, poor.child])).to.deep.equal({
      fault: "transaction failed",
      txs: [refusedAs(poor.parent, "mempool min fee not met"), { ...named(poor.child), tag: "Unjudged" }],
      replaced: [],
    });
    const rival = family(coinOf(chain), { parent: 9000n, child: 1000n });
    expect(judged([rival.parent, rival.child]).txs[0]).to.include({ code: "bip125-replacement-disallowed" });
    expect(judged([paying(fakeOutpoint(4), 1000n), rich.parent]).txs[0]).to.include({
      code: "bad-txns-inputs-missingorspent",
    });
    expect(judged([rich.child, rich.parent]).fault).to.equal("package-not-sorted");
    expect(judged([joining([coinOf(chain, 1), coinOf(chain, 2)], 5000n), rich.parent]).fault).to.equal(
      "conflict-in-package",
    );
  });
});
