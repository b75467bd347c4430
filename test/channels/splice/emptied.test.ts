import { expect } from "chai";
import { localCommitment, remoteCommitment, specOf } from "../../../channels/commitments.ts";
import { commitmentsOn, paramsOn } from "../../../channels/fundings/other.ts";
import { present } from "../../../src/base/result.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { out, pending, spliceable, want } from "../../support/splicing.ts";

/** How many outputs our commitment and the peer's have, each on the newest of a channel's fundings. */
function outputs(pair: Pair, name: Name): readonly number[] {
  const { params, commitments } = pair.parties[name].funded;
  const other = present(pending(pair, name).at(-1), "a splice");
  const [on, seen] = [paramsOn(params, other.terms), commitmentsOn(commitments, other)];
  const env = pair.env(name);
  const theirs = remoteCommitment(env, on, commitments.remote, specOf(seen, "remote"));
  const { commitment: ours } = localCommitment(env, on, seen.local.number, specOf(seen, "local"));
  return [ours, theirs].map(({ tx }) => tx.outputs.length);
}
/** a, which opened, pays 1,784 sat for a commitment with anchors; of its 1,000,000 sat so many are to stay. */
function leaving(left: bigint, by: Name = "a"): Pair {
  const pair = spliceable({ push: 0n });
  const fee = 1_000n;
  want(pair, by, out(1_000_000n - fee - left), 1_000);
  pair.settle();
  return pair;
}
const failures = (pair: Pair) => pair.parties.a.take("NegotiationFailed").map(({ reason }) => reason);

describe("BOLT 2 §Splice Transaction Construction: a splice that leaves next to nothing", () => {
  it("is none when a commitment over it would have no output: nobody could take back what is left", () => {
    for (let left = 1_600n; left < 2_600n; left += 50n) {
      const pair = leaving(left);
      const made = pending(pair).length;
      if (made > 0) expect([...outputs(pair, "a"), ...outputs(pair, "b")], String(left)).to.not.include(0);
      else expect(failures(pair).length, String(left)).to.equal(1);
    }
  });
});
