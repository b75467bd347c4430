import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/**
 * What stands between a change and the house: tidy, Biome, tsc, then `npm test`. Everything runs even when an earlier part
 * failed. The last line says how it went; tests are counted from a reporter of ours, a failed check counts as one failure.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TSX = ["--import", "tsx", "--conditions=source"] as const;

interface Tally {
  passed: number;
  failed: number;
}

async function check(name: string, command: string, args: readonly string[]): Promise<boolean> {
  const startedAt = performance.now();
  const child = spawn(command, args, { cwd: ROOT, stdio: "inherit" });
  const succeeded = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
  console.log(`${succeeded ? "ok  " : "FAIL"} ${name} (${Math.round(performance.now() - startedAt)} ms)`);
  return succeeded;
}

interface Told {
  readonly fullTitle: string;
  readonly duration?: number;
  readonly err?: string;
  readonly stack?: string | null;
}
type Line = readonly ["start" | "end", object] | readonly ["pass" | "fail", Told];
/** A line of our reporter (`test/support/json-lines.ts`); undefined for anything else, such as a log of the tests. */
function parseLine(line: string): Line | undefined {
  if (!/^\["(?:start|pass|fail|end)",/.test(line)) return undefined;
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

/** Runs the very command a user runs, with a reporter that a program can read, and says it again for people. */
async function runTests(): Promise<Tally> {
  const child = spawn("npm", ["test", "--silent", "--", "--reporter", "./test/support/json-lines.ts"], {
    cwd: ROOT,
    stdio: ["inherit", "pipe", "inherit"],
  });
  const closed = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", resolve);
  });
  const tally: Tally = { passed: 0, failed: 0 };
  const failures: Told[] = [];
  let ended = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = parseLine(line);
    if (told === undefined) console.log(line);
    else if (told[0] === "end") ended = true;
    else if (told[0] === "pass") {
      tally.passed++;
      console.log(`  ✔ ${told[1].fullTitle}${(told[1].duration ?? 0) > 200 ? ` (${told[1].duration} ms)` : ""}`);
    } else if (told[0] === "fail") {
      tally.failed++;
      failures.push(told[1]);
      console.log(`  ✘ ${told[1].fullTitle}`);
    }
  }
  const code = await closed;
  for (const { fullTitle, err, stack } of failures) console.log(`\n✘ ${fullTitle}\n${stack ?? err}`);
  // A file that does not load, or a run that dies, tells of no test.
  if (!ended || (code !== 0 && tally.failed === 0)) tally.failed++;
  return tally;
}

const checks = [
  await check("tidy", process.execPath, [...TSX, "scripts/tidy.ts"]),
  await check("biome", "node_modules/.bin/biome", ["check", "--error-on-warnings"]),
  await check("tsc", "node_modules/.bin/tsc", ["--noEmit"]),
  await check("tsc of the pages", "node_modules/.bin/tsc", ["-p", "src/web"]),
];
const tally = await runTests();
tally.failed += checks.filter((succeeded) => !succeeded).length;
console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed === 0 ? 0 : 1;
