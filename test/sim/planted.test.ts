import { expect } from "chai";
import { type Outcome, runScenario, type ScenarioOptions } from "../../src/lab/scenario.ts";
import { type Theme, themeOf } from "../../src/lab/theme.ts";
import type { Rule } from "../../src/lab/violation.ts";
import { areElsewhere } from "../support/signers.ts";
import { ackBeforeWrite, Backups, failBeforeFinal, failWhenMined, forgetClaims, isPenaltyForHtlc } from "./plants.ts";

/** For all the seeds that a bug may take; one takes a second or two. */
const PATIENCE_MS = 300_000;

/** Plays seeds until one breaks a rule: the first that does is what the simulator would print. */
async function firstBroken(
  seeds: number,
  options: () => Omit<ScenarioOptions, "seed">,
  themes?: readonly Theme[],
): Promise<Outcome | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    // What a world is not about cannot show the bug.
    if (themes !== undefined && !themes.includes(themeOf(seed))) continue;
    const outcome = await runScenario({ seed, ...options() });
    if (outcome.violations.length > 0) return outcome;
  }
  return undefined;
}
const rulesOf = (outcome: Outcome | undefined): readonly Rule[] => outcome?.violations.map(({ rule }) => rule) ?? [];

describe("The simulator finds planted bugs: DESIGN §10", function () {
  this.timeout(PATIENCE_MS);
  it("a message that leaves before its record is written breaks durable_first in the first seed", async () => {
    const outcome = await firstBroken(1, () => ({ plant: ackBeforeWrite }));
    expect(rulesOf(outcome)).to.include("durable_first");
  });

  it("stores put back to an older copy break revoked_state: numbers that are revoked come up again", async () => {
    const outcome = await firstBroken(3, () => {
      const { plant, opened } = new Backups();
      return { plant, opened };
    });
    // Keys with a memory of their own let no node start that could do that.
    if (areElsewhere) expect(outcome?.violations[0]?.detail).to.match(/does not start: OldCopy/);
    else expect(rulesOf(outcome)).to.include("revoked_state");
  });

  it("an HTLC failed upstream before it is final downstream breaks failed_upstream within 25 seeds", async function () {
    this.timeout(180_000);
    const remove = failBeforeFinal();
    try {
      const outcome = await firstBroken(25, () => ({}));
      expect(rulesOf(outcome)).to.include("failed_upstream");
    } finally {
      remove();
    }
  });

  it("an HTLC failed upstream as soon as the commitment is mined breaks failed_upstream within 100 seeds", async () => {
    const remove = failWhenMined();
    try {
      const outcome = await firstBroken(100, () => ({}), ["operator", "silence"]);
      expect(rulesOf(outcome)).to.include("failed_upstream");
    } finally {
      remove();
    }
  });

  it("a penalty that forgets the HTLCs leaves the thief or the chain something within 80 seeds", async () => {
    const remove = forgetClaims(isPenaltyForHtlc);
    try {
      const outcome = await firstBroken(80, () => ({}), ["cheat"]);
      expect(rulesOf(outcome)).to.include.oneOf(["no_loot", "honest_funds", "liveness"]);
    } finally {
      remove();
    }
  });

  it("a node that leaves an HTLC to the peer although it has the preimage breaks honest_funds within 40 seeds", async () => {
    const remove = forgetClaims(({ why }) => why === "htlc_success");
    try {
      const outcome = await firstBroken(40, () => ({}), ["operator", "silence"]);
      expect(rulesOf(outcome)).to.include("honest_funds");
    } finally {
      remove();
    }
  });
});
