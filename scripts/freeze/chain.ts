import { toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { type Block, encodeBlock, encodeHeader } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { script } from "../../src/bitcoin/script.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { type NodeBrain, nodeBrain, takeBlock, takeTx, templateFor } from "../../src/chain/brain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { ancestorAt, type HeaderNode, medianTimeOf } from "../../src/chain/headers.ts";
import { memoryStorage } from "../../src/chain/memory-storage.ts";
import { searchNonce } from "../../src/chain/miner.ts";
import type { Freezer } from "../freeze-vectors.ts";

/**
 * A regtest chain of our own, always the same: its first coins are spent as soon as they may be. Tests of the chain run on
 * it where the public set with mainnet's first blocks is absent.
 */
const BLOCKS = 104;
const START_S = 1_600_000_000;
const TRUE = script(1n);
const ANYONE = p2wshOf(TRUE);

function spendOldest(brain: NodeBrain): void {
  const { tip, storage } = brain.chain;
  const old = ancestorAt(tip, tip.height - 99);
  const coinbase = old && old.height > 0 ? storage.block(old.hash)?.txs[0] : undefined;
  const amount = coinbase?.outputs[0]?.amount;
  if (coinbase === undefined || amount === undefined) return;
  const tx: Tx = {
    version: 2,
    inputs: [
      { prevout: { txid: txidOf(coinbase), vout: 0 }, scriptSig: new Uint8Array(0), sequence: 0, witness: [TRUE] },
    ],
    outputs: [{ amount: (amount - 1000n) as typeof amount, script: ANYONE }],
    locktime: 0,
  };
  takeTx(brain, tx, tip.header.time);
}
function ownChain(): { readonly blocks: readonly Block[]; readonly tip: HeaderNode } {
  const brain = nodeBrain(CHAINS.regtest, memoryStorage());
  const blocks: Block[] = [];
  for (let height = 1; height <= BLOCKS; height++) {
    const now = START_S + height * 600;
    const template = templateFor(brain, { script: ANYONE, now, extraNonce: Uint8Array.of(height) });
    const nonce = present(searchNonce(template.header, CHAINS.regtest, { from: 0, count: 1000 }), "an easy target");
    const block = { ...template, header: { ...template.header, nonce } };
    blocks.push(block);
    takeBlock(brain, hashBlock(block), now);
    spendOldest(brain);
  }
  return { blocks, tip: brain.chain.tip };
}

const lines = (all: readonly Uint8Array[]): string => all.map((each) => `${toHex(each)}\n`).join("");
function headerChecks(): unknown {
  const { tip } = ownChain();
  const heights = [0, 1, 10, 50, tip.height];
  const table = <T>(of: (node: HeaderNode) => T): Record<string, T> =>
    Object.fromEntries(
      heights.map((height) => [height, of(present(ancestorAt(tip, height), "a height of the chain"))]),
    );
  return {
    hashes: table(({ hash }) => hash),
    chainwork: table(({ work }) => work.toString(16).padStart(64, "0")),
    median_time_past: table(medianTimeOf),
  };
}

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/blocks/own-chain.txt", make: () => lines(ownChain().blocks.map(encodeBlock)) },
  {
    path: "bitcoin/pow/own-headers.txt",
    make: () => lines([CHAINS.regtest.genesis, ...ownChain().blocks].map(({ header }) => encodeHeader(header))),
  },
  { path: "bitcoin/pow/own-headers-check.json", make: headerChecks },
];
