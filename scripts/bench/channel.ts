import { COUNTED, type Counts } from "./counting.ts";
import { limitRates } from "./limit.ts";
import type { BenchLine } from "./line.ts";
import type { StoreKind, Usage } from "./node-process.ts";
import { type Pair, settled, startPair } from "./pair.ts";
import { syncMs, verifyRate } from "./probes.ts";
import { median, quantile, rounded } from "./statistics.ts";

export interface ChannelBenchOptions {
  readonly rounds: number;
  /** Payments of each pipelined run; sequential runs are a tenth as long. */
  readonly payments: number;
}
/** One hundred in flight, as the sources compared with do. */
const IN_FLIGHT = 100;
/** Code is fast once it has been compiled. */
const WARM_UP_PAYMENTS = 500;
/** A round in which the machine gave less than this share of its best is not counted. */
const DISTURBED_BELOW = 0.75;

const AMOUNTS = { dust: 100_000n, untrimmed: 1_000_000n } as const;
type Kind = keyof typeof AMOUNTS;
const SHAPES = { pipelined: IN_FLIGHT, sequential: 1 } as const;
type Shape = keyof typeof SHAPES;
const STORES = ["durable", "memory"] as const satisfies readonly StoreKind[];

interface Run {
  readonly perSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Of both nodes together, for one payment. */
  readonly cpuUs: number;
  readonly counts: Counts;
}
type Name = `${Shape}.${Kind}.${StoreKind}`;
interface Round {
  readonly verifyPerSecond: number;
  readonly syncMs: number;
  readonly runs: ReadonlyMap<Name, Run>;
}

/**
 * Payments on one channel between two nodes in two processes over TCP: invoice to preimage through the node's commands,
 * without HTTP. Each payment has an invoice of its own, and all end in agreement of both sides.
 */
export async function* channelBench(options: ChannelBenchOptions): AsyncIterable<BenchLine> {
  const pairs = new Map<StoreKind, Pair>();
  try {
    for (const store of STORES) {
      const pair = await startPair(store);
      pairs.set(store, pair);
      await run(pair, "dust", Math.min(WARM_UP_PAYMENTS, options.payments), IN_FLIGHT);
    }
    const rounds: Round[] = [];
    for (let at = 0; at < options.rounds; at++) rounds.push(await round(pairs, options.payments));
    yield { bench: "channel.fdatasync", value: rounded(median(rounds.map((round) => round.syncMs))), unit: "ms" };
    yield* linesOf(undisturbed(rounds));
    yield* countLines(undisturbed(rounds));
  } finally {
    for (const pair of pairs.values()) await pair.close();
  }
}

async function round(pairs: ReadonlyMap<StoreKind, Pair>, payments: number): Promise<Round> {
  const [verifyPerSecond, sync] = [verifyRate(), syncMs()];
  const runs = new Map<Name, Run>();
  for (const { shape, kind } of shuffled(CASES)) {
    for (const [store, pair] of shuffled([...pairs])) {
      const count = shape === "sequential" ? Math.ceil(payments / 10) : payments;
      runs.set(`${shape}.${kind}.${store}`, await run(pair, kind, count, SHAPES[shape]));
    }
  }
  return { verifyPerSecond, syncMs: sync, runs };
}
const CASES = [
  { shape: "pipelined", kind: "dust" },
  { shape: "pipelined", kind: "untrimmed" },
  { shape: "sequential", kind: "dust" },
  { shape: "sequential", kind: "untrimmed" },
] as const;

/** What comes first has the quieter machine as often as not. */
function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, lot: Math.random() }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ item }) => item);
}
function undisturbed(rounds: readonly Round[]): readonly Round[] {
  const best = Math.max(...rounds.map(({ verifyPerSecond }) => verifyPerSecond));
  return rounds.filter(({ verifyPerSecond }) => verifyPerSecond >= best * DISTURBED_BELOW);
}

