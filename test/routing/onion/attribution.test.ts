import { expect } from "chai";
import { attribute, FULFILLED, readAttribution } from "../../../routing/onion/attribution.ts";
import { attributeFailure, createFailure, readFailure, wrapFailure } from "../../../routing/onion/failure.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { present } from "../../../src/base/result.ts";
import type { AttributionData } from "../../../src/wire/updates.ts";
import { describeVectors } from "../../support/vectors.ts";

interface AttributionVector {
  readonly hops: readonly { readonly htlc_hold_time: number }[];
  readonly trace: readonly {
    readonly step: string;
    readonly shared_secret: string;
    readonly raw_error_packet?: string;
    readonly error_packet?: string;
    readonly attribution_data?: string;
  }[];
  readonly fulfill_attribution_data: readonly { readonly node: number; readonly attribution_data: string }[];
}
const hexOf = ({ htlc_hold_times, truncated_hmacs }: AttributionData): string =>
  toHex(htlc_hold_times) + toHex(truncated_hmacs);
const dataOf = (hex: string): AttributionData => ({
  htlc_hold_times: fromHex(hex.slice(0, 160)),
  truncated_hmacs: fromHex(hex.slice(160)),
});

describeVectors<AttributionVector>(
  "BOLT 4 §Initialization of `attribution_data`",
  "bolts/bolt04/attribution-data.json",
  ({ hops, trace, fulfill_attribution_data }) => {
    const forwards = trace.filter(({ step }) => step === "forward");
    const holdTimes = hops.map(({ htlc_hold_time }) => htlc_hold_time);
    const secrets = forwards.map(({ shared_secret }) => fromHex(shared_secret)).reverse();
    const heldAt = (index: number): number => present(holdTimes[hops.length - 1 - index], "a hold time");

    it("makes what each node sends beside a failure, byte for byte", () => {
      let downstream: AttributionData | undefined;
      for (const [index, { shared_secret, error_packet, attribution_data }] of forwards.entries()) {
        const reason = fromHex(present(error_packet, "a packet"));
        downstream = attributeFailure(fromHex(shared_secret), reason, heldAt(index), downstream);
        expect(hexOf(downstream)).to.equal(attribution_data);
      }
    });
    it("makes what each node sends beside a preimage, byte for byte", () => {
      let downstream: AttributionData | undefined;
      for (const [index, { attribution_data }] of fulfill_attribution_data.entries()) {
        const secret = present(secrets[hops.length - 1 - index], "a secret");
        downstream = attribute(secret, FULFILLED, heldAt(index), downstream);
        expect(hexOf(downstream)).to.equal(attribution_data);
      }
    });
    it("is read by the sender: the hold time of every hop, from a failure as from a preimage", () => {
      const last = present(fulfill_attribution_data.at(-1), "the first hop's");
      expect(readAttribution(secrets, [], dataOf(last.attribution_data))).to.deep.equal(holdTimes);
      const failed = present(forwards.at(-1), "the first hop's");
      const packets = [...forwards.slice(0, -1).reverse(), trace[0]].map((step) =>
        fromHex(present(step?.error_packet ?? step?.raw_error_packet, "a packet")),
      );
      const data = dataOf(present(failed.attribution_data, "its data"));
      expect(readAttribution(secrets, packets, data)).to.deep.equal(holdTimes);
    });
  },
);

const secretsOf = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => new Uint8Array(32).fill(index + 1));
/** A failure of the last of these hops as it reaches the sender, with what each hop may do to it on its way. */
function sentBack(
  secrets: readonly Uint8Array[],
  meddle: (hop: number, answer: { reason: Uint8Array; data: AttributionData | undefined }) => void = () => {},
) {
  const last = secrets.length - 1;
  const answer: { reason: Uint8Array; data: AttributionData | undefined } = {
    reason: new Uint8Array(0),
    data: undefined,
  };
  for (let hop = last; hop >= 0; hop--) {
    const secret = secrets[hop] as Uint8Array;
    answer.reason =
      hop === last ? createFailure(secret, { name: "temporary_node_failure" }) : wrapFailure(secret, answer.reason);
    answer.data = attributeFailure(secret, answer.reason, hop, answer.data);
    meddle(hop, answer);
  }
  return answer;
}

describe("CONFORMANCE 91: an answer that was changed on its way", () => {
  const secrets = secretsOf(6);
  for (const liar of [0, 1, 3, 4])
    it(`by hop ${liar} is followed to that hop and no further`, () => {
      const { reason, data } = sentBack(secrets, (hop, answer) => {
        if (hop !== liar) return;
        answer.reason = answer.reason.map((byte) => byte ^ 1);
      });
      // Its codes were made over another packet than the one that it sent on.
      expect(readFailure(secrets, reason, data)).to.deep.equal({ tag: "Unreadable", followed: liar });
      expect(readFailure(secrets, reason)).to.deep.equal({ tag: "Unreadable" });
    });
  it("in a hold time, or cut off by a hop that does not take part, is followed as far as the codes fit", () => {
    const packets = secrets.map(() => FULFILLED);
    for (const [liar, lie] of [
      [2, (data: AttributionData) => ({ ...data, htlc_hold_times: data.htlc_hold_times.map((byte) => byte ^ 1) })],
      [4, () => undefined],
    ] as const) {
      let data: AttributionData | undefined;
      for (const [index, secret] of [...secrets.entries()].reverse()) {
        data = attribute(secret, FULFILLED, 7, data);
        if (index === liar) data = lie(data);
      }
      expect(readAttribution(secrets, packets, present(data, "the first hop's"))).to.deep.equal(Array(liar).fill(7));
    }
  });
  it("still tells who failed it when the failure can be read", () => {
    const { reason, data } = sentBack(secrets);
    expect(readFailure(secrets, reason, data)).to.deep.equal({
      tag: "Attributed",
      hop: 5,
      failure: { name: "temporary_node_failure" },
    });
  });
  it("can be followed along 20 hops, and no hop of a longer route", () => {
    for (const [count, followed] of [
      [20, 20],
      [21, 0],
      [27, 0],
    ] as const) {
      const route = secretsOf(count);
      let data: AttributionData | undefined;
      for (const secret of [...route].reverse()) data = attribute(secret, FULFILLED, 1, data);
      expect(readAttribution(route, [], present(data, "the first hop's"))).to.have.length(followed);
    }
  });
  it("is never read beyond its end, whatever the bytes", () => {
    const noise = { htlc_hold_times: new Uint8Array(80).fill(9), truncated_hmacs: new Uint8Array(840).fill(7) };
    expect(readAttribution(secrets, [], noise)).to.deep.equal([]);
    expect(readFailure(secrets, new Uint8Array(3), noise)).to.deep.equal({ tag: "Unreadable", followed: 0 });
  });
  it("reports the longest time that there is room for, and refuses none at all", () => {
    const [secret] = secretsOf(1) as [Uint8Array];
    expect(readAttribution([secret], [], attribute(secret, FULFILLED, 2 ** 40))).to.deep.equal([0xffff_ffff]);
    for (const bad of [-1, 0.5, Number.NaN])
      expect(() => attribute(secret, FULFILLED, bad)).to.throw("a hold time is a whole number");
  });
});
