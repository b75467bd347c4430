import { expect } from "chai";
import type { BlockHash } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { disconnectCoins } from "../../src/chain/coins.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import {
  bench,
  buildBlock,
  COIN,
  coinSet,
  countCoins,
  fakeOutpoint,
  give,
  grow,
  input,
  keyOf,
  matured,
  NOW,
  outpointOf,
  output,
  spend,
  verdict,
} from "./builder.ts";

describe("a block with the coins before it", () => {
  const chain = matured(8);
  const [coin, second] = chain.coins as [(typeof chain.coins)[0], (typeof chain.coins)[0]];
  const refused = (txs: readonly Tx[], fees = 0n) => verdict(chain, { txs, fees });

  it("refuses to spend what never was, or was spent before", () => {
    expect(refused([spend([fakeOutpoint(1)], [output(1n)])])).to.equal("bad-txns-inputs-missingorspent");
    expect(refused([spend([{ ...coin, vout: 7 }], [output(1n)])])).to.equal("bad-txns-inputs-missingorspent");
    const twice = [spend([coin], [output(COIN)]), spend([coin], [output(COIN - 1n)])];
    expect(refused(twice)).to.equal("bad-txns-inputs-missingorspent");
  });
  it("refuses a child in front of its parent", () => {
    const parent = spend([coin], [output(COIN)]);
    const child = spend([outpointOf(parent)], [output(COIN)]);
    expect(refused([child, parent])).to.equal("bad-txns-inputs-missingorspent");
  });
  it("refuses a coinbase that is 99 deep and takes one that is 100 deep", () => {
    const young = bench();
    const [reward] = grow(young, 1) as [typeof coin];
    grow(young, 98);
    const tx = spend([reward], [output(COIN)]);
    expect(verdict(young, { txs: [tx] })).to.equal("bad-txns-premature-spend-of-coinbase");
    grow(young, 1);
    expect(verdict(young, { txs: [tx] })).to.equal("accepted");
  });
  it("refuses to give more than it takes", () => {
    expect(refused([spend([coin], [output(COIN + 1n)])])).to.equal("bad-txns-in-belowout");
  });
  it("refuses a coinbase that claims a satoshi more than subsidy and fees", () => {
    expect(refused([spend([coin], [output(COIN - 1000n)])], 1001n)).to.equal("bad-cb-amount");
    const fork = matured(1);
    expect(verdict(fork, { txs: [spend(fork.coins, [output(COIN - 1000n)])], fees: 1000n })).to.equal("accepted");
  });
  it("refuses a script that does not allow the input", () => {
    const denied = { ...spend([], [output(COIN)]), inputs: [input(coin, { witness: [script(0n)] })] };
    expect(refused([denied])).to.equal("block-script-verify-flag-failed");
  });
  it("refuses more signature checks than fit, counting those of spent scripts", () => {
    const checks = new Uint8Array(3300).fill(OP.CHECKSIG);
    const fund = spend(
      [second],
      Array.from({ length: 25 }, () => output(COIN / 25n, p2wshOf(checks))),
    );
    const fork = matured(2);
    const own = { ...fund, inputs: [input(fork.coins[0] as typeof coin)] };
    expect(verdict(fork, { txs: [own] })).to.equal("accepted");
    const inputs = own.outputs.map((_, vout) => input(outpointOf(own, vout), { witness: [checks] }));
    expect(verdict(fork, { txs: [{ ...own, inputs, outputs: [output(1n)] }] })).to.equal("bad-blk-sigops");
  });
  it("refuses to repeat a transaction that has an unspent output, and allows it once that is spent", () => {
    // BIP 34 makes repeated coinbases impossible, so the rule needs a chain without it.
    const early = { ...CHAINS.regtest, activation: { ...CHAINS.regtest.activation, bip34: 10_000 } };
    const fork = bench(early);
    let first: Tx | undefined;
    const repeat = (coinbase: Tx): Tx => {
      first ??= coinbase;
      return first;
    };
    expect(verdict(fork, { coinbase: repeat })).to.equal("accepted");
    expect(verdict(fork, { coinbase: repeat, time: NOW + 1 })).to.equal("bad-txns-BIP30");
    grow(fork, 99);
    grow(fork, 1, { txs: [spend([outpointOf(present(first, "a coinbase"))], [output(COIN)])] });
    expect(verdict(fork, { coinbase: repeat, time: NOW + 200 })).to.equal("accepted");
  });
  it("RELIABILITY B4: overwrites the coin of a licensed repetition, and brings it back when that block goes", () => {
    const licences = new Map<number, BlockHash>();
    const { activation } = CHAINS.regtest;
    const fork = bench({
      ...CHAINS.regtest,
      activation: { ...activation, bip34: 10_000 },
      duplicateCoinbases: licences,
    });
    const first = buildBlock(fork);
    give(fork, first);
    grow(fork, 1);
    const before = { coins: coinSet(fork), totals: fork.storage.totals() };
    const parent = fork.brain.chain.tip;
    const coinbase = present(first.txs[0], "a coinbase");
    const repeating = buildBlock(fork, { coinbase: () => coinbase, time: NOW + 1 });
    licences.set(parent.height + 1, hashBlock(repeating).hash);
    expect(give(fork, repeating)).to.have.property("connected").with.lengthOf(1);
    expect(fork.storage.coins.get(keyOf(coinbase))?.height).to.equal(3);
    expect(fork.storage.totals()).to.deep.equal({ count: 2, total: 2n * COIN });
    // A branch takes it away, and is taken away by another down to the first of the two.
    const undo = present(fork.storage.undo(hashBlock(repeating).hash), "a connected block has its undo");
    for (const { outpoint, coin } of disconnectCoins(
      repeating.txs,
      hashBlock(repeating).txids,
      undo,
      fork.storage.coin,
    ))
      expect([keyOf(coinbase), coin?.height]).to.deep.equal([`${outpoint.txid}:${outpoint.vout}`, 1]);
    let previous = present(parent.previous?.previous, "genesis");
    for (let count = 0; count < 4; count++) {
      const block = buildBlock(fork, { previous, time: NOW + 10 + count });
      give(fork, block);
      previous = present(fork.brain.chain.index.tree.nodes.get(hashBlock(block).hash), "a block just taken");
    }
    expect(fork.brain.chain.tip).to.equal(previous);
    expect(fork.storage.coins.has(keyOf(coinbase))).to.equal(false);
    expect(before.totals).to.deep.equal({ count: 2, total: 2n * COIN });
    expect([fork.storage.totals(), countCoins(fork)]).to.deep.equal(Array(2).fill({ count: 4, total: 4n * COIN }));
    expect(before.coins).to.have.lengthOf(2);
  });
});

