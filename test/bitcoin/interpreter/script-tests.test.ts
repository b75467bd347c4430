import { expect } from "chai";
import { fromHex } from "../../../src/base/bytes.ts";
import { SCRIPT_FLAGS, type ScriptFlag, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../../src/bitcoin/interpreter/verify.ts";
import { countCases, describeVectors } from "../../support/vectors.ts";
import { assemble, creditAndSpend } from "../assemble.ts";

const SET = "bitcoin/core/script_tests.json";
type Plain = readonly [scriptSig: string, scriptPubKey: string, flags: string, expected: string, ...comments: string[]];
type Witnessed = readonly [readonly (string | number)[], ...Plain];
type Row = Plain | Witnessed | readonly [string];

const flagsOf = (names: string): readonly string[] => names.split(",").filter((name) => name !== "");
const isKnown = (name: string): name is ScriptFlag => (SCRIPT_FLAGS as readonly string[]).includes(name);

interface Case {
  readonly title: string;
  readonly witness: readonly string[];
  readonly amount: bigint;
  readonly plain: Plain;
}
function caseOf(row: Row): Case | undefined {
  if (row.length === 1) return undefined;
  const [stack, plain] = typeof row[0] === "string" ? [[], row as Plain] : [row[0], row.slice(1) as unknown as Plain];
  const amount = BigInt(Math.round(Number(stack.at(-1) ?? 0) * 1e8));
  return { title: JSON.stringify(row), witness: stack.slice(0, -1) as string[], amount, plain };
}

function outcome({ witness, amount, plain }: Case): string {
  const [scriptSig, scriptPubKey, flags] = plain;
  const { credit, spend } = creditAndSpend({
    scriptSig: assemble(scriptSig),
    scriptPubKey: assemble(scriptPubKey),
    witness: witness.map(fromHex),
    amount,
  });
  const verified = verifyInput(spend, 0, credit.outputs, scriptFlags(...flagsOf(flags).filter(isKnown)));
  return verified.ok ? "OK" : verified.error;
}

describeVectors<readonly Row[]>("Bitcoin Core's script tests", SET, (set) => {
  const all = set.map(caseOf).filter((each) => each !== undefined);
  const applicable = all.filter(({ plain: [, , flags] }) => flagsOf(flags).every(isKnown));
  const left = all.filter((each) => !applicable.includes(each));
  countCases(SET, applicable.length);

  it(`end as Bitcoin Core says, by the name of the error: ${applicable.length} rows`, () => {
    const wrong = applicable.flatMap((each) => {
      const got = outcome(each);
      return got === each.plain[3] ? [] : [`${got}: ${each.title}`];
    });
    expect(wrong).to.deep.equal([]);
  });
  for (const { title, plain } of left) {
    it(`not run: needs TAPROOT: ${plain.at(-1)}`, function () {
      expect(title).to.contain("TAPROOT");
      this.skip();
    });
  }
});
