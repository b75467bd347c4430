import { existsSync } from "node:fs";
import { join } from "node:path";
import { COUNTED, type Counts } from "./counting.ts";
import { type LdkPair, ldkSettled, startLdkPair } from "./ldk-pair.ts";
import type { StoreKind, Usage } from "./node-process.ts";
import { type Pair, settled, startPair } from "./pair.ts";
import { median, quantile } from "./statistics.ts";

/** 100 sat, which no commitment has an output for, and 1,000 sat, which one has. In msat. */
export const AMOUNTS = { dust: 100_000n, htlc: 1_000_000n } as const;
export type Kind = keyof typeof AMOUNTS;

/** What so many payments took. */
export interface Run {
  readonly perSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Of both nodes together, for one payment. */
  readonly cpuUs: number;
  /** Of nodes that are ours. */
  readonly counts: Counts | undefined;
}
/** Two nodes with a channel between them, whose payments can be measured. */
export interface Contender {
  run(kind: Kind, payments: number, inFlight: number): Promise<Run>;
  close(): Promise<void>;
}
interface Paid {
  readonly ms: number;
  readonly latencies: readonly number[];
}

const runOf = ({ ms, latencies }: Paid, cpuUs: number, counts?: Counts): Run => ({
  perSecond: (latencies.length * 1_000) / ms,
  latencyMs: { p50: median(latencies), p99: quantile(latencies, 0.99) },
  cpuUs: cpuUs / latencies.length,
  counts,
});
function assertArrived(had: bigint, has: bigint, kind: Kind, payments: number): void {
  if (has - had !== AMOUNTS[kind] * BigInt(payments)) throw new Error("what was paid is not what has arrived");
}

export async function ours(store: StoreKind): Promise<Contender> {
  const pair = await startPair(store);
  return { run: (kind, payments, inFlight) => runOurs(pair, kind, payments, inFlight), close: () => pair.close() };
}
async function runOurs(pair: Pair, kind: Kind, payments: number, inFlight: number): Promise<Run> {
  const invoices = await pair.payee.invoices(payments, AMOUNTS[kind]);
  const usages = (): Promise<readonly Usage[]> => Promise.all([pair.payer.usage(), pair.payee.usage()]);
  const before = await usages();
  const [{ remoteMsat: had }] = await settled(pair);
  const paid = await pair.payer.pay(invoices, inFlight);
  const [{ remoteMsat: has }] = await settled(pair);
  const after = await usages();
  assertArrived(had, has, kind, payments);
  const spent = (of: (usage: Usage) => number): number =>
    after.reduce((sum, usage, at) => sum + of(usage) - of(before[at] ?? usage), 0);
  const counts = COUNTED.map((name) => [name, spent(({ counts }) => counts[name]) / payments]);
  return runOf(
    paid,
    spent(({ cpuUs }) => cpuUs),
    Object.fromEntries(counts) as unknown as Counts,
  );
}

const LDK = join(import.meta.dirname, "../../test/interop/node_modules/lightningdevkit");
/** LDK in WASM, where it is installed: `npm ci --ignore-scripts --prefix test/interop`. */
export async function ldk(): Promise<Contender | undefined> {
  if (!existsSync(LDK)) return undefined;
  const pair = await startLdkPair();
  return { run: (kind, payments, inFlight) => runLdk(pair, kind, payments, inFlight), close: () => pair.close() };
}
async function runLdk(pair: LdkPair, kind: Kind, payments: number, inFlight: number): Promise<Run> {
  const invoices = await pair.payee.do("invoices", { count: payments, msat: String(AMOUNTS[kind]) });
  const usage = async (): Promise<number> => (await pair.payer.do("usage")) + (await pair.payee.do("usage"));
  const before = await usage();
  const had = await ldkSettled(pair);
  const paid = await pair.payer.do("payAll", { invoices, inFlight });
  const has = await ldkSettled(pair);
  assertArrived(had, has, kind, payments);
  return runOf(paid, (await usage()) - before);
}
