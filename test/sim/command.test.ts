import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { isGood, replayCommand, simulate } from "../../scripts/sim.ts";
import { runScenario } from "../../src/lab/scenario.ts";
import { emptyTally, missing, RARE_FAULTS } from "../../src/lab/tally.ts";
import { ackBeforeWrite } from "./plants.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TSX = ["--import", "tsx", "--conditions=source"] as const;

describe("npm run sim", () => {
  it("--seeds 1 --from 3 --json: one line for the seed, one for the end, and exit code 0", function () {
    this.timeout(60_000);
    const args = [...TSX, "scripts/sim.ts", "--seeds", "1", "--from", "3", "--json"];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    const [seed, end, ...more] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(seed).to.include({ event: "sim.seed", seed: 3, ok: true });
    expect(end).to.include({ event: "sim.finished", seeds: 1, failed: 0 });
    expect(end.messages.commitment_signed).to.be.greaterThan(0);
    expect(more).to.deep.equal([]);
    expect(status).to.equal(0);
  });

  it("a seed that breaks a rule makes the run bad, and is named with the command that plays it again", async () => {
    const told: boolean[] = [];
    const report = await simulate(
      { seeds: 1, from: 3 },
      ({ violations }) => void told.push(violations.length > 0),
      (seed) => runScenario({ seed, plant: ackBeforeWrite }),
    );
    expect(told).to.deep.equal([true]);
    expect(isGood(report)).to.equal(false);
    expect(report.failed.map(({ seed }) => replayCommand(seed))).to.deep.equal(["npm run sim -- --seeds 1 --from 3"]);
  });

  it("a run of 10 seeds that never saw a message or a fault is bad, one of 25 that never saw a rare one as well", () => {
    const never = (seeds: number): readonly string[] => missing(emptyTally(), seeds);
    expect(never(9)).to.deep.equal([]);
    expect(never(10))
      .to.include.members(["shutdown", "crash_idle"])
      .and.not.include.members([...RARE_FAULTS]);
    expect(never(25)).to.include.members(["shutdown", "crash_idle", ...RARE_FAULTS]);
    const report = { seeds: 10, failed: [], tally: emptyTally() };
    expect(isGood({ ...report, missing: never(10) })).to.equal(false);
    expect(isGood({ ...report, missing: [] })).to.equal(true);
  });
});
