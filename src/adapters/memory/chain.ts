import { type BlockHash, type Outpoint, outpointKey } from "../../base/ids.ts";
import { assert, present } from "../../base/result.ts";
import type { Sat, SatPerKw } from "../../base/units.ts";
import { sat } from "../../base/units.ts";
import type { Block } from "../../bitcoin/block.ts";
import { CHAINS } from "../../bitcoin/params.ts";
import { script } from "../../bitcoin/script.ts";
import { p2wshOf } from "../../bitcoin/templates.ts";
import { isCoinbase, type Tx, txidOf, wtxidOf } from "../../bitcoin/tx.ts";
import { type NodeBrain, nodeBrain, takeBlock, templateFor } from "../../chain/brain.ts";
import { readBlock } from "../../chain/chain.ts";
import { hashBlock } from "../../chain/hashed-block.ts";
import { ancestorAt, type HeaderNode } from "../../chain/headers.ts";
import { memoryStorage } from "../../chain/memory-storage.ts";
import { assembleBlock, type ChosenTx, searchNonce } from "../../chain/miner.ts";
import type { BaseNode } from "../../ports/base-node.ts";
import { findTx } from "../chain/answers.ts";
import { memorySource, type Viewpoint } from "./chain-source.ts";

/**
 * One regtest chain for a whole simulated world: the rules, mempool and miner of the real node without disk and peers.
 * Every node looks at it through a source of its own, which can lag behind; everything else is in the hands of whoever
 * runs the world.
 */
export interface SimulatedChain {
  /** For checkers: chain, coins and mempool as they are. */
  readonly brain: NodeBrain;
  /** A new source for the node of that name. A node that restarts takes another one; the name's lag stays. */
  source(name: string): BaseNode;
  /** Mines on the best chain, with what the mempool holds. Rewards go to `payee`, or to a script that anyone may spend. */
  mine(count: number, payee?: Uint8Array): readonly BlockHash[];
  /** Replaces the last `depth` blocks by one more. Transactions fall back into the mempool unless the branch holds them. */
  reorganise(depth: number, branch?: Branch): readonly BlockHash[];
  /** The node of that name sees the chain only up to so many blocks below its tip; 0 shows all of it. */
  setLag(name: string, blocks: number): void;
  /** What every source answers for its feerate; undefined leaves it to the chain's own memory. */
  setFeerate(rate: SatPerKw | undefined): void;
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

export function simulatedChain({ schedule, now }: SimulatedChainOptions): SimulatedChain {
  const params = CHAINS.regtest;
  const brain = nodeBrain(params, memoryStorage());
  const { chain } = brain;
  const viewpoints = new Set<Viewpoint>();
  const lags = new Map<string, number>();
  let feerate: SatPerKw | undefined;
  let mined = 0;

  const seal = (template: Block): HeaderNode => {
    const nonce = searchNonce(template.header, params, { from: 0, count: NONCES_PER_BLOCK });
    assert(nonce !== undefined, "a regtest block takes two hashes on average");
    const block = hashBlock({ ...template, header: { ...template.header, nonce } });
    const taken = takeBlock(brain, block, now());
    assert(taken.ok && taken.value.rejected.length === 0, `a block of our own is valid: ${JSON.stringify(taken)}`);
    return present(chain.index.tree.nodes.get(block.hash), "a block that was taken has its header");
  };
  const extraNonce = (): Uint8Array => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(++mined));
    return bytes;
  };
  const announce = (): void => {
    for (const { pump } of viewpoints) pump.poke();
  };
  const horizon = (name: string): HeaderNode =>
    present(ancestorAt(chain.tip, Math.max(chain.tip.height - (lags.get(name) ?? 0), 0)), "heights up to the tip");

  const mine = (count: number, payee: Uint8Array = ANYONE): readonly BlockHash[] => {
    const hashes: BlockHash[] = [];
    for (let i = 0; i < count; i++) {
      hashes.push(seal(templateFor(brain, { script: payee, now: now(), extraNonce: extraNonce() })).hash);
    }
    announce();
    return hashes;
  };
  const reorganise = (depth: number, { txs = "none", payee = ANYONE }: Branch = {}): readonly BlockHash[] => {
    assert(depth >= 1 && depth <= chain.tip.height, "a reorganisation goes back to genesis at most");
    const fork = present(ancestorAt(chain.tip, chain.tip.height - depth), "a height below the tip");
    const chosen = choose(brain, fork, txs);
    const hashes: BlockHash[] = [];
    let previous = fork;
    for (let i = 0; i <= depth; i++) {
      const request = { params, previous, script: payee, now: now(), extraNonce: extraNonce() };
      previous = seal(assembleBlock(i === 0 ? chosen : [], request));
      hashes.push(previous.hash);
    }
    announce();
    return hashes;
  };
  return {
    brain,
    mine,
    reorganise,
    source: (name) =>
      memorySource({
        brain,
        viewpoints,
        horizon: () => horizon(name),
        schedule: (task) => schedule(name, task),
        now,
        mine,
        feerate: () => feerate,
      }),
    setLag: (name, blocks) => {
      lags.set(name, blocks);
      announce();
    },
    setFeerate: (rate) => {
      feerate = rate;
    },
  };
}

/** What a branch on top of `fork` holds, with the fees that its miner may claim. */
function choose(brain: NodeBrain, fork: HeaderNode, txs: Branch["txs"]): readonly ChosenTx[] {
  if (txs === undefined || txs === "none") return [];
  const wanted = txs === "same" ? replaced(brain, fork) : txs;
  const outputs = new Map<string, Sat>();
  const chosen: ChosenTx[] = [];
  for (const tx of wanted) {
    const amounts = tx.inputs.map(
      ({ prevout }) => outputs.get(outpointKey(prevout)) ?? amountBelow(brain, fork, prevout),
    );
    // What spends a coinbase that is gone is gone with it.
    if (amounts.includes(undefined)) continue;
    const paid = amounts.reduce<bigint>((sum, amount) => sum + (amount ?? 0n), 0n);
    const spent = tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
    const txid = txidOf(tx);
    tx.outputs.forEach(({ amount }, vout) => {
      outputs.set(outpointKey({ txid, vout }), amount);
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
function amountBelow(brain: NodeBrain, fork: HeaderNode, { txid, vout }: Outpoint): Sat | undefined {
  const found = findTx(brain, txid);
  const isBelow = found?.confirmed !== undefined && found.confirmed.block.height <= fork.height;
  return isBelow ? found.tx.outputs[vout]?.amount : undefined;
}
