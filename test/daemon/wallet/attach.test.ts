import { expect } from "chai";
import { RELAY_FEERATE_MIN } from "../../../channels/index.ts";
import { concat } from "../../../src/base/bytes.ts";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { feeForWeightCeil, sat, satPerKw } from "../../../src/base/units.ts";
import { P2WPKH_INPUT_WEIGHT } from "../../../src/bitcoin/coins.ts";
import { STANDARD_FLAGS } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../../src/bitcoin/interpreter/verify.ts";
import type { AddressType } from "../../../src/bitcoin/key-path.ts";
import { script } from "../../../src/bitcoin/script.ts";
import { p2wshOf } from "../../../src/bitcoin/templates.ts";
import { type Tx, type TxOut, txidOf, weightOf } from "../../../src/bitcoin/tx.ts";
import { type Attachment, adopt, attach, unconfirmedSpender } from "../../../src/daemon/wallet/attach.ts";
import { refused, send, spendable } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { keys, SmallChain } from "./small-chain.ts";

const TRUE = script(1n);
const ELSEWHERE = concat(Uint8Array.of(0, 20), new Uint8Array(20).fill(9));
const FEERATE = satPerKw(1_000);
/** Stands for the output of a channel: 20,000 sat that go in and come out again. */
const held: TxOut = { amount: sat(20_000n), script: p2wshOf(TRUE) };

/** A wallet with coins of these amounts, confirmed, and a channel's output beside it. */
function world(...coins: readonly bigint[]): World {
  return worldOf("p2wpkh", coins);
}
interface World {
  readonly chain: SmallChain;
  readonly attachment: Attachment;
}
function worldOf(type: AddressType, coins: readonly bigint[]): World {
  const chain = new SmallChain();
  const channel = chain.foreign(held);
  const paid = coins.map((amount) => chain.foreign({ amount: sat(amount), script: chain.address(type) }));
  chain.mine(ELSEWHERE, [channel, ...paid]);
  const prevout = { txid: txidOf(channel), vout: 0 };
  const input = { prevout, scriptSig: new Uint8Array(0), sequence: 1, witness: [] };
  const weight = 4 * 41 + 1 + 1 + TRUE.length + 4 * (8 + 1 + 34);
  const output = { amount: held.amount, script: p2wshOf(script(2n)) };
  const owed = sat(0n);
  const attachment = {
    input,
    spends: held,
    output,
    locktime: 0,
    weight,
    owed,
    lift: owed,
    feerate: FEERATE,
    label: "claim",
  };
  return { chain, attachment };
}
const complete = (tx: Tx): Tx => ({
  ...tx,
  inputs: tx.inputs.map((input, at) => (at === 0 ? { ...input, witness: [TRUE] } : input)),
});
function attached(chain: SmallChain, attachment: Attachment): Tx {
  const made = attach(chain.wallet, keys, attachment, complete);
  if (!made.ok) throw new Error(`${made.error.needed} needed`);
  chain.take(made.value.step);
  return made.value.tx;
}

