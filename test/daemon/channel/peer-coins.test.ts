import { expect } from "chai";
import type { Outpoint, Txid } from "../../../src/base/ids.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { PeerCoins } from "../../../src/daemon/channel/peer-coins.ts";
import type { ChannelEntry } from "../../../src/daemon/channel/table.ts";
import { unsignedInput } from "../../../src/daemon/wallet/spend.ts";

const coin = (digit: string): Outpoint => ({ txid: digit.repeat(64) as Txid, vout: 1 });
const spending = (...coins: readonly Outpoint[]): Tx => ({
  version: 2,
  inputs: coins.map(unsignedInput),
  outputs: [{ amount: sat(1_000n), script: new Uint8Array(22) }],
  locktime: 0,
});
const [X, Y, Z] = [coin("1"), coin("2"), coin("3")];
const FUNDING = spending(X, Y);
const entry = (name: string): ChannelEntry => ({ peer: name }) as unknown as ChannelEntry;
const at = blockHeight;

describe("coins of peers that stand beside ours", () => {
  it("are told apart: spent by the transaction itself they conflict with nothing, by another for as long as that stands", () => {
    const coins = new PeerCoins();
    coins.watch(entry("a"), [{ outpoint: X }, { outpoint: Y }]);
    expect(coins.conflictDepth(FUNDING, at(100))).to.equal(0);
    coins.spent(spending(Z), at(100));
    coins.spent(FUNDING, at(100));
    expect(coins.conflictDepth(FUNDING, at(105)), "mined").to.equal(0);
    coins.disconnected(at(100));
    coins.spent(spending(Y, Z), at(101));
    coins.spent(spending(X), at(103));
    expect(coins.conflictDepth(FUNDING, at(105)), "from the lowest block on").to.equal(5);
    expect(coins.conflictDepth(spending(Y, Z), at(105))).to.equal(0);
    coins.disconnected(at(103));
    expect(coins.conflictDepth(FUNDING, at(105))).to.equal(5);
    coins.disconnected(at(101));
    expect(coins.conflictDepth(FUNDING, at(105)), "reorganised away").to.equal(0);
  });
  it("that are missing in the chain, by whatever, are spent from then on, unless they are there again or a block tells by what", () => {
    const coins = new PeerCoins();
    coins.watch(entry("a"), [{ outpoint: X }]);
    coins.looked(X, at(100), true);
    coins.looked(Y, at(100), false);
    expect([coins.conflictDepth(FUNDING, at(105)), coins.isSpent(X)]).to.deep.equal([0, false]);
    coins.looked(X, at(101), false);
    coins.looked(X, at(103), false);
    expect([coins.conflictDepth(FUNDING, at(105)), coins.isSpent(X)]).to.deep.equal([5, false]);
    coins.looked(X, at(104), true);
    expect(coins.conflictDepth(FUNDING, at(105)), "an answer of another branch").to.equal(0);
    coins.looked(X, at(106), false);
    coins.spent(FUNDING, at(106));
    coins.looked(X, at(107), false);
    expect([coins.conflictDepth(FUNDING, at(109)), coins.isSpent(X)], "by what it was shown for").to.deep.equal([
      0,
      true,
    ]);
    coins.disconnected(at(106));
    expect(coins.isSpent(X)).to.equal(false);
  });
  it("are forgotten with the last channel that they were for", () => {
    const coins = new PeerCoins();
    const [a, b] = [entry("a"), entry("b")];
    coins.watch(a, [{ outpoint: X }]);
    coins.watch(b, [{ outpoint: X }]);
    coins.spent(spending(X), at(100));
    coins.forget(a);
    expect(coins.conflictDepth(FUNDING, at(100))).to.equal(1);
    coins.forget(b);
    expect(coins.conflictDepth(FUNDING, at(100))).to.equal(0);
    coins.spent(spending(X), at(101));
    expect(coins.conflictDepth(FUNDING, at(101)), "nobody waits for it").to.equal(0);
    expect(txidOf(FUNDING).length).to.equal(64);
  });
});
