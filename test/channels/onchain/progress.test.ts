import { expect } from "chai";
import type { ChannelEnv } from "../../../channels/index.ts";
import { classify } from "../../../channels/onchain/classify.ts";
import { outputsOf } from "../../../channels/onchain/outputs.ts";
import { progressOf } from "../../../channels/onchain/progress.ts";
import type { Failed } from "../../../channels/state.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry } from "../../../src/base/units.ts";
import { type Name, preimageOf } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";

/** A channel with HTLCs both ways that `closer` has closed alone, and whose commitment is mined. */
function closed(closer: Name): Court {
  const court = new Court().open({ policy: { toSelfDelay: 10 } });
  const { pair } = court;
  for (const [tick, from] of (["a", "b", "a", "b"] as const).entries())
    pair.offer(from, 20_000_000n + BigInt(tick), tick, cltvExpiry(court.height + 60 + tick));
  pair.settle();
  pair.disconnect();
  pair.give(closer, { tag: "ForceClose" });
  court.act();
  court.mine();
  return court;
}
const failedAt = ({ pair }: Court, name: Name) => pair.parties[name].state as Failed;
/** The same state that shares nothing with it, so that nothing can be remembered of it. */
const apart = (state: Failed): Failed => structuredClone({ ...state, link: { tag: "offline" } }) as Failed;
/** An environment that counts how often a commitment is built anew. */
function counting(env: ChannelEnv): { readonly env: ChannelEnv; readonly built: () => number } {
  let built = 0;
  const commitmentPoint = (number: bigint): Uint8Array => {
    built++;
    return env.keys.commitmentPoint(number);
  };
  const keys = Object.create(env.keys, { commitmentPoint: { value: commitmentPoint } }) as ChannelEnv["keys"];
  return { env: { ...env, keys }, built: () => built };
}

describe("What the chain has made of a channel: PERFORMANCE, each block", () => {
  for (const closer of ["a", "b"] as const)
    it(`is what it would be for who has never asked, block by block and preimage by preimage, when ${closer} closes`, () => {
      const court = closed(closer);
      for (let block = 0; block < 75; block++) {
        if (block === 20) court.pair.give("a", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1) });
        for (const name of ["a", "b"] as const) {
          const state = failedAt(court, name);
          if (state.tag !== "Failed") continue;
          const env = court.pair.env(name);
          expect(progressOf(env, state), `${name}, block ${block}`).to.deep.equal(progressOf(env, apart(state)));
        }
        court.mine();
      }
    });

  it("builds no commitment again for a block that changes nothing", () => {
    const court = closed("a");
    const state = failedAt(court, "a");
    const { env, built } = counting(court.pair.env("a"));
    const first = progressOf(env, state);
    const before = built();
    expect(before > 0).to.equal(true);
    const learnt = { ...state, commitments: { ...state.commitments, htlcs: [...state.commitments.htlcs] } };
    for (let block = 0; block < 5; block++) expect(progressOf(env, state)).to.deep.equal(first);
    expect(built()).to.equal(before);
    progressOf(env, learnt);
    expect(built() - before <= 1, "what is ours is compared by its id").to.equal(true);
  });

  it("finds an output again when something else is known of the commitment", () => {
    const court = closed("b");
    const state = failedAt(court, "a");
    const env = court.pair.env("a");
    const { tx } = present(state.spends[0], "the commitment");
    const publication = classify(env, state, tx);
    const revoked = { tag: "revoked", number: 0n, secret: new Uint8Array(32).fill(1) } as const;
    expect(outputsOf(env, state, publication, tx).length > 3).to.equal(true);
    expect(outputsOf(env, state, revoked, tx).every(({ path }) => path.tag !== "direct")).to.equal(true);
    expect(outputsOf(env, state, publication, tx).some(({ path }) => path.tag === "direct")).to.equal(true);
  });
});