describe("the wallet pays the fee of a transaction that is not its own", () => {
  it("puts the foreign input and output first, and adds one coin and change at the feerate", () => {
    const { chain, attachment } = world(50_000n);
    const tx = attached(chain, attachment);
    expect(tx.inputs[0]?.prevout).to.deep.equal(attachment.input.prevout);
    expect(tx.outputs[0]).to.deep.equal(attachment.output);
    expect([tx.inputs.length, tx.outputs.length]).to.deep.equal([2, 2]);
    const fee = 50_000n + held.amount - tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
    const weight = weightOf(tx);
    expect(fee >= feeForWeightCeil(FEERATE, weight) && fee <= feeForWeightCeil(FEERATE, weight + 4)).to.equal(true);
    const coin = present(
      [...chain.wallet.coins.values()].find(({ amount }) => amount === 50_000n),
      "the coin",
    );
    expect(verifyInput(tx, 1, [held, { amount: coin.amount, script: coin.script }], STANDARD_FLAGS)).to.deep.equal({
      ok: true,
      value: undefined,
    });
  });
  it("signs a taproot coin with what the foreign input spends, which its signature covers", () => {
    const { chain, attachment } = worldOf("p2tr", [50_000n]);
    const tx = attached(chain, attachment);
    const coin = present(
      [...chain.wallet.coins.values()].find(({ amount }) => amount === 50_000n),
      "the coin",
    );
    const spent = [held, { amount: coin.amount, script: coin.script }];
    expect(verifyInput(tx, 1, spent, STANDARD_FLAGS)).to.deep.equal({ ok: true, value: undefined });
    const lied = [
      { ...held, amount: sat(held.amount - 1n) },
      { amount: coin.amount, script: coin.script },
    ];
    expect(verifyInput(tx, 1, lied, STANDARD_FLAGS).ok).to.equal(false);
  });
  it("pays what is owed beyond its own weight, to the sat", () => {
    const { chain, attachment } = world(50_000n);
    const alone = attached(chain, attachment);
    const other = world(50_000n);
    const more = attached(other.chain, { ...other.attachment, owed: sat(777n) });
    expect((alone.outputs[1]?.amount ?? 0n) - (more.outputs[1]?.amount ?? 0n)).to.equal(777n);
  });
  it("pays for what its coins rest on where they are unconfirmed, and else nothing for that", () => {
    const paid = (coins: readonly bigint[]): readonly bigint[] => {
      const { chain, attachment } = world(...coins);
      attached(chain, attachment);
      const alone = attach(chain.wallet, keys, attachment, complete);
      const lifting = attach(chain.wallet, keys, { ...attachment, lift: sat(777n) }, complete);
      return [alone, lifting].map((made) => (made.ok ? made.value.fee : -1n));
    };
    const [change = 0n, more = 0n] = paid([50_000n]);
    expect(more - change).to.equal(777n);
    const [coin, same] = paid([50_000n, 60_000n]);
    expect(same).to.equal(coin);
  });
  it("takes the place of another with its coins and confirmed ones alone", () => {
    const { chain, attachment } = world(30_000n);
    const [before] = [attached(chain, attachment), attached(chain, attachment)];
    const leaf = attached(chain, attachment);
    chain.take(refused(chain.wallet, txidOf(leaf)));
    const dear = (owed: bigint) => {
      const made = attach(chain.wallet, keys, { ...attachment, owed: sat(owed) }, complete, { tx: leaf, fee: sat(0n) });
      return made.ok ? made.value.tx.inputs.map(({ prevout }) => prevout) : undefined;
    };
    expect(dear(5_000n)).to.deep.equal(leaf.inputs.map(({ prevout }) => prevout));
    const from = attach(chain.wallet, keys, attachment, complete, { tx: before, fee: sat(0n) });
    expect(from.ok, "the change of another is none of its coins").to.equal(false);
  });
  it("pays more than what it takes the place of, and for the way through the network, also where it is smaller", () => {
    const { chain, attachment } = world(600n, 600n);
    const made = attach(chain.wallet, keys, attachment, complete);
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    expect(made.value.tx.inputs).to.have.length(3);
    chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(50_000n), script: chain.address() })], () => false);
    chain.take(refused(chain.wallet, txidOf(made.value.tx)));
    const dearer = { ...attachment, feerate: satPerKw(1_250) };
    const after = attach(chain.wallet, keys, dearer, complete, made.value);
    if (!after.ok) throw new Error(after.error.code);
    expect(after.value.tx.inputs).to.have.length(2);
    expect(after.value.fee).to.equal(1_200n + feeForWeightCeil(RELAY_FEERATE_MIN, weightOf(made.value.tx)));
  });
  it("always has change when there is no other output", () => {
    const { chain, attachment } = world(1_200n, 40_000n);
    const tx = attached(chain, { ...attachment, output: undefined, weight: attachment.weight - 172 });
    expect(tx.outputs).to.have.length(1);
    expect((tx.outputs[0]?.amount ?? 0n) > 294n).to.equal(true);
  });
  it("says what is needed when no coins are there, and changes nothing", () => {
    const { chain, attachment } = world();
    const made = attach(chain.wallet, keys, attachment, complete);
    expect(made.ok || made.error.code).to.equal("insufficient_funds");
  });
  it("takes a confirmed coin before change that a rival could undo", () => {
    const { chain, attachment } = world(50_000n, 60_000n);
    const first = attached(chain, attachment);
    const second = attached(chain, {
      ...attachment,
      input: { ...attachment.input, prevout: { txid: txidOf(first), vout: 0 } },
    });
    expect(second.inputs[1]?.prevout.txid).to.not.equal(txidOf(first));
    // With none left the change of another claim is better than nothing.
    const third = attached(chain, {
      ...attachment,
      input: { ...attachment.input, prevout: { txid: txidOf(second), vout: 0 } },
    });
    expect([txidOf(first), txidOf(second)]).to.include(third.inputs[1]?.prevout.txid);
  });
  it("takes one coin, also of an address that has many: the others are there for the next", () => {
    const chain = new SmallChain();
    const reward = chain.address();
    const channels = [1, 2, 3].map(() => chain.foreign(held));
    const paid = [9, 8, 7, 6, 5, 4, 3].map((thousands) =>
      chain.foreign({ amount: sat(BigInt(thousands) * 1_000n), script: reward }),
    );
    chain.mine(ELSEWHERE, [...channels, ...paid]);
    const { attachment } = world();
    const taken = channels.map((channel) => {
      const prevout = { txid: txidOf(channel), vout: 0 };
      const tx = attached(chain, { ...attachment, input: { ...attachment.input, prevout } });
      return tx.inputs.slice(1).map(({ prevout: spent }) => chain.wallet.coins.get(outpointKey(spent))?.amount);
    });
    expect(taken, "the least that is enough each time").to.deep.equal([[3_000n], [4_000n], [5_000n]]);
  });
  it("takes several where none alone is enough, the largest first, and one that leaves change before one that does not", () => {
    const few = world(500n, 600n, 700n);
    const { inputs } = attached(few.chain, { ...few.attachment, feerate: satPerKw(1_300) });
    const amounts = inputs.slice(1).map(({ prevout }) => few.chain.wallet.coins.get(outpointKey(prevout))?.amount);
    expect(amounts.toSorted()).to.deep.equal([600n, 700n]);
    const { chain, attachment } = world(1_000n, 1_500n);
    expect(attached(chain, attachment).outputs.length).to.equal(2);
  });
});

