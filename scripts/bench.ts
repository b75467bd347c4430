import { parseArgs } from "node:util";
import { chainBench } from "./bench/chain.ts";
import { channelBench } from "./bench/channel.ts";
import { cryptoBench } from "./bench/crypto.ts";
import { type BenchLine, showLine } from "./bench/line.ts";
import { millionBench } from "./bench/million.ts";
import { type Probes, probe } from "./bench/probes.ts";

/**
 * `npm run bench -- [group …] [--json]`: what the machine gives, then what the house makes of it, group by group. Figures are
 * printed as they come and judged by nobody: on a shared machine only ratios within a run mean something.
 */
const ROUNDS = 5;
const PAYMENTS = 1_000;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: String(ROUNDS) },
    payments: { type: "string", default: String(PAYMENTS) },
  },
});
const GROUPS: Readonly<Record<string, () => Iterable<BenchLine> | AsyncIterable<BenchLine>>> = {
  crypto: cryptoBench,
  chain: chainBench,
  million: () => millionBench(),
  channel: () => channelBench({ rounds: count("rounds"), payments: count("payments"), besideLdk: true }),
};

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
function count(flag: "rounds" | "payments"): number {
  const value = Number(flags[flag]);
  return Number.isInteger(value) && value > 0 ? value : refuse(`--${flag} takes a whole number above 0`);
}
const chosen = positionals.length === 0 ? Object.keys(GROUPS) : positionals;
for (const name of chosen)
  if (GROUPS[name] === undefined) refuse(`There is no group ${name}: ${Object.keys(GROUPS).join(", ")}.`);

const show = (probes: Probes): void => {
  const { probe: when, curve, verifyPerSecond, fdatasyncMs, load, realtime, cpus, model, node } = probes;
  const machine = `load ${load} on ${cpus} × ${model}, ${node}${realtime ? ", realtime" : ""}`;
  const text = `${verifyPerSecond} ${curve} verify/s, fdatasync ${fdatasyncMs} ms, ${machine}`;
  console.log(flags.json ? JSON.stringify(probes) : `${when}: ${text}`);
};
show(probe("before"));
for (const name of chosen) {
  for await (const line of GROUPS[name]?.() ?? []) console.log(flags.json ? JSON.stringify(line) : showLine(line));
}
show(probe("after"));
