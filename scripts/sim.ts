import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import type { Outcome } from "../src/lab/scenario.ts";
import { runScenario } from "../src/lab/scenario.ts";
import { addTally, emptyTally, missing, SEEDS_FOR_COMMON, SEEDS_FOR_RARE, type Tally } from "../src/lab/tally.ts";
import { showViolation } from "../src/lab/violation.ts";
import { shareOut } from "./sim/workers.ts";

/** Runs worlds, one for each seed, and says what they have seen. A seed that breaks a rule is printed with the command that plays it again. */
const TAIL_LINES = 40;

export interface Report {
  readonly seeds: number;
  readonly failed: readonly Pick<Outcome, "seed">[];
  readonly tally: Tally;
  /** Messages, faults and claims that so many seeds should have seen and did not. */
  readonly missing: readonly string[];
}
interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly json: boolean;
  readonly workers: number;
}

/** `told` hears of every seed as it ends. `play` is given by tests that plant a bug. */
export async function simulate(
  { seeds, from }: Pick<Options, "seeds" | "from">,
  told: (outcome: Outcome) => void,
  play: (seed: number) => Promise<Outcome> = (seed) => runScenario({ seed }),
): Promise<Report> {
  const tally = emptyTally();
  const failed: Outcome[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = await play(seed);
    addTally(tally, outcome.tally);
    if (outcome.violations.length > 0) failed.push(outcome);
    told(outcome);
  }
  return { seeds, failed, tally, missing: missing(tally, seeds) };
}
export const replayCommand = (seed: number): string => `npm run sim -- --seeds 1 --from ${seed}`;
export const isGood = ({ failed, missing: left }: Report): boolean => failed.length === 0 && left.length === 0;

const counted = (tally: Tally) => ({
  events: tally.events,
  payments: tally.payments,
  blocks: tally.blocks,
  messages: Object.fromEntries([...tally.messages].sort(([a], [b]) => (a < b ? -1 : 1))),
  faults: Object.fromEntries(tally.faults),
  claims: Object.fromEntries(tally.claims),
});

function tellJson({ seed, violations, tally, traceHash }: Outcome): void {
  const { events, payments } = tally;
  const told = violations.map(showViolation);
  console.log(
    JSON.stringify({ event: "sim.seed", seed, ok: told.length === 0, violations: told, events, payments, traceHash }),
  );
}
function tellPerson(outcome: Outcome, { seeds, from }: Options): void {
  const { seed, violations, tally, tail } = outcome;
  if (violations.length === 0) {
    if (process.stderr.isTTY)
      process.stderr.write(`\rseed ${seed} (${seed - from + 1} of ${seeds}), ${tally.events} events `);
    return;
  }
  console.log(`\nseed ${seed} breaks a rule after ${tally.events} events; play it again with: ${replayCommand(seed)}`);
  for (const line of tail.slice(-TAIL_LINES)) console.log(`  ${line}`);
  for (const violation of violations) console.log(`  ✘ ${showViolation(violation)}`);
}

function tellEnd(report: Report, startedAt: number, { json }: Options): void {
  const { seeds, failed, tally, missing: left } = report;
  const seconds = (performance.now() - startedAt) / 1000;
  const replays = failed.map(({ seed }) => replayCommand(seed));
  if (json) {
    const end = { event: "sim.finished", seeds, failed: failed.length, replays, missing: left, seconds };
    console.log(JSON.stringify({ ...end, ...counted(tally) }));
    return;
  }
  const { messages, faults, claims, events, payments, blocks } = counted(tally);
  console.log(`\n${seeds} seeds, ${failed.length} failed, ${seconds.toFixed(1)} s`);
  console.log(
    `${events} events, ${payments.succeeded} payments succeeded, ${payments.failed} failed, ${blocks} blocks`,
  );
  const show = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, times]) => `${name} ${times}`)
      .join(", ");
  console.log(`messages: ${show(messages)}`);
  console.log(`faults: ${show(faults)}`);
  console.log(`claims: ${show(claims)}`);
  if (left.length > 0) console.log(`never seen: ${left.join(", ")}`);
  for (const replay of replays) console.log(`failed: ${replay}`);
}

/** The same in several processes; what each seed sees does not depend on that. */
async function simulateTogether(options: Options): Promise<Report> {
  const failed: { seed: number }[] = [];
  const tally = await shareOut(options, ({ seed, ok, violations }, text) => {
    if (options.json) console.log(text);
    if (ok) return;
    failed.push({ seed });
    if (!options.json) for (const violation of violations) console.log(`  ✘ seed ${seed}: ${violation}`);
  });
  failed.sort((a, b) => a.seed - b.seed);
  return { seeds: options.seeds, failed, tally, missing: missing(tally, options.seeds) };
}

async function main(): Promise<void> {
  const whole = (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("a whole number");
    return value;
  };
  const options = new Command("npm run sim --")
    .description(
      `Run simulated worlds and check that nothing is lost; ${SEEDS_FOR_COMMON} and more must see every kind of fault, ${SEEDS_FOR_RARE} and more the rare ones too`,
    )
    .option("--seeds <n>", "how many worlds", whole, 25)
    .option("--from <seed>", "the first seed", whole, 1)
    .option("--workers <n>", "how many processes share them", whole, 1)
    .option("--json", "one JSON object a line", false)
    .parse()
    .opts<Options>();
  const startedAt = performance.now();
  const report =
    options.workers > 1
      ? await simulateTogether(options)
      : await simulate(options, (outcome) => {
          if (options.json) tellJson(outcome);
          else tellPerson(outcome, options);
        });
  tellEnd(report, startedAt, options);
  process.exitCode = isGood(report) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
