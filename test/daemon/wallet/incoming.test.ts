import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { feeForWeightCeil, type Sat, sat, satPerKw } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf, weightOf } from "../../../src/bitcoin/tx.ts";
import { turnedDown } from "../../../src/daemon/wallet/answered.ts";
import { bump } from "../../../src/daemon/wallet/bump.ts";
import { publishTogether } from "../../../src/daemon/wallet/contribute.ts";
import { bumpIncoming, isStrange } from "../../../src/daemon/wallet/incoming.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { check } from "./history.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const NOTHING = sat(0n);
const FEE = sat(20n);
const BEFORE = { weight: 800, fee: sat(30n) };

/** A wallet with 100,000 sat, and a stranger's payment to it that waits and pays too little. */
function world(amount: Sat = sat(50_000n), version = 2): { readonly chain: SmallChain; readonly parent: Tx } {
  const chain = new SmallChain();
  chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(100_000n), script: chain.address() })]);
  const parent = { ...chain.foreign({ amount, script: chain.address() }), version };
  return { chain, parent };
}
const asked = (chain: SmallChain, tx: Tx, feerate = 2_000, keep = NOTHING) =>
  bumpIncoming(
    chain.wallet,
    keys,
    { txid: txidOf(tx), method: "cpfp", feerate: satPerKw(feerate), keep },
    { tx, fee: FEE, before: BEFORE },
  );
function bumped(chain: SmallChain, tx: Tx, feerate?: number) {
  const made = asked(chain, tx, feerate);
  if (!made.ok) throw new Error(made.error.code);
  chain.take(made.value.step);
  return { ...made.value, tx: present(chain.mempool.get(made.value.txid), "it is broadcast") };
}
const codeOf = (made: ReturnType<typeof bump>): unknown => (made.ok ? "ok" : made.error.code);

describe("a child pays for a stranger's payment that waits", () => {
  it("so that both, and what the payment waits for, pay the feerate together; and all of it comes to us", () => {
    const { chain, parent } = world();
    const child = bumped(chain, parent);
    const weight = weightOf(parent) + weightOf(child.tx) + BEFORE.weight;
    const fees = FEE + BEFORE.fee + child.fee;
    expect(Number(fees - feeForWeightCeil(satPerKw(2_000), weight))).to.be.within(0, 6);
    expect(child.tx.inputs.map(({ prevout }) => prevout)).to.deep.equal([{ txid: txidOf(parent), vout: 0 }]);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 100_000n, unconfirmed: 50_000n - child.fee });
    chain.restart();
    expect([...chain.mempool.keys()]).to.deep.equal([txidOf(parent), child.txid]);
    chain.mempool.clear();
    chain.mine(ELSEWHERE, [parent, child.tx]);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 150_000n - child.fee, unconfirmed: 0n });
    check(chain);
  });
  it("also for one that stood in a block which a reorganisation took away, while it waits again", () => {
    const { chain, parent } = world();
    chain.mine(ELSEWHERE, [parent]);
    chain.disconnect();
    expect(isStrange(chain.wallet, txidOf(parent))).to.equal(true);
    const child = bumped(chain, parent);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 100_000n, unconfirmed: 50_000n - child.fee });
    chain.restart();
    chain.mempool.clear();
    chain.mine(ELSEWHERE, [parent, child.tx]);
    expect(isStrange(chain.wallet, txidOf(child.tx))).to.equal(false);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 150_000n - child.fee, unconfirmed: 0n });
    check(chain);
  });
  it("also for a splice that takes coins out of a channel to us: to say that again is the channel's, as before", () => {
    const { chain, parent } = world();
    bumped(chain, parent);
    expect(publishTogether(chain.wallet, parent)).to.deep.equal({ step: undefined, value: false });
  });
  it("takes a confirmed coin besides where the payment itself is too small", () => {
    const { chain, parent } = world(sat(600n));
    expect(bumped(chain, parent, 4_000).tx.inputs).to.have.length(2);
  });
  it("with the version of the payment, as TRUC wants it, also when its own fee is raised", () => {
    const { chain, parent } = world(sat(50_000n), 3);
    const child = bumped(chain, parent);
    expect(child.tx.version).to.equal(3);
    chain.restart();
    const request = { txid: child.txid, method: "rbf", feerate: satPerKw(9_000), keep: NOTHING } as const;
    const again = bump(chain.wallet, keys, request);
    if (!again.ok) throw new Error(again.error.code);
    chain.take(again.value.step);
    expect(chain.mempool.get(again.value.txid)).to.deep.include({ version: 3 });
    expect(chain.mempool.get(again.value.txid)?.inputs).to.deep.equal(
      child.tx.inputs.map((input, at) => ({
        ...input,
        witness: chain.mempool.get(again.value.txid)?.inputs[at]?.witness,
      })),
    );
  });
  it("is forgotten with the payment when its sender puts another in its place, also after a restart", () => {
    const { chain, parent } = world(sat(600n));
    bumped(chain, parent, 4_000);
    chain.restart();
    const other: Tx = { ...parent, outputs: [{ amount: sat(500n), script: ELSEWHERE }] };
    chain.mempool.clear();
    chain.mine(ELSEWHERE, [other]);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 100_000n, unconfirmed: 0n });
    check(chain);
  });
  it("is forgotten with the payment also when a reorganisation brings the other one in a lower block", () => {
    for (const restarts of [false, true]) {
      const { chain, parent } = world(sat(600n));
      chain.mine(ELSEWHERE);
      bumped(chain, parent, 4_000);
      const other: Tx = { ...parent, outputs: [{ amount: sat(500n), script: ELSEWHERE }] };
      chain.mempool.clear();
      chain.disconnect();
      if (restarts) chain.restart();
      chain.mine(ELSEWHERE, [other]);
      chain.mine(ELSEWHERE);
      expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 100_000n, unconfirmed: 0n });
      check(chain);
    }
  });
  it("that nobody takes gives its coins back, and can be made again for more", () => {
    const { chain, parent } = world(sat(600n));
    const child = bumped(chain, parent, 4_000);
    chain.take(turnedDown(chain.wallet, child.txid));
    chain.mempool.delete(child.txid);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 100_000n, unconfirmed: 600n });
    expect(bumped(chain, parent, 6_000).txid).not.to.equal(child.txid);
  });
  it("not for what pays us nothing, for enough that is paid already, twice, or from what must stay", () => {
    const { chain, parent } = world();
    expect(codeOf(asked(chain, chain.foreign({ amount: sat(9n), script: ELSEWHERE })))).to.equal("not_waiting");
    expect(codeOf(asked(chain, parent, 1))).to.equal("too_little");
    const dear = { tx: parent, fee: sat(2_100_000_000_000n), before: BEFORE };
    const request = { txid: txidOf(parent), method: "cpfp", feerate: satPerKw(1), keep: NOTHING } as const;
    expect(codeOf(bumpIncoming(chain.wallet, keys, request, dear))).to.equal("too_little");
    bumped(chain, parent);
    expect(codeOf(asked(chain, parent, 4_000))).to.equal("no_output");
    const small = world(sat(600n));
    expect(codeOf(asked(small.chain, small.parent, 4_000, sat(100_000n)))).to.equal("insufficient_funds");
  });
});
