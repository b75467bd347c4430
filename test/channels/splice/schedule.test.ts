import { expect } from "chai";
import fc from "fast-check";
import { toMsat } from "../../../src/base/units.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { type Action, act, action, comeToRest, type Offers } from "../../support/schedule.ts";
import { into, mined, out, pending, spliceable, want } from "../../support/splicing.ts";

type Move =
  | { readonly tag: "act"; readonly action: Action }
  | {
      readonly tag: "splice";
      readonly by: Name;
      readonly isIn: boolean;
      readonly amount: bigint;
      readonly feerate: number;
    }
  /** One side sees the newest splice buried. */
  | { readonly tag: "bury"; readonly by: Name };
const name = fc.constantFrom<Name>("a", "b");
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 40, arbitrary: action.map((next) => ({ tag: "act" as const, action: next })) },
  {
    weight: 3,
    arbitrary: fc.record({
      tag: fc.constant("splice" as const),
      by: name,
      isIn: fc.boolean(),
      amount: fc.bigInt({ min: 1_000n, max: 60_000n }),
      feerate: fc.integer({ min: 253, max: 4_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant("bury" as const), by: name }) },
);

function play(pair: Pair, offers: Offers, next: Move): void {
  if (next.tag === "act") return act(pair, offers, next.action);
  if (next.tag === "splice")
    return void want(pair, next.by, next.isIn ? into(next.amount) : out(next.amount, next.by), next.feerate);
  bury(pair, next.by);
}
/** The chain has one view: what one side sees buried first, the other sees too. */
function bury(pair: Pair, by: Name): void {
  const { a, b } = pair.parties;
  const seen = [a, b].flatMap(({ funded }) =>
    funded.commitments.others.flatMap(({ terms, progress }) => (progress.confirmed ? [terms.outpoint.txid] : [])),
  );
  const known = pending(pair, by).find(
    ({ terms, progress }) =>
      progress.confirmed === undefined && (seen.length === 0 || seen.includes(terms.outpoint.txid)),
  );
  if (known !== undefined) mined(pair, by, known.terms.outpoint.txid);
}

describe("BOLT 2 §Channel Splicing: any schedule of updates, splices, cuts, crashes and blocks", () => {
  it("leaves both sides with the same commitments on every funding, and no fault between them", function () {
    this.timeout(60_000);
    const splices: number[] = [];
    fc.assert(
      fc.property(fc.array(move, { minLength: 160, maxLength: 160 }), (moves) => {
        const pair = spliceable({ capacity: 2_000_000n, push: 900_000_000n });
        const offers: Offers = new Map();
        for (const next of moves) play(pair, offers, next);
        comeToRest(pair);
        comeToRest(pair);
        const { a, b } = pair.parties;
        for (const party of [a, b]) {
          expect(party.state.tag).to.equal("Normal");
          const errors = party.take("SendError");
          const warned = party
            .take("SendWarning")
            .filter(({ text }) => !text.startsWith("unexpected message, message stfu"));
          expect([errors, warned]).to.deep.equal([[], []]);
          expect(party.funded.commitments.others.filter(({ role }) => role === "signing")).to.deep.equal([]);
        }
        expectAgreementOnAll(pair);
        const { balance } = a.funded.commitments;
        expect(balance.local + balance.remote).to.equal(toMsat(a.funded.params.capacity));
        splices.push(a.take("SpliceSigned").length + b.take("SpliceSigned").length);
      }),
      { seed: 11, numRuns: 12 },
    );
    expect(
      splices.reduce((sum, one) => sum + one, 0),
      "splices happen",
    ).to.be.greaterThan(10);
  });
});
