import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { feeForWeightCeil, sat, satPerKw } from "../../../src/base/units.ts";
import { p2tr, p2wsh } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf, weightOf } from "../../../src/bitcoin/tx.ts";
import { heard, turnedDown } from "../../../src/daemon/wallet/answered.ts";
import { adopt } from "../../../src/daemon/wallet/attach.ts";
import { type BumpMethod, bump } from "../../../src/daemon/wallet/bump.ts";
import { fund, publish, send } from "../../../src/daemon/wallet/spend.ts";
import { FUNDING_LABEL, walletBalance } from "../../../src/daemon/wallet/state.ts";
import { check } from "./history.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const NOTHING = sat(0n);
const output = { amount: sat(60_000n), script: ELSEWHERE };

function world(...amounts: readonly bigint[]): SmallChain {
  const chain = new SmallChain();
  chain.mine(
    ELSEWHERE,
    amounts.map((amount) => chain.foreign({ amount: sat(amount), script: chain.address() })),
  );
  return chain;
}
function sent(chain: SmallChain, feerate = 300, paid = output): { readonly tx: Tx; readonly fee: bigint } {
  const made = send(chain.wallet, keys, { output: paid, feerate: satPerKw(feerate), label: "rent" });
  if (!made.ok) throw new Error(made.error.code);
  chain.take(made.value.step);
  return made.value;
}
const asked = (chain: SmallChain, tx: Tx, method: BumpMethod, feerate: number, keep = NOTHING) =>
  bump(chain.wallet, keys, { txid: txidOf(tx), method, feerate: satPerKw(feerate), keep });
function bumped(chain: SmallChain, tx: Tx, method: BumpMethod, feerate: number) {
  const made = asked(chain, tx, method, feerate);
  if (!made.ok) throw new Error(made.error.code);
  chain.take(made.value.step);
  return { ...made.value, tx: present(chain.mempool.get(made.value.txid), "it is broadcast") };
}
const codeOf = (made: ReturnType<typeof bump>): unknown => (made.ok ? "ok" : made.error.code);

