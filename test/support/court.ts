import {
  type Claim,
  claimFeerate,
  claimInput,
  claimWeight,
  parentDeficit,
  presignedTx,
  sweepTx,
} from "../../channels/index.ts";
import { ANYONE, type SimulatedChain, simulatedChain } from "../../src/adapters/memory/chain.ts";
import { type Outpoint, outpointKey, type Txid } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { blockHeight, feeForWeightCeil, type Sat, sat, satPerKw } from "../../src/base/units.ts";
import { script } from "../../src/bitcoin/script.ts";
import { type Tx, type TxOut, txidOf } from "../../src/bitcoin/tx.ts";
import { takeTx } from "../../src/chain/brain.ts";
import type { MemoryStorage } from "../../src/chain/memory-storage.ts";
import type { BaseNode } from "../../src/ports/base-node.ts";
import { HEIGHT, type Name, type Opening, opened, Pair } from "./channel-pair.ts";
import { signedClaim } from "./claim-signing.ts";
import { hear, watch } from "./hearing.ts";

interface Coin {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
}
/** What the tests take for the price of blocks. */
export const FEERATE = satPerKw(1_000);
const ANYONE_SCRIPT = script(1n);
const SECOND = 1_700_000_000;
/** A block that comes or goes takes a round. */
const ROUNDS_MAX = 1_000;

/**
 * A pair whose channel stands on a real chain: the bundled node's rules, mempool and miner, without disk and peers. Each
 * party hears of the chain through a source of its own, claims what it is told to, and pays fees from coins that anyone
 * may spend. Nothing happens but by `mine`, `reorganise` and what the pair itself does.
 */
export class Court {
  readonly chain: SimulatedChain;
  readonly pair: Pair;
  /** Refusals of the mempool, oldest first. */
  readonly refused: { readonly txid: Txid; readonly reason: string }[] = [];
  /** What each party did not send though it was told to: it is offline, or pays no fees. */
  readonly silent: Record<Name, boolean> = { a: false, b: false };
  readonly #tasks: (() => void)[] = [];
  readonly #sources: Record<Name, BaseNode>;
  readonly #heard: Record<Name, number> = { a: 0, b: 0 };
  readonly #purse: Coin[] = [];
  /** Coins that pay for claims, by what is claimed. */
  readonly #given = new Map<string, Coin>();
  #now = SECOND;

  constructor() {
    this.chain = simulatedChain({ schedule: (_name, task) => this.#tasks.push(task), now: () => this.#now++ });
    this.chain.mine(HEIGHT);
    this.#fillPurse();
    this.pair = new Pair();
    this.pair.fund = (output) => this.#fund(output);
    this.#sources = { a: this.chain.source("a"), b: this.chain.source("b") };
    const tip = this.#sources.a.tip();
    for (const name of ["a", "b"] as const) {
      this.#sources[name].start(tip, (events) => {
        for (const event of events) hear(this.pair, name, event);
      });
    }
  }
  /** Opens, funds and confirms a channel. */
  open(options: Opening = {}): this {
    opened(options, this.pair);
    this.pair.settle();
    this.#act();
    this.mine(6);
    this.pair.settle();
    for (const name of ["a", "b"] as const) assert(this.pair.parties[name].state.tag === "Normal", `${name} is ready`);
    for (const name of ["a", "b"] as const) {
      this.pair.parties[name].log = [];
      this.#heard[name] = 0;
    }
    return this;
  }
  get height(): number {
    return this.chain.brain.chain.tip.height;
  }
  /** Mines so many blocks; after each everybody hears of it and acts. */
  mine(count = 1): void {
    for (let i = 0; i < count; i++) {
      this.chain.mine(1);
      this.#act();
    }
  }
  /** Up to this height. */
  mineTo(height: number): void {
    this.mine(Math.max(height - this.height, 0));
  }
  reorganise(depth: number, txs: "none" | "same" | readonly Tx[] = "none"): void {
    this.chain.reorganise(depth, { txs });
    this.#act();
  }
  /** Somebody's transaction goes into the mempool; it must be taken. */
  publish(tx: Tx): Txid {
    const reason = this.#broadcast(tx);
    assert(reason === undefined, `the mempool takes it: ${reason}`);
    return txidOf(tx);
  }
  /** Completes a transaction whose inputs pay no fee with a coin that anyone may spend: one for each output that is claimed. */
  withFee(tx: Tx, weight: number): Tx {
    const claimed = outpointKey(present(tx.inputs[0], "an input").prevout);
    const coin = this.#given.get(claimed) ?? present(this.#purse.pop(), "there are coins left");
    this.#given.set(claimed, coin);
    const fee = feeForWeightCeil(FEERATE, weight);
    const input = { prevout: coin.outpoint, scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: [] };
    const change = { amount: sat(coin.amount - fee), script: ANYONE };
    const inputs = [...tx.inputs, { ...input, witness: [ANYONE_SCRIPT] }];
    return { ...tx, inputs, outputs: [...tx.outputs, change] };
  }
  /** All unspent outputs that pay to a party's own script, in sat. */
  worth(name: Name): bigint {
    const script = this.pair.parties[name].closeScript;
    let sum = 0n;
    for (const { output } of (this.chain.brain.chain.storage as MemoryStorage).coins.values())
      if (Buffer.compare(output.script, script) === 0) sum += output.amount;
    return sum;
  }
  unspent(outpoint: Outpoint): boolean {
    return this.chain.brain.chain.storage.coin(outpoint) !== undefined;
  }
  /** The transaction of the best chain or the mempool. */
  transaction(txid: Txid): Tx | undefined {
    return this.chain.whole.transaction(txid)?.tx;
  }

