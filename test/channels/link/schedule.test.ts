import { expect } from "chai";
import fc from "fast-check";
import { msat, satPerKw } from "../../../src/base/units.ts";
import { type Name, normal, type Opening, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { type Action, act, action, comeToRest, expectAgreement, type Offers } from "../../support/schedule.ts";

const steps: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 30, arbitrary: action },
    {
      weight: 2,
      arbitrary: fc.record({ tag: fc.constant("fee" as const), feerate: fc.integer({ min: 253, max: 12_000 }) }),
    },
  ),
  { minLength: 150, maxLength: 150 },
);
const shutdown = fc.option(fc.record({ by: fc.constantFrom<Name>("a", "b"), at: fc.nat(149) }));

/** Of 100,000 sat; the opener has little, all of it, or the half. */
const opening: fc.Arbitrary<Opening> = fc
  .record({
    format: fc.constantFrom("anchors" as const, "static_remotekey" as const),
    feerate: fc.constantFrom(253, 1_000, 5_000),
    share: fc.constantFrom("little" as const, "all" as const, "half" as const),
    spare: fc.bigInt({ min: 0n, max: 3_000n }),
  })
  .map(({ format, feerate, share, spare }) => {
    const least = 1_700n + (BigInt(feerate) * 1_124n) / 1_000n + spare;
    const push = { little: 100_000n - least, all: 0n, half: 50_000n }[share];
    return { capacity: 100_000n, push: push * 1_000n, feerate, type: { format } };
  });

/** Over as many connections as it takes, but for one that ends each time anew. */
function joined(pair: Pair): void {
  for (let joins = 0; joins < 6; joins++) {
    comeToRest(pair);
    if (pair.connected) return;
  }
  throw new Error("they part over the same thing on each connection");
}

describe("BOLT 2 §Message Retransmission: any schedule of updates, fees, cuts, crashes and a close, where money is scarce", () => {
  it("fails no channel, loses no msat, and ends over some connection", function () {
    this.timeout(120_000);
    const ends: Record<string, number> = {};
    fc.assert(
      fc.property(opening, steps, shutdown, fc.boolean(), (options, actions, close, isSimple) => {
        const pair = normal({ ...options, policy: { maxDustExposure: msat(1n << 50n) } });
        if (isSimple) pair.features = [...pair.features, 60];
        const offers: Offers = new Map();
        for (const [at, next] of actions.entries()) {
          act(pair, offers, next);
          if (close?.at === at)
            pair.give(close.by, { tag: "Shutdown", script: SCRIPT[close.by], feerate: satPerKw(500) });
        }
        joined(pair);
        const { a, b } = pair.parties;
        expect(a.state.tag).to.equal(b.state.tag);
        expect([...a.take("SendError"), ...b.take("SendError")]).to.deep.equal([]);
        expectAgreement(pair, offers, options);
        ends[a.state.tag] = (ends[a.state.tag] ?? 0) + 1;
      }),
      { seed: 3, numRuns: 40 },
    );
    expect(Object.keys(ends).sort()).to.deep.equal(["Closing", "Normal"]);
  });
});
