import type { FundedState } from "../../channels/index.ts";
import { ANYONE } from "../adapters/memory/chain.ts";
import { equalBytes } from "../base/bytes.ts";
import { type Outpoint, outpointKey, type PaymentHash, type Preimage, type Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { blockHeight } from "../base/units.ts";
import { p2wshOf } from "../bitcoin/templates.ts";
import { type Tx, txidOf } from "../bitcoin/tx.ts";
import { takeTx } from "../chain/brain.ts";
import { spenderOf } from "../chain/mempool.ts";
import { ChainIndex } from "./chain-index.ts";
import { REORG_DEPTH_MAX } from "./depths.ts";
import type { LabNode } from "./lab-node.ts";
import { type Edge, idOf } from "./setup.ts";
import { takeBack } from "./storm-chain.ts";
import { type Coin, publication, type Stolen, secondStage, stolenFrom, sweep } from "./thief-txs.ts";
import type { World } from "./world.ts";

/** A coinbase may be spent when it is this deep. */
const MATURITY_BLOCKS = 100;
/** How often the thief looks at the chain, by lot for each theft: between two looks the victim may be faster. In virtual ms. */
const QUICK_MS = { min: 4, max: 50 };
const SLOW_MS = { min: 50, max: 900 };
const QUICK_PERCENT = 60;
const FEE = { min: 400, max: 30_000 };
/** Thieves that leave the HTLCs alone and wait for their balance. */
const IDLE_PERCENT = 25;

/**
 * Somebody who holds the keys of one end of a channel and every state that it ever had, outside the node: publishes one
 * that is revoked, and takes of it what it can, as fast as it can.
 */
export class Thief {
  readonly #world: World;
  readonly #edge: Edge;
  readonly #stolen: Stolen;
  readonly #lookMs: number;
  readonly #takesHtlcs: boolean;
  /** Outputs that a second stage was sent for, and what those pay. */
  readonly #tried = new Map<string, Tx>();
  #height = 0;

  constructor(world: World, edge: Edge, node: LabNode, state: FundedState) {
    this.#world = world;
    this.#edge = edge;
    this.#stolen = stolenFrom(state, node.channelSecrets(state.params.keyIndex));
    const pace = world.chance.percent(QUICK_PERCENT) ? QUICK_MS : SLOW_MS;
    this.#lookMs = world.chance.between(pace.min, pace.max);
    this.#takesHtlcs = !world.chance.percent(IDLE_PERCENT);
  }
  /** Undefined when the chain holds another ending of the channel, or something in the place of what this one spends. */
  publish(): Txid | undefined {
    const tx = publication(this.#stolen);
    if (!this.#send(tx) && !this.#isMinedFor(tx)) return undefined;
    this.#look();
    return this.#stolen.commitment.txid;
  }
  /** A miner passes over what waits, or takes back some blocks, for a transaction that no mempool would take: in the place of a splice. */
  #isMinedFor(tx: Tx): boolean {
    const world = this.#world;
    const index = new ChainIndex(world);
    const funding = present(tx.inputs[0], "a commitment has one input").prevout;
    const spender = index.spender(funding);
    const isSplice = spender !== undefined && this.#victimKnows(txidOf(spender));
    const depth = spender === undefined ? 1 : index.depth(spender);
    if ((spender !== undefined && !isSplice) || depth > REORG_DEPTH_MAX) return false;
    if (index.transaction(funding.txid) === undefined) return false;
    takeBack(world, depth, [tx]);
    return new ChainIndex(world).transaction(txidOf(tx)) !== undefined;
  }
  #victimKnows(txid: Txid): boolean {
    const { opener, accepter } = this.#edge;
    return [opener, accepter].some(({ recorder }) => recorder.splices.of(idOf(this.#edge)).has(txid));
  }
  /** Looks again and again, until the victim has forgotten the channel. */
  #look(): void {
    const world = this.#world;
    const { height } = world.chain.brain.chain.tip;
    // Again when the mempool has forgotten it: after a reorganisation everything begins anew.
    if (height !== this.#height) this.#send(publication(this.#stolen));
    this.#height = height;
    if (this.#takesHtlcs) this.#takeHtlcs(height);
    this.#takeDelayed();
    const { opener, accepter } = this.#edge;
    const isOpen = [opener, accepter].some(({ recorder }) => recorder.durable.channels.has(idOf(this.#edge)));
    if (isOpen) world.clock.after(this.#lookMs, () => this.#look());
  }
  #takeHtlcs(height: number): void {
    for (const [at, { htlc, vout }] of this.#stolen.commitment.htlcs.entries()) {
      const outpoint = { txid: this.#stolen.commitment.txid, vout };
      if (!this.#isUnspent(outpoint) || this.#tried.has(outpointKey(outpoint))) continue;
      const isOffered = htlc.side === "offered";
      const preimage = isOffered ? undefined : this.#preimageOf(htlc.paymentHash);
      if (isOffered ? height < htlc.expiry : preimage === undefined) continue;
      const coin = this.#coin();
      if (coin === undefined) return;
      const fee = BigInt(this.#world.chance.between(FEE.min, FEE.max));
      const tx = secondStage(this.#stolen, at, preimage, coin, fee);
      if (!this.#send(tx)) continue;
      this.#tried.set(outpointKey(outpoint), tx);
      this.#world.fault(isOffered ? "stolen_timeout" : "stolen_success", this.#edge.opener.name);
    }
  }
  #takeDelayed(): void {
    const { commitment, delayedScript } = this.#stolen;
    const script = p2wshOf(delayedScript);
    for (const tx of [commitment.tx, ...this.#tried.values()]) {
      for (const [vout, output] of tx.outputs.entries()) {
        const outpoint = { txid: txidOf(tx), vout };
        if (!equalBytes(output.script, script) || !this.#isUnspent(outpoint)) continue;
        const swept = sweep(this.#stolen, { outpoint, amount: output.amount });
        if (swept !== undefined) this.#send(swept);
      }
    }
  }

  #send(tx: Tx): boolean {
    const { chain, clock } = this.#world;
    const taken = takeTx(chain.brain, tx, Math.floor(clock.now() / 1000));
    return taken.ok;
  }
  #isUnspent(outpoint: Outpoint): boolean {
    return this.#world.chain.brain.chain.storage.coin(outpoint) !== undefined;
  }
  /** Whoever knows it: the thief asks around. */
  #preimageOf(hash: PaymentHash): Preimage | undefined {
    for (const { recorder } of this.#world.nodes) {
      const invoice = recorder.durable.invoices.get(hash);
      if (invoice !== undefined) return invoice.preimage;
    }
    return undefined;
  }
  /** An old reward that anyone may spend and nobody does. */
  #coin(): Coin | undefined {
    const { whole } = this.#world.chain;
    const oldest = this.#world.chain.brain.chain.tip.height - MATURITY_BLOCKS;
    for (let height = oldest; height > 0; height--) {
      const coinbase = whole.blockAt(blockHeight(height))?.txs[0];
      const output = coinbase?.outputs[0];
      if (coinbase === undefined || output === undefined || !equalBytes(output.script, ANYONE)) continue;
      const outpoint = { txid: txidOf(coinbase), vout: 0 };
      if (this.#isUnspent(outpoint) && !this.#isWaiting(outpoint)) return { outpoint, amount: output.amount };
    }
    return undefined;
  }
  #isWaiting(outpoint: Outpoint): boolean {
    return spenderOf(this.#world.chain.brain.pool, outpoint) !== undefined;
  }
}
