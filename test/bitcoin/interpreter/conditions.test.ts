import { expect } from "chai";
import fc from "fast-check";
import { Conditions } from "../../../src/bitcoin/interpreter/conditions.ts";

describe("the open OP_IFs of a script", () => {
  it("are as a list of truths would have them, for any order of OP_IF, OP_ELSE and OP_ENDIF", () => {
    const steps = fc.array(fc.constantFrom("true", "false", "turn", "close"), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (given) => {
        const [conditions, list]: [Conditions, boolean[]] = [new Conditions(), []];
        for (const step of given) {
          if (step === "true" || step === "false") {
            conditions.open(step === "true");
            list.push(step === "true");
          } else if (list.length > 0) {
            const innermost = list.pop() as boolean;
            if (step === "turn") {
              conditions.turn();
              list.push(!innermost);
            } else conditions.close();
          }
          expect([conditions.areNone, conditions.areAllTrue]).to.deep.equal([list.length === 0, !list.includes(false)]);
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
