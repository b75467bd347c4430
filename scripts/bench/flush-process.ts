import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { openChainFiles } from "../../src/adapters/chain/embedded/storage.ts";
import { blockHash, type Txid, txid } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { CoinChange } from "../../src/chain/coins.ts";
import type { HashedBlock } from "../../src/chain/hashed-block.ts";

/** Of one run. */
export interface FlushFigures {
  /** The longest time for which the loop did nothing else, less what its timer takes. */
  readonly stallMs: number;
  /** The longest pause of the garbage collector: a part of some stall. */
  readonly gcMs: number;
  /** Bytes: all memory of the process, and of it what is its own and what are pages of files, LMDB's and its program's. */
  readonly rss: number;
  readonly own: number;
  readonly files: number;
  /** Of JavaScript with its buffers. */
  readonly heap: number;
}
const COINS = 1_000_000;
const OUTPUTS = 4;
/** Pays to a key hash, an amount that does not end with zeros. */
const SCRIPT_BYTES = 22;
const P2WPKH = [0, 20];
const AMOUNT = 12_345_678n;
/** A few at a time, with a pause: only the writing shall be long. */
const COINS_A_COMMIT = 400;
const TXS = COINS_A_COMMIT / OUTPUTS;
const PAUSE_MS = 1;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
/** New transactions in a new block; the outputs pay to key hashes. */
function block(height: number): {
  readonly block: HashedBlock;
  readonly height: number;
  readonly coins: readonly CoinChange[];
} {
  // In one piece: each call leaves something that the collector has to see to.
  const random = new Uint8Array(randomBytes(TXS * 32 + COINS_A_COMMIT * SCRIPT_BYTES));
  const txids = Array.from({ length: TXS }, (_, at) => txid(random.subarray(at * 32, at * 32 + 32)));
  const scripts = random.subarray(TXS * 32);
  const coins = Array.from({ length: COINS_A_COMMIT }, (_, at) => {
    const script = scripts.slice(at * SCRIPT_BYTES, (at + 1) * SCRIPT_BYTES);
    script.set(P2WPKH);
    const outpoint = { txid: txids[Math.floor(at / OUTPUTS)] as Txid, vout: at % OUTPUTS };
    return { outpoint, coin: { output: { amount: sat(AMOUNT), script }, height, coinbase: false }, before: undefined };
  });
  return { block: { block: CHAINS.regtest.genesis, hash: blockHash(randomBytes(32)), txids }, height, coins };
}

/** What Linux says of this process. Not a number elsewhere. */
function statusOf(name: string): number {
  const line = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(line)?.[1]) * 1024;
}

const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const files = openChainFiles({ folder, params: CHAINS.regtest });
let gcMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) gcMs = Math.max(gcMs, duration);
}).observe({ entryTypes: ["gc"] });
const delay = monitorEventLoopDelay({ resolution: PAUSE_MS });
await pause();
delay.enable();
for (let count = 0; count < COINS; count += COINS_A_COMMIT) {
  await files.room();
  files.commit({ tag: "Connect", ...block(count), undo: [], totals: { count, total: 0n } });
  await pause();
}
await files.settled();
await pause();
delay.disable();
const { rss, heapUsed, external } = process.memoryUsage();
const memory = { rss, own: statusOf("RssAnon"), files: statusOf("RssFile"), heap: heapUsed + external };
const figures: FlushFigures = { stallMs: delay.max / 1e6 - PAUSE_MS, gcMs, ...memory };
await files.close();
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify(figures));
