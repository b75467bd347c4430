import { type BlockHash, type Outpoint, outpointKey } from "../../base/ids.ts";
import { assert, present } from "../../base/result.ts";
import type { Sat, SatPerKw } from "../../base/units.ts";
import { sat } from "../../base/units.ts";
import { type Block, COINBASE_MATURITY_BLOCKS } from "../../bitcoin/block.ts";
import { type ConfirmedAt, isFinal, sequenceLocksPassed } from "../../bitcoin/locks.ts";
import { CHAINS } from "../../bitcoin/params.ts";
import { script } from "../../bitcoin/script.ts";
import { p2wshOf } from "../../bitcoin/templates.ts";
import { isCoinbase, type Tx, txidOf, wtxidOf } from "../../bitcoin/tx.ts";
import { type NodeBrain, nodeBrain, takeBlock, templateFor } from "../../chain/brain.ts";
import { readBlock } from "../../chain/chain.ts";
import { hashBlock } from "../../chain/hashed-block.ts";
import { ancestorAt, type HeaderNode, medianTimeOf } from "../../chain/headers.ts";
import { memoryStorage } from "../../chain/memory-storage.ts";
import { assembleBlock, type ChosenTx, searchNonce } from "../../chain/miner.ts";
import { keepFrom } from "../../chain/pruned.ts";
import type { BaseNode } from "../../ports/base-node.ts";
import { findTx, type WholeChain, wholeChain } from "../chain/answers.ts";
import { memorySource, type Viewpoint } from "./chain-source.ts";

/**
 * One regtest chain for a whole simulated world: the rules, mempool and miner of the real node without disk and peers.
 * Every node looks at it through a source of its own, which can lag behind; everything else is in the hands of whoever
 * runs the world.
 */
export interface SimulatedChain {
  /** For checkers: chain, coins and mempool as they are. */
  readonly brain: NodeBrain;
  /** All of it, read at once, also by checkers. */
  readonly whole: WholeChain;
  /** A new source for the node of that name. A node that restarts takes another one; the name's lag stays. */
  source(name: string): BaseNode;
  /** Mines on the best chain, with what the mempool holds. Rewards go to `payee`, or to a script that anyone may spend. */
  mine(count: number, payee?: Uint8Array): readonly BlockHash[];
  /** Replaces the last `depth` blocks by one more. Transactions fall back into the mempool unless the branch holds them. */
  reorganise(depth: number, branch?: Branch): readonly BlockHash[];
  /** Deletes old blocks as a pruned node does: all that neither a reorganisation nor anybody who listens now may need. */
  prune(): void;
  /** The node of that name sees the chain only up to so many blocks below its tip; 0 shows all of it. */
  setLag(name: string, blocks: number): void;
  /** What every source answers for its feerate; undefined leaves it to the chain's own memory. */
  setFeerate(rate: SatPerKw | undefined): void;
  /** The node of that name is told nothing back about what it broadcasts, and it goes nowhere, until it is set back. */
  setSilent(name: string, silent: boolean): void;
  /** To the node of that name it seems that no block has come since then, in milliseconds; undefined ends that. */
  setStale(name: string, since: number | undefined): void;
}
export interface Branch {
  /** `none` (the default), the `same` ones as before in its first block, or others in their place. */
  readonly txs?: "none" | "same" | readonly Tx[];
  readonly payee?: Uint8Array;
}
export interface SimulatedChainOptions {
  /** Runs a task for the node of that name later, never before the caller has returned: when is the world's choice. */
  readonly schedule: (name: string, task: () => void) => void;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: () => number;
}
/** A witness script of OP_TRUE: the witness that spends it is that script alone. */
export const ANYONE = p2wshOf(script(1n));
const NONCES_PER_BLOCK = 1_000_000;

export const simulatedChain = (options: SimulatedChainOptions): SimulatedChain => new OneChain(options);

