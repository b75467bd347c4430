import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { openChainFiles } from "../../src/adapters/chain/embedded/storage.ts";
import { blockHash, txid } from "../../src/base/ids.ts";
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
  /** Bytes. Of the process, with the pages of LMDB's file that the system has lent it, and of JavaScript with its buffers. */
  readonly rss: number;
  readonly heap: number;
}
const COINS = 1_000_000;
const OUTPUTS = 4;
/** A few at a time, with a pause: only the writing shall be long. */
const COINS_A_COMMIT = 400;
const PAUSE_MS = 1;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
/** New transactions in a new block; the outputs pay to key hashes. */
function block(height: number): { readonly block: HashedBlock; readonly coins: readonly CoinChange[] } {
  const txids = Array.from({ length: COINS_A_COMMIT / OUTPUTS }, () => txid(randomBytes(32)));
  const coins = txids.flatMap((id) =>
    Array.from({ length: OUTPUTS }, (_, vout) => {
      const script = new Uint8Array(randomBytes(22));
      const coin = { output: { amount: sat(50_000n), script }, height, coinbase: false };
      return { outpoint: { txid: id, vout }, coin, before: undefined };
    }),
  );
  return { block: { block: CHAINS.regtest.genesis, hash: blockHash(randomBytes(32)), txids }, coins };
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
const figures: FlushFigures = { stallMs: delay.max / 1e6 - PAUSE_MS, gcMs, rss, heap: heapUsed + external };
await files.close();
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify(figures));
