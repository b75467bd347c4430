import { hashBytes, type Outpoint, outpointKey, type Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { type Sat, sat } from "../../src/base/units.ts";
import type { Block, BlockHeader } from "../../src/bitcoin/block.ts";
import { commitmentScript, txMerkleRoot, witnessCommitment, witnessMerkleRoot } from "../../src/bitcoin/merkle.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { type Tx, type TxIn, type TxOut, txidOf, wtxidOf } from "../../src/bitcoin/tx.ts";
import { type NodeBrain, nodeBrain, takeBlock } from "../../src/chain/brain.ts";
import type { BlockRefusal, ChainUpdate } from "../../src/chain/chain.ts";
import type { Coin } from "../../src/chain/coins.ts";
import type { BlockFault } from "../../src/chain/faults.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import type { HeaderFault, HeaderNode } from "../../src/chain/headers.ts";
import { type MemoryStorage, memoryStorage } from "../../src/chain/memory-storage.ts";
import { assembleBlock, type ChosenTx, searchNonce } from "../../src/chain/miner.ts";

import { originOf } from "../support/vectors.ts";

/** Blocks and transactions made by hand, right or wrong, for tests of the chain. */

export const NOW = 1_700_000_000;
const TRUE = script(1n);
/** Anyone may spend it with `SPEND_ANYONE` as the witness; standard, so the mempool takes it too. */
export const ANYONE = p2wshOf(TRUE);
export const SPEND_ANYONE: readonly Uint8Array[] = [TRUE];

export interface Bench {
  readonly brain: NodeBrain;
  readonly storage: MemoryStorage;
  readonly params: ChainParams;
}
export function bench(params: ChainParams = CHAINS.regtest): Bench {
  const storage = memoryStorage();
  return { brain: nodeBrain(params, storage), storage, params };
}

export const input = (prevout: Outpoint, more: Partial<TxIn> = {}): TxIn => ({
  prevout,
  scriptSig: new Uint8Array(0),
  sequence: 0xffff_ffff,
  witness: SPEND_ANYONE,
  ...more,
});
export const output = (amount: bigint, to: Uint8Array = ANYONE): TxOut => ({ amount: amount as Sat, script: to });
export const spend = (prevouts: readonly Outpoint[], outputs: readonly TxOut[], more: Partial<Tx> = {}): Tx => ({
  version: 2,
  inputs: prevouts.map((prevout) => input(prevout)),
  outputs,
  locktime: 0,
  ...more,
});
export const outpointOf = (tx: Tx, vout = 0): Outpoint => ({ txid: txidOf(tx), vout });

let extra = 0;
export interface BlockPlan {
  readonly txs?: readonly Tx[];
  /** Sat that the coinbase claims beside the subsidy. */
  readonly fees?: bigint;
  readonly previous?: HeaderNode;
  readonly time?: number;
  /** Makes the coinbase another one; the commitment is renewed afterwards. */
  readonly coinbase?: (coinbase: Tx) => Tx;
  /** Makes the block another one; the merkle root is renewed afterwards unless `root` says no. */
  readonly twist?: (block: Block) => Block;
  readonly root?: "as it was";
}
/** A block with its proof of work, valid but for what the plan makes wrong. */
export function buildBlock({ brain, params }: Pick<Bench, "brain" | "params">, plan: BlockPlan = {}): Block {
  const { txs = [], fees = 0n, previous = brain.chain.tip, time = NOW } = plan;
  const chosen: ChosenTx[] = txs.map((tx, index) => ({ tx, wtxid: wtxidOf(tx), fee: sat(index === 0 ? fees : 0n) }));
  const extraNonce = Uint8Array.of(1, extra >> 16, extra >> 8, extra++);
  let block = assembleBlock(chosen, { params, previous, script: ANYONE, now: time, extraNonce });
  if (plan.coinbase !== undefined) {
    const [coinbase, ...rest] = block.txs;
    block = recommit({ ...block, txs: [plan.coinbase(present(coinbase, "a coinbase")), ...rest] });
  }
  if (plan.twist !== undefined) block = plan.twist(block);
  const merkleRoot = plan.root === undefined ? txMerkleRoot(block.txs).root : block.header.merkleRoot;
  return solve({ ...block, header: { ...block.header, merkleRoot } }, params);
}
/** The commitment to witnesses made anew, where the last output holds one. */
export function recommit(block: Block): Block {
  const [coinbase, ...rest] = block.txs;
  const outputs = coinbase?.outputs ?? [];
  const reserved = coinbase?.inputs[0]?.witness[0];
  if (coinbase === undefined || reserved === undefined || outputs.length < 2) return block;
  const commitment = witnessCommitment(witnessMerkleRoot(block.txs), reserved);
  const last = { amount: sat(0n), script: commitmentScript(commitment) };
  return { ...block, txs: [{ ...coinbase, outputs: [...outputs.slice(0, -1), last] }, ...rest] };
}
export function solve(block: Block, params: ChainParams = CHAINS.regtest): Block {
  const nonce = searchNonce(block.header, params, { from: 0, count: 10_000 });
  return { ...block, header: { ...block.header, nonce: present(nonce, "regtest blocks are easy") } };
}
export const solveHeader = (header: BlockHeader): BlockHeader => solve({ header, txs: [] }).header;

/** Takes a block and says how that went, in one word or as the update. */
export function give({ brain }: Bench, block: Block): ChainUpdate | BlockRefusal["code"] {
  const taken = takeBlock(brain, hashBlock(block), NOW);
  return taken.ok ? taken.value : taken.error.code;
}
/** Why a block on top of the chain is refused, or `accepted`. */
export function verdict(chain: Bench, plan: BlockPlan): HeaderFault["code"] | BlockFault["code"] | "accepted" {
  const given = give(chain, buildBlock(chain, plan));
  if (typeof given === "string") return given;
  return given.rejected[0]?.fault.code ?? "accepted";
}
/** Mines on the tip; throws when a block is refused. Gives the coinbases' outpoints. */
export function grow(chain: Bench, count: number, plan: BlockPlan = {}): readonly Outpoint[] {
  return Array.from({ length: count }, () => {
    const block = buildBlock(chain, plan);
    const given = give(chain, block);
    if (typeof given === "string" || given.rejected.length > 0) throw new Error(`refused: ${JSON.stringify(given)}`);
    return outpointOf(present(block.txs[0], "a coinbase"));
  });
}
/** A chain with some mature coinbases of 50 coins each, oldest first. */
export function matured(count: number, chain: Bench = bench()): Bench & { readonly coins: readonly Outpoint[] } {
  const coins = grow(chain, count);
  grow(chain, 100);
  return { ...chain, coins };
}
export const COIN = 5_000_000_000n;

/** Every coin as text, for comparing whole sets. */
export const coinSet = ({ storage }: Bench): readonly string[] =>
  [...storage.coins]
    .map(
      ([
        key,
        {
          output: { amount },
          height,
          coinbase,
        },
      ]) => `${key} ${amount} ${height} ${coinbase}`,
    )
    .sort();

/** Every coin with its outpoint, in the order in which the whole set is hashed. */
export const sortedCoins = ({ coins }: MemoryStorage): readonly (readonly [Outpoint, Coin])[] =>
  [...coins]
    .map(([key, coin]) => {
      const [txid = "", vout] = key.split(":");
      return [{ txid: txid as Txid, vout: Number(vout) }, coin] as const;
    })
    .sort(([a], [b]) => Buffer.compare(hashBytes(a.txid), hashBytes(b.txid)) || a.vout - b.vout);

/** The sum and number of all coins, counted one by one. */
export function countCoins({ storage }: Bench): { readonly count: number; readonly total: bigint } {
  let total = 0n;
  for (const { output } of storage.coins.values()) total += output.amount;
  return { count: storage.coins.size, total };
}
export const keyOf = (tx: Tx, vout = 0): string => outpointKey(outpointOf(tx, vout));
export const fakeOutpoint = (byte: number): Outpoint => ({
  txid: byte.toString(16).padStart(64, "0") as Txid,
  vout: 0,
});
/** Whole chains to run on: mainnet's first blocks where the public set is, else a regtest chain of our own. */
export const REAL =
  originOf("bitcoin/blocks/mainnet-1-255.txt") === "public"
    ? {
        params: CHAINS.mainnet,
        blocks: "bitcoin/blocks/mainnet-1-255.txt",
        headers: "bitcoin/pow/mainnet-headers-0-4100.txt",
        check: "bitcoin/pow/mainnet-headers-check.json",
      }
    : {
        params: CHAINS.regtest,
        blocks: "bitcoin/blocks/own-chain.txt",
        headers: "bitcoin/pow/own-headers.txt",
        check: "bitcoin/pow/own-headers-check.json",
      };
