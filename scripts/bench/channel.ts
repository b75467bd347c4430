import { linesOf } from "./channel-lines.ts";
import { type Contender, type Kind, ldk, ours, type Run } from "./contenders.ts";
import type { BenchLine } from "./line.ts";
import { syncMs, verifyRate } from "./probes.ts";
import { median, rounded } from "./statistics.ts";

export interface ChannelBenchOptions {
  readonly rounds: number;
  /** Payments of each pipelined run; sequential runs are a tenth as long, LDK's a quarter of ours. */
  readonly payments: number;
  /** Beside LDK, where it is installed. */
  readonly besideLdk?: boolean;
}
/** One hundred in flight, as the sources compared with do; four hundred, that share even more. */
const IN_FLIGHT = { pipelined: 100, wide: 400, sequential: 1 } as const;
type Shape = keyof typeof IN_FLIGHT;
/** How much longer or shorter than a pipelined run. */
const LENGTH: { readonly [S in Shape]: number } = { pipelined: 1, wide: 1, sequential: 0.1 };
const SHARE_OF_LDK = 0.25;
/**
 * Code is fast once it has been compiled, which Node does with ours by and by: after so many payments one takes little more
 * than half of what the first thousand take. Not more than four runs.
 */
const WARM_UP_PAYMENTS = 4_000;
const WARM_UP_RUNS_MAX = 4;
/** A round in which the machine gave less than this share of its best is not counted. */
const DISTURBED_BELOW = 0.75;

/** `durable` is what is asked for, so lines of it say nothing of the store. */
export type Who = "durable" | "memory" | "ldk";
export type Name = `${Shape}.${Kind}.${Who}`;
export interface Round {
  readonly verifyPerSecond: number;
  readonly syncMs: number;
  readonly runs: ReadonlyMap<Name, Run>;
}

/**
 * Payments on one channel between two nodes in two processes over TCP: invoice to preimage through the node's commands,
 * without HTTP. Each payment has an invoice of its own, and all end in agreement of both sides. The same between two nodes of
 * LDK, in turns.
 */
export async function* channelBench(options: ChannelBenchOptions): AsyncIterable<BenchLine> {
  const contenders = new Map<Who, Contender>();
  try {
    for (const store of ["durable", "memory"] as const) contenders.set(store, await ours(store));
    const stranger = options.besideLdk === true ? await ldk() : undefined;
    if (stranger !== undefined) contenders.set("ldk", stranger);
    for (const [who, contender] of contenders) await warmUp(who, contender, options.payments);
    const rounds: Round[] = [];
    for (let at = 0; at < options.rounds; at++) rounds.push(await round(contenders, options.payments));
    yield { bench: "channel.fdatasync", value: rounded(median(rounds.map((round) => round.syncMs))), unit: "ms" };
    yield* linesOf(undisturbed(rounds), IN_FLIGHT.pipelined);
  } finally {
    for (const contender of contenders.values()) await contender.close();
  }
}

async function warmUp(who: Who, contender: Contender, payments: number): Promise<void> {
  const most = Math.min(WARM_UP_PAYMENTS, payments * WARM_UP_RUNS_MAX);
  for (const shape of ["pipelined", "sequential"] as const)
    await contender.run("dust", lengthOf(shape, who, most), IN_FLIGHT[shape]);
}
const lengthOf = (shape: Shape, who: Who, payments: number): number =>
  Math.ceil(payments * LENGTH[shape] * (who === "ldk" ? SHARE_OF_LDK : 1));

const CASES = [
  { shape: "pipelined", kind: "dust" },
  { shape: "pipelined", kind: "htlc" },
  { shape: "wide", kind: "dust" },
  { shape: "sequential", kind: "dust" },
  { shape: "sequential", kind: "htlc" },
] as const;

async function round(contenders: ReadonlyMap<Who, Contender>, payments: number): Promise<Round> {
  const [verifyPerSecond, sync] = [verifyRate(), syncMs()];
  const runs = new Map<Name, Run>();
  for (const { shape, kind } of shuffled(CASES)) {
    for (const [who, contender] of shuffled([...contenders])) {
      if (shape === "wide" && who !== "durable") continue;
      runs.set(`${shape}.${kind}.${who}`, await contender.run(kind, lengthOf(shape, who, payments), IN_FLIGHT[shape]));
    }
  }
  return { verifyPerSecond, syncMs: sync, runs };
}

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