describe("a payment that waits is replaced", () => {
  it("pays the same to the same, more to the miner, and what comes back comes back where it would have", () => {
    const chain = world(100_000n);
    const old = sent(chain);
    const { tx, fee } = bumped(chain, old.tx, "rbf", 2_000);
    expect(tx.outputs.find(({ amount }) => amount === output.amount)).to.deep.equal(output);
    expect(tx.outputs.map(({ script }) => script)).to.have.deep.members(old.tx.outputs.map(({ script }) => script));
    expect(tx.inputs.map(({ prevout }) => prevout)).to.deep.equal(old.tx.inputs.map(({ prevout }) => prevout));
    expect(Number(fee - feeForWeightCeil(satPerKw(2_000), weightOf(tx)))).to.be.within(0, 5);
    chain.mempool.delete(txidOf(old.tx));
    chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet).confirmed).to.equal(100_000n - output.amount - fee);
    check(chain);
  });

  it("counts what is mined, whichever of the two that is, over a reorganisation as well", () => {
    const chain = world(100_000n);
    const old = sent(chain);
    const other = bumped(chain, old.tx, "rbf", 2_000);
    chain.mempool.clear();
    chain.mine(ELSEWHERE, [old.tx]);
    expect(walletBalance(chain.wallet).confirmed).to.equal(100_000n - output.amount - old.fee);
    check(chain);
    chain.disconnect();
    check(chain);
    chain.mempool.clear();
    chain.mine(ELSEWHERE, [other.tx]);
    chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet).confirmed).to.equal(100_000n - output.amount - other.fee);
    expect(chain.wallet.txs.get(txidOf(old.tx))?.status).to.equal("abandoned");
    check(chain);
    chain.restart();
    check(chain);
  });

  it("takes a further confirmed coin where its own are not enough, and none that waits", () => {
    const chain = world(61_000n, 80_000n);
    const old = sent(chain);
    expect(old.tx.inputs.length).to.equal(1);
    const first = present(old.tx.inputs[0], "an input").prevout;
    expect(chain.wallet.coins.get(`${first.txid}:${first.vout}`)?.amount).to.equal(61_000n);
    const { tx } = bumped(chain, old.tx, "rbf", 4_000);
    expect(tx.inputs.map(({ prevout }) => prevout)).to.deep.include(first);
    expect(tx.inputs.length).to.equal(2);
    const alone = world(61_000n);
    expect(codeOf(asked(alone, sent(alone).tx, "rbf", 4_000))).to.equal("insufficient_funds");
  });

  it("is not replaced for less than other nodes relay: the refusal says how much is enough", () => {
    const chain = world(100_000n);
    const { tx } = sent(chain, 1_000);
    for (const feerate of [900, 1_000, 1_200]) {
      const made = asked(chain, tx, "rbf", feerate);
      if (made.ok || made.error.code !== "too_little") throw new Error("too little");
      expect(codeOf(asked(chain, tx, "rbf", made.error.least + 8))).to.equal("ok");
    }
  });

  it("can be taken back: all of it comes back to us but the fee", () => {
    const chain = world(100_000n);
    const { tx, fee } = bumped(chain, sent(chain).tx, "cancel", 2_000);
    expect(tx.outputs.map(({ amount }) => amount)).to.deep.equal([100_000n - fee]);
    chain.mine(ELSEWHERE, [tx], () => false);
    expect(walletBalance(chain.wallet).confirmed).to.equal(100_000n - fee);
  });

  it("is ours again as it was when nobody takes the replacement: its coins are not spent twice", () => {
    const chain = world(100_000n);
    const old = sent(chain);
    const before = walletBalance(chain.wallet);
    chain.take(heard(chain.wallet, txidOf(old.tx)));
    const other = bumped(chain, old.tx, "rbf", 2_000);
    // The answer may come after the node was started anew.
    chain.restart();
    chain.take(turnedDown(chain.wallet, other.txid));
    chain.mempool.delete(other.txid);
    expect(walletBalance(chain.wallet)).to.deep.equal(before);
    check(chain);
    // The old one was taken: whatever is said of it now, the chain decides.
    const kept = chain.wallet;
    chain.take(turnedDown(chain.wallet, txidOf(old.tx)));
    expect(chain.wallet).to.deep.equal(kept);
    chain.mine(ELSEWHERE);
    chain.take(turnedDown(chain.wallet, txidOf(old.tx)));
    chain.take(turnedDown(chain.wallet, other.txid));
    expect(walletBalance(chain.wallet).confirmed).to.equal(100_000n - output.amount - old.fee);
  });

  it("lets go of a stranger's coin that a reorganisation gave to somebody else: our own are stuck with it no more", () => {
    for (const method of ["cancel", "rbf"] as const) {
      const chain = world(70_000n);
      const strangers = chain.foreign({ amount: sat(50_000n), script: chain.address() });
      chain.mine(ELSEWHERE, [strangers]);
      const old = sent(chain, 300, { ...output, amount: sat(65_000n + 20_000n) });
      expect(old.tx.inputs).to.have.length(2);
      chain.disconnect();
      chain.mempool.clear();
      chain.mine(ELSEWHERE, [{ ...strangers, outputs: [{ amount: sat(49_000n), script: ELSEWHERE }] }]);
      expect(walletBalance(chain.wallet).confirmed).to.equal(0n);
      chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(40_000n), script: chain.address() })]);
      const { tx, fee } = bumped(chain, old.tx, method, 2_000);
      chain.mine(ELSEWHERE);
      expect([...chain.mempool.keys()]).to.deep.equal([]);
      const paid = method === "cancel" ? 0n : 85_000n;
      expect(walletBalance(chain.wallet).confirmed).to.equal(110_000n - paid - fee);
      expect(
        tx.inputs.some(({ prevout }) => old.tx.inputs.some((input) => input.prevout.txid === prevout.txid)),
      ).to.equal(true);
      check(chain);
    }
  });
  it("leaves what closing channels may need", () => {
    const chain = world(100_000n);
    const { tx } = sent(chain);
    const left = 100_000n - output.amount;
    expect(codeOf(asked(chain, tx, "rbf", 2_000, sat(left - 2_000n)))).to.equal("ok");
    expect(codeOf(asked(chain, tx, "rbf", 2_000, sat(left - 500n)))).to.equal("insufficient_funds");
  });
});

