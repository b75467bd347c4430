import { expect } from "chai";
import fc from "fast-check";
import { outpointKey } from "../../../src/base/ids.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { send } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { addWatched, removeWatched, setScanned } from "../../../src/daemon/wallet/watch-add.ts";
import { watchBalance } from "../../../src/daemon/wallet/watch-state.ts";
import { watchedTransactions, watchedUtxos, watchInfo } from "../../../src/daemon/wallet/watch-views.ts";
import { type Action, act, action, balance, check, ELSEWHERE, paying, total } from "./history.ts";
import { makeScript } from "./made-scripts.ts";
import { keys, SmallChain } from "./small-chain.ts";
import { COLD, checkWatched, cold, OURS, spending, usedOf, watch } from "./watched-past.ts";

type Watched =
  | { readonly tag: "wallet"; readonly one: Action }
  | { readonly tag: "paid there" | "sent there"; readonly ahead: number; readonly amount: number }
  | { readonly tag: "spent there"; readonly which: number }
  | { readonly tag: "mined there" | "gone through" };
const GAP = 6;
const watchedAction: fc.Arbitrary<Watched> = fc.oneof(
  { weight: 3, arbitrary: action.map((one) => ({ tag: "wallet" as const, one })) },
  {
    weight: 2,
    arbitrary: fc.record({
      tag: fc.constantFrom("paid there" as const, "sent there" as const),
      ahead: fc.nat(GAP - 1),
      amount: fc.integer({ min: 1_000, max: 90_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant("spent there" as const), which: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ tag: fc.constantFrom("mined there" as const, "gone through" as const) }),
  },
);
function actWatched(chain: SmallChain, one: Watched, locked: Set<string>): void {
  if (one.tag === "paid there") {
    const output = { amount: sat(BigInt(one.amount)), script: cold(usedOf(chain) + one.ahead) };
    chain.mine(ELSEWHERE, [chain.foreign(output)], () => false);
  } else if (one.tag === "sent there") {
    const made = send(chain.wallet, keys, paying(BigInt(one.amount), "to cold", cold(usedOf(chain) + one.ahead)));
    if (made.ok) chain.take(made.value.step);
  } else if (one.tag === "spent there") {
    const unspent = [...chain.watched.coins].filter(
      ([key]) => chain.unspent().has(key) && !chain.wallet.coins.has(key),
    );
    const tx = spending(chain, unspent[one.which % unspent.length]?.[0] ?? "");
    if (tx !== undefined) chain.mine(ELSEWHERE, [tx], () => false);
  } else if (one.tag === "mined there") chain.mine(cold(usedOf(chain)));
  else if (one.tag === "wallet") act(chain, one.one, locked);
  else for (const each of chain.watched.watches.values()) chain.takeWatched(setScanned(chain.watched, each));
}

describe("what is watched without keys, over any course of the chain", () => {
  it("adds up with the chain, class by class to the sat, and so does what is ours beside it", function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(fc.array(watchedAction, { minLength: 5, maxLength: 40 }), fc.nat(5), (actions, late) => {
        const chain = new SmallChain();
        const locked = new Set<string>();
        watch(chain, { gap: GAP });
        for (const [at, one] of actions.entries()) {
          if (at === late) watch(chain, { descriptor: OURS, label: "ours", gap: 5 });
          actWatched(chain, one, locked);
          check(chain, locked);
          checkWatched(chain);
        }
      }),
      { seed: 22, numRuns: 40 },
    );
  });
});

