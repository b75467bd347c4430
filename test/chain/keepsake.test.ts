import { expect } from "chai";
import { nodeBrain } from "../../src/chain/brain.ts";
import { keepsakeOf, recall } from "../../src/chain/keepsake.ts";
import { COIN, give, grow, matured, outpointOf, output, spend } from "./builder.ts";
import { take } from "./package-bench.ts";
import { coinOf, contents, type Mature, paying, takeAll, template } from "./pool-bench.ts";

/** The same chain after a restart. */
const restarted = (chain: Mature): Mature => ({ ...chain, brain: nodeBrain(chain.params, chain.storage) });

describe("mempool and fees over a restart", () => {
  const chain = matured(4);
  takeAll(chain, [paying(coinOf(chain), 1000n)]);
  give(chain, template(chain));
  const parent = paying(coinOf(chain, 1), 1000n);
  takeAll(chain, [parent]);
  grow(chain, 2);
  const truc = spend([coinOf(chain, 2)], [output(COIN)], { version: 3 });
  const child = spend([outpointOf(truc)], [output(COIN - 1000n)], { version: 3 });
  takeAll(chain, [paying(outpointOf(parent), 1000n, COIN - 1000n)]);
  expect(take(chain, [truc, child]).fault).to.equal(undefined);
  const text = keepsakeOf(chain.brain);

  it("are what they were: what waited since when, and what was paid", () => {
    const again = restarted(chain);
    recall(again.brain, text);
    const waiting = (from: Mature) => ({ ...contents(from.brain.pool), risen: undefined });
    expect(waiting(again)).to.deep.equal(waiting(chain));
    expect(again.brain.fees.records).to.deep.equal(chain.brain.fees.records);
    expect(again.brain.fees.height).to.equal(chain.brain.fees.height);
  });
  it("leave out what was mined meanwhile, or cannot be any more", () => {
    const other = matured(2);
    recall(other.brain, text);
    expect(other.brain.pool.entries.size).to.equal(0);
  });
  it("begin anew where the text is no such text, and never throw", () => {
    const kept = JSON.parse(text);
    const [first] = kept.txs;
    const wrong: readonly unknown[] = [
      null,
      [],
      { ...kept, version: 2, txs: kept.txs },
      { ...kept, txs: 7 },
      { ...kept, txs: [null, 5, { ...first, hex: "zz" }, { ...first, hex: "00" }, { ...first, time: "now" }] },
      { ...kept, txs: [], fees: { ...kept.fees, height: 1e9 } },
      { ...kept, txs: [], fees: { height: 1, records: [kept.fees.records[0]] } },
      { ...kept, txs: [], fees: { ...kept.fees, records: kept.fees.records.map(() => ({ mined: [-1] })) } },
    ];
    for (const each of [...wrong.map((value) => JSON.stringify(value)), "", "{", text.slice(0, 1000)]) {
      const again = restarted(chain);
      recall(again.brain, each);
      expect(again.brain.pool.entries.size, each.slice(0, 80)).to.equal(0);
      const isEmpty = again.brain.fees.records.every(({ mined }) => mined.every((count) => count === 0));
      expect(isEmpty || each.includes('"txs":7') || each.includes('"txs":[null')).to.equal(true);
    }
  });
});
