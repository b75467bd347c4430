import { expect } from "chai";
import { outpointKey, type Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { SAT_MAX, sat, satPerKw } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import {
  type Chosen,
  type ContributionWish,
  choose,
  forgetUnsent,
  publishTogether,
  setFree,
  signTogether,
} from "../../../src/daemon/wallet/contribute.ts";
import { refused, release, send, unsignedInput } from "../../../src/daemon/wallet/spend.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const FEERATE = satPerKw(1_000);
const WISH: ContributionWish = {
  amount: sat(30_000n),
  feerate: FEERATE,
  besides: 200,
  confirmedOnly: false,
  replaces: [],
  spends: [],
  changeMin: sat(1_000n),
  keep: sat(0n),
};
/** Four confirmed coins of 50,000 sat. */
function world(): SmallChain {
  const chain = new SmallChain();
  const paid = [1, 2, 3, 4].map(() => chain.foreign({ amount: sat(50_000n), script: chain.address() }));
  chain.mine(ELSEWHERE, paid);
  return chain;
}
function chosen(chain: SmallChain, wish: Partial<ContributionWish> = {}): Chosen {
  const { step, value } = choose(chain.wallet, keys, { ...WISH, ...wish });
  if (!value.ok) throw new Error(value.error.code);
  chain.take(present(step, "coins are held"));
  return value.value;
}
const free = (chain: SmallChain, { held }: Chosen): void =>
  chain.take(present(setFree(chain.wallet, held).step, "coins are free"));
/** The transaction that both sides make of it, of which all coins are ours here. */
function common({ coins, change }: Chosen): Tx {
  const inputs = coins.map(({ outpoint }) => unsignedInput(outpoint));
  const outputs = [{ amount: WISH.amount, script: ELSEWHERE }, present(change, "change")];
  return { version: 2, inputs, outputs, locktime: 0 };
}
function signed(chain: SmallChain, made: Chosen, replaces: readonly Txid[] = []): Tx | undefined {
  const tx = common(made);
  const inputs = made.coins.map((coin) => ({ from: "local" as const, outpoint: coin.outpoint, spends: coin }));
  const { step, value } = signTogether(chain.wallet, keys, { tx, inputs, fee: sat(1_000n), replaces });
  if (step !== undefined) chain.take(step);
  free(chain, made);
  if (value === undefined) return undefined;
  return { ...tx, inputs: tx.inputs.map((input, at) => ({ ...input, witness: value[at] ?? [] })) };
}
function published(chain: SmallChain, made: Chosen): Tx {
  const tx = present(signed(chain, made), "signed");
  chain.take(present(publishTogether(chain.wallet, tx).step, "published"));
  return tx;
}
/** Wishes that a replacement of it has. */
const replacementOf = ({ coins }: Chosen, tx: Tx): Pick<ContributionWish, "spends" | "replaces"> => ({
  spends: coins.map(({ outpoint }) => outpoint),
  replaces: [txidOf(tx)],
});
const handedOut = ({ wallet }: SmallChain): number => wallet.used.p2wpkh.change;

describe("coins for a transaction that is made with a peer", () => {
  it("are none for an amount that nobody has", () => {
    const { wallet } = world();
    for (const wish of [
      { amount: sat(SAT_MAX), keep: sat(1n) },
      { amount: sat(SAT_MAX), confirmedOnly: true },
    ])
      expect(choose(wallet, keys, { ...WISH, ...wish }).value).to.deep.equal({
        ok: false,
        error: { code: "insufficient_funds", needed: SAT_MAX, available: 200_000n },
      });
  });

  it("RELIABILITY U11: a peer that gives up again and again uses up no addresses, so that the words alone find all coins", () => {
    const chain = world();
    for (let count = 0; count < 50; count++) free(chain, chosen(chain));
    expect(handedOut(chain)).to.equal(1);
    let before = signed(chain, chosen(chain));
    for (let count = 0; count < 50; count++) {
      const next = signed(chain, chosen(chain));
      chain.take(release(chain.wallet, txidOf(present(before, "signed"))));
      before = next;
    }
    expect(handedOut(chain)).to.equal(2);
    chain.take(present(publishTogether(chain.wallet, present(before, "signed")).step, "published"));
    const other = chosen(chain);
    expect(handedOut(chain), "one to which something is paid is not used again").to.equal(2);
    signed(chain, other);
    chosen(chain);
    expect(handedOut(chain)).to.equal(3);
  });
  it("RELIABILITY U11: a transaction of which our witnesses never left is forgotten, on disk too; one that may be out is not", () => {
    const chain = world();
    const records = (): readonly string[] => [...chain.store.keys()].filter((key) => key.includes("/tx/"));
    const before = [chain.wallet.txs.size, records().length];
    for (let count = 0; count < 5; count++) {
      const txid = txidOf(present(signed(chain, chosen(chain)), "signed"));
      expect(records().length).to.equal(before[1] === undefined ? 0 : before[1] + 1);
      chain.take(present(forgetUnsent(chain.wallet, txid).step, "forgotten"));
    }
    expect([chain.wallet.txs.size, records().length]).to.deep.equal(before);
    chain.restart();
    expect(chain.wallet.txs.size).to.equal(before[0]);
    const out = present(signed(chain, chosen(chain)), "signed");
    chain.take(present(publishTogether(chain.wallet, out).step, "published"));
    expect(forgetUnsent(chain.wallet, txidOf(out)).step).to.equal(undefined);
  });
  it("are none for a replacement of which the change is spent by a payment that waits: nobody's payment is dropped", () => {
    const chain = world();
    const made = chosen(chain, { amount: sat(160_000n) });
    const first = present(signed(chain, made), "signed");
    chain.take(present(publishTogether(chain.wallet, first).step, "published"));
    const again = { amount: sat(160_000n), ...replacementOf(made, first) };
    expect(choose(chain.wallet, keys, { ...WISH, ...again }).value.ok, "before").to.equal(true);
    const payment = { output: { amount: sat(5_000n), script: ELSEWHERE }, feerate: FEERATE, label: "x" };
    const sent = send(chain.wallet, keys, payment);
    if (!sent.ok) throw new Error(sent.error.code);
    chain.take(sent.value.step);
    expect(choose(chain.wallet, keys, { ...WISH, ...again })).to.deep.equal({
      step: undefined,
      value: { ok: false, error: { code: "has_children" } },
    });
  });
  it("RELIABILITY U16: are never change of what is to be replaced, which is not there once it is", () => {
    const chain = world();
    const made = chosen(chain, { amount: sat(140_000n) });
    expect(made.coins.length, "one is left").to.equal(3);
    const first = published(chain, made);
    const again = chosen(chain, { amount: sat(150_000n), ...replacementOf(made, first) });
    expect(again.coins.length).to.equal(4);
    expect(again.coins.filter(({ outpoint }) => outpoint.txid === txidOf(first))).to.deep.equal([]);
    free(chain, again);
    const more = choose(chain.wallet, keys, { ...WISH, amount: sat(200_000n), ...replacementOf(made, first) });
    expect(more.value.ok || more.value.error.code).to.equal("insufficient_funds");
  });
  it("keep the change of what is to be replaced from payments: with it they would be dropped without a word", () => {
    const pay = (chain: SmallChain) => {
      const output = { amount: sat(5_000n), script: ELSEWHERE };
      const sent = send(chain.wallet, keys, { output, feerate: FEERATE, label: "x" });
      if (sent.ok) chain.take(sent.value.step);
      return sent.ok ? "sent" : sent.error.code;
    };
    const waitingOne = () => {
      const chain = world();
      const made = chosen(chain, { amount: sat(190_000n) });
      return { chain, replacing: replacementOf(made, published(chain, made)) };
    };
    const before = waitingOne();
    expect(pay(before.chain), "nothing replaces it").to.equal("sent");

    const { chain, replacing } = waitingOne();
    const again = chosen(chain, { amount: sat(190_000n), ...replacing, feerate: satPerKw(1_500) });
    expect(pay(chain), "while it is negotiated").to.equal("insufficient_funds");
    const next = present(signed(chain, again, replacing.replaces), "signed");
    for (const started of [false, true]) {
      if (started) chain.restart();
      expect(pay(chain), "the peer may complete it").to.equal("insufficient_funds");
    }
    const waiting = chain.wallet;
    chain.take(present(forgetUnsent(waiting, txidOf(next)).step, "given up"));
    expect(pay(chain), "what waits stays").to.equal("sent");
    chain.wallet = waiting;
    chain.take(present(publishTogether(chain.wallet, next).step, "complete"));
    expect(pay(chain), "from the change of the new one").to.equal("sent");

    const late = waitingOne();
    const slow = chosen(late.chain, { amount: sat(190_000n), ...late.replacing });
    free(late.chain, slow);
    expect(pay(late.chain), "after the minute that they are held for").to.equal("sent");
    expect(signed(late.chain, slow, late.replacing.replaces), "it is signed for no more").to.equal(undefined);
  });
  it("are signed for once more, as was agreed, when what is to be replaced is mined meanwhile, given back or not", () => {
    const chain = world();
    const made = chosen(chain, { amount: sat(60_000n) });
    const first = published(chain, made);
    const { replaces, ...waits } = replacementOf(made, first);
    const again = chosen(chain, { ...waits, replaces, feerate: satPerKw(2_000) });
    const next = present(signed(chain, again, replaces), "signed");
    chain.mine(ELSEWHERE, [first]);
    expect(signed(chain, again), "kept for it all the while").to.deep.equal(next);
    chain.take(present(forgetUnsent(chain.wallet, txidOf(next)).step, "given back"));
    expect(signed(chain, again), "to something else").to.equal(undefined);
    expect(signed(chain, again, replaces)).to.deep.equal(next);
  });
  it("are free again when one of them is gone before it is signed for", () => {
    const chain = world();
    const made = chosen(chain, { amount: sat(60_000n) });
    const [first] = made.coins;
    const theft = { ...common({ ...made, coins: [present(first, "a coin")] }), locktime: 7 };
    chain.mine(ELSEWHERE, [theft]);
    expect(signed(chain, made)).to.equal(undefined);
    expect([...chain.wallet.held]).to.deep.equal([]);
  });
  it("are not signed for when they were freed meanwhile and fund another channel", () => {
    const chain = world();
    const slow = chosen(chain, { amount: sat(190_000n) });
    free(chain, slow);
    const other = txidOf(published(chain, chosen(chain, { amount: sat(180_000n) })));
    expect(signed(chain, slow)).to.equal(undefined);
    expect(signed(chain, slow, [other]), "it would take its place").to.not.equal(undefined);
  });
  it("are others where those of what is to be replaced were given back and spent since", () => {
    const chain = world();
    const made = chosen(chain, { amount: sat(60_000n) });
    const dead = replacementOf(made, published(chain, made));
    chain.take(refused(chain.wallet, dead.replaces[0] as Txid));
    expect(chosen(chain, { ...dead, amount: sat(60_000n) }).coins, "they are free").to.deep.equal(made.coins);
    chain.wallet = { ...chain.wallet, held: new Set() };
    const payment = { output: { amount: sat(90_000n), script: ELSEWHERE }, feerate: FEERATE, label: "x" };
    const sent = send(chain.wallet, keys, payment);
    if (!sent.ok) throw new Error(sent.error.code);
    chain.take(sent.value.step);
    const taken = new Set(sent.value.tx.inputs.map(({ prevout }) => outpointKey(prevout)));
    const others = chosen(chain, { ...dead, amount: sat(60_000n) }).coins;
    expect(others.filter(({ outpoint }) => taken.has(outpointKey(outpoint)))).to.deep.equal([]);
  });
  it("CONFORMANCE 57: are confirmed where the peer asks for that, those of an earlier attempt too", () => {
    const chain = world();
    const payment = { output: { amount: sat(190_000n), script: chain.address() }, feerate: FEERATE, label: "x" };
    const sent = send(chain.wallet, keys, payment);
    if (!sent.ok) throw new Error(sent.error.code);
    chain.take(sent.value.step);
    const first = chosen(chain);
    const waits = replacementOf(first, present(signed(chain, first), "signed"));
    const again = choose(chain.wallet, keys, { ...WISH, ...waits, confirmedOnly: true });
    expect(again.value.ok || again.value.error.code).to.equal("insufficient_funds");
    chain.mine(ELSEWHERE);
    expect(choose(chain.wallet, keys, { ...WISH, ...waits, confirmedOnly: true }).value.ok).to.equal(true);
  });
});

describe("A transaction that was signed together with a peer, in a block", () => {
  it("is said again with all its witnesses, also with those that the peer kept to itself, when the block goes", () => {
    const chain = world();
    const made = chosen(chain);
    const theirs = chain.foreign({ amount: sat(50_000n), script: ELSEWHERE });
    const stranger = unsignedInput({ txid: txidOf(theirs), vout: 0 });
    const tx: Tx = {
      ...common(made),
      inputs: [...made.coins.map(({ outpoint }) => unsignedInput(outpoint)), stranger],
    };
    const inputs = [
      ...made.coins.map((coin) => ({ from: "local" as const, outpoint: coin.outpoint, spends: coin })),
      { from: "remote" as const, outpoint: stranger.prevout, spends: present(theirs.outputs[0], "an output") },
    ];
    const { step, value } = signTogether(chain.wallet, keys, { tx, inputs, fee: sat(1_000n), replaces: [] });
    chain.take(present(step, "kept"));
    const witnesses = [...present(value, "signed"), [Uint8Array.of(1)]];
    const whole = { ...tx, inputs: tx.inputs.map((input, at) => ({ ...input, witness: witnesses[at] ?? [] })) };
    chain.mine(ELSEWHERE, [theirs, whole]);
    chain.effects.length = 0;
    chain.disconnect();
    expect(chain.effects.flatMap((effect) => (effect.tag === "Broadcast" ? [effect.tx] : []))).to.deep.equal([whole]);
    expect(chain.stored().txs.get(txidOf(whole))?.tx).to.deep.equal(whole);
  });
});
