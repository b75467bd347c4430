import { expect } from "chai";
import type { Outpoint } from "../../src/base/ids.ts";
import { type Tx, txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import { followChain } from "../../src/chain/follow.ts";
import { DEFAULT_POLICY } from "../../src/chain/mempool.ts";
import { bench, buildBlock, COIN, give, grow, matured, NOW, outpointOf } from "./builder.ts";

import { coinOf, offer, paying, withPolicy } from "./pool-bench.ts";

describe("mempool: when it is full", () => {
  it("evicts what pays least with all that hang on it, and asks for more from then on", () => {
    const chain = withPolicy(matured(6), { vsizeMax: 390 });
    const txs = [3000n, 1000n, 2000n, 4000n].map((fee, index) => paying(coinOf(chain, index), fee));
    expect(txs.map((tx) => offer(chain, tx))).to.deep.equal(["accepted", "accepted", "accepted", "accepted"]);
    const lowChild = paying(outpointOf(txs[1] as Tx), 500n, COIN - 1000n);
    expect(offer(chain, lowChild)).to.equal("mempool full");
    expect([...chain.brain.pool.entries.keys()]).to.deep.equal([txs[0], txs[2], txs[3]].map((tx) => txidOf(tx as Tx)));
    expect(offer(chain, paying(coinOf(chain, 4), 300n))).to.equal("mempool min fee not met");
    expect(chain.brain.pool.vsize).to.equal(3 * vsizeOf(txs[0] as Tx));
  });
  it("forgets what nobody mined in two weeks", () => {
    const chain = matured(2);
    const parent = paying(coinOf(chain), 1000n);
    offer(chain, parent, NOW - DEFAULT_POLICY.expiryS - 1);
    offer(chain, paying(outpointOf(parent), 1000n, COIN - 1000n));
    offer(chain, paying(coinOf(chain, 1), 1000n));
    grow(chain, 1);
    expect([...chain.brain.pool.entries.keys()]).to.deep.equal([txidOf(paying(coinOf(chain, 1), 1000n))]);
  });
});

describe("mempool: following the chain", () => {
  it("lets go of what was mined and of what conflicts with it, with all descendants", () => {
    const chain = matured(2);
    const [mined, rival] = [paying(coinOf(chain), 1000n), paying(coinOf(chain, 1), 1000n)];
    const child = paying(outpointOf(rival), 1000n, COIN - 1000n);
    const kept = paying(outpointOf(mined), 1000n, COIN - 1000n);
    for (const tx of [mined, rival, child, kept]) expect(offer(chain, tx)).to.equal("accepted");
    const block = buildBlock(chain, { txs: [mined, paying(coinOf(chain, 1), 5000n)], fees: 6000n });
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
    expect([...chain.brain.pool.entries.values()].map(({ txid, parents }) => [txid, parents.size])).to.deep.equal([
      [txidOf(kept), 0],
    ]);
  });
  it("takes back what a reorganisation unmined, parents first, and drops what cannot be any more", () => {
    const chain = matured(2);
    const fork = chain.brain.chain.tip;
    const parent = paying(coinOf(chain), 1000n);
    const child = paying(outpointOf(parent), 1000n, COIN - 1000n);
    const rival = paying(coinOf(chain, 1), 1000n);
    give(chain, buildBlock(chain, { txs: [parent, rival], fees: 2000n }));
    expect(offer(chain, child)).to.equal("accepted");
    const branch = buildBlock(chain, { previous: fork, txs: [paying(coinOf(chain, 1), 7000n)], fees: 7000n });
    give(chain, branch);
    give(
      chain,
      buildBlock(chain, {
        previous: chain.brain.chain.index.tree.nodes.get(
          [...chain.brain.chain.index.tree.nodes.keys()].at(-1) as never,
        ) as never,
      }),
    );
    const entries = [...chain.brain.pool.entries.values()];
    expect(entries.map(({ txid }) => txid)).to.deep.equal([parent, child].map(txidOf));
    expect(entries[1]?.parents).to.deep.equal(new Set([txidOf(parent)]));
  });
  it("drops the spend of a coinbase that a reorganisation made young again", () => {
    const chain = bench();
    const [reward] = grow(chain, 1) as [Outpoint];
    grow(chain, 99);
    const spending = paying(reward, 1000n);
    expect(offer(chain, spending)).to.equal("accepted");
    const { pool, chain: state } = chain.brain;
    // As after a branch that replaced the tip: the chain is a block shorter for a moment.
    state.tip = state.tip.previous as typeof state.tip;
    followChain(
      pool,
      state,
      {
        disconnected: [{ block: { header: state.tip.header, txs: [] }, hash: state.tip.hash, txids: [] }],
        connected: [],
        rejected: [],
      },
      NOW,
    );
    expect(pool.entries.size).to.equal(0);
  });
});
