import { expect } from "chai";
import { concat } from "../../../src/base/bytes.ts";
import { type Outpoint, outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { type Sat, sat, satPerKw } from "../../../src/base/units.ts";
import { script } from "../../../src/bitcoin/script.ts";
import { p2wshOf } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { attach } from "../../../src/daemon/wallet/attach.ts";
import { lock } from "../../../src/daemon/wallet/locks.ts";
import { takeBack } from "../../../src/daemon/wallet/reinstate.ts";
import { refused, send } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { check } from "./history.ts";
import { keys, SmallChain } from "./small-chain.ts";

const TRUE = script(1n);
const ELSEWHERE = concat(Uint8Array.of(0, 20), new Uint8Array(20).fill(9));
const NOTHING = sat(0n);
const held = { amount: sat(20_000n), script: p2wshOf(TRUE) };
const complete = (tx: Tx): Tx => ({
  ...tx,
  inputs: tx.inputs.map((input, at) => (at === 0 ? { ...input, witness: [TRUE] } : input)),
});

/** A wallet with one coin, and two outputs of a channel. */
function world() {
  const chain = new SmallChain();
  const [one, other] = [chain.foreign(held), chain.foreign(held)];
  chain.mine(ELSEWHERE, [one, other, chain.foreign({ amount: sat(50_000n), script: chain.address() })]);
  const outpoints = [one, other].map((tx): Outpoint => ({ txid: txidOf(tx), vout: 0 })) as [Outpoint, Outpoint];
  return { chain, outpoints };
}
function claimed(chain: SmallChain, prevout: Outpoint, owed: Sat = NOTHING): Tx {
  const input = { prevout, scriptSig: new Uint8Array(0), sequence: 1, witness: [] };
  const what = { input, spends: held, output: { ...held, script: p2wshOf(script(2n)) }, locktime: 0, weight: 339 };
  const paying = { owed, lift: NOTHING, feerate: satPerKw(1_000), label: "claim" };
  const made = attach(chain.wallet, keys, { ...what, ...paying }, complete);
  if (!made.ok) throw new Error(made.error.code);
  chain.take(made.value.step);
  return made.value.tx;
}
const givenUp = (chain: SmallChain, tx: Tx): void => chain.take(refused(chain.wallet, txidOf(tx)));
const statusOf = (chain: SmallChain, tx: Tx) => chain.wallet.txs.get(txidOf(tx))?.status;

describe("what was made for an output of a channel and given up with its block", () => {
  it("is ours again as it was when the output is claimed again, also what was built on it, in any order", () => {
    const { chain, outpoints } = world();
    const [first, second] = [claimed(chain, outpoints[0]), claimed(chain, outpoints[1])];
    expect(second.inputs[1]?.prevout.txid).to.equal(txidOf(first));
    const before = chain.wallet;
    for (const order of [outpoints, outpoints.toReversed()]) {
      for (const restarts of [false, true]) {
        givenUp(chain, first);
        expect([first, second].map((tx) => statusOf(chain, tx))).to.deep.equal(["abandoned", "abandoned"]);
        if (restarts) chain.restart();
        chain.mempool.clear();
        chain.take(takeBack(chain.wallet, order));
        expect([...chain.mempool.keys()]).to.deep.equal([first, second].map(txidOf));
        expect(walletBalance(chain.wallet)).to.deep.equal(walletBalance(before));
        expect([...chain.wallet.txs.values()]).to.have.deep.members([...before.txs.values()]);
      }
    }
    expect(takeBack(chain.wallet, outpoints).records).to.deep.equal([]);
  });
  it("is, of several, the one that pays most", () => {
    const { chain, outpoints } = world();
    const cheap = claimed(chain, outpoints[0]);
    givenUp(chain, cheap);
    const dear = claimed(chain, outpoints[0], sat(500n));
    givenUp(chain, dear);
    const fair = claimed(chain, outpoints[0], sat(100n));
    givenUp(chain, fair);
    chain.take(takeBack(chain.wallet, outpoints));
    expect([cheap, dear, fair].map((tx) => statusOf(chain, tx))).to.deep.equal(["abandoned", "published", "abandoned"]);
  });
  it("stays given up while another is out or mined for it, or a coin of it is locked or spent otherwise", () => {
    const { chain, outpoints } = world();
    const tx = claimed(chain, outpoints[0]);
    givenUp(chain, tx);
    chain.mempool.clear();
    const coin = present([...chain.wallet.coins.values()][0], "the coin is free");
    const free = chain.wallet;
    const locked = lock(free, coin.outpoint, NOTHING);
    if (!locked.ok) throw new Error(locked.error.code);
    const output = { amount: sat(9_000n), script: ELSEWHERE };
    const paid = send(free, keys, { output, feerate: satPerKw(1_000), label: "x" });
    if (!paid.ok) throw new Error(paid.error.code);
    for (const { next } of [locked.value, paid.value.step]) expect(takeBack(next, outpoints).records).to.deep.equal([]);
    const other = claimed(chain, outpoints[0], sat(1n));
    expect(takeBack(chain.wallet, outpoints).records).to.deep.equal([]);
    chain.mine(ELSEWHERE);
    expect(chain.wallet.coins.get(outpointKey(coin.outpoint))?.spent?.txid).to.equal(txidOf(other));
    expect(takeBack(chain.wallet, outpoints).records).to.deep.equal([]);
    check(chain);
  });
});
