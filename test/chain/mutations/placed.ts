import { expect } from "chai";
import { fromHex, toHex, utf8 } from "../../../src/base/bytes.ts";
import { type BlockHash, type Outpoint, outpointKey, parseBlockHash, type Txid } from "../../../src/base/ids.ts";
import { KeptBytes } from "../../../src/base/kept-bytes.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import { type Block, decodeBlock } from "../../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams, type NetworkName } from "../../../src/bitcoin/params.ts";
import { p2shOf } from "../../../src/bitcoin/templates.ts";
import { type Tx, type TxOut, txidOf } from "../../../src/bitcoin/tx.ts";
import { blockIndex, noteBlock, noteHeader } from "../../../src/chain/block-index.ts";
import type { NodeBrain } from "../../../src/chain/brain.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import type { Coin } from "../../../src/chain/coins.ts";
import { feeMemory } from "../../../src/chain/fees.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { type MemoryStorage, memoryStorage } from "../../../src/chain/memory-storage.ts";
import { DEFAULT_POLICY, mempool } from "../../../src/chain/mempool.ts";
import type { StorageChange } from "../../../src/chain/storage.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { loadVectors, loadVectorText } from "../../support/vectors.ts";
import { fakeOutpoint, input, output } from "../builder.ts";
import { contents, offer } from "../pool-bench.ts";

/** A real block from the middle of a real chain. */
export interface RealBlock {
  readonly name: string;
  readonly network: NetworkName;
  readonly height: number;
  readonly block: Block;
  /** What each transaction but the coinbase spends, in the order of the inputs; undefined where nobody wrote it down. */
  readonly prevouts: readonly (readonly TxOut[])[] | undefined;
}
interface Row {
  readonly file: string;
  readonly network: NetworkName;
  readonly height: number;
  readonly prevouts_file?: string;
}
export function realBlocks(): readonly RealBlock[] {
  const rows = loadVectors<{ blocks: readonly Row[] }>("bitcoin/blocks/index.json")?.blocks ?? [];
  return rows.map(({ file, network, height, prevouts_file }) => {
    const read = decodeBlock(fromHex(loadVectorText(`bitcoin/blocks/${file}`)?.trim() ?? ""));
    const block = read.ok ? read.value : expect.fail(`${read.error}`);
    const flat =
      prevouts_file === undefined
        ? undefined
        : loadVectors<readonly (readonly [number, string])[]>(`bitcoin/blocks/${prevouts_file}`);
    const left = flat?.map(([amount, script]): TxOut => ({ amount: sat(BigInt(amount)), script: fromHex(script) }));
    const prevouts = left && block.txs.slice(1).map((tx) => left.splice(0, tx.inputs.length));
    return { name: file, network, height, block, prevouts };
  });
}

/** A node whose chain ends with the parent of a real block: it has that block's coins, and something in its mempool. */
export interface Placed {
  readonly brain: NodeBrain;
  readonly storage: MemoryStorage;
  readonly params: ChainParams;
  /** What was written since this was last emptied. */
  readonly written: StorageChange["tag"][];
}
/** Target and work as on regtest, every other rule as on the block's own network: what a miner could bring who had all power. */
export const easy = (network: NetworkName): ChainParams => ({
  ...CHAINS[network],
  powLimit: CHAINS.regtest.powLimit,
  retargeting: "never",
});
export const EASY_BITS = 0x207f_ffff;

/** Long enough for the median time, and for what walks from any height to the parent's. */
const BASE_BLOCKS = 40;
/** Before the block: on testnet3 it is a late one, which may be easy. */
const PARENT_AGE_S = 1201;
const TRUE = Uint8Array.of(0x51);
const WAITING = fakeOutpoint(77);
const HALF = 50_000n;

export function placed({ height, block, prevouts }: RealBlock, params: ChainParams): Placed {
  const base = baseOf(block, height, params);
  const tip = base.at(-1) ?? expect.fail();
  const index = blockIndex({
    params,
    genesis: base[0] ?? expect.fail(),
    nodes: new Map(base.slice(0, 1).map((node) => [node.hash, node])),
    merkleRoots: new KeptBytes(),
  });
  for (const node of base.slice(1)) {
    index.tree.nodes.set(node.hash, node);
    noteHeader(index, node);
    noteBlock(index, node);
  }
  const memory = memoryStorage();
  const coins = coinsOf(block.txs, prevouts ?? [], height - BASE_BLOCKS / 2);
  const parent = { block: { header: tip.header, txs: [] }, hash: tip.hash, txids: [] };
  const total = coins.reduce((sum, { coin }) => sum + coin.output.amount, 0n);
  const appear = coins.map((change) => ({ ...change, before: undefined }));
  memory.commit({
    tag: "Connect",
    block: parent,
    height: tip.height,
    coins: appear,
    undo: [],
    totals: { count: coins.length, total },
  });
  const written: StorageChange["tag"][] = [];
  const storage: MemoryStorage = {
    ...memory,
    commit: (change) => {
      written.push(change.tag);
      memory.commit(change);
    },
  };
  const chain: Chain = {
    params,
    index,
    storage,
    verified: new Set<Txid>(),
    tip,
    inputsAtOnce: Number.POSITIVE_INFINITY,
    verifier: undefined,
    ahead: undefined,
    waiting: undefined,
  };
  const brain: NodeBrain = { chain, pool: mempool(DEFAULT_POLICY), fees: feeMemory(), feeds: new Set() };
  fillPool({ brain, storage, params, written });
  return { brain, storage, params, written };
}

