import { expect } from "chai";
import type { Transaction } from "../../../src/web/chain/answers.ts";
import {
  amountFrom,
  columnsOf,
  kindOf,
  nextToAsk,
  type Trace,
  traceFrom,
  withTx,
} from "../../../src/web/chain/trace.ts";

const id = (letter: string): string => letter.repeat(64);
/** A transaction that spends these outputs, 1,000 sat each; mined when there are none. */
const tx = (letter: string, ...spends: readonly string[]): Transaction => ({
  txid: id(letter),
  weight: 400,
  feeSat: null,
  block: null,
  inputs:
    spends.length === 0
      ? [{ outpoint: null, spent: null }]
      : spends.map((parent, vout) => ({
          outpoint: `${id(parent)}:${vout}`,
          spent: { amountSat: "1000", script: "", address: null },
        })),
  outputs: [],
});
/** Asks as the page does, until nothing is left. */
function traced(first: Transaction, others: readonly Transaction[], most = 100): Trace {
  let trace = traceFrom(first);
  for (let next = nextToAsk(trace, most); next !== undefined; next = nextToAsk(trace, most)) {
    const found = others.find(({ txid }) => txid === next);
    trace = withTx(trace, next, found ?? null);
  }
  return trace;
}
const letters = (trace: Trace): readonly (readonly string[])[] =>
  columnsOf(trace).map((column) => column.map((each) => `${each.txid.charAt(0)} ${kindOf(each)}`));

describe("the way of coins back to where they were mined", () => {
  it("goes through every transaction once, along the shortest way", () => {
    const found = traced(tx("a", "b", "c"), [tx("b", "c", "d"), tx("c"), tx("d")]);
    expect(letters(found)).to.deep.equal([["a spends"], ["b spends", "c mined"], ["d mined"]]);
  });
  it("ends at once for newly mined coins", () => {
    expect(letters(traced(tx("a"), []))).to.deep.equal([["a mined"]]);
  });
  it("says what the node does not know", () => {
    expect(letters(traced(tx("a", "b"), []))).to.deep.equal([["a spends"], ["b unknown"]]);
  });
  it("stops after as many as may be asked for, and goes on from there", () => {
    const all = [tx("b", "c"), tx("c", "d"), tx("d")];
    const some = traced(tx("a", "b"), all, 2);
    expect(letters(some)).to.deep.equal([["a spends"], ["b spends"], ["c further"]]);
    expect(nextToAsk(some, 3)).to.equal(id("c"));
  });
  it("adds up what comes from one transaction", () => {
    const found = tx("a", "b", "b", "c");
    expect([amountFrom(found, id("b")), amountFrom(found, id("c")), amountFrom(found, id("d"))]).to.deep.equal([
      2000n,
      1000n,
      0n,
    ]);
  });
});