class OneChain implements SimulatedChain {
  readonly #storage = memoryStorage();
  readonly brain = nodeBrain(CHAINS.regtest, this.#storage);
  readonly whole = wholeChain(this.brain, () => this.brain.chain.tip);
  readonly #options: SimulatedChainOptions;
  readonly #viewpoints = new Set<Viewpoint>();
  readonly #lags = new Map<string, number>();
  readonly #silent = new Set<string>();
  readonly #stale = new Map<string, number | undefined>();
  #feerate: SatPerKw | undefined;
  #mined = 0n;

  constructor(options: SimulatedChainOptions) {
    this.#options = options;
  }

  source(name: string): BaseNode {
    const { schedule, now } = this.#options;
    const source = memorySource({
      brain: this.brain,
      viewpoints: this.#viewpoints,
      horizon: () => this.#horizon(name),
      schedule: (task) => schedule(name, task),
      now,
      mine: (count, script) => this.mine(count, script),
      feerate: () => this.#feerate,
      staleSince: () => this.#stale.get(name),
    });
    const { broadcast } = source;
    const told: BaseNode["broadcast"] = async (tx) => {
      if (this.#silent.has(name)) throw new Error("the Bitcoin node does not answer");
      return broadcast(tx);
    };
    return { ...source, broadcast: told };
  }
  setStale(name: string, since: number | undefined): void {
    this.#stale.set(name, since);
  }
  mine(count: number, payee: Uint8Array = ANYONE): readonly BlockHash[] {
    const hashes = Array.from({ length: count }, () => {
      const extraNonce = this.#extraNonce();
      return this.#seal(templateFor(this.brain, { script: payee, now: this.#options.now(), extraNonce })).hash;
    });
    this.#announce();
    return hashes;
  }
  reorganise(depth: number, { txs = "none", payee = ANYONE }: Branch = {}): readonly BlockHash[] {
    const { chain } = this.brain;
    assert(depth >= 1 && depth <= chain.tip.height, "a reorganisation goes back to genesis at most");
    const fork = present(ancestorAt(chain.tip, chain.tip.height - depth), "a height below the tip");
    const chosen = choose(this.brain, fork, txs);
    const hashes: BlockHash[] = [];
    let previous = fork;
    for (let i = 0; i <= depth; i++) {
      const place = { params: chain.params, previous, script: payee };
      const request = { ...place, now: this.#options.now(), extraNonce: this.#extraNonce() };
      previous = this.#seal(assembleBlock(i === 0 ? chosen : [], request));
      hashes.push(previous.hash);
    }
    this.#announce();
    return hashes;
  }
  prune(): void {
    const { tip } = this.brain.chain;
    const from = keepFrom(this.brain.feeds, tip.height);
    for (let height = this.#storage.prunedTo() + 1; height < from; height++)
      this.#storage.prune(present(ancestorAt(tip, height), "heights below the tip"));
  }
  setLag(name: string, blocks: number): void {
    this.#lags.set(name, blocks);
    this.#announce();
  }
  setFeerate(rate: SatPerKw | undefined): void {
    this.#feerate = rate;
  }
  setSilent(name: string, silent: boolean): void {
    if (silent) this.#silent.add(name);
    else this.#silent.delete(name);
  }

  #seal(template: Block): HeaderNode {
    const { chain } = this.brain;
    const nonce = searchNonce(template.header, chain.params, { from: 0, count: NONCES_PER_BLOCK });
    assert(nonce !== undefined, "a regtest block takes two hashes on average");
    const block = hashBlock({ ...template, header: { ...template.header, nonce } });
    const taken = takeBlock(this.brain, block, this.#options.now());
    const fault = taken.ok ? taken.value.rejected[0]?.fault : taken.error;
    assert(fault === undefined, `a block of our own is valid, not ${fault?.code}`);
    return present(chain.index.tree.nodes.get(block.hash), "a block that was taken has its header");
  }
  #horizon(name: string): HeaderNode {
    const { tip } = this.brain.chain;
    return present(ancestorAt(tip, Math.max(tip.height - (this.#lags.get(name) ?? 0), 0)), "heights up to the tip");
  }
  #extraNonce(): Uint8Array {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, ++this.#mined);
    return bytes;
  }
  #announce(): void {
    for (const { pump } of this.#viewpoints) pump.poke();
  }
}

/** What a branch on top of `fork` holds, with the fees that its miner may claim. What its locks still forbid there waits. */
function choose(brain: NodeBrain, fork: HeaderNode, txs: Branch["txs"]): readonly ChosenTx[] {
  if (txs === undefined || txs === "none") return [];
  const wanted = txs === "same" ? replaced(brain, fork) : txs;
  const at = { height: fork.height + 1, time: medianTimeOf(fork) };
  const outputs = new Map<string, Spent>();
  const chosen: ChosenTx[] = [];
  for (const tx of wanted) {
    const spends = tx.inputs.map(
      ({ prevout }) => outputs.get(outpointKey(prevout)) ?? spentBelow(brain, fork, prevout),
    );
    // What spends a coinbase that is gone is gone with it, or too early where it is younger than it was.
    if (!spends.every((spend) => spend !== undefined)) continue;
    if (!isFinal(tx, at) || !sequenceLocksPassed(tx, spends, at)) continue;
    const paid = spends.reduce((sum, { amount }) => sum + amount, 0n);
    const spent = tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
    const txid = txidOf(tx);
    tx.outputs.forEach(({ amount }, vout) => {
      outputs.set(outpointKey({ txid, vout }), { amount, ...at });
    });
    chosen.push({ tx, wtxid: wtxidOf(tx), fee: sat(paid - spent) });
  }
  return chosen;
}
function replaced({ chain }: NodeBrain, fork: HeaderNode): readonly Tx[] {
  const txs: Tx[] = [];
  for (let height = fork.height + 1; height <= chain.tip.height; height++) {
    const node = present(ancestorAt(chain.tip, height), "heights up to the tip");
    txs.push(...readBlock(chain, node).txs.filter((tx) => !isCoinbase(tx)));
  }
  return txs;
}
/** An output that is spent, and where its locks count from. */
interface Spent extends ConfirmedAt {
  readonly amount: Sat;
}
function spentBelow(brain: NodeBrain, fork: HeaderNode, { txid, vout }: Outpoint): Spent | undefined {
  const found = findTx(brain, txid);
  const height = found?.confirmed?.block.height;
  const output = found?.tx.outputs[vout];
  if (found === undefined || height === undefined || height > fork.height || output === undefined) return undefined;
  if (isCoinbase(found.tx) && fork.height + 1 - height < COINBASE_MATURITY_BLOCKS) return undefined;
  const before = present(ancestorAt(fork, Math.max(height - 1, 0)), "a height below the fork");
  return { amount: output.amount, height, time: medianTimeOf(before) };
}
