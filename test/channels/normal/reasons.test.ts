import { expect } from "chai";
import { msat } from "../../../src/base/units.ts";
import { normal, type Pair } from "../../support/channel-pair.ts";

const LONGEST = 65_000;

function withHtlcs(count: number): Pair {
  const pair = normal();
  // A long reason that is not kept is told once more where it is.
  pair.compare = false;
  for (let at = 0; at < count; at++) pair.offer("a", msat(5_000_000n), at);
  pair.settle();
  return pair;
}
const ids = (count: number): readonly bigint[] => Array.from({ length: count }, (_, at) => BigInt(at));
const lengths = (pair: Pair): readonly number[] =>
  pair.parties.a.take("HtlcFailed").map(({ failure }) => (failure.tag === "failed" ? failure.reason.length : -1));

describe("Reasons of failures (RELIABILITY D13)", () => {
  it("of a peer fill no record: of those beyond what honest nodes send it is kept only that there was one", () => {
    const pair = withHtlcs(40);
    const { a } = pair.parties;
    const channel_id = a.funded.params.channelId;
    for (const id of ids(40)) {
      const message = { name: "update_fail_htlc", channel_id, id, reason: new Uint8Array(LONGEST) } as const;
      pair.give("a", { tag: "PeerMessage", message });
    }
    const reasons = a.funded.commitments.htlcs.map(({ removal }) => removal?.tag === "failed" && removal.reason.length);
    expect(reasons).to.deep.equal([...new Array(8).fill(LONGEST), ...new Array(32).fill(0)]);
  });
  it("of our own, which come from another peer, do not either", () => {
    const pair = withHtlcs(40);
    for (const id of ids(40)) pair.give("b", { tag: "FailHtlc", id, reason: new Uint8Array(LONGEST) });
    pair.settle();
    expect(lengths(pair)).to.deep.equal([...new Array(8).fill(LONGEST), ...new Array(32).fill(0)]);
  });
  it("are kept whole of as many HTLCs as a channel has where they have a usual length", () => {
    const pair = withHtlcs(100);
    for (const id of ids(100)) pair.give("b", { tag: "FailHtlc", id, reason: new Uint8Array(1_060).fill(7) });
    pair.settle();
    expect(lengths(pair)).to.deep.equal(new Array(100).fill(1_060));
  });
});
