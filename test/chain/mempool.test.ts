import { expect } from "chai";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { script } from "../../src/bitcoin/script.ts";
import { type Tx, txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import {
  buildBlock,
  COIN,
  fakeOutpoint,
  give,
  input,
  matured,
  outpointOf,
  output,
  SPEND_ANYONE,
  spend,
  verdict,
} from "./builder.ts";

import { coinOf, offer, paying, refused, relayFee, splitting, takeAll, waiting } from "./pool-bench.ts";

describe("mempool: what it takes", () => {
  const chain = matured(3);
  const good = paying(coinOf(chain), 1000n);
  const changed = (more: Partial<Tx>): Tx => ({ ...good, ...more });
  const height = chain.brain.chain.tip.height;

  const cases: readonly (readonly [string, string, Tx])[] = [
    ["a malformed transaction", "bad-txns-vout-empty", changed({ outputs: [] })],
    ["version 4", "version", changed({ version: 4 })],
    [
      "an unknown output form",
      "scriptpubkey",
      changed({ outputs: [output(COIN - 1000n, new Uint8Array(30).fill(OP.NOP))] }),
    ],
    ["dust beside a fee", "dust", changed({ outputs: [output(329n)] })],
    ["two outputs of dust", "dust", changed({ outputs: [output(0n), output(0n), output(COIN)] })],
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
      "a fee below a tenth of a satoshi a virtual byte",
      "min relay fee not met",
      paying(coinOf(chain), relayFee(vsizeOf(good)) - 1n),
    ],
    [
      "a witness that the script refuses",
      "mempool-script-verify-flag-failed",
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
  it("takes several data carriers of any size, up to that of a transaction", () => {
    const own = matured(1);
    const carrying = (...sizes: readonly number[]): Tx =>
      spend(
        [coinOf(own)],
        [output(COIN - 100_000n), ...sizes.map((size) => output(0n, script(OP.RETURN, new Uint8Array(size))))],
      );
    expect(offer(own, carrying(50_000, 50_000))).to.equal("tx-size");
    expect(offer(own, carrying(80, 49_000, 50_000))).to.equal("accepted");
  });
  it("refuses a coinbase", () => {
    expect(offer(chain, buildBlock(chain).txs[0] as Tx)).to.equal("coinbase");
  });
  it("takes a fee of exactly a tenth of a satoshi a virtual byte", () => {
    const own = matured(1);
    expect(offer(own, paying(coinOf(own), relayFee(vsizeOf(good))))).to.equal("accepted");
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
  it("verifies each transaction's scripts, whatever it has verified before, and so does a block", () => {
    const own = matured(2);
    expect(offer(own, paying(coinOf(own), 1000n))).to.equal("accepted");
    const bad = { ...paying(coinOf(own, 1), 0n), inputs: [input(coinOf(own, 1), { witness: [script(0n)] })] };
    expect(verdict(own, { txs: [bad] })).to.equal("block-script-verify-flag-failed");
    expect(offer(own, { ...bad, outputs: [output(COIN - 1000n)] })).to.equal("mempool-script-verify-flag-failed");
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
  it("refuses the 26th transaction of a chain", () => {
    const own = matured(1);
    const { answers } = chainOn(own, 25);
    expect(answers).to.deep.equal([...Array.from({ length: 25 }, () => "accepted"), "too-long-mempool-chain"]);
  });
  it("refuses the 26th descendant of one, but for a small child of what hangs on nothing else", () => {
    const own = matured(2);
    const { first } = chainOn(own, 24);
    const large = spend(
      [outpointOf(first, 1)],
      Array.from({ length: 250 }, () => output(1_000_000n)),
    );
    expect(vsizeOf(large)).to.be.greaterThan(10_000);
    refused(own, large, "too-long-mempool-chain");
    const other = paying(coinOf(own, 1), 1000n);
    takeAll(own, [other]);
    const ofTwo = spend([outpointOf(first, 1), outpointOf(other)], [output(COIN)]);
    refused(own, ofTwo, "too-long-mempool-chain");
    const small = paying(outpointOf(first, 1), 1000n, COIN / 4n);
    const dearer = paying(outpointOf(first, 1), 5000n, COIN / 4n);
    takeAll(own, [small, dearer]);
    expect(waiting(own)).not.to.include(txidOf(small));
    refused(own, paying(outpointOf(first, 2), 1000n, COIN / 4n), "too-long-mempool-chain");
  });
});
/** A transaction of four outputs and so many more, each of which spends of the one before it. */
function chainOn(own: ReturnType<typeof matured>, count: number): { first: Tx; answers: readonly string[] } {
  const first = splitting(coinOf(own), 4, 1000n);
  const answers = [offer(own, first)];
  let last = first;
  for (let i = 1n; answers.length <= count; i++) {
    last = paying(outpointOf(last), 1000n, COIN / 4n - 1000n * i);
    answers.push(offer(own, last));
  }
  return { first, answers };
}
