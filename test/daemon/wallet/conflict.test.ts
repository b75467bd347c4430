import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { abandon } from "../../../src/daemon/wallet/chain.ts";
import { conflictDepth } from "../../../src/daemon/wallet/conflict.ts";
import { draftOf } from "../../../src/daemon/wallet/draft.ts";
import { fund, publish } from "../../../src/daemon/wallet/spend.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));

/** Two transactions that spend the one coin there is: the first is given up, and then waits in other mempools all the same. */
function rivals() {
  const chain = new SmallChain();
  chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(50_000n), script: chain.address() })]);
  const made = (amount: bigint): Tx => {
    const output = { amount: sat(amount), script: ELSEWHERE };
    const funded = fund(chain.wallet, keys, { output, feerate: satPerKw(1_000), label: "x" });
    if (!funded.ok) throw new Error("not enough");
    chain.take(funded.value.step);
    chain.take(publish(chain.wallet, funded.value.txid));
    return present(chain.wallet.txs.get(funded.value.txid)?.tx, "a signed transaction");
  };
  const first = made(20_000n);
  const draft = draftOf(chain.wallet);
  abandon(draft, present([...chain.wallet.txs.keys()].at(-1), "the first one"));
  chain.take(draft.finish());
  return { chain, first, second: made(30_000n) };
}

describe("a transaction of ours whose coin was spent by another one", () => {
  it("has a conflict as deep as that one lies, and none where nothing or it itself is mined", () => {
    const { chain, first, second } = rivals();
    expect(conflictDepth(chain.wallet, second)).to.equal(0);
    chain.mine(ELSEWHERE, [first]);
    expect(conflictDepth(chain.wallet, second)).to.equal(1);
    for (let block = 0; block < 4; block++) chain.mine(ELSEWHERE);
    expect(conflictDepth(chain.wallet, second)).to.equal(5);
    expect(conflictDepth(chain.wallet, first)).to.equal(0);
  });
  it("has none any more when a reorganisation takes the other one away", () => {
    const { chain, first, second } = rivals();
    chain.mine(ELSEWHERE, [first]);
    chain.disconnect();
    expect(conflictDepth(chain.wallet, second)).to.equal(0);
  });
});
