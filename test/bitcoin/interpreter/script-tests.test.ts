import { expect } from "chai";
import { SCRIPT_FLAGS, type ScriptFlag, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../../src/bitcoin/interpreter/verify.ts";
import { countCases, describeVectors } from "../../support/vectors.ts";
import { assemble, creditAndSpend, fillIn } from "../assemble.ts";

const SET = "bitcoin/core/script_tests.json";
type Plain = readonly [scriptSig: string, scriptPubKey: string, flags: string, expected: string, ...comments: string[]];
type Witnessed = readonly [readonly (string | number)[], ...Plain];
type Row = Plain | Witnessed | readonly [string];

const isKnown = (name: string): name is ScriptFlag => (SCRIPT_FLAGS as readonly string[]).includes(name);
/** A flag that is not known fails the set: no row may be passed over. */
const flagsOf = (names: string): readonly ScriptFlag[] =>
  names
    .split(",")
    .filter((name) => name !== "")
    .map((name) => (isKnown(name) ? name : expect.fail(`flag ${name}`)));

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

function outcome(each: Case): string {
  const [scriptSig, output, flags] = each.plain;
  const [witness, scriptPubKey] = fillIn(each.witness, output);
  const { credit, spend } = creditAndSpend({
    scriptSig: assemble(scriptSig),
    scriptPubKey,
    witness,
    amount: each.amount,
  });
  const verified = verifyInput(spend, 0, credit.outputs, scriptFlags(...flagsOf(flags)));
  return verified.ok ? "OK" : verified.error;
}

describeVectors<readonly Row[]>("Bitcoin Core's script tests", SET, (set) => {
  const all = set.map(caseOf).filter((each) => each !== undefined);
  countCases(SET, all.length);

  it(`end as Bitcoin Core says, by the name of the error: ${all.length} rows`, () => {
    const wrong = all.flatMap((each) => {
      const got = outcome(each);
      return got === each.plain[3] ? [] : [`${got}: ${each.title}`];
    });
    expect(wrong).to.deep.equal([]);
  });
});
