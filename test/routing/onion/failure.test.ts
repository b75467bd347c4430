import { expect } from "chai";
import fc from "fast-check";
import {
  createFailure,
  createMalformedFailure,
  readFailure,
  readMalformed,
  wrapFailure,
} from "../../../routing/onion/failure.ts";
import { FAILURES, type FailureMessage } from "../../../routing/onion/failure-messages.ts";
import { deriveKey, xorInto } from "../../../routing/onion/keys.ts";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { AssertionError } from "../../../src/base/result.ts";
import { hmacSha256 } from "../../../src/crypto/hash.ts";
import { keyStream } from "../../../src/crypto/stream.ts";
import { arbitraryMessage } from "../../support/arbitraries.ts";
import { describeVectors } from "../../support/vectors.ts";
import type { OnionErrorVector } from "./keys.test.ts";

const NODE_FAILURE: FailureMessage = { name: "temporary_node_failure" };
const secrets = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => new Uint8Array(32).fill(index + 1));
/** The reason that reaches the sender when the node at `hop` fails the HTLC. */
function returned(shared: readonly Uint8Array[], hop: number, reason: Uint8Array): Uint8Array {
  let wrapped = reason;
  for (let at = hop - 1; at >= 0; at--) wrapped = wrapFailure(shared[at] as Uint8Array, wrapped);
  return wrapped;
}
/** A packet of any content that is authentic all the same: what a dishonest hop can send. */
function authentic(secret: Uint8Array, content: Uint8Array): Uint8Array {
  const packet = concat(hmacSha256(deriveKey("um", secret), content), content);
  xorInto(packet, keyStream(deriveKey("ammag", secret), packet.length));
  return packet;
}

describeVectors<OnionErrorVector>(
  "BOLT 4 §Test Vector: returning errors",
  "bolts/bolt04/onion-error-test.json",
  (vector) => {
    const shared = vector.generate.hops.map((hop) => fromHex(hop.hop_shared_secret));
    it("makes the packet that reaches the sender, byte for byte", () => {
      const last = shared.length - 1;
      expect(vector.generate.failure_message).to.equal("2002");
      const reason = returned(shared, last, createFailure(shared[last] as Uint8Array, NODE_FAILURE));
      expect(toHex(reason)).to.equal(vector.errorpacket);
    });
    it("attributes it to the last hop and reads the failure", () => {
      expect(readFailure(shared, fromHex(vector.errorpacket))).to.deep.equal({
        tag: "Attributed",
        hop: shared.length - 1,
        failure: NODE_FAILURE,
      });
    });
  },
);

describe("BOLT 4 §Returning Errors", () => {
  it("attributes any failure at any hop of any route to that hop", () => {
    const failures = fc.oneof(...FAILURES.map((declared) => arbitraryMessage(declared)));
    const place = fc.integer({ min: 1, max: 20 }).chain((hops) => fc.tuple(fc.constant(hops), fc.nat(hops - 1)));
    fc.assert(
      fc.property(place, failures, ([hops, hop], value) => {
        const failure = value as FailureMessage;
        const shared = secrets(hops);
        const reason = returned(shared, hop, createFailure(shared[hop] as Uint8Array, failure));
        expect(readFailure(shared, reason)).to.deep.equal({ tag: "Attributed", hop, failure });
      }),
      { seed: 1, numRuns: 150 },
    );
  });
  it("has 292 bytes for every failure, at every hop", () => {
    const lengths = [NODE_FAILURE, { name: "invalid_onion_payload", type: 2n ** 40n, offset: 7 } as const].map(
      (failure) => returned(secrets(3), 2, createFailure(secrets(3)[2] as Uint8Array, failure)).length,
    );
    expect(lengths).to.deep.equal([292, 292]);
  });
  it("is read by nobody but the sender: one hop's secret alone fits no layer but the first", () => {
    const shared = secrets(3);
    const reason = returned(shared, 2, createFailure(shared[2] as Uint8Array, NODE_FAILURE));
    expect(readFailure([shared[2] as Uint8Array], reason)).to.deep.equal({ tag: "Unreadable" });
    expect(readFailure([shared[0] as Uint8Array], reason)).to.deep.equal({ tag: "Unreadable" });
  });
  it("is unreadable when one byte was changed on the way", () => {
    const shared = secrets(4);
    const reason = returned(shared, 3, createFailure(shared[3] as Uint8Array, NODE_FAILURE));
    for (const at of [0, 31, 32, 100, 291]) {
      const changed = reason.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(readFailure(shared, changed)).to.deep.equal({ tag: "Unreadable" });
    }
  });
});

describe("RELIABILITY D26: failures that make no sense", () => {
  const shared = secrets(2);
  const code = 0x6000;
  it("is unreadable when it is empty, too short or 64 kB of anything", () => {
    for (const length of [0, 1, 33, 34, 36, 65_000])
      expect(readFailure(shared, new Uint8Array(length).fill(length))).to.deep.equal({ tag: "Unreadable" });
  });
  it("still knows the hop when the content is authentic but no failure", () => {
    for (const content of ["0000", "0001", "000120", "ffff", "ffff20"])
      expect(readFailure(shared, authentic(shared[0] as Uint8Array, fromHex(content))), content).to.deep.equal({
        tag: "Attributed",
        hop: 0,
        failure: { name: "unknown", code },
      });
  });
  it("is unreadable when it was made for the rounds beyond the route, whose keys everybody knows", () => {
    const beyond = authentic(new Uint8Array(32), fromHex("00022002"));
    const reason = shared.toReversed().reduce((packet, secret) => wrapFailure(secret, packet), beyond);
    expect(readFailure(shared, reason)).to.deep.equal({ tag: "Unreadable" });
  });
  it("takes a length that goes beyond the packet for the bytes that there are", () => {
    const read = readFailure(shared, authentic(shared[0] as Uint8Array, fromHex("ffff2002aabb")));
    expect(read).to.deep.equal({ tag: "Attributed", hop: 0, failure: NODE_FAILURE });
  });
  it("reads a packet that is longer than ours would be", () => {
    const content = concat(fromHex("01002002"), new Uint8Array(1200));
    const reason = wrapFailure(shared[0] as Uint8Array, authentic(shared[1] as Uint8Array, content));
    expect(readFailure(shared, reason)).to.deep.equal({ tag: "Attributed", hop: 1, failure: NODE_FAILURE });
  });
});

describe("BOLT 2 §Removing an HTLC: update_fail_malformed_htlc", () => {
  const hash = new Uint8Array(32).fill(3);
  it("becomes an ordinary failure of the node that received it", () => {
    const shared = secrets(3);
    const reason = returned(shared, 1, createMalformedFailure(shared[1] as Uint8Array, 0xc005, hash));
    expect(readFailure(shared, reason)).to.deep.equal({
      tag: "Attributed",
      hop: 1,
      failure: { name: "invalid_onion_hmac", sha256_of_onion: hash },
    });
  });
  it("is never made from a code without BADONION", () => {
    expect(() => createMalformedFailure(secrets(1)[0] as Uint8Array, 0x2002, hash)).to.throw(AssertionError);
  });
  it("of our own first hop counts as reported by ourselves", () => {
    expect(readMalformed(0xc006)).to.deep.equal({
      tag: "Attributed",
      hop: -1,
      failure: { name: "unknown", code: 0xc006 },
    });
  });
});
