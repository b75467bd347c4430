import { type ConstructedTx, type Contribution, type Effect, ownInputs, type Witnesses } from "../../channels/index.ts";
import { inputWeight, outputWeight } from "../../channels/interactive/weight.ts";
import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import { feeForWeightCeil, sat } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { Name } from "./channel-fixtures.ts";
import { coin, scriptOf, witnessesOf } from "./constructing.ts";

type Need = Extract<Effect, { tag: "NeedContribution" }>;

/** The coins of one side of a pair: each is held for a construction, kept for a transaction, or free. */
export class DualWallet {
  readonly coins: ReturnType<typeof coin>[];
  readonly held = new Set<string>();
  /** By the transaction that they are kept for. */
  readonly kept = new Map<string, readonly string[]>();
  /** Whether something else has spent its coins. */
  isGone = false;
  /** Whether its coins are in a block. */
  isConfirmed = true;
  readonly #name: string;
  #serials = 1n;

  constructor(name: Name, amounts: readonly bigint[] = [5_000_000n, 3_000_000n]) {
    this.#name = `wallet ${name}`;
    this.coins = amounts.map((amount, at) => coin(`${this.#name}${"+".repeat(at)}`, amount, scriptOf(this.#name)));
  }
  /** Whether nothing is locked. */
  get isFree(): boolean {
    return this.held.size === 0 && this.kept.size === 0;
  }

  contribute({ amount, feerate, besides, spends, changeMin, confirmedOnly }: Need): Contribution | undefined {
    if (confirmedOnly && !this.isConfirmed) return undefined;
    const wanted = spends.map((outpoint) => outpointKey(outpoint));
    const isTaken = (key: string): boolean =>
      this.held.has(key) || [...this.kept.values()].some((keys) => keys.includes(key));
    const chosen = this.coins.filter((one) => wanted.includes(keyOf(one)));
    const free = this.coins.filter((one) => !chosen.includes(one) && !isTaken(keyOf(one)));
    const change = { amount: sat(0n), script: scriptOf(this.#name) };
    const rest = (): bigint => {
      const spent = chosen.map((one) => inputWeight({ shared: false, spends: outputOf(one) }) + 2);
      const weight = spent.reduce((sum, one) => sum + one, besides) + outputWeight({ output: change });
      return chosen.reduce((sum, one) => sum + outputOf(one).amount, 0n) - amount - feeForWeightCeil(feerate, weight);
    };
    while (rest() < changeMin) {
      const next = free.shift();
      if (next === undefined) return undefined;
      chosen.push(next);
    }
    for (const one of chosen) this.held.add(keyOf(one));
    const serial = (): bigint => (this.#serials += 7n);
    return {
      inputs: chosen.map((one) => ({ ...one, serialId: serial() })),
      outputs: [{ serialId: serial(), output: { ...change, amount: sat(rest()) } }],
      shared: { input: serial(), output: serial() },
    };
  }
  witness(constructed: ConstructedTx): Witnesses | undefined {
    if (this.isGone) return undefined;
    const inputs = ownInputs(constructed, "local").map(({ outpoint }) => outpointKey(outpoint));
    if (inputs.length > 0) this.kept.set(constructed.txid, inputs);
    this.held.clear();
    return witnessesOf(constructed, "local", this.#name);
  }
  note(effect: Effect): void {
    if (effect.tag === "ReleaseCoins") this.held.clear();
    if (effect.tag === "ReleaseFunding" || effect.tag === "GiveUpFunding" || effect.tag === "FundingReplaced")
      this.kept.delete(effect.txid);
  }
}
const keyOf = (one: ReturnType<typeof coin>): string => outpointKey(outpointOf(one));
const outpointOf = ({ prevtx, vout }: ReturnType<typeof coin>): Outpoint => ({ txid: txidOf(prevtx), vout });
const outputOf = ({ prevtx, vout }: ReturnType<typeof coin>) => {
  const output = prevtx.outputs[vout];
  if (output === undefined) throw new Error("a coin is an output");
  return output;
};