async function run(pair: Pair, kind: Kind, count: number, inFlight: number): Promise<Run> {
  const invoices = await pair.payee.invoices(count, AMOUNTS[kind]);
  const before = await usages(pair);
  const [{ remoteMsat: had }] = await settled(pair);
  const { ms, latencies } = await pair.payer.pay(invoices, inFlight);
  const [{ remoteMsat: has }] = await settled(pair);
  const after = await usages(pair);
  if (has - had !== AMOUNTS[kind] * BigInt(count)) throw new Error("what was paid is not what has arrived");
  const each = (of: (usage: Usage) => number): number =>
    after.reduce((sum, usage, at) => sum + of(usage) - of(before[at] ?? usage), 0) / count;
  return {
    perSecond: (count * 1_000) / ms,
    latencyMs: { p50: median(latencies), p99: quantile(latencies, 0.99) },
    cpuUs: each(({ cpuUs }) => cpuUs),
    counts: Object.fromEntries(COUNTED.map((name) => [name, each(({ counts }) => counts[name])])) as unknown as Counts,
  };
}
const usages = ({ payer, payee }: Pair): Promise<readonly Usage[]> => Promise.all([payer.usage(), payee.usage()]);

type Figure = (run: Run) => number;
const perSecond: Figure = ({ perSecond }) => perSecond;
const p50: Figure = ({ latencyMs }) => latencyMs.p50;

function valuesOf(rounds: readonly Round[], name: Name, figure: Figure): readonly number[] {
  return rounds.flatMap(({ runs }) => {
    const found = runs.get(name);
    return found === undefined ? [] : [figure(found)];
  });
}
/** Of each round, then the middle of them: two runs of one round had much the same machine. */
function ratioOf(rounds: readonly Round[], name: Name, against: Name, figure: Figure): number {
  const others = valuesOf(rounds, against, figure);
  return rounded(median(valuesOf(rounds, name, figure).map((value, at) => value / (others[at] ?? Number.NaN))));
}

function* linesOf(rounds: readonly Round[]): Iterable<BenchLine> {
  const limits = limitRates(IN_FLIGHT);
  const line = (name: Name, figure: Figure, unit: BenchLine["unit"]): BenchLine => ({
    bench: benchName(name),
    value: rounded(median(valuesOf(rounds, name, figure))),
    unit,
  });
  for (const kind of ["dust", "untrimmed"] as const) {
    const limit = `channel.limit.${kind}`;
    yield { bench: limit, value: rounded(limits[kind]), unit: "1/s" };
    const pipelined = line(`pipelined.${kind}.durable`, perSecond, "1/s");
    yield { ...pipelined, against: limit, ratio: rounded(pipelined.value / limits[kind]) };
    yield compared(rounds, line(`pipelined.${kind}.memory`, perSecond, "1/s"), kind, "pipelined", perSecond);
    yield line(`sequential.${kind}.durable`, p50, "ms");
    yield compared(rounds, line(`sequential.${kind}.memory`, p50, "ms"), kind, "sequential", p50);
  }
}
/** The durable run is what the issue asks for, so its name says nothing of the store. */
const benchName = (name: Name): string => `channel.${name.replace(/\.durable$/, "")}`;
function compared(rounds: readonly Round[], line: BenchLine, kind: Kind, shape: Shape, figure: Figure): BenchLine {
  const [name, against] = [`${shape}.${kind}.memory`, `${shape}.${kind}.durable`] as const;
  return { ...line, against: benchName(against), ratio: ratioOf(rounds, name, against, figure) };
}

const COUNT_UNITS: Partial<Record<keyof Counts, BenchLine["unit"]>> = { storedBytes: "bytes", sentBytes: "bytes" };

/** What one payment took, of both nodes together. */
function* countLines(rounds: readonly Round[]): Iterable<BenchLine> {
  for (const { shape, kind } of CASES) {
    const name: Name = `${shape}.${kind}.durable`;
    const value = (figure: Figure): number => rounded(median(valuesOf(rounds, name, figure)));
    yield { bench: `${benchName(name)}.cpu`, value: value(({ cpuUs }) => cpuUs), unit: "us" };
    yield { bench: `${benchName(name)}.p99`, value: value(({ latencyMs }) => latencyMs.p99), unit: "ms" };
    for (const counted of COUNTED) {
      const unit = COUNT_UNITS[counted] ?? "count";
      yield { bench: `${benchName(name)}.${counted}`, value: value(({ counts }) => counts[counted]), unit };
    }
  }
}
