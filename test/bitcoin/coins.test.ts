import { expect } from "chai";
import fc from "fast-check";
import { txid } from "../../src/base/ids.ts";
import { feeForWeightCeil, sat, satPerKw } from "../../src/base/units.ts";
import {
  type Coin,
  compareTxOuts,
  P2WPKH_INPUT_WEIGHT,
  type Spending,
  selectCoins,
  selectGiven,
} from "../../src/bitcoin/coins.ts";
import { p2wpkh, p2wsh } from "../../src/bitcoin/templates.ts";
import { type Tx, weightOf } from "../../src/bitcoin/tx.ts";

const coin = (amount: bigint, index = Number(amount % 1000n)): Coin => ({
  outpoint: { txid: txid(new Uint8Array(32).fill(index % 256)), vout: index },
  amount: sat(amount),
  weight: P2WPKH_INPUT_WEIGHT,
});
const paid = p2wsh(new Uint8Array(32).fill(1));
const change = p2wpkh(new Uint8Array(20).fill(2));
const paying = (amount: bigint, feerate = 1000): Spending => ({
  outputs: [{ amount: sat(amount), script: paid }],
  feerate: satPerKw(feerate),
  changeScript: change,
  changeMin: sat(294n),
});
const chosen = (coins: readonly Coin[], spending: Spending) => {
  const selected = selectCoins(coins, spending);
  if (!selected.ok) throw new Error(selected.error.code);
  return selected.value;
};
/** Frame, one input, one P2WSH output: 42 + 272 + 172. */
const ONE_IN_ONE_OUT = 486n;