describe("a descriptor that is watched", () => {
  const pay = (chain: SmallChain, index: number, amount = 5_000n): void =>
    chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(amount), script: cold(index) })]);
  const held = (chain: SmallChain) => watchBalance(chain.watched, chain.wallet).confirmed;

  it("is found from the height that is given on, gap behind gap, in whatever order it was paid", () => {
    for (const order of [
      [19, 38, 57],
      [57, 38, 19],
    ]) {
      const chain = new SmallChain();
      for (const index of order) pay(chain, index);
      watch(chain);
      expect(held(chain)).to.equal(15_000n);
      expect(usedOf(chain)).to.equal(58);
      checkWatched(chain);
    }
  });

  it("is not looked for below that height, nor behind its gap", () => {
    const chain = new SmallChain();
    pay(chain, 0);
    pay(chain, 4);
    pay(chain, 10);
    watch(chain, { from: blockHeight(2), gap: 5 });
    expect(held(chain)).to.equal(5_000n);
  });

  it("comes back after a crash in the middle of its past with all of it", () => {
    const chain = new SmallChain();
    for (const index of [3, 9]) pay(chain, index);
    const wish = { descriptor: COLD, label: "cold", gap: 20, from: blockHeight(0) };
    const added = addWatched(chain.watched, wish, CHAINS.regtest, makeScript);
    if (!added.ok) throw new Error(added.error.code);
    chain.takeWatched({ ...added.value.step, watches: [] });
    chain.restart();
    expect(held(chain)).to.equal(10_000n);
    checkWatched(chain);
  });

  it("is shown with its coins and transactions, apart from those of the wallet", () => {
    const chain = new SmallChain();
    const id = watch(chain);
    const paid = chain.foreign({ amount: sat(5_000n), script: cold(2) });
    chain.mine(ELSEWHERE, [paid]);
    const kept = chain.foreign({ amount: sat(700n), script: cold(3) });
    chain.mine(ELSEWHERE, [kept]);
    const tx = spending(chain, outpointKey({ txid: txidOf(paid), vout: 0 }));
    if (tx === undefined) throw new Error("there is a coin");
    chain.mine(ELSEWHERE, [tx]);
    expect(watchedTransactions(chain.watched)).to.deep.equal([
      { txid: txidOf(paid), deltaSat: 5_000n, height: 1 },
      { txid: txidOf(kept), deltaSat: 700n, height: 2 },
      { txid: txidOf(tx), deltaSat: -5_000n, height: 3 },
    ]);
    const [utxo, ...more] = watchedUtxos(chain.watched, chain.wallet, CHAINS.regtest);
    expect(more).to.deep.equal([]);
    expect([utxo?.amount, utxo?.height, utxo?.immature, utxo?.watch]).to.deep.equal([700n, 2, false, id]);
    const [shown] = [...chain.watched.watches.values()].map((one) => watchInfo(chain.watched, chain.wallet, one));
    expect([shown?.id, shown?.amount, shown?.used, shown?.scripts]).to.deep.equal([id, 700n, 4, 24]);
    expect([chain.wallet.coins.size, chain.wallet.txs.size, total(chain.wallet)]).to.deep.equal([0, 0, 0n]);
    expect(send(chain.wallet, keys, paying(100n)).ok).to.equal(false);
  });

  it("counts as ours alone where it is of this wallet", () => {
    const chain = new SmallChain();
    chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(9_000n), script: chain.address() })]);
    watch(chain, { descriptor: OURS });
    expect(chain.watched.coins.size).to.equal(1);
    expect(watchBalance(chain.watched, chain.wallet)).to.deep.equal({ confirmed: 0n, unconfirmed: 0n, immature: 0n });
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 9_000n }));
  });

  it("is taken once, and forgotten whole", () => {
    const chain = new SmallChain();
    const id = watch(chain);
    const again = { descriptor: COLD, label: "again", gap: 20, from: blockHeight(0) };
    expect(addWatched(chain.watched, again, CHAINS.regtest, makeScript)).to.deep.equal({
      ok: false,
      error: { code: "known" },
    });
    watch(chain, { descriptor: COLD.replaceAll("h/", "'/"), label: "the same scripts" });
    pay(chain, 1);
    expect(held(chain)).to.equal(5_000n);
    for (const [at, one] of [id, ...chain.watched.watches.keys()].entries()) {
      const step = removeWatched(chain.watched, one);
      if (step !== undefined) chain.takeWatched(step);
      if (at === 0) expect(held(chain)).to.equal(5_000n);
    }
    expect(chain.watched.watches.size + chain.watched.coins.size + chain.store.size).to.equal(0);
    expect(removeWatched(chain.watched, id)).to.equal(undefined);
  });

  it("of one script goes on being one, however often it is paid", () => {
    const chain = new SmallChain();
    watch(chain, { descriptor: "raw(51)", label: "anyone" });
    for (let i = 0; i < 3; i++)
      chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(10n), script: Uint8Array.of(0x51) })]);
    expect([held(chain), ...[...chain.watched.watches.values()].map(({ scripts }) => scripts.size)]).to.deep.equal([
      30n,
      1,
    ]);
    expect(chain.storedWatched()).to.deep.equal(chain.watched);
  });
});
