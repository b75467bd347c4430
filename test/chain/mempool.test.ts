import { expect } from "chai";
import fc from "fast-check";
import type { Outpoint } from "../../src/base/ids.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2pkh, p2sh, p2wpkh, p2wshOf } from "../../src/bitcoin/templates.ts";
import { type Tx, txidOf, vsizeOf, weightOf } from "../../src/bitcoin/tx.ts";
import { acceptTx } from "../../src/chain/accept-tx.ts";
import { estimateFeerate, feeMemory, rememberFees } from "../../src/chain/fees.ts";
import { followChain } from "../../src/chain/follow.ts";
import { DEFAULT_POLICY, type MempoolPolicy, mempool } from "../../src/chain/mempool.ts";
import { selectPackages } from "../../src/chain/select.ts";
import { dustLimit, kindOf } from "../../src/chain/standard.ts";
import {
  ANYONE,
  type Bench,
  bench,
  buildBlock,
  COIN,
  coinSet,
  countCoins,
  fakeOutpoint,
  give,
  grow,
  input,
  matured,
  NOW,
  outpointOf,
  output,
  SPEND_ANYONE,
  spend,
  verdict,
} from "./builder.ts";

type Mature = ReturnType<typeof matured>;
const withPolicy = (chain: Mature, policy: Partial<MempoolPolicy>): Mature => ({
  ...chain,
  brain: { ...chain.brain, pool: mempool({ ...DEFAULT_POLICY, ...policy }) },
});
const offer = ({ brain }: Bench, tx: Tx, now = NOW): string => {
  const taken = acceptTx(brain.pool, brain.chain, tx, { now });
  return taken.ok ? "accepted" : taken.error.code;
};
const coinOf = ({ coins }: Mature, index = 0): Outpoint => coins[index] as Outpoint;
const paying = (prevout: Outpoint, fee: bigint, value = COIN): Tx => spend([prevout], [output(value - fee)]);

