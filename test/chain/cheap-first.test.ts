import { OP } from "../../src/bitcoin/opcodes.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { p2shOf, p2tr } from "../../src/bitcoin/templates.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { COIN, fakeOutpoint, grow, input, matured, outpointOf, output, spend } from "./builder.ts";
import { coinOf, paying, refused, takeAll, withPolicy } from "./pool-bench.ts";

/** The same with a witness by which no input may spend: if scripts were run, that would be the reason. */
const denied = (tx: Tx): Tx => ({
  ...tx,
  inputs: tx.inputs.map((each) => ({ ...each, witness: each.witness.length > 0 ? [script(0n)] : [] })),
});
const FAILS = "mempool-script-verify-flag-failed";

describe("B14: what is cheap to find wrong with a transaction is found before its scripts are run", () => {
  const chain = matured(4);
  const { height } = chain.brain.chain.tip;
  const waits = paying(coinOf(chain, 1), 100_000n);
  takeAll(chain, [waits]);
  const good = paying(coinOf(chain), 10_000n);
  const changed = (more: Partial<Tx>): Tx => ({ ...good, ...more });
  const many = (count: number) => Array.from({ length: count }, () => output(1_000n));
  const CASES: readonly (readonly [reason: string, tx: Tx])[] = [
    ["bad-txns-vout-empty", changed({ outputs: [] })],
    ["bad-txns-inputs-duplicate", spend([coinOf(chain), coinOf(chain)], good.outputs)],
    ["version", changed({ version: 4 })],
    ["tx-size", changed({ outputs: many(3_000) })],
    ["scriptpubkey", changed({ outputs: [output(COIN / 2n, new Uint8Array(30).fill(OP.NOP))] })],
    ["dust", changed({ outputs: [output(0n), output(0n), output(COIN / 2n)] })],
    ["non-final", changed({ locktime: height + 1, inputs: [input(coinOf(chain), { sequence: 0 })] })],
    ["non-BIP68-final", changed({ inputs: [input(coinOf(chain), { sequence: height + 5 })] })],
    ["bad-txns-inputs-missingorspent", paying(fakeOutpoint(3), 10_000n)],
    ["bad-txns-in-belowout", paying(coinOf(chain), -1n)],
    ["min relay fee not met", paying(coinOf(chain), 1n)],
    ["insufficient fee", paying(coinOf(chain, 1), 50_000n)],
    ["TRUC-violation", { ...paying(outpointOf(waits), 10_000n, COIN - 100_000n), version: 3 }],
  ];
  for (const [reason, tx] of CASES) it(`B14: ${reason}`, () => refused(chain, denied(tx), reason));

  it("B14: a chain of too many that wait", () => {
    const own = withPolicy(matured(1), { chainCountMax: 1 });
    const first = paying(coinOf(own), 10_000n);
    takeAll(own, [first]);
    refused(own, denied(paying(outpointOf(first), 10_000n, COIN - 10_000n)), "too-long-mempool-chain");
  });
  it("B14: its scripts are all that is left when nothing of that is wrong", () => {
    refused(chain, denied(good), FAILS);
    takeAll(chain, [good]);
  });
});

describe("B14: a transaction whose signature hashes grow with the square of its size (CVE-2013-2292)", () => {
  /** Each check hashes nearly the whole transaction. */
  const CHECKS = script(...Array.from({ length: 15 }, () => [OP["2DUP"], OP.CHECKSIG, OP.DROP]).flat());
  /** A chain with so many outputs that ask for 15 signature checks each, and a transaction that spends them all. */
  function costly(count: number) {
    const chain = matured(1);
    const share = COIN / BigInt(count);
    const fund = spend(
      chain.coins,
      Array.from({ length: count }, () => output(share, p2shOf(CHECKS))),
    );
    grow(chain, 1, { txs: [fund] });
    const scriptSig = pushOnly(new Uint8Array(71).fill(3), new Uint8Array(33).fill(2), CHECKS);
    const inputs = fund.outputs.map((_, vout) => input(outpointOf(fund, vout), { witness: [], scriptSig }));
    return { chain, tx: { ...spend([], [output(COIN / 2n)]), inputs } };
  }
  it("B14: is looked at up to 2,500 checks, and beyond that none of them is made", () => {
    const [most, more] = [costly(166), costly(167)];
    refused(most.chain, most.tx, FAILS);
    refused(more.chain, more.tx, "bad-txns-nonstandard-inputs");
  });
  it("B14: so is one that brings more than the weight that is relayed", () => {
    const { chain, tx } = costly(10);
    const outputs = Array.from({ length: 2_500 }, () => output(1_000n, p2tr(new Uint8Array(32).fill(1))));
    refused(chain, { ...tx, outputs }, "tx-size");
  });
});
