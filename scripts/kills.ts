import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { allPlans, countPlaces, notReached, parsePlan, planText, samplePlans } from "./kills/plans.ts";
import { type Plan, type Run, runOnce } from "./kills/run.ts";

/**
 * The demo with its daemons killed by `kill -9`: at every write and every message that waits for one, before and after it, and
 * at moments by lot. Started again, the stream goes on, and the account is exact each time.
 */
interface Options {
  readonly sample?: number;
  readonly moments: number;
  readonly seed: number;
  readonly from: number;
  readonly plan: readonly Plan[];
  readonly plantSat: number;
  readonly jobs: number;
  readonly json: boolean;
}
interface Performance {
  readonly plan: Plan;
  readonly run: Run;
}
const killsOf = ({ deaths }: Run): number => Object.values(deaths).reduce((sum, each) => sum + each, 0);
const replayCommand = (plan: Plan): string => `npm run kills -- --plan ${planText(plan)}`;

interface Playing {
  readonly jobs: number;
  readonly plantedSat: number;
  /** Hears of each performance as it ends. */
  readonly told: (performance: Performance) => void;
}
/** Plays all plans, so many at a time. */
async function playAll(plans: readonly Plan[], { jobs, plantedSat, told }: Playing) {
  const waiting = [...plans];
  const done: Performance[] = [];
  const work = async (): Promise<void> => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const played = { plan, run: await runOnce(plan, plantedSat) };
      done.push(played);
      told(played);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return done;
}

/** What is played: a given plan, a sample, or everything. */
async function plansFor(options: Options, say: Say): Promise<readonly Plan[]> {
  if (options.plan.length > 0) return options.plan;
  const folder = await mkdtemp(join(tmpdir(), "sluice-counts-"));
  try {
    const places = await countPlaces(folder);
    const counts = Object.fromEntries(Object.entries(places.places).map(([role, all]) => [role, all.length]));
    say("kills.counted", { ...counts, ms: places.ms }, `places: ${JSON.stringify(counts)}`);
    if (options.sample !== undefined) return samplePlans(places, options.sample, options.seed);
    return allPlans(places, options.moments, options.seed).slice(options.from);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
type Say = (event: string, data: object, line: string) => void;

async function main(options: Options): Promise<void> {
  const say: Say = (event, data, line) => console.log(options.json ? JSON.stringify({ event, ...data }) : line);
  const startedAt = performance.now();
  const plans = await plansFor(options, say);
  let played = 0;
  const told = ({ plan, run }: Performance): void => {
    const ok = run.problems.length === 0;
    const text = planText(plan);
    const line = `${ok ? "✔" : "✘"} ${++played} ${text} (${killsOf(run)} kills, ${run.ms} ms)`;
    const what = { run: played, of: plans.length, ok, plan: text, ...run };
    say("kills.run", what, [line, ...run.problems].join("\n   "));
  };
  const playing = { jobs: options.jobs, plantedSat: options.plantSat, told };
  const first = await playAll(plans, playing);
  const notYet = first.flatMap(({ plan, run }) => notReached(plan, run.deaths));
  // What was not reached because others had been killed before may come when nobody else is killed.
  const again = options.plan.length > 0 ? [] : await playAll(notYet, playing);
  const all = [...first, ...again];
  const missed = again.length > 0 ? again.flatMap(({ plan, run }) => notReached(plan, run.deaths)) : notYet;
  const failed = all.filter(({ run }) => run.problems.length > 0);
  const kills = all.reduce((sum, { run }) => sum + killsOf(run), 0);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const replays = failed.map(({ plan }) => replayCommand(plan));
  const end = { runs: all.length, kills, missed: missed.map(planText), failed: failed.length, replays, seconds };
  const line = `${all.length} performances, ${kills} kills, ${missed.length} places not reached, ${failed.length} failed, ${seconds} s`;
  say("kills.finished", end, [line, ...replays.map((replay) => `failed: ${replay}`)].join("\n"));
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function readOptions(): Options {
  const whole = (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("a whole number");
    return value;
  };
  const andPlan = (text: string, before: readonly Plan[]): readonly Plan[] => {
    const plan = parsePlan(text);
    if (plan === undefined) throw new InvalidArgumentError("as in viewer=append:12:before,site@1500");
    return [...before, plan];
  };
  return new Command("npm run kills --")
    .description(
      "Kill the demo's daemons at every write and every message that binds, and see that the account is exact",
    )
    .option("--sample <n>", "only so many performances, three kills each, at least 2", whole)
    .option("--moments <n>", "performances with kills at moments by lot", whole, 20)
    .option("--seed <n>", "decides the lots", whole, 1)
    .option("--from <n>", "leave out the first performances", whole, 0)
    .option("--plan <plan>", "one performance (again: one more): viewer=append:12:before,site@1500", andPlan, [])
    .option("--plant-sat <n>", "so much too much in the books, so that the account must be found wrong", whole, 0)
    .option("--jobs <n>", "performances at a time", whole, 1)
    .option("--json", "one JSON object a line", false)
    .parse()
    .opts<Options>();
}

await main(readOptions());