describe("BIP 68: relative locks", () => {
  const locked = (prevout: Parameters<typeof input>[0], sequence: number, version = 2): Tx => ({
    ...spend([], [output(COIN)]),
    version,
    inputs: [input(prevout, { sequence })],
  });
  const funded = () => {
    const chain = matured(1);
    const fund = spend(chain.coins, [output(COIN)]);
    grow(chain, 1, { txs: [fund] });
    return { chain, prevout: outpointOf(fund) };
  };
  it("holds an input back for the number of blocks that it names", () => {
    const { chain, prevout } = funded();
    grow(chain, 3);
    expect(verdict(chain, { txs: [locked(prevout, 5)] })).to.equal("bad-txns-nonfinal");
    grow(chain, 1);
    expect(verdict(chain, { txs: [locked(prevout, 5)] })).to.equal("accepted");
  });
  it("counts nothing in version 1 or with the disabling bit", () => {
    const { chain, prevout } = funded();
    expect(verdict(chain, { txs: [locked(prevout, 5, 1)] })).to.equal("accepted");
    const other = funded();
    expect(verdict(other.chain, { txs: [locked(other.prevout, 0x8000_0005)] })).to.equal("accepted");
  });
  it("holds an input back for units of 512 seconds, from the median time before its block", () => {
    const { chain, prevout } = funded();
    const time = 0x0040_0001;
    grow(chain, 6, { time: NOW + 511 });
    expect(verdict(chain, { txs: [locked(prevout, time)], time: NOW + 600 })).to.equal("bad-txns-nonfinal");
    grow(chain, 6, { time: NOW + 540 });
    expect(verdict(chain, { txs: [locked(prevout, time)], time: NOW + 600 })).to.equal("accepted");
  });
  it("holds a child back that would be in its parent's block", () => {
    const chain = matured(1);
    const parent = spend(chain.coins, [output(COIN)]);
    expect(verdict(chain, { txs: [parent, locked(outpointOf(parent), 1)] })).to.equal("bad-txns-nonfinal");
    expect(verdict(matured(1, bench()), {})).to.equal("accepted");
  });
});

describe("coins: what connecting does, disconnecting takes back", () => {
  it("leaves the set as it was, also where a coin came and went within the block", () => {
    const chain = matured(3);
    const before = coinSet(chain);
    const parent = spend(chain.coins.slice(0, 2), [output(COIN), output(COIN)]);
    const child = spend([outpointOf(parent)], [output(COIN, script(BigInt(OP.RETURN)))]);
    const block = buildBlock(chain, { txs: [parent, child] });
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
    expect(chain.storage.coins.has(keyOf(parent))).to.equal(false);
    expect(chain.storage.coins.has(keyOf(parent, 1))).to.equal(true);
    const { hash, txids } = hashBlock(block);
    const undo = chain.storage.undo(hash);
    const changes = disconnectCoins(block.txs, txids, undo ?? [], chain.storage.coin);
    const held = hashBlock(block);
    chain.storage.commit({
      tag: "Disconnect",
      block: held,
      height: chain.brain.chain.tip.height,
      coins: changes,
      tip: block.header.previous,
      totals: { count: 0, total: 0n },
    });
    expect(coinSet(chain)).to.deep.equal(before);
  });
  it("keeps no output that can never be spent", () => {
    const chain = matured(1);
    const burnt = spend(chain.coins, [output(COIN, Uint8Array.of(OP.RETURN))]);
    grow(chain, 1, { txs: [burnt] });
    expect(chain.storage.coins.has(keyOf(burnt))).to.equal(false);
  });
  it("keeps totals that are the sum of the set", () => {
    const chain = matured(4);
    grow(chain, 1, { txs: [spend(chain.coins, [output(COIN), output(COIN * 3n - 5000n)])], fees: 5000n });
    expect(chain.storage.totals()).to.deep.equal(countCoins(chain));
    expect(countCoins(chain).total).to.equal(COIN * 105n);
  });
});
