import { expect } from "chai";
import { decodeChannel, encodeChannel } from "../../../channels/index.ts";
import { msat } from "../../../src/base/units.ts";
import { MESSAGE_BYTES_MAX } from "../../../src/wire/registry.ts";
import type { AttributionData, UpdateFailHtlc, UpdateFulfillHtlc } from "../../../src/wire/updates.ts";
import { normal, type Pair, preimageOf } from "../../support/channel-pair.ts";

const DATA: AttributionData = {
  htlc_hold_times: new Uint8Array(80).fill(1),
  truncated_hmacs: new Uint8Array(840).fill(2),
};
const REASON = new Uint8Array(292).fill(3);

/** A channel whose nodes both take part, with one HTLC of a's committed. */
function withHtlc(features: readonly number[] = [36]): Pair {
  const pair = normal();
  pair.features = [...pair.features, ...features];
  // Attribution is the one thing that a record leaves out.
  pair.compare = false;
  pair.offer("a", msat(5_000_000n), 1);
  pair.settle();
  return pair;
}
const fulfill = (pair: Pair) =>
  pair.give("b", { tag: "FulfillHtlc", id: 0n, preimage: preimageOf(1), attribution: DATA });
const fail = (pair: Pair) => pair.give("b", { tag: "FailHtlc", id: 0n, reason: REASON, attribution: DATA });
const sent = (pair: Pair): readonly (AttributionData | undefined)[] =>
  pair.trace
    .map(({ message }) => message)
    .filter(
      (message): message is UpdateFulfillHtlc | UpdateFailHtlc =>
        message.name === "update_fulfill_htlc" || message.name === "update_fail_htlc",
    )
    .map(({ attribution_data }) => attribution_data);

describe("BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc: attribution_data (CONFORMANCE 91)", () => {
  it("goes with a preimage, and is told at once together with it", () => {
    const pair = withHtlc();
    fulfill(pair);
    pair.settle();
    expect(sent(pair)).to.deep.equal([DATA]);
    expect(pair.parties.a.take("HtlcSettled").map(({ attribution }) => attribution)).to.deep.equal([DATA]);
  });
  it("goes with a failure, and is told when the removal is irrevocable", () => {
    const pair = withHtlc();
    fail(pair);
    pair.settle();
    expect(sent(pair)).to.deep.equal([DATA]);
    expect(pair.parties.a.take("HtlcFailed").map(({ failure }) => failure)).to.deep.equal([
      { tag: "failed", reason: REASON, attribution: DATA },
    ]);
  });
  it("is neither sent nor believed between nodes that do not both offer it", () => {
    const silent = withHtlc([]);
    fulfill(silent);
    silent.settle();
    expect(sent(silent)).to.deep.equal([undefined]);
    const unasked = withHtlc([]);
    const channel_id = unasked.parties.a.funded.params.channelId;
    const message = { name: "update_fail_htlc", channel_id, id: 0n, reason: REASON, attribution_data: DATA } as const;
    unasked.give("a", { tag: "PeerMessage", message });
    expect(unasked.parties.a.funded.commitments.htlcs[0]?.removal).to.deep.equal({ tag: "failed", reason: REASON });
  });
  it("stays behind where a message has no room for it beside its reason, which is passed on whole (RELIABILITY D13)", () => {
    const longest = MESSAGE_BYTES_MAX - (2 + 32 + 8 + 2);
    const beside = longest - (1 + 3 + 920);
    const told = [longest, beside + 1, beside].map((bytes) => {
      const pair = withHtlc();
      const reason = new Uint8Array(bytes).fill(3);
      pair.give("b", { tag: "FailHtlc", id: 0n, reason, attribution: DATA });
      pair.settle();
      expect(
        pair.parties.a.take("HtlcFailed").map(({ failure }) => failure.tag === "failed" && failure.reason),
      ).to.deep.equal([reason]);
      return sent(pair);
    });
    expect(told).to.deep.equal([[undefined], [undefined], [DATA]]);
  });
  it("comes again after a lost connection", () => {
    const pair = withHtlc();
    fail(pair);
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(sent(pair)).to.deep.equal([DATA, DATA]);
  });
  it("makes no record longer: a removal is written without it", () => {
    const pair = withHtlc();
    fulfill(pair);
    const { state } = pair.parties.b;
    const read = decodeChannel(encodeChannel(state as never));
    const removal = read.ok && "commitments" in read.value ? read.value.commitments.htlcs[0]?.removal : undefined;
    expect(removal).to.deep.equal({ tag: "fulfilled", preimage: preimageOf(1) });
  });
});