describe("mempool: what it takes", () => {
  const chain = matured(3);
  const good = paying(coinOf(chain), 1000n);
  const changed = (more: Partial<Tx>): Tx => ({ ...good, ...more });
  const height = chain.brain.chain.tip.height;

  const cases: readonly (readonly [string, string, Tx])[] = [
    ["a malformed transaction", "bad-txns-vout-empty", changed({ outputs: [] })],
    ["version 3", "version", changed({ version: 3 })],
    [
      "an unknown output form",
      "scriptpubkey",
      changed({ outputs: [output(COIN - 1000n, new Uint8Array(30).fill(OP.NOP))] }),
    ],
    [
      "more than one data carrier",
      "multi-op-return",
      changed({ outputs: [output(0n, script(OP.RETURN)), output(0n, script(OP.RETURN))] }),
    ],
    [
      "a data carrier above 83 bytes",
      "scriptpubkey",
      changed({ outputs: [output(0n, script(OP.RETURN, new Uint8Array(81)))] }),
    ],
    ["dust", "dust", changed({ outputs: [output(329n)] })],
    [
      "a tiny transaction",
      "tx-size-small",
      changed({ inputs: [input(coinOf(chain))], outputs: [output(0n, Uint8Array.of(OP.RETURN))] }),
    ],
    ["a huge one", "tx-size", changed({ outputs: Array.from({ length: 3000 }, () => output(1000n)) })],
    [
      "a scriptSig that does more than push",
      "scriptsig-not-pushonly",
      changed({ inputs: [input(coinOf(chain), { scriptSig: script(OP.NOP) })] }),
    ],
    [
      "a long scriptSig",
      "scriptsig-size",
      changed({ inputs: [input(coinOf(chain), { scriptSig: new Uint8Array(1651) })] }),
    ],
    [
      "a locktime that is not reached",
      "non-final",
      changed({ locktime: height + 1, inputs: [input(coinOf(chain), { sequence: 0 })] }),
    ],
    [
      "a relative lock that holds",
      "non-BIP68-final",
      changed({ inputs: [input(coinOf(chain), { sequence: height + 5 })] }),
    ],
    ["inputs that nobody knows", "bad-txns-inputs-missingorspent", paying(fakeOutpoint(3), 1000n)],
    [
      "an immature coinbase",
      "bad-txns-premature-spend-of-coinbase",
      paying(outpointOf(chain.storage.block(chain.brain.chain.tip.hash)?.txs[0] as Tx), 1000n),
    ],
    ["more out than in", "bad-txns-in-belowout", paying(coinOf(chain), -1n)],
    [
      "a fee below one satoshi a virtual byte",
      "min relay fee not met",
      paying(coinOf(chain), BigInt(vsizeOf(good) - 1)),
    ],
    [
      "a witness that the script refuses",
      "mandatory-script-verify-flag-failed",
      changed({ inputs: [input(coinOf(chain), { witness: [script(0n)] })] }),
    ],
    [
      "a witness with too many items",
      "bad-witness-nonstandard",
      changed({
        inputs: [
          input(coinOf(chain), { witness: [...Array.from({ length: 101 }, () => new Uint8Array(1)), ...SPEND_ANYONE] }),
        ],
      }),
    ],
  ];
  for (const [what, code, tx] of cases) {
    it(`refuses ${what}`, () => {
      expect(offer(chain, tx)).to.equal(code);
      expect(chain.brain.pool.entries.size).to.equal(0);
    });
  }
  it("refuses a coinbase", () => {
    expect(offer(chain, buildBlock(chain).txs[0] as Tx)).to.equal("coinbase");
  });
  it("takes a fee of exactly one satoshi a virtual byte", () => {
    const own = matured(1);
    expect(offer(own, paying(coinOf(own), BigInt(vsizeOf(good))))).to.equal("accepted");
  });
  it("knows what it has, what has only another witness, and what is confirmed", () => {
    const own = matured(1);
    const tx = paying(coinOf(own), 1000n);
    const other = { ...tx, inputs: [input(coinOf(own), { witness: [new Uint8Array(2), ...SPEND_ANYONE] })] };
    expect([tx, tx, other].map((each) => offer(own, each))).to.deep.equal([
      "accepted",
      "txn-already-in-mempool",
      "txn-same-nonwitness-data-in-mempool",
    ]);
    give(own, buildBlock(own, { txs: [tx], fees: 1000n }));
    expect(offer(own, tx)).to.equal("txn-already-known");
  });
  it("refuses a second spend of one coin, whatever it pays", () => {
    const own = matured(1);
    expect(offer(own, paying(coinOf(own), 1000n))).to.equal("accepted");
    expect(offer(own, paying(coinOf(own), 1_000_000n))).to.equal("txn-mempool-conflict");
  });
  it("verifies each transaction's scripts, whatever it has verified before, and so does a block", () => {
    const own = matured(2);
    expect(offer(own, paying(coinOf(own), 1000n))).to.equal("accepted");
    const bad = { ...paying(coinOf(own, 1), 0n), inputs: [input(coinOf(own, 1), { witness: [script(0n)] })] };
    expect(verdict(own, { txs: [bad] })).to.equal("mandatory-script-verify-flag-failed");
    expect(offer(own, { ...bad, outputs: [output(COIN - 1000n)] })).to.equal("mandatory-script-verify-flag-failed");
  });
  it("takes children of what waits, but no relative lock on it", () => {
    const own = matured(1);
    const parent = paying(coinOf(own), 1000n);
    const child = paying(outpointOf(parent), 1000n, COIN - 1000n);
    expect(offer(own, child)).to.equal("bad-txns-inputs-missingorspent");
    expect(offer(own, parent)).to.equal("accepted");
    expect(offer(own, { ...child, inputs: [input(outpointOf(parent), { sequence: 1 })] })).to.equal("non-BIP68-final");
    expect(offer(own, child)).to.equal("accepted");
  });
  it("refuses the 26th transaction of a chain, and the 26th descendant of one", () => {
    const own = matured(1);
    let last = spend([coinOf(own)], [output(COIN / 2n), output(COIN / 2n - 1000n)]);
    const first = last;
    const answers = [offer(own, last)];
    for (let i = 1n; answers.length < 26; i++) {
      last = spend([outpointOf(last)], [output(COIN / 2n - 1000n * i)]);
      answers.push(offer(own, last));
    }
    expect(answers).to.deep.equal([...Array.from({ length: 25 }, () => "accepted"), "too-long-mempool-chain"]);
    expect(offer(own, spend([outpointOf(first, 1)], [output(COIN / 2n - 9000n)]))).to.equal("too-long-mempool-chain");
  });
});

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
    for (let i = 0; i < 8; i++) give(chain, buildBlock(chain));
    expect(chain.brain.pool.floor).to.equal(1000n);
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

