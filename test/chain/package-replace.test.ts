import { expect } from "chai";
import { type Tx, txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import { COIN, matured, outpointOf, output, spend } from "./builder.ts";
import { dear, family, take } from "./package-bench.ts";
import { ask, coinOf, paying, relayFee, splitting, takeAll, waiting, withPolicy } from "./pool-bench.ts";

describe("package: replacement by a parent with one child", () => {
  it("throws out what conflicts with the parent, when both together pay for all of it and more for their size", () => {
    const chain = dear(1);
    const old = family(coinOf(chain), { parent: 2000n, child: 2000n });
    takeAll(chain, [old.parent, old.child]);
    const fresh = (child: bigint) => family(coinOf(chain), { parent: 500n, child });
    const relay = relayFee(vsizeOf(old.parent) + vsizeOf(old.child));
    const offered = fresh(3500n + relay - 1n);
    expect(take(chain, [offered.parent, offered.child])).to.include({
      fault: "package RBF failed",
      detail: "insufficient anti-DoS fees",
    });
    expect(waiting(chain)).to.deep.equal([old.parent, old.child].map(txidOf));
    const enough = fresh(3500n + relay);
    const verdict = take(chain, [enough.parent, enough.child]);
    expect(verdict.fault).to.equal(undefined);
    expect(verdict.replaced).to.deep.equal([old.parent, old.child].map(txidOf));
    expect(waiting(chain)).to.deep.equal([enough.parent, enough.child].map(txidOf));
  });
  it("is refused where the two pay less for their size than one that would go", () => {
    const chain = dear(1);
    const old = paying(coinOf(chain), 6000n);
    takeAll(chain, [old]);
    const parent = splitting(coinOf(chain), 20, 1000n);
    const child = paying(outpointOf(parent), 20_000n, (COIN - 1000n) / 20n);
    expect(take(chain, [parent, child])).to.include({
      fault: "package RBF failed",
      detail: "insufficient feerate",
    });
    expect(waiting(chain)).to.deep.equal([txidOf(old)]);
  });
  it("is for two alone, without others that wait above them", () => {
    const chain = dear(3);
    const old = [0, 1].map((at) => paying(coinOf(chain, at), 2000n));
    const above = paying(coinOf(chain, 2), 1000n);
    takeAll(chain, [...old, above]);
    const parents = [0, 1].map((at) => paying(coinOf(chain, at), 200n));
    const child = spend(
      parents.map((tx) => outpointOf(tx)),
      [output(2n * COIN - 20_000n)],
    );
    expect(take(chain, [...parents, child])).to.include({ detail: "package must be 1-parent-1-child" });
    const [parent] = parents as [Tx];
    const inputs = [outpointOf(parent), outpointOf(above)];
    const hanging = spend(inputs, [output(2n * COIN - 20_000n)]);
    expect(take(chain, [parent, hanging])).to.include({ detail: "new transaction cannot have mempool ancestors" });
  });
  it("is refused to a child that pays no more for its size than its parent", () => {
    const chain = dear(1);
    const old = paying(coinOf(chain), 2000n);
    takeAll(chain, [old]);
    const { parent, child } = family(coinOf(chain), { parent: 2005n, child: 1995n });
    expect(take(chain, [parent, child])).to.include({
      detail: "package feerate is less than or equal to parent feerate",
    });
  });
  it("is never undone by the eviction of what pays least", () => {
    const full = withPolicy(matured(4), { vsizeMax: 300, chainVsizeMax: 300 });
    takeAll(
      full,
      [0, 1, 2].map((at) => paying(coinOf(full, at), 1000n + BigInt(at))),
    );
    const { parent, child } = family(coinOf(full), { parent: 1001n, child: 5000n });
    ask(full, 11_000n);
    expect(take(full, [parent, child]).fault).to.equal(undefined);
    expect(waiting(full)).to.include.members([parent, child].map(txidOf));
  });
});
