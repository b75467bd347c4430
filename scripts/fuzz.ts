import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { type Fuzzed, fuzz } from "./fuzz/run.ts";
import { TARGETS } from "./fuzz/targets.ts";

/** Gives every decoder that strangers reach damaged bytes, a million cases each unless told otherwise. */
interface Options {
  readonly cases: number;
  readonly seed: number;
  readonly only: string;
  readonly json: boolean;
}
const CASES = 1_000_000;

function tell({ target, cases, read, finding }: Fuzzed, json: boolean): void {
  if (json) return console.log(JSON.stringify({ event: "fuzz.target", target, cases, read, finding }));
  const share = ((100 * read) / cases).toFixed(1);
  console.log(`${finding === undefined ? "✔" : "✘"} ${target}: ${cases} cases, ${share} % of them read`);
  if (finding !== undefined) console.log(`  ${finding.what}\n  ${finding.bytes}`);
}

function main(): void {
  const whole = (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("a whole number above 0");
    return value;
  };
  const { cases, seed, only, json } = new Command("npm run fuzz --")
    .description("Give every decoder damaged bytes: none may throw, or read what it would write differently")
    .option("--cases <n>", "how many for each decoder", whole, CASES)
    .option("--seed <n>", "other cases for another number", whole, 1)
    .option("--only <text>", "decoders whose name contains this", "")
    .option("--json", "one JSON object a line", false)
    .parse()
    .opts<Options>();
  const findings = TARGETS.filter(({ name }) => name.includes(only)).map((target) => {
    const fuzzed = fuzz(target, cases, seed);
    tell(fuzzed, json);
    return fuzzed.finding;
  });
  const found = findings.filter((finding) => finding !== undefined).length;
  if (!json) console.log(`${findings.length} decoders, ${found} at fault`);
  if (found > 0 || findings.length === 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