describe("coin selection", () => {
  it("takes the smallest single coin that is enough", () => {
    const coins = [coin(50_000n, 1), coin(20_000n, 2), coin(30_000n, 3), coin(9_000n, 4)];
    expect(chosen(coins, paying(15_000n)).coins.map(({ amount }) => amount)).to.deep.equal([20_000n]);
  });

  it("takes the largest coins when no single one is enough", () => {
    const coins = [coin(5_001n), coin(9_003n), coin(7_002n)];
    const { coins: taken } = chosen(coins, paying(14_000n));
    expect(taken.map(({ amount }) => amount).sort()).to.deep.equal([7_002n, 9_003n]);
  });

  it("gives change that meets the feerate exactly", () => {
    const { change: rest, fee, outputs } = chosen([coin(100_000n)], paying(40_000n));
    const expected = ONE_IN_ONE_OUT + 4n * 31n;
    expect({ rest, fee }).to.deep.equal({ rest: 60_000n - expected, fee: expected });
    expect(outputs).to.deep.equal([
      { amount: 40_000n, script: paid },
      { amount: 60_000n - expected, script: change },
    ]);
  });

  it("gives no change below the least amount: the rest goes to the fee", () => {
    const withChange = ONE_IN_ONE_OUT + 4n * 31n;
    const just = chosen([coin(40_000n + withChange + 294n)], paying(40_000n));
    expect([just.change, just.fee]).to.deep.equal([294n, withChange]);
    const below = chosen([coin(40_000n + withChange + 293n)], paying(40_000n));
    expect([below.change, below.fee]).to.deep.equal([undefined, withChange + 293n]);
  });

  it("pays with exactly enough and refuses one sat less, saying what is missing", () => {
    expect(chosen([coin(40_000n + ONE_IN_ONE_OUT)], paying(40_000n)).fee).to.equal(ONE_IN_ONE_OUT);
    expect(selectCoins([coin(40_000n + ONE_IN_ONE_OUT - 1n)], paying(40_000n))).to.deep.equal({
      ok: false,
      error: { code: "insufficient_funds", needed: 40_000n + ONE_IN_ONE_OUT, available: 40_000n + ONE_IN_ONE_OUT - 1n },
    });
  });

  it("refuses without coins", () => {
    expect(selectCoins([], paying(1_000n))).to.deep.equal({
      ok: false,
      error: { code: "insufficient_funds", needed: 1_000n + 214n, available: 0n },
    });
  });

  it("leaves coins alone that cost more than they hold", () => {
    const dust = coin(BigInt(P2WPKH_INPUT_WEIGHT), 1);
    expect(selectCoins([dust, coin(40_000n, 2)], paying(40_000n))).to.deep.equal({
      ok: false,
      error: { code: "insufficient_funds", needed: 40_000n + ONE_IN_ONE_OUT, available: 40_000n },
    });
  });

  it("leaves no change where coins fit, and gives the rest of a few sat to the fee", () => {
    const fits = 40_000n + ONE_IN_ONE_OUT + BigInt(P2WPKH_INPUT_WEIGHT);
    const coins = [coin(90_000n, 1), coin(30_000n, 2), coin(fits - 30_000n + 11n, 3), coin(12_000n, 4)];
    const { coins: taken, change: rest, fee } = chosen(coins, paying(40_000n));
    expect([taken.map(({ outpoint }) => outpoint.vout), rest, fee]).to.deep.equal([
      [2, 3],
      undefined,
      fits - 40_000n + 11n,
    ]);
  });

  it("spends all coins of an address together, but for those sent there that cost more than they hold", () => {
    const owner = { address: "a", label: "rent", type: "p2wpkh" };
    const coins = [
      { ...coin(60_000n, 1), owner },
      { ...coin(2_000n, 2), owner },
      { ...coin(200n, 3), owner },
    ];
    expect(chosen(coins, paying(40_000n)).coins.map(({ outpoint }) => outpoint.vout)).to.deep.equal([1, 2]);
  });

  it("does not spend hundreds of coins of an address where a few are enough", () => {
    const owner = { address: "a", label: "mined", type: "p2wpkh" };
    const coins = Array.from({ length: 200 }, (_, index) => ({ ...coin(50_000n, index), owner }));
    expect(chosen(coins, paying(40_000n)).coins.length).to.equal(10);
  });

  it("mixes no labels, and no types of script, while one of them is enough", () => {
    const of = (label: string, type: string) => (amount: bigint, index: number) => ({
      ...coin(amount, index),
      owner: { address: `${label}${index}`, label, type },
    });
    const [rent, wages, taproot] = [of("rent", "p2wpkh"), of("wages", "p2wpkh"), of("wages", "p2tr")];
    const coins = [rent(30_000n, 1), rent(25_000n, 2), wages(28_000n, 3), wages(26_000n, 4), taproot(31_000n, 5)];
    const labels = (amount: bigint, held = coins) =>
      chosen(held, paying(amount)).coins.map(({ outpoint }) => outpoint.vout);
    expect(labels(50_000n)).to.satisfy((vouts: number[]) => ["1,2", "3,4"].includes(vouts.join()));
    expect(labels(50_000n, coins.slice(0, 3).concat(taproot(40_000n, 5)))).to.deep.equal([1, 2]);
    expect(labels(60_000n)).to.deep.equal([3, 4, 5]);
    expect(labels(120_000n)).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it("gives the same choice for the same coins in any order", () => {
    const amounts = fc.array(fc.integer({ min: 300, max: 60_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        amounts,
        fc.integer({ min: 354, max: 90_000 }),
        fc.integer({ min: 253, max: 9_000 }),
        (held, pays, rate) => {
          const coins = held.map((amount, index) => ({
            ...coin(BigInt(amount), index),
            owner: { address: `${index % 5}`, label: `${index % 3}`, type: index % 2 === 0 ? "p2wpkh" : "p2tr" },
          }));
          const spending = paying(BigInt(pays), rate);
          expect(selectCoins([...coins].reverse(), spending)).to.deep.equal(selectCoins(coins, spending));
        },
      ),
      { seed: 12, numRuns: 200 },
    );
  });

  it("ends soon whatever the coins are: a thousand that nearly fit", () => {
    const coins = Array.from({ length: 1_000 }, (_, index) => ({
      ...coin(100_000n + BigInt(index) * 7n, index),
      outpoint: { txid: txid(new Uint8Array(32).fill(1)), vout: index },
    }));
    const { coins: taken, change: rest } = chosen(coins, paying(10_000_000n));
    expect(taken.length <= 252 && (rest === undefined || rest >= 294n)).to.equal(true);
  });

  it("takes exactly the coins that are named", () => {
    const named = selectGiven([coin(50_000n, 1), coin(20_000n, 2)], paying(15_000n));
    expect(named.ok && named.value.coins.map(({ amount }) => amount)).to.deep.equal([50_000n, 20_000n]);
    expect(selectGiven([coin(15_000n, 1)], paying(15_000n))).to.deep.equal({
      ok: false,
      error: { code: "insufficient_funds", needed: 15_000n + ONE_IN_ONE_OUT, available: 15_000n },
    });
  });

  it("accounts for every sat and meets the feerate of the signed transaction, for any coins", () => {
    const coins = fc.uniqueArray(fc.integer({ min: 300, max: 200_000 }), { maxLength: 20 });
    const amounts = fc.array(fc.integer({ min: 354, max: 300_000 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(coins, amounts, fc.integer({ min: 253, max: 5_000 }), (held, pays, feerate) => {
        const spending = {
          ...paying(0n, feerate),
          outputs: pays.map((amount) => ({ amount: sat(BigInt(amount)), script: paid })),
        };
        const selected = selectCoins(
          held.map((amount, index) => coin(BigInt(amount), index)),
          spending,
        );
        if (!selected.ok) {
          expect(selected.error.needed > selected.error.available).to.equal(true);
          return;
        }
        const { coins: taken, outputs, fee, change: rest } = selected.value;
        expect(rest === undefined || rest >= spending.changeMin).to.equal(true);
        const sum = (list: readonly { readonly amount: bigint }[]): bigint =>
          list.reduce((s, { amount }) => s + amount, 0n);
        expect(sum(taken)).to.equal(sum(outputs) + fee);
        const tx: Tx = {
          version: 2,
          inputs: taken.map(({ outpoint }) => ({
            prevout: outpoint,
            scriptSig: new Uint8Array(0),
            sequence: 0,
            witness: [new Uint8Array(72), new Uint8Array(33)],
          })),
          outputs,
          locktime: 0,
        };
        const least = feeForWeightCeil(spending.feerate, weightOf(tx));
        // What is given away for want of change is less than change would have cost, or too small to be sent.
        const given =
          feeForWeightCeil(spending.feerate, 4 * 31) + 294n + feeForWeightCeil(satPerKw(2_500), P2WPKH_INPUT_WEIGHT);
        expect(fee >= least && fee <= least + (rest === undefined ? given : 1n)).to.equal(true);
        expect([...outputs].sort(compareTxOuts)).to.deep.equal(outputs);
        for (const output of spending.outputs) expect(outputs).to.deep.include(output);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
