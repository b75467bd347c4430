import { expect } from "chai";
import fc from "fast-check";
import { outpointKey } from "../../../src/base/ids.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2tr, p2wsh } from "../../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { schnorr } from "../../../src/crypto/schnorr.ts";
import { type BumpMethod, bump } from "../../../src/daemon/wallet/bump.ts";
import { lock, unlock } from "../../../src/daemon/wallet/locks.ts";
import { fund, publish, release, reservations, send, spendable } from "../../../src/daemon/wallet/spend.ts";
import { statusOf, type WalletBalance, type WalletState, walletBalance } from "../../../src/daemon/wallet/state.ts";
import { keys, type SmallChain } from "./small-chain.ts";

export const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
export const TAPROOT = p2tr(schnorr.publicKey(new Uint8Array(32).fill(9)));
export const paying = (amount: bigint, label = "test", script = ELSEWHERE) => ({
  output: { amount: sat(amount), script },
  feerate: satPerKw(1000),
  label,
});
export const total = (wallet: WalletState): bigint => {
  return Object.values(walletBalance(wallet)).reduce((sum, one) => sum + one, 0n);
};
export const balance = (held: Partial<Record<keyof WalletBalance, bigint>>) => ({
  ...{ confirmed: 0n, unconfirmed: 0n, immature: 0n, locked: 0n, reserved: 0n },
  ...held,
});
export const sorted = (wallet: WalletState) => ({
  ...wallet,
  addresses: [...wallet.addresses].sort(),
  coins: [...wallet.coins].sort(([a], [b]) => (a < b ? -1 : 1)),
  txs: [...wallet.txs].sort(([a], [b]) => (a < b ? -1 : 1)),
});

/** What holds after every step, whatever happened. */
export function check(chain: SmallChain, locked: ReadonlySet<string> = new Set()): void {
  expect(walletBalance(chain.wallet)).to.deep.equal(chain.expectedBalance(locked));
  for (const { outpoint } of spendable(chain.wallet)) expect(locked.has(outpointKey(outpoint))).to.equal(false);
  expect(sorted(chain.stored())).to.deep.equal(sorted(chain.wallet));
  expect(total(chain.wallet)).to.equal(chain.expectedTotal());
  const unspent = chain.unspent();
  for (const [key, coin] of chain.wallet.coins) {
    if (statusOf(chain.wallet, coin) === "confirmed") expect(unspent.has(key)).to.equal(true);
  }
  const taken = [...chain.wallet.txs.values()]
    .filter(({ status }) => status !== "abandoned")
    .flatMap(({ tx, block }) => (block === undefined ? (tx?.inputs ?? []) : []))
    .map(({ prevout }) => outpointKey(prevout));
  expect(new Set(taken).size).to.equal(taken.length);
}

export type Action =
  | { readonly tag: "pay" | "send" | "fund"; readonly amount: number; readonly taproot: boolean }
  | { readonly tag: "mine"; readonly all: boolean; readonly ours: boolean }
  | { readonly tag: "bump"; readonly method: BumpMethod; readonly feerate: number; readonly forgotten: boolean }
  | { readonly tag: "lock" | "unlock"; readonly which: number }
  | { readonly tag: "publish" | "release" | "restart" | "address" }
  | { readonly tag: "reorg"; readonly depth: number; readonly returns: number };
export const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    tag: fc.constantFrom("pay", "send", "fund") as fc.Arbitrary<"pay" | "send" | "fund">,
    amount: fc.integer({ min: 1_000, max: 400_000 }),
    taproot: fc.boolean(),
  }),
  fc.record({ tag: fc.constant("mine" as const), all: fc.boolean(), ours: fc.boolean() }),
  fc.record({
    tag: fc.constantFrom("publish", "release", "restart", "address") as fc.Arbitrary<
      "publish" | "release" | "restart" | "address"
    >,
  }),
  fc.record({
    tag: fc.constant("bump" as const),
    method: fc.constantFrom<BumpMethod>("rbf", "cancel", "cpfp"),
    feerate: fc.integer({ min: 1_000, max: 4_000 }),
    forgotten: fc.boolean(),
  }),
  fc.record({ tag: fc.constantFrom("lock", "unlock") as fc.Arbitrary<"lock" | "unlock">, which: fc.nat(9) }),
  fc.record({ tag: fc.constant("reorg" as const), depth: fc.integer({ min: 1, max: 4 }), returns: fc.nat(7) }),
);

