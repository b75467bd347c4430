import type { BlockHash, Outpoint, Txid } from "../../src/base/ids.ts";
import { ok } from "../../src/base/result.ts";
import { blockHeight, sat } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { proveTx } from "../../src/chain/spv.ts";

/** A chain with one block to look at: regtest's genesis, under other names. */
export const TXID = "f6".repeat(32) as Txid;
export const BLOCK = "07".repeat(32) as BlockHash;
export const HEIGHT = blockHeight(110);
const PEER = {
  address: "127.0.0.1:18444",
  inbound: false,
  agent: "/Sluice:0.1.0/",
  height: 109,
  services: 0x49n,
  since: Date.UTC(2026, 0, 2, 3, 4, 5),
  pingMs: undefined,
  bytesReceived: 1500,
  bytesSent: 700,
};
export const IN_STEP = { synced: true, syncState: { phase: "synced" as const, done: HEIGHT, total: HEIGHT } };

const GENESIS = CHAINS.regtest.genesis;
const GENESIS_VIEW = {
  hash: BLOCK,
  height: HEIGHT,
  header: GENESIS.header,
  confirmations: 3,
  work: 2n,
  bytes: 285,
  weight: 1_140,
  txids: [TXID],
};
const GENESIS_TX = {
  tx: GENESIS.txs[0] as Tx,
  txid: TXID,
  wtxid: TXID,
  weight: 816,
  fee: undefined,
  spent: [undefined],
  outputs: (GENESIS.txs[0] as Tx).outputs.map((output) => ({ ...output, address: "bcrt1qexample" })),
  block: { hash: BLOCK, height: HEIGHT, confirmations: 3 },
};

export const chainReadings = () => ({
  chainBlock: async (place: string | number) => ok(place === HEIGHT || place === BLOCK ? GENESIS_VIEW : undefined),
  chainHeader: async (hash: string) =>
    ok(hash === BLOCK ? { header: GENESIS.header, height: HEIGHT, work: 2n, confirmations: 3 } : undefined),
  chainBranches: async (heights: number, to = HEIGHT) =>
    ok(
      heights === 24 && to === HEIGHT
        ? [{ hash: BLOCK, header: GENESIS.header, height: HEIGHT, state: "held" as const }]
        : [],
    ),
  chainDifficulty: async () => ok([{ header: GENESIS.header, height: HEIGHT }]),
  chainTransaction: async (txid: Txid) => ok(txid === TXID ? GENESIS_TX : undefined),
  chainProof: async (txid: Txid) =>
    ok(
      txid === TXID
        ? { proof: proveTx(GENESIS, 0), network: "regtest", block: { hash: BLOCK, height: HEIGHT } }
        : undefined,
    ),
  chainUnspent: async ({ txid, vout }: Outpoint) =>
    ok(
      txid === TXID && vout === 1
        ? {
            outpoint: { txid, vout },
            output: { amount: sat(5_000n), script: Uint8Array.of(0x51), address: undefined },
            block: { hash: BLOCK, height: HEIGHT },
            confirmations: 3,
            coinbase: true,
          }
        : undefined,
    ),
  chainMempool: async () => ok([{ txid: TXID, fee: sat(150n), vsize: 141 }]),
  chainPeers: async () => ok([PEER]),
});
