import { expect } from "chai";
import { outpointKey } from "../../../src/base/ids.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2wsh } from "../../../src/bitcoin/templates.ts";
import { fund, namedCoins, newAddress, send } from "../../../src/daemon/wallet/spend.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const payment = (amount: bigint) => ({
  output: { amount: sat(amount), script: ELSEWHERE },
  feerate: satPerKw(1_000),
  label: "x",
});
/** Coins of a wallet: an amount to an address that was handed out under a label. */
function world(...coins: readonly (readonly [amount: bigint, label: string])[]): SmallChain {
  const chain = new SmallChain();
  const scripts = new Map<string, Uint8Array>();
  const paid = coins.map(([amount, label]) => {
    const { script, step } = newAddress(chain.wallet, keys, { label });
    chain.take(step);
    scripts.set(label, script);
    return chain.foreign({ amount: sat(amount), script });
  });
  chain.mine(ELSEWHERE, paid);
  return chain;
}
const outpointOf = (chain: SmallChain, amount: bigint) => {
  const coin = [...chain.wallet.coins.values()].find((one) => one.amount === amount);
  if (coin === undefined) throw new Error(`there is a coin of ${amount}`);
  return coin.outpoint;
};
const spentBy = (chain: SmallChain, made: ReturnType<typeof send>): readonly bigint[] => {
  if (!made.ok) throw new Error(made.error.code);
  const amounts = made.value.tx.inputs.map(({ prevout }) => chain.wallet.coins.get(outpointKey(prevout))?.amount ?? 0n);
  return amounts.sort((a, b) => Number(a - b));
};

describe("which coins the wallet pays with", () => {
  it("are of one label while those are enough", () => {
    const chain = world([30_000n, "rent"], [32_000n, "wages"], [33_000n, "rent"]);
    expect(spentBy(chain, send(chain.wallet, keys, payment(50_000n)))).to.deep.equal([30_000n, 33_000n]);
  });

  it("are those that are named, all of them", () => {
    const chain = world([30_000n, "rent"], [32_000n, "wages"], [90_000n, "rent"]);
    const named = namedCoins(chain.wallet, [outpointOf(chain, 30_000n), outpointOf(chain, 32_000n)]);
    if (!named.ok) throw new Error("both can be spent");
    const made = send(chain.wallet, keys, { ...payment(10_000n), from: named.value });
    expect(spentBy(chain, made)).to.deep.equal([30_000n, 32_000n]);
    const short = send(chain.wallet, keys, { ...payment(80_000n), from: named.value });
    expect(short.ok || short.error.available).to.equal(62_000n);
  });

  it("are never kept for something else: one that is reserved, spent or unknown cannot be named", () => {
    const chain = world([30_000n, "rent"]);
    const coin = outpointOf(chain, 30_000n);
    const strange = { ...coin, vout: 7 };
    expect(namedCoins(chain.wallet, [strange])).to.deep.equal({ ok: false, error: strange });
    const funded = fund(chain.wallet, keys, payment(20_000n));
    if (!funded.ok) throw new Error(funded.error.code);
    chain.take(funded.value.step);
    expect(namedCoins(chain.wallet, [coin])).to.deep.equal({ ok: false, error: coin });
  });

  it("named twice pay once", () => {
    const chain = world([30_000n, "rent"]);
    const coin = outpointOf(chain, 30_000n);
    const named = namedCoins(chain.wallet, [coin, coin]);
    expect(named.ok && named.value.length).to.equal(1);
  });
});