  /** Why the mempool does not take it; undefined when it does, or knows it. */
  #broadcast(tx: Tx): string | undefined {
    const taken = takeTx(this.chain.brain, tx, this.#now);
    // Nobody lags behind: everybody hears of what waits now.
    this.chain.setLag("a", 0);
    return taken.ok ? undefined : `${taken.error.code} ${taken.error.detail ?? ""}`;
  }
  /** Lets everybody hear, speak and act until nothing is left to do. */
  #act(): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const tasks = this.#tasks.splice(0);
      for (const task of tasks) task();
      if (this.pair.connected) this.pair.settle();
      const spoke = (["a", "b"] as const).map((name) => this.#speak(name));
      if (tasks.length === 0 && !spoke.includes(true)) return;
    }
    throw new Error("the court does not come to rest");
  }
  act(): void {
    this.#act();
  }
  /** What a party was asked to do since the last time: watches, transactions, claims. */
  #speak(name: Name): boolean {
    const party = this.pair.parties[name];
    // Tests may have emptied the log.
    const news = party.log.slice(this.#heard[name] > party.log.length ? 0 : this.#heard[name]);
    this.#heard[name] = party.log.length;
    for (const effect of news) {
      watch(this.#sources[name], effect);
      if ((effect.tag === "Broadcast" || effect.tag === "Rebroadcast") && !this.silent[name]) this.#try(effect.tx);
    }
    const claims = [...party.claims];
    party.claims = [];
    if (!this.silent[name]) for (const claim of claims) this.#claim(name, claim);
    return news.length > 0;
  }
  #claim(name: Name, claim: Claim): void {
    const tx = this.claimTx(name, claim);
    if (tx !== undefined) this.#try(tx);
  }
  /** The signed transaction of a claim; undefined when it is not worth one at this feerate, or needs none. */
  claimTx(name: Name, claim: Claim): Tx | undefined {
    const party = this.pair.parties[name];
    const feerate = claimFeerate(claim, party.height, FEERATE);
    let tx: Tx | undefined;
    if (claim.presigned) tx = presignedTx(claim).tx;
    else if (claim.output === undefined && claim.parent === undefined)
      tx = sweepTx(claim, party.closeScript, feerate)?.tx;
    else if (claim.parent === undefined || parentDeficit(claim, feerate) > 0n) {
      const outputs = claim.output === undefined ? [] : [claim.output];
      const bare: Tx = { version: 2, inputs: [claimInput(claim)], outputs, locktime: claim.locktime };
      tx = this.withFee(bare, claimWeight(claim) + (claim.parent?.weight ?? 0));
    }
    if (tx === undefined) return undefined;
    return signedClaim(party.secrets, claim, tx);
  }
  #try(tx: Tx): void {
    const reason = this.#broadcast(tx);
    if (reason !== undefined) this.refused.push({ txid: txidOf(tx), reason });
  }

  #fillPurse(): void {
    for (let height = 1; height <= this.height - 100; height++) {
      const block = present(this.chain.whole.blockAt(blockHeight(height)), "a block of the chain");
      const coinbase = present(block.txs[0], "a coinbase");
      const amount = present(coinbase.outputs[0], "a reward").amount;
      this.#purse.push({ outpoint: { txid: txidOf(coinbase), vout: 0 }, amount });
    }
  }
  #fund(output: TxOut): Tx {
    const coin = present(this.#purse.pop(), "there are coins left");
    const input = {
      prevout: coin.outpoint,
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_fffd,
      witness: [ANYONE_SCRIPT],
    };
    const change = { amount: sat(coin.amount - output.amount - 1_000n), script: ANYONE };
    return { version: 2, inputs: [input], outputs: [change, output], locktime: 0 };
  }
}
