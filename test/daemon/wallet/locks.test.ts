import { expect } from "chai";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { lock, unlock } from "../../../src/daemon/wallet/locks.ts";
import { send, spendable } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const NOTHING = sat(0n);

function world(...amounts: readonly bigint[]): { readonly chain: SmallChain; readonly paid: readonly Tx[] } {
  const chain = new SmallChain();
  const paid = amounts.map((amount) => chain.foreign({ amount: sat(amount), script: chain.address() }));
  chain.mine(ELSEWHERE, paid);
  return { chain, paid };
}
function locked(...amounts: readonly bigint[]) {
  const { chain, paid } = world(...amounts);
  const first = present(paid[0], "a payment");
  const outpoint = { txid: txidOf(first), vout: 0 };
  const step = lock(chain.wallet, outpoint, NOTHING);
  if (!step.ok) throw new Error(step.error.code);
  chain.take(step.value);
  return { chain, paid: first, outpoint };
}
const pay = (chain: SmallChain, amount: bigint) =>
  send(chain.wallet, keys, {
    output: { amount: sat(amount), script: ELSEWHERE },
    feerate: satPerKw(1_000),
    label: "x",
  });

describe("a coin that is locked", () => {
  it("pays for nothing and is counted apart, until it is unlocked", () => {
    const { chain, outpoint } = locked(50_000n, 20_000n);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 20_000n, locked: 50_000n });
    expect(pay(chain, 30_000n).ok).to.equal(false);
    const step = unlock(chain.wallet, outpoint);
    if (!step.ok) throw new Error(step.error.code);
    chain.take(step.value);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 70_000n, locked: 0n });
    expect(pay(chain, 30_000n).ok).to.equal(true);
  });

  it("is locked after a restart, and after a reorganisation that brings it back", () => {
    const { chain, paid, outpoint } = locked(50_000n);
    chain.restart();
    chain.disconnect();
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 0n, locked: 0n });
    chain.mine(ELSEWHERE);
    chain.mine(ELSEWHERE, [paid]);
    expect(walletBalance(chain.wallet)).to.deep.include({ confirmed: 0n, locked: 50_000n });
    expect(spendable(chain.wallet)).to.deep.equal([]);
    expect(chain.wallet.coins.get(outpointKey(outpoint))?.locked).to.equal(true);
  });

  it("is none that closing channels may need: what must be kept for their fees stays free", () => {
    const { chain, paid } = world(50_000n, 20_000n);
    const outpoint = { txid: txidOf(present(paid[0], "a payment")), vout: 0 };
    expect(lock(chain.wallet, outpoint, sat(20_000n)).ok).to.equal(true);
    expect(lock(chain.wallet, outpoint, sat(20_001n))).to.deep.equal({
      ok: false,
      error: { code: "needed", keep: 20_001n, left: 20_000n },
    });
  });

  it("is none that is spent, reserved or somebody else's", () => {
    const { chain, outpoint } = locked(50_000n);
    expect(lock(chain.wallet, { ...outpoint, vout: 1 }, NOTHING)).to.deep.equal({
      ok: false,
      error: { code: "no_coin" },
    });
    const free = unlock(chain.wallet, outpoint);
    if (!free.ok) throw new Error(free.error.code);
    chain.take(free.value);
    const sent = pay(chain, 30_000n);
    if (!sent.ok) throw new Error(sent.error.code);
    chain.take(sent.value.step);
    expect(lock(chain.wallet, outpoint, NOTHING)).to.deep.equal({ ok: false, error: { code: "no_coin" } });
  });
});