export function act(chain: SmallChain, one: Action, locked: Set<string>): void {
  const [reserved] = reservations(chain.wallet);
  if (one.tag === "pay") {
    const tx = chain.foreign({
      amount: sat(BigInt(one.amount)),
      script: chain.address(one.taproot ? "p2tr" : "p2wpkh"),
    });
    chain.mine(ELSEWHERE, [tx], () => false);
  } else if (one.tag === "send" || one.tag === "fund") {
    const made = (one.tag === "send" ? send : fund)(
      chain.wallet,
      keys,
      paying(BigInt(one.amount), "test", one.taproot ? TAPROOT : ELSEWHERE),
    );
    if (made.ok) chain.take(made.value.step);
    else expect(made.error.needed > made.error.available).to.equal(true);
  } else if (one.tag === "mine") chain.mine(one.ours ? chain.address() : ELSEWHERE, [], () => one.all);
  else if (one.tag === "publish" && reserved !== undefined) chain.take(publish(chain.wallet, reserved));
  else if (one.tag === "release" && reserved !== undefined) chain.take(release(chain.wallet, reserved));
  else if (one.tag === "restart") chain.restart();
  else if (one.tag === "address") chain.address();
  else if (one.tag === "reorg") reorganise(chain, one, locked);
  else if (one.tag === "bump") raise(chain, one);
  else if (one.tag === "lock" || one.tag === "unlock") setLock(chain, one, locked);
}

/** What was replaced may still wait somewhere, and be mined. */
function raise(chain: SmallChain, { method, feerate, forgotten }: Extract<Action, { tag: "bump" }>): void {
  const waiting = [...chain.wallet.txs.values()].findLast(
    ({ status, block }) => status === "published" && block === undefined,
  );
  if (waiting === undefined) return;
  const request = { txid: waiting.txid, method, feerate: satPerKw(feerate), keep: sat(0n) };
  const made = bump(chain.wallet, keys, request);
  if (!made.ok) return;
  if (forgotten && method !== "cpfp") chain.mempool.delete(waiting.txid);
  chain.take(made.value.step);
}

function setLock(
  chain: SmallChain,
  { tag, which }: { tag: "lock" | "unlock"; which: number },
  locked: Set<string>,
): void {
  const held = [...chain.wallet.coins.values()].filter((coin) =>
    tag === "lock" ? coin.spent === undefined : coin.locked,
  );
  const coin = held[which % held.length];
  if (coin === undefined) return;
  const set = tag === "lock" ? lock(chain.wallet, coin.outpoint, sat(0n)) : unlock(chain.wallet, coin.outpoint);
  if (!set.ok) return;
  chain.take(set.value);
  if (tag === "lock") locked.add(outpointKey(coin.outpoint));
  else locked.delete(outpointKey(coin.outpoint));
}

/** Takes blocks away and builds one more than before; of the strangers' transactions only some come back. */
function reorganise(
  chain: SmallChain,
  { depth, returns }: { depth: number; returns: number },
  locked: ReadonlySet<string>,
): void {
  const gone: Tx[] = [];
  const blocks = Math.min(depth, chain.height);
  for (let i = 0; i < blocks; i++) {
    gone.unshift(...chain.disconnect());
    check(chain, locked);
  }
  const back = gone.filter((tx, at) => !chain.mempool.has(txidOf(tx)) && (returns >> (at % 3)) % 2 === 1);
  for (let i = 0; i <= blocks; i++) chain.mine(ELSEWHERE, i === 0 ? back : [], () => returns % 2 === 1);
}
