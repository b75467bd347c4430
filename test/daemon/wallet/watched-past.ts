import { HDKey } from "@scure/bip32";
import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { outpointKey } from "../../../src/base/ids.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { p2wpkhOf } from "../../../src/bitcoin/templates.ts";
import { isCoinbase, type Tx, type TxOut, txidOf } from "../../../src/bitcoin/tx.ts";
import { keychainOfSeed, TEST_VERSIONS } from "../../../src/daemon/keychain.ts";
import { accountKey } from "../../../src/daemon/wallet/public-keys.ts";
import { spendable } from "../../../src/daemon/wallet/spend.ts";
import { addWatched, type WatchWish } from "../../../src/daemon/wallet/watch-add.ts";
import { type WatchBalance, watchBalance } from "../../../src/daemon/wallet/watch-state.ts";
import { makeScript } from "./made-scripts.ts";
import type { SmallChain } from "./small-chain.ts";

/** Somebody else's account, and the scripts of it by a derivation of the test's own. */
const account = HDKey.fromMasterSeed(new Uint8Array(32).fill(8), TEST_VERSIONS).derive("m/84'/1'/0'");
const branch = account.deriveChild(0);
export const COLD = `wpkh([d34db33f/84h/1h/0h]${account.publicExtendedKey}/0/*)`;
const known: Uint8Array[] = [];
export function cold(index: number): Uint8Array {
  while (known.length <= index) known.push(p2wpkhOf(branch.deriveChild(known.length).publicKey ?? new Uint8Array(33)));
  return known[index] ?? new Uint8Array(0);
}
const ours = keychainOfSeed(new Uint8Array(64).fill(3), "regtest").account("p2wpkh");
export const OURS = `wpkh(${accountKey(ours)}/0/*)`;

export function watch(chain: SmallChain, wish: Partial<WatchWish> = {}): string {
  const full = { descriptor: COLD, label: "cold", gap: 20, from: blockHeight(0), ...wish };
  const added = addWatched(chain.watched, full, CHAINS.regtest, makeScript);
  if (!added.ok) throw new Error(added.error.code);
  chain.takeWatched(added.value.step);
  return added.value.id;
}
export const usedOf = (chain: SmallChain): number =>
  [...chain.watched.watches.values()].find(({ label }) => label === "cold")?.used ?? 0;

/** A stranger spends a coin. */
export function spending(chain: SmallChain, key: string): Tx | undefined {
  const coin = chain.watched.coins.get(key);
  if (coin === undefined) return undefined;
  const tx = chain.foreign({ amount: sat(1_000n), script: coin.script.map(() => 1) });
  const [input] = tx.inputs;
  return input === undefined ? undefined : { ...tx, inputs: [{ ...input, prevout: coin.outpoint }] };
}

/** Every class of what is only watched, from the chain and the wallet's own pending transactions alone. */
export function expectedWatched(chain: SmallChain): WatchBalance {
  const total = { confirmed: 0n, unconfirmed: 0n, immature: 0n };
  const scripts = new Set(Array.from({ length: usedOf(chain) + 25 }, (_, index) => toHex(cold(index))));
  const isWatched = (output: TxOut): boolean => scripts.has(toHex(output.script)) && !chain.isOurs(output);
  const unspent = chain.unspent();
  for (const { txs, ref } of chain.blocks)
    for (const tx of txs) {
      const isYoung = isCoinbase(tx) && chain.height + 1 - ref.height < 100;
      for (const vout of tx.outputs.keys()) {
        const output = unspent.get(outpointKey({ txid: txidOf(tx), vout }));
        if (output !== undefined && isWatched(output)) total[isYoung ? "immature" : "confirmed"] += output.amount;
      }
    }
  for (const { tx, block, status } of chain.wallet.txs.values()) {
    if (block !== undefined || status !== "published") continue;
    for (const output of tx?.outputs ?? []) if (isWatched(output)) total.unconfirmed += output.amount;
  }
  return total as unknown as WatchBalance;
}

/** What holds after every step: the classes add up, the disk has them, and nothing of it can be spent or counts as ours. */
export function checkWatched(chain: SmallChain): void {
  expect(watchBalance(chain.watched, chain.wallet)).to.deep.equal(expectedWatched(chain));
  expect(chain.storedWatched()).to.deep.equal(chain.watched);
  for (const { coin } of spendable(chain.wallet)) expect(chain.isOurs(coin)).to.equal(true);
}
