import { expect } from "chai";
import { runScenario } from "../../src/lab/scenario.ts";
import { showViolation } from "../../src/lab/violation.ts";

/** Worlds beyond those of every run that have found a fault, in a node or in a law. */
const SEEDS: readonly (readonly [number, string])[] = [
  [1117, "a channel whose coins went another way is forgotten by its opener alone"],
  [
    50683,
    "a thief takes back, with its block, the splice that a channel had moved to, and nobody has the channel any more",
  ],
  [495, "a reorganisation has a commitment mined anew when an HTLC that its payee had claimed has expired"],
  [
    70791,
    "of two HTLCs of one amount only one stands in the commitment that is mined, and the other one is failed upstream",
  ],
  [5286, "what was fulfilled is offered on before its payer has signed a commitment without it"],
  [5345, "a restart has the chain told again, of a funding transaction that was replaced and then spliced"],
  [
    8045,
    "a deep reorganisation takes a coin away for good that went into a splice which both had locked and closed on",
  ],
  [
    8563,
    "a coin goes with a splice that a thief takes back, and the channel that it was to fund waits beside another one",
  ],
  [9359, "an HTLC without an output is of one amount with an anchor that nobody takes"],
  [2463, "a thief owes others what they sent through the channel that it robs, until their deadlines pass"],
  [
    4543,
    "a coin goes with a block that went into a splice, which then keeps the channel from being closed by agreement",
  ],
  [
    783,
    "a funding that a block held goes with the peer's coin, which was not watched when the node started, and both wait for ever",
  ],
  [6939, "a claim is taken back with what it spends, in one block, and another takes its place"],
  [5389, "a reorganisation takes back a claim with the block of what it spends, and the wallet waits for it for ever"],
  [300095, "two who part amid an opening sign its funding when they meet again, after the world has taken stock"],
];

describe("Seeds that once broke a rule", () => {
  for (const [seed, what] of SEEDS)
    it(`${seed}: ${what}`, async function () {
      this.timeout(60_000);
      expect((await runScenario({ seed })).violations.map(showViolation)).to.deep.equal([]);
    });
});
