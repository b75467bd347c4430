import { expect } from "chai";
import { replayCommand } from "../../scripts/sim.ts";
import { EVENTS_MIN, type Outcome, PAYMENTS_MIN, runScenario } from "../../src/lab/scenario.ts";
import { addTally, emptyTally, missing } from "../../src/lab/tally.ts";
import { showViolation } from "../../src/lab/violation.ts";

const SEEDS = 25;
/** For all seeds together; one takes a second or two, and more on a busy machine. */
const PATIENCE_MS = 600_000;

describe("A simulated world: DESIGN §10", () => {
  const outcomes: Outcome[] = [];
  before(async function () {
    this.timeout(PATIENCE_MS);
    for (let seed = 1; seed <= SEEDS; seed++) outcomes.push(await runScenario({ seed }));
  });

  it(`breaks no rule in ${SEEDS} seeds of payments, crashes, cut connections and reorganisations`, () => {
    const broken = outcomes.flatMap(({ seed, violations }) =>
      violations.map((violation) => `${showViolation(violation)}; again: ${replayCommand(seed)}`),
    );
    expect(broken).to.deep.equal([]);
  });

  it(`sees at least ${EVENTS_MIN} events and ${PAYMENTS_MIN} payments in each seed`, () => {
    const poor = outcomes.filter(
      ({ tally: { events, payments } }) => events < EVENTS_MIN || payments.succeeded + payments.failed < PAYMENTS_MIN,
    );
    expect(poor.map(({ seed }) => seed)).to.deep.equal([]);
  });

  it("sees every message that honest nodes send and every kind of fault", () => {
    const sum = emptyTally();
    for (const { tally } of outcomes) addTally(sum, tally);
    expect(missing(sum, SEEDS)).to.deep.equal([]);
  });

  it("happens again exactly alike for the same seed, and otherwise for another", async () => {
    const again = await runScenario({ seed: 7 });
    expect(again.traceHash).to.equal(outcomes[6]?.traceHash);
    expect(new Set(outcomes.map(({ traceHash }) => traceHash)).size).to.equal(SEEDS);
  });
});
