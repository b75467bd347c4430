import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { EVENTS_MIN, PAYMENTS_MIN, runScenario } from "../../src/lab/scenario.ts";
import { ELSEWHERE_TOO } from "../support/signers.ts";

const SEEDS = 200;
/** Processes that share them. */
const WORKERS = 2;
/** For all seeds together; one takes a second or two. */
const PATIENCE_MS = 1_800_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface SeedLine {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly events: number;
  readonly payments: { readonly succeeded: number; readonly failed: number };
  readonly traceHash: string;
}

/** The command that a person runs, and all that it says. */
async function sim(...args: readonly string[]): Promise<readonly object[]> {
  const flags = ["--import", "tsx", "--conditions=source", ...ELSEWHERE_TOO, "scripts/sim.ts", ...args];
  const child = spawn(process.execPath, flags, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.on("data", (data) => {
    told += String(data);
  });
  await new Promise((resolve) => child.once("close", resolve));
  return told
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
}

describe("A simulated world: DESIGN §10", () => {
  let seeds: readonly SeedLine[];
  let end: object | undefined;
  before(async function () {
    this.timeout(PATIENCE_MS);
    const lines = await sim("--seeds", String(SEEDS), "--workers", String(WORKERS), "--json");
    end = lines.at(-1);
    seeds = lines.slice(0, -1) as SeedLine[];
  });

  it(`breaks no rule in ${SEEDS} seeds of payments, crashes, cut connections, closings, thefts and reorganisations`, () => {
    const broken = seeds.filter(({ violations }) => violations.length > 0);
    expect(broken.map(({ seed, violations }) => ({ seed, violations }))).to.deep.equal([]);
    expect(seeds.length).to.equal(SEEDS);
  });

  it(`sees at least ${EVENTS_MIN} events and ${PAYMENTS_MIN} payments in each seed`, () => {
    const poor = seeds.filter(
      ({ events, payments }) => events < EVENTS_MIN || payments.succeeded + payments.failed < PAYMENTS_MIN,
    );
    expect(poor.map(({ seed }) => seed)).to.deep.equal([]);
  });

  it("sees every message that honest nodes send, every kind of fault and every kind of claim", () => {
    expect(end).to.deep.include({ event: "sim.finished", seeds: SEEDS, missing: [] });
  });

  it("happens again exactly alike for the same seed, and otherwise for another", async function () {
    this.timeout(60_000);
    const again = await runScenario({ seed: 7 });
    expect(again.traceHash).to.equal(seeds.find(({ seed }) => seed === 7)?.traceHash);
    expect(new Set(seeds.map(({ traceHash }) => traceHash)).size).to.equal(SEEDS);
  });
});
