import { expect } from "chai";
import fc from "fast-check";
import { SAT_MAX, sat } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { applyChainEvent } from "../../../src/daemon/wallet/chain.ts";
import { fund, publish, refused, release, reservations, send } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { act, action, balance, check, ELSEWHERE, paying, total } from "./history.ts";
import { keys, SmallChain } from "./small-chain.ts";

describe("the wallet over any course of the chain", () => {
  it("adds up with the chain after every payment, block, reorganisation, crash and release", () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 5, maxLength: 40 }), (actions) => {
        const chain = new SmallChain();
        const locked = new Set<string>();
        for (const one of actions) {
          act(chain, one, locked);
          check(chain, locked);
        }
      }),
      { seed: 21, numRuns: 150 },
    );
  });
});

describe("the wallet", () => {
  /** One confirmed coin of 100,000 sat. */
  function funded(): SmallChain {
    const chain = new SmallChain();
    const script = chain.address();
    chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(100_000n), script })]);
    return chain;
  }

  it("refuses amounts that nobody has as any that it has not", () => {
    const { wallet } = funded();
    const all = { amount: sat(SAT_MAX), script: ELSEWHERE };
    const payment = { ...paying(1_000n), output: all, keep: sat(10_000n) };
    const refusal = { code: "insufficient_funds", needed: SAT_MAX, available: 100_000n };
    for (const made of [send(wallet, keys, payment), fund(wallet, keys, { ...payment, others: [all, all] })])
      expect(made).to.deep.equal({ ok: false, error: refusal });
  });

  it("never hands out an address twice, also over a restart", () => {
    const chain = new SmallChain();
    for (let i = 0; i < 5; i++) chain.address();
    chain.restart();
    for (let i = 0; i < 5; i++) chain.address();
    expect(chain.shown.size).to.equal(10);
  });

  it("counts a payment once it is confirmed, and tells of it once", () => {
    const chain = funded();
    chain.restart();
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 100_000n, unconfirmed: 0n, reserved: 0n }));
    expect(chain.effects.filter(({ tag }) => tag === "Received").length).to.equal(1);
  });

  it("counts a payment again whose block was taken back before a crash and is back after it", () => {
    const chain = funded();
    chain.mine(ELSEWHERE);
    const { height } = chain.wallet;
    for (const { ref } of [...chain.blocks].reverse())
      chain.take({ ...applyChainEvent(chain.wallet, { tag: "BlockDisconnected", block: ref }), effects: [] });
    expect(walletBalance(chain.wallet).confirmed).to.equal(0n);
    // Disconnections leave the cursor where it was.
    chain.wallet = { ...chain.wallet, height };
    chain.restart();
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 100_000n, unconfirmed: 0n, reserved: 0n }));
  });

  it("says what a block no longer holds in the order in which it was made, also after a restart", () => {
    for (let amount = 10_000n; amount < 10_008n; amount++) {
      const chain = funded();
      const made = [amount, 20_000n].map((paid) => {
        const one = send(chain.wallet, keys, paying(paid));
        if (!one.ok) throw new Error(one.error.code);
        chain.take(one.value.step);
        return one.value.txid;
      });
      chain.mine(ELSEWHERE);
      chain.restart();
      const before = chain.effects.length;
      chain.disconnect();
      const said = chain.effects.slice(before).flatMap((effect) => (effect.tag === "Broadcast" ? [effect.tx] : []));
      expect(said.map(txidOf)).to.deep.equal(made);
    }
  });

  it("keeps the coins of a funded transaction until it is published", () => {
    const chain = funded();
    const made = fund(chain.wallet, keys, paying(60_000n, "channel"));
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 0n, unconfirmed: 0n, reserved: 100_000n }));
    expect(made.value.tx.outputs[made.value.vout]).to.deep.equal(paying(60_000n).output);
    expect(chain.mempool.size).to.equal(0);
    expect(send(chain.wallet, keys, paying(1_000n)).ok).to.equal(false);

    chain.restart();
    expect(reservations(chain.wallet)).to.deep.equal([made.value.txid]);
    chain.take(publish(chain.wallet, made.value.txid));
    const rest = 100_000n - 60_000n - made.value.fee;
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 0n, unconfirmed: rest, reserved: 0n }));
    expect([...chain.mempool.keys()]).to.deep.equal([made.value.txid]);

    chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: rest, unconfirmed: 0n, reserved: 0n }));
    const { status, block, label, fee } = chain.wallet.txs.get(made.value.txid) ?? {};
    expect({ status, height: block?.height, label, fee }).to.deep.equal({
      status: "published",
      height: 2,
      label: "channel",
      fee: made.value.fee,
    });
  });

  it("frees the coins of a funded transaction that is released, and only then", () => {
    const chain = funded();
    const made = fund(chain.wallet, keys, paying(60_000n));
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    chain.take(release(chain.wallet, made.value.txid));
    expect(walletBalance(chain.wallet).confirmed).to.equal(100_000n);
    expect(reservations(chain.wallet)).to.deep.equal([]);
    const released = chain.wallet;
    chain.take(publish(chain.wallet, made.value.txid));
    expect(chain.wallet).to.deep.equal(released);
    expect(chain.mempool.size).to.equal(0);
  });

  it("does not release what is published, but gives up what the chain refuses", () => {
    const chain = funded();
    const made = send(chain.wallet, keys, paying(60_000n));
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    const published = chain.wallet;
    chain.take(release(chain.wallet, made.value.txid));
    expect(chain.wallet).to.deep.equal(published);
    chain.take(refused(chain.wallet, made.value.txid));
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 100_000n, unconfirmed: 0n, reserved: 0n }));
  });

  it("spends its own change before it is confirmed, one transaction upon the other", () => {
    const chain = funded();
    for (let i = 0; i < 3; i++) {
      const made = send(chain.wallet, keys, paying(10_000n));
      if (!made.ok) throw new Error(made.error.code);
      chain.take(made.value.step);
    }
    expect(chain.mempool.size).to.equal(3);
    chain.mine(ELSEWHERE);
    check(chain);
    expect(chain.mempool.size).to.equal(0);
    expect(walletBalance(chain.wallet).unconfirmed).to.equal(0n);
  });

  it("lets a coinbase rest for 100 blocks", () => {
    const chain = new SmallChain();
    chain.mine(chain.address());
    for (let i = 0; i < 98; i++) chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet)).to.deep.equal(balance({ immature: 5_000_000n }));
    expect(send(chain.wallet, keys, paying(1_000n)).ok).to.equal(false);
    chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet)).to.deep.equal(
      balance({ confirmed: 5_000_000n, unconfirmed: 0n, reserved: 0n }),
    );
    expect(send(chain.wallet, keys, paying(1_000n)).ok).to.equal(true);
  });

  it("forgets a coinbase with its block, and what was built on it", () => {
    const chain = new SmallChain();
    chain.mine(chain.address());
    for (let i = 0; i < 99; i++) chain.mine(ELSEWHERE);
    const made = send(chain.wallet, keys, paying(1_000n));
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    while (chain.height > 0) chain.disconnect();
    expect(chain.wallet.coins.size).to.equal(0);
    expect(chain.wallet.txs.get(made.value.txid)?.status).to.equal("abandoned");
    expect(total(chain.wallet)).to.equal(0n);
  });

  it("broadcasts its own transaction again when its block is gone", () => {
    const chain = funded();
    const made = send(chain.wallet, keys, paying(60_000n));
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    chain.mine(ELSEWHERE);
    chain.disconnect();
    expect([...chain.mempool.keys()]).to.deep.equal([made.value.txid]);
    check(chain);
  });

  it("gives up its transaction when a coin of it is spent by another, as by a second wallet of the same words", () => {
    const chain = funded();
    const made = send(chain.wallet, keys, paying(60_000n));
    const other = send(chain.wallet, keys, paying(30_000n));
    if (!made.ok || !other.ok) throw new Error("funds suffice");
    chain.take(made.value.step);
    chain.mempool.clear();
    chain.mine(ELSEWHERE, [other.value.tx]);
    expect(chain.wallet.txs.get(made.value.txid)?.status).to.equal("abandoned");
    expect(walletBalance(chain.wallet).reserved).to.equal(0n);
    check(chain);
  });
});
