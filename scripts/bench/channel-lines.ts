import type { Name, Round } from "./channel.ts";
import type { Kind, Run } from "./contenders.ts";
import { COUNTED, type Counts } from "./counting.ts";
import { limitRates } from "./limit.ts";
import type { BenchLine } from "./line.ts";
import { median, rounded } from "./statistics.ts";

/** What a figure is called behind the name of its run, and how it is read. */
interface Figure {
  readonly suffix: string;
  readonly unit: BenchLine["unit"];
  readonly of: (run: Run) => number;
}
const RATE: Figure = { suffix: "", unit: "1/s", of: ({ perSecond }) => perSecond };
const P50: Figure = { suffix: ".p50", unit: "ms", of: ({ latencyMs }) => latencyMs.p50 };
const P99: Figure = { suffix: ".p99", unit: "ms", of: ({ latencyMs }) => latencyMs.p99 };
const CPU: Figure = { suffix: ".cpu", unit: "us", of: ({ cpuUs }) => cpuUs };
const COUNT_UNITS: Partial<Record<keyof Counts, BenchLine["unit"]>> = { storedBytes: "bytes", sentBytes: "bytes" };
const countOf = (counted: keyof Counts): Figure => ({
  suffix: `.${counted}`,
  unit: COUNT_UNITS[counted] ?? "count",
  of: ({ counts }) => counts?.[counted] ?? Number.NaN,
});
const lineName = (name: Name, { suffix }: Figure): string => `channel.${name.replace(/\.durable$/, "")}${suffix}`;

/** The medians of all rounds; a ratio is the median of the rounds' own ratios, as two runs of one round had much the same machine. */
class Rounds {
  readonly #rounds: readonly Round[];
  constructor(rounds: readonly Round[]) {
    this.#rounds = rounds;
  }
  has(name: Name): boolean {
    return this.#rounds.some(({ runs }) => runs.has(name));
  }
  line(name: Name, figure: Figure, against?: Name): BenchLine {
    const value = rounded(median(this.#of(name, figure)));
    const line = { bench: lineName(name, figure), value, unit: figure.unit };
    if (against === undefined || !this.has(against)) return line;
    const others = this.#of(against, figure);
    const ratios = this.#of(name, figure).map((each, at) => each / (others[at] ?? Number.NaN));
    return { ...line, against: lineName(against, figure), ratio: rounded(median(ratios)) };
  }
  #of(name: Name, { of }: Figure): readonly number[] {
    return this.#rounds.flatMap(({ runs }) => {
      const run = runs.get(name);
      return run === undefined ? [] : [of(run)];
    });
  }
}

/** What a bench of the channel has to say about its rounds. */
export function* linesOf(all: readonly Round[], inFlight: number): Iterable<BenchLine> {
  const rounds = new Rounds(all);
  const limits = limitRates(inFlight);
  for (const kind of ["dust", "htlc"] as const) yield* speedLines(rounds, kind, limits[kind]);
  yield { ...rounds.line("pipelined.dust.durable", CPU, "pipelined.dust.ldk"), bench: "channel.cpuPerPayment" };
  yield { ...rounds.line("wide.dust.durable", countOf("syncs")), bench: "channel.syncsPerPayment" };
  yield* workLines(rounds);
}
function* speedLines(rounds: Rounds, kind: Kind, limit: number): Iterable<BenchLine> {
  const names = (who: "durable" | "memory" | "ldk") =>
    [`pipelined.${kind}.${who}`, `sequential.${kind}.${who}`] as const;
  const [[pipelined, sequential], [fast, quick], [theirs, slow]] = [names("durable"), names("memory"), names("ldk")];
  const reached = rounds.line(pipelined, RATE, theirs);
  yield reached;
  const bench = `channel.limit.${kind}`;
  yield { bench, value: rounded(limit), unit: "1/s", against: reached.bench, ratio: rounded(limit / reached.value) };
  yield rounds.line(fast, RATE, pipelined);
  yield rounds.line(sequential, P50, slow);
  yield rounds.line(quick, P50, sequential);
  if (!rounds.has(theirs)) return;
  yield rounds.line(theirs, RATE);
  yield rounds.line(theirs, CPU);
  yield rounds.line(slow, P50);
}
/** What one payment took, of both nodes together. */
function* workLines(rounds: Rounds): Iterable<BenchLine> {
  for (const name of COUNTED_RUNS)
    for (const figure of [CPU, P99, ...COUNTED.map(countOf)]) yield rounds.line(name, figure);
}
const COUNTED_RUNS = [
  "pipelined.dust.durable",
  "pipelined.htlc.durable",
  "wide.dust.durable",
  "sequential.dust.durable",
  "sequential.htlc.durable",
] as const satisfies readonly Name[];