/** Headers up to the parent that nobody mined; only their heights, times and targets matter. */
function baseOf({ header }: Block, height: number, { powLimit }: ChainParams): readonly HeaderNode[] {
  const first = Math.max(height - BASE_BLOCKS, 0);
  const bits = powLimit === CHAINS.regtest.powLimit ? EASY_BITS : header.bits;
  const nodes: HeaderNode[] = [];
  for (let at = first; at < height; at++) {
    const previous = nodes.at(-1);
    const made = toHex(sha256(utf8(`block ${at} that nobody mined`))) as BlockHash;
    const time = header.time - PARENT_AGE_S - (height - 1 - at);
    nodes.push({
      hash: at === height - 1 ? header.previous : made,
      header: { ...header, bits, time, previous: previous?.hash ?? (parseBlockHash("00".repeat(32)) as BlockHash) },
      height: blockHeight(at),
      work: BigInt(at + 1),
      previous,
      skip: previous && ancestorAt(previous, Math.max(at & (at - 1), first)),
      order: at - first,
    });
  }
  return nodes;
}

/** All that the transactions spend and the block itself does not make, and one coin for the mempool. */
function coinsOf(txs: readonly Tx[], prevouts: readonly (readonly TxOut[])[], height: number) {
  const own = new Set(txs.map(txidOf));
  const coins: { outpoint: Outpoint; coin: Coin }[] = [
    { outpoint: WAITING, coin: { output: output(2n * HALF, p2shOf(TRUE)), height, coinbase: false } },
  ];
  prevouts.forEach((spent, index) => {
    spent.forEach((each, at) => {
      const { prevout } = txs[index + 1]?.inputs[at] ?? expect.fail();
      if (!own.has(prevout.txid)) coins.push({ outpoint: prevout, coin: { output: each, height, coinbase: false } });
    });
  });
  return coins;
}
function fillPool(placed: Placed): void {
  const scriptSig = Uint8Array.of(1, ...TRUE);
  const tx: Tx = {
    version: 1,
    inputs: [input(WAITING, { scriptSig, witness: [] })],
    outputs: [output(HALF, p2shOf(TRUE))],
    locktime: 0,
  };
  expect(offer(placed, tx)).to.equal("accepted");
}

/** All that a node knows, one line each: headers with what is known of them, coins, mempool. */
export function stateOf({ brain, storage }: Placed) {
  const { index, tip } = brain.chain;
  const sets = ["held", "linked", "waiting", "invalid", "ends"] as const;
  const headers = [...index.tree.nodes.values()].map(
    (node) => `${node.hash} ${node.height} ${sets.filter((name) => index[name].has(node)).join(" ")}`,
  );
  const text = (_key: string, value: unknown): unknown => {
    if (typeof value === "bigint") return `${value}`;
    if (value instanceof Uint8Array) return toHex(value);
    return value instanceof Set || value instanceof Map ? [...value] : value;
  };
  const coins = [...storage.coins].map(
    ([key, { output: each, height, coinbase }]) => `${key} ${height} ${coinbase} ${each.amount} ${toHex(each.script)}`,
  );
  const rest = {
    tip: tip.hash,
    stored: [storage.tip(), storage.totals()],
    pool: contents(brain.pool),
    coins: toHex(sha256(utf8(coins.sort().join("\n")))),
  };
  return { headers, best: index.bestHeader.hash, rest: JSON.stringify(rest, text) };
}
/** Of every input that the block spends, by outpoint. */
export function spentBy({ block, prevouts }: RealBlock): ReadonlyMap<string, TxOut> {
  const entries = (prevouts ?? []).flatMap((spent, index) =>
    spent.map((each, at) => {
      const prevout = block.txs[index + 1]?.inputs[at]?.prevout ?? expect.fail();
      return [outpointKey(prevout), each] as const;
    }),
  );
  return new Map(entries);
}