describe("mempool: what is standard", () => {
  const key = new Uint8Array(33).fill(2);
  it("tells script forms apart", () => {
    const hash = new Uint8Array(20);
    const forms = [
      p2pkh(hash),
      p2sh(hash),
      p2wpkh(hash),
      ANYONE,
      script(key, OP.CHECKSIG),
      script(1n, key, key, 2n, OP.CHECKMULTISIG),
      script(OP.RETURN, hash),
      script(3n, key, 1n, OP.CHECKMULTISIG),
      new Uint8Array(0),
      Uint8Array.of(OP.RETURN, OP.NOP),
      Uint8Array.of(75),
    ];
    expect(forms.map(kindOf)).to.deep.equal([
      "p2pkh",
      "p2sh",
      "witness",
      "witness",
      "p2pk",
      "multisig",
      "data",
      "nonstandard",
      "nonstandard",
      "nonstandard",
      "nonstandard",
    ]);
  });
  it("calls dust what Bitcoin Core does", () => {
    const hash = new Uint8Array(20);
    const scripts = [p2pkh(hash), p2sh(hash), p2wpkh(hash), p2wshOf(hash), script(OP.RETURN)];
    expect(scripts.map((to) => dustLimit(output(0n, to)))).to.deep.equal([546n, 540n, 294n, 330n, 0n]);
  });
});

