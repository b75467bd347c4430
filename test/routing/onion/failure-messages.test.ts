import { expect } from "chai";
import fc from "fast-check";
import {
  decodeFailure,
  encodeFailure,
  FAILURES,
  type FailureMessage,
  failureCode,
} from "../../../routing/onion/failure-messages.ts";
import { concat, fromHex } from "../../../src/base/bytes.ts";
import type { Codec } from "../../../src/codec/codec.ts";
import { arbitraryMessage } from "../../support/arbitraries.ts";
import { describeVectors } from "../../support/vectors.ts";
import { FAILURE_LAYOUTS } from "./onions.ts";

interface WireFormats {
  readonly failure_messages: readonly {
    readonly name: string;
    readonly code: number;
    readonly fields: readonly { readonly name: string; readonly type: string; readonly count?: string }[];
  }[];
}

/** How the BOLTs' extractor writes each kind of field that failures have. */
const SHAPES: Readonly<Record<string, object>> = {
  u16: { kind: "uint", bits: 16 },
  u32: { kind: "uint", bits: 32 },
  u64: { kind: "uint", bits: 64 },
  sha256: { kind: "bytes", length: 32 },
  bigsize: { kind: "bigsize" },
};

describeVectors<WireFormats>("BOLT 4 §Failure Messages: layouts", FAILURE_LAYOUTS, (vectors) => {
  it("declares every failure of the BOLT and no other", () => {
    const declared = FAILURES.map(({ name, type }) => ({ name, code: type }));
    expect(declared).to.have.deep.members(vectors.failure_messages.map(({ name, code }) => ({ name, code })));
  });
  for (const failure of vectors.failure_messages)
    it(`${failure.name} has the fields of the BOLT, in its order`, () => {
      const declared = FAILURES.find(({ name }) => name === failure.name);
      const fields = Object.entries<Codec<unknown>>(declared?.fields ?? {}).map(([name, codec]) => ({
        name,
        shape: codec.shape,
      }));
      const expected = failure.fields
        .filter(({ name }) => name !== "len")
        .map(({ name, type, count }) =>
          count === "len" ? { name, shape: { kind: "prefixed", prefix: "u16" } } : { name, shape: SHAPES[type] },
        );
      const shown = fields.map(({ name, shape }) =>
        shape.kind === "prefixed" ? { name, shape: { kind: "prefixed", prefix: "u16" } } : { name, shape },
      );
      expect(shown).to.deep.equal(expected);
    });
});

describe("BOLT 4 §Receiving Failure Codes: reading", () => {
  it("reads back every failure that it writes, and ignores bytes behind it", () => {
    const failures = fc.oneof(...FAILURES.map((declared) => arbitraryMessage(declared)));
    fc.assert(
      fc.property(failures, fc.uint8Array({ maxLength: 40 }), (value, extra) => {
        const failure = value as FailureMessage;
        expect(decodeFailure(concat(encodeFailure(failure), extra))).to.deep.equal(failure);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
  it("takes a channel_update with or without a message type in front, as bytes it never looks into", () => {
    const withType = fromHex("0102aabb");
    const without = fromHex("aabb");
    for (const channel_update of [withType, without]) {
      const failure: FailureMessage = { name: "temporary_channel_failure", channel_update };
      expect(decodeFailure(encodeFailure(failure))).to.deep.equal(failure);
    }
  });
  it("keeps the code of a failure that is not declared or has too few bytes", () => {
    expect(decodeFailure(fromHex("5fff0102"))).to.deep.equal({ name: "unknown", code: 0x5fff });
    expect(decodeFailure(fromHex("1007"))).to.deep.equal({ name: "unknown", code: 0x1007 });
    expect(failureCode({ name: "unknown", code: 0x1007 })).to.equal(0x1007);
  });
  it("finds no failure in less than a code", () => {
    expect(decodeFailure(fromHex("10"))).to.equal(undefined);
  });
  it("never throws, for any bytes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAILURES), fc.uint8Array({ maxLength: 70 }), ({ type }, data) => {
        decodeFailure(concat(Uint8Array.of(type >> 8, type & 0xff), data));
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