describe("what comes out of a channel's claim", () => {
  it("is counted, and not spent before it is mined: nobody but a claim builds on it", () => {
    const { chain, attachment } = world();
    const tx: Tx = complete({
      version: 2,
      inputs: [attachment.input],
      outputs: [{ amount: sat(19_000n), script: chain.address() }],
      locktime: 0,
    });
    chain.take(adopt(chain.wallet, tx, sat(1_000n), "claim"));
    expect(walletBalance(chain.wallet)).to.deep.include({ unconfirmed: 19_000n, confirmed: 0n });
    expect(spendable(chain.wallet)).to.deep.equal([]);
    const payment = { output: { amount: sat(5_000n), script: ELSEWHERE }, feerate: FEERATE, label: "x" };
    expect(send(chain.wallet, keys, payment).ok).to.equal(false);
    chain.mine(ELSEWHERE);
    expect(walletBalance(chain.wallet)).to.deep.include({ unconfirmed: 0n, confirmed: 19_000n });
    expect(send(chain.wallet, keys, payment).ok).to.equal(true);
  });
  it("a claim that is out is found again after a restart, by the output that it spends", () => {
    const { chain, attachment } = world(50_000n);
    const tx = attached(chain, attachment);
    chain.restart();
    expect(unconfirmedSpender(chain.wallet, attachment.input.prevout)?.txid).to.equal(txidOf(tx));
    chain.mine(ELSEWHERE);
    expect(unconfirmedSpender(chain.wallet, attachment.input.prevout)).to.equal(undefined);
  });
  it("a claim that is given up frees its coins; one that was mined all the same counts", () => {
    const { chain, attachment } = world(50_000n);
    const tx = attached(chain, attachment);
    chain.take(refused(chain.wallet, txidOf(tx)));
    expect(spendable(chain.wallet).map(({ amount }) => amount)).to.deep.equal([50_000n]);
    chain.mine(ELSEWHERE, [tx], () => false);
    const change = present(tx.outputs[1], "change").amount;
    expect(spendable(chain.wallet).map(({ outpoint, amount }) => [outpointKey(outpoint), amount])).to.deep.equal([
      [outpointKey({ txid: txidOf(tx), vout: 1 }), change],
    ]);
  });
});

describe("what is kept for closing channels", () => {
  it("cannot be spent: a payment that would touch it is refused with the sum that is needed", () => {
    const { chain } = world(50_000n);
    const output = { amount: sat(20_000n), script: ELSEWHERE };
    const fits = send(chain.wallet, keys, { output, feerate: FEERATE, label: "x", keep: sat(29_000n) });
    expect(fits.ok).to.equal(true);
    const payment = { output, feerate: FEERATE, label: "x", keep: sat(30_000n) };
    const fee = feeForWeightCeil(FEERATE, 42 + P2WPKH_INPUT_WEIGHT + 2 * 4 * (8 + 1 + 22));
    expect(send(chain.wallet, keys, payment)).to.deep.equal({
      ok: false,
      error: { code: "insufficient_funds", needed: 20_000n + 30_000n + fee, available: 50_000n },
    });
  });
});