describe("miner: which transactions, and what they pay", () => {
  it("lets a child pay for its parent, and puts parents first", () => {
    const chain = matured(3);
    const poor = paying(coinOf(chain), 200n);
    const rich = paying(outpointOf(poor), 50_000n, COIN - 200n);
    const fair = paying(coinOf(chain, 1), 10_000n);
    const low = paying(coinOf(chain, 2), 300n);
    for (const tx of [low, poor, fair, rich]) expect(offer(chain, tx)).to.equal("accepted");
    const mined = grow(chain, 0);
    expect(mined).to.deep.equal([]);
    const { txs } = template(chain);
    expect(txs.slice(1).map(txidOf)).to.deep.equal([poor, rich, fair, low].map(txidOf));
  });
  it("judges a child anew once its parent is chosen for another one's sake", () => {
    const chain = matured(2);
    const parent = spend([coinOf(chain)], [output(COIN / 2n), output(COIN / 2n - 200n)]);
    const rich = paying(outpointOf(parent), 90_000n, COIN / 2n);
    const fair = paying(outpointOf(parent, 1), 20_000n, COIN / 2n - 200n);
    const other = paying(coinOf(chain, 1), 15_000n);
    for (const tx of [parent, rich, fair, other]) expect(offer(chain, tx)).to.equal("accepted");
    expect(template(chain).txs.slice(1).map(txidOf)).to.deep.equal([parent, rich, fair, other].map(txidOf));
  });
  it("leaves out what does not fit, and takes what does", () => {
    const chain = matured(12);
    const filler = (index: number, fee: bigint): Tx =>
      spend(
        [coinOf(chain, index)],
        [...Array.from({ length: 2200 }, () => output(1000n)), output(COIN - 2_200_000n - fee)],
      );
    const large = Array.from({ length: 11 }, (_, index) => filler(index, 1_000_000n - BigInt(index)));
    const small = paying(coinOf(chain, 11), 150n);
    for (const tx of [...large, small]) expect(offer(chain, tx)).to.equal("accepted");
    const block = template(chain);
    expect(block.txs.slice(1).map(txidOf)).to.deep.equal([...large.slice(0, 10), small].map(txidOf));
    expect(block.txs.reduce((sum, tx) => sum + weightOf(tx), 0)).to.be.lessThan(4_000_000);
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
  });
  it("keeps the sum of all coins at the sum of all subsidies, whatever is spent, mined or reorganised", () => {
    const step = fc.record({
      spends: fc.array(
        fc.record({
          pick: fc.nat(),
          fee: fc.integer({ min: 200, max: 90_000 }),
          parts: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 5 },
      ),
      reorganise: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const chain = matured(4);
        for (const { spends, reorganise } of steps) {
          for (const { pick, fee, parts } of spends) {
            const spendable = [...chain.storage.coins].filter(([, coin]) => !coin.coinbase || coin.height <= 4);
            const chosen = spendable[pick % spendable.length];
            if (chosen === undefined) continue;
            const [txid, vout] = chosen[0].split(":") as [string, string];
            const each = (chosen[1].output.amount - BigInt(fee)) / BigInt(parts);
            offer(
              chain,
              spend(
                [{ txid: txid as never, vout: Number(vout) }],
                Array.from({ length: parts }, () => output(each)),
              ),
            );
          }
          give(chain, template(chain));
          let previous = chain.brain.chain.tip;
          for (let i = 0; i < reorganise; i++) previous = previous.previous as typeof previous;
          for (let i = 0; reorganise > 0 && i <= reorganise; i++) {
            const block = buildBlock(chain, { previous });
            give(chain, block);
            previous = [...chain.brain.chain.index.tree.nodes.values()].at(-1) as typeof previous;
          }
          const subsidies =
            BigInt(Math.min(chain.brain.chain.tip.height, 149)) * COIN +
            (BigInt(Math.max(chain.brain.chain.tip.height - 149, 0)) * COIN) / 2n;
          expect(countCoins(chain).total).to.equal(subsidies);
          expect(chain.storage.totals()).to.deep.equal(countCoins(chain));
        }
        expect(coinSet(chain).length).to.equal(chain.storage.coins.size);
      }),
      { seed: 1, numRuns: 25 },
    );
  });
  it("halves the subsidy every 150 blocks", () => {
    const chain = bench();
    grow(chain, 149);
    const greedy = (coinbase: Tx): Tx => ({
      ...coinbase,
      outputs: [output(COIN / 2n + 1n), ...coinbase.outputs.slice(1)],
    });
    expect(verdict(chain, { coinbase: greedy })).to.equal("bad-cb-amount");
    grow(chain, 151);
    expect(countCoins(chain).total).to.equal(149n * COIN + 150n * (COIN / 2n) + COIN / 4n);
  });
});

describe("fees: what is remembered", () => {
  const sample = (fee: bigint, height: number) => ({ fee, weight: 1000, height }) as never;
  it("says nothing with few samples or few blocks", () => {
    const memory = feeMemory();
    rememberFees(
      memory,
      Array.from({ length: 50 }, () => sample(500n, 9)),
      10,
    );
    expect(estimateFeerate(memory, 6)).to.equal(undefined);
  });
  it("says the median of what was mined in time, between the floor and the ceiling", () => {
    const estimate = (fees: readonly bigint[], waited: number, blocks: number) => {
      const memory = feeMemory();
      for (let height = 10; height < 14; height++)
        rememberFees(
          memory,
          fees.map((fee) => sample(fee, height - waited)),
          height,
        );
      return estimateFeerate(memory, blocks);
    };
    const fees = [300n, 400n, 500n, 600n, 9000n];
    expect(estimate(fees, 1, 1)).to.equal(500);
    expect(estimate(fees, 5, 2)).to.equal(undefined);
    expect(estimate(fees, 5, 6)).to.equal(500);
    expect(estimate([1n, 1n, 1n, 1n, 1n], 1, 1)).to.equal(253);
    expect(estimate([10_000_000n, 10_000_000n, 10_000_000n, 10_000_000n, 10_000_000n], 1, 1)).to.equal(100_000);
  });
});

function template(chain: Mature) {
  const { pool } = chain.brain;
  const entries = selectPackages(pool, { weight: 4_000_000 - 8000, sigopCost: 79_000 });
  return buildBlock(chain, { txs: entries.map(({ tx }) => tx), fees: entries.reduce((sum, { fee }) => sum + fee, 0n) });
}