describe("what is never replaced", () => {
  it("the funding transaction of a channel, which would be lost: only a child may pay for it", () => {
    const chain = world(100_000n);
    const made = fund(chain.wallet, keys, { output, feerate: satPerKw(300), label: FUNDING_LABEL });
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    expect(codeOf(asked(chain, made.value.tx, "cpfp", 2_000))).to.equal("not_waiting");
    chain.take(publish(chain.wallet, made.value.txid));
    for (const method of ["rbf", "cancel"] as const) {
      expect(codeOf(asked(chain, made.value.tx, method, 2_000))).to.equal("funds_channel");
    }
    const child = bumped(chain, made.value.tx, "cpfp", 2_000);
    expect(child.tx.inputs.every(({ prevout }) => prevout.vout !== made.value.vout)).to.equal(true);
    chain.mine(ELSEWHERE);
    expect(chain.unspent().get(`${made.value.txid}:${made.value.vout}`)).to.deep.equal(output);
    check(chain);
  });

  it("a payment whose change pays for a channel: the channel would be lost with it", () => {
    const chain = world(200_000n);
    const { tx } = sent(chain);
    const made = fund(chain.wallet, keys, { output, feerate: satPerKw(300), label: FUNDING_LABEL });
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    expect(codeOf(asked(chain, tx, "rbf", 2_000))).to.equal("has_children");
    chain.take(publish(chain.wallet, made.value.txid));
    expect(codeOf(asked(chain, tx, "cancel", 2_000))).to.equal("has_children");
  });

  it("what is mined, unknown, or the claim of a channel", () => {
    const chain = world(100_000n);
    const { tx } = sent(chain);
    const claim = chain.foreign({ amount: sat(9_000n), script: chain.address() });
    chain.take(adopt(chain.wallet, claim, sat(200n), "claim"));
    expect(codeOf(asked(chain, claim, "rbf", 2_000))).to.equal("not_ours");
    expect(codeOf(asked(chain, claim, "cpfp", 2_000))).to.equal("no_output");
    chain.mine(ELSEWHERE, [], (one) => one === tx);
    for (const method of ["rbf", "cancel", "cpfp"] as const) {
      expect(codeOf(asked(chain, tx, method, 2_000))).to.equal("not_waiting");
      expect(codeOf(asked(chain, chain.foreign(output), method, 2_000))).to.equal("not_waiting");
    }
  });
});

describe("a child pays for a payment that waits", () => {
  it("so that both and all that they wait for pay the feerate together", () => {
    const chain = world(200_000n);
    const first = sent(chain);
    const second = sent(chain, 300, { amount: sat(20_000n), script: p2tr(new Uint8Array(32).fill(9)) });
    const child = bumped(chain, second.tx, "cpfp", 2_000);
    const weight = weightOf(first.tx) + weightOf(second.tx) + weightOf(child.tx);
    const fees = first.fee + second.fee + child.fee;
    expect(Number(fees - feeForWeightCeil(satPerKw(2_000), weight))).to.be.within(0, 6);
    chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet).confirmed).to.equal(200_000n - 80_000n - fees);
    check(chain);
  });

  it("not where nothing came back, and not for what it pays already", () => {
    const chain = world(100_000n);
    const { tx } = sent(chain, 2_000);
    const made = asked(chain, tx, "cpfp", 1_000);
    expect(codeOf(made)).to.equal("too_little");
    const whole = world(60_300n);
    expect(codeOf(asked(whole, sent(whole).tx, "cpfp", 2_000))).to.equal("no_output");
  });
});
