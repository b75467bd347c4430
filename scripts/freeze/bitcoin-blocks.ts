import { concat, toHex } from "../../src/base/bytes.ts";
import { hashBytes, txid } from "../../src/base/ids.ts";
import { addSat, type Sat, sat } from "../../src/base/units.ts";
import { type Block, blockHashOf, blockWeight, encodeBlock } from "../../src/bitcoin/block.ts";
import { consensusFlags } from "../../src/bitcoin/interpreter/flags.ts";
import {
  commitmentScript,
  merkleBranch,
  txMerkleRoot,
  witnessCommitment,
  witnessMerkleRoot,
} from "../../src/bitcoin/merkle.ts";
import { CHAINS, subsidyAt } from "../../src/bitcoin/params.ts";
import { hasProofOfWork } from "../../src/bitcoin/pow.ts";
import { pushBytes, script } from "../../src/bitcoin/script.ts";
import { sigopsCost } from "../../src/bitcoin/sigops.ts";
import { p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { COINBASE_VOUT, SEQUENCE_FINAL, type Tx, txidOf, weightOf, wtxidOf } from "../../src/bitcoin/tx.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { BOB, type Coin, coins, draw, hexOfTx, spend } from "./bitcoin-own.ts";

const HEIGHT = 7;
const FILE = "own-7.hex";
const PREVOUTS = "own-7-prevouts.json";
const params = CHAINS.regtest;
const flags = consensusFlags(HEIGHT, params);

export interface Spend {
  readonly name: string;
  readonly tx: Tx;
  readonly coins: readonly Coin[];
}
/** Every kind of coin alone, then all in one transaction. */
export function spends(): readonly Spend[] {
  const kinds = coins(sat(100_000n));
  return [...kinds.map((coin) => [coin]), kinds].map((list, i) => ({
    name: list.map(({ name }) => name).join(", "),
    tx: spend(`block ${i}`, list),
    coins: list,
  }));
}
const feeOf = ({ tx, coins: spent }: Spend): bigint =>
  spent.reduce((sum, { prevout }) => sum + prevout.amount, 0n) -
  tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);

function coinbaseOf(amount: Sat, txs: readonly Tx[]): Tx {
  const reserved = new Uint8Array(32);
  const bare: Tx = {
    version: 2,
    inputs: [
      {
        prevout: { txid: txid(new Uint8Array(32)), vout: COINBASE_VOUT },
        scriptSig: concat(script(BigInt(HEIGHT)), pushBytes(draw("coinbase", 8))),
        sequence: SEQUENCE_FINAL,
        witness: [reserved],
      },
    ],
    outputs: [{ amount, script: p2wpkhOf(BOB.point) }],
    locktime: 0,
  };
  const commitment = witnessCommitment(witnessMerkleRoot([bare, ...txs]), reserved);
  return { ...bare, outputs: [...bare.outputs, { amount: sat(0n), script: commitmentScript(commitment) }] };
}

/** A block of our own on regtest, with the least nonce that gives it its work. */
export function ownBlock(all: readonly Spend[]): Block {
  const fees = sat(all.reduce((sum, each) => sum + feeOf(each), 0n));
  const txs = all.map(({ tx }) => tx);
  const list = [coinbaseOf(addSat(subsidyAt(HEIGHT, params), fees), txs), ...txs];
  const base = {
    version: 0x2000_0000,
    previous: params.genesisHash,
    merkleRoot: txMerkleRoot(list).root,
    time: 1_700_000_000,
    bits: params.genesis.header.bits,
  };
  for (let nonce = 0; ; nonce++) {
    const header = { ...base, nonce };
    if (hasProofOfWork(blockHashOf(header), header.bits, params)) return { header, txs: list };
  }
}

function index(): unknown {
  const all = spends();
  const block = ownBlock(all);
  const { header, txs } = block;
  const prevouts = [[], ...all.map((each) => each.coins.map(({ prevout }) => prevout))];
  const tx_index = 3;
  const example = txs[tx_index];
  return {
    blocks: [
      {
        file: FILE,
        network: params.network,
        height: HEIGHT,
        hash: blockHashOf(header),
        prev: header.previous,
        merkle_root: toHex(header.merkleRoot.slice().reverse()),
        time: header.time,
        bits: header.bits.toString(16),
        nonce: header.nonce,
        version: header.version,
        size: encodeBlock(block).length,
        weight: blockWeight(block),
        tx_count: txs.length,
        sigops_cost: txs.reduce((sum, tx, at) => sum + sigopsCost(tx, prevouts[at] ?? [], flags), 0),
        witness_commitment: toHex(witnessCommitment(witnessMerkleRoot(txs), new Uint8Array(32))),
        merkle_branch_example: {
          tx_index,
          txid: example && txidOf(example),
          branch_internal_order: merkleBranch(
            txs.map((tx) => hashBytes(txidOf(tx))),
            tx_index,
          ).map(toHex),
        },
        prevouts_file: PREVOUTS,
        total_fees_sat: Number(all.reduce((sum, each) => sum + feeOf(each), 0n)),
      },
    ],
  };
}
const pair = ({ prevout }: Coin): readonly [number, string] => [Number(prevout.amount), toHex(prevout.script)];

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/blocks/index.json", make: index },
  { path: `bitcoin/blocks/${FILE}`, make: () => `${toHex(encodeBlock(ownBlock(spends())))}\n` },
  { path: `bitcoin/blocks/${PREVOUTS}`, make: () => spends().flatMap((each) => each.coins.map(pair)) },
  {
    path: "bitcoin/blocks/transactions.json",
    make: () =>
      spends().map(({ name, tx, coins: spent }) => ({
        name,
        tx: hexOfTx(tx),
        txid: txidOf(tx),
        wtxid: wtxidOf(tx),
        weight: weightOf(tx),
        prevouts: spent.map(pair),
      })),
  },
];
