import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import type { ChannelId, Preimage } from "../../src/base/ids.ts";
import {
  decodeMessage,
  encodeMessage,
  MESSAGE_BYTES_MAX,
  MESSAGES,
  messageType,
  payloadOf,
  type WireMessage,
} from "../../src/wire/registry.ts";
import { arbitraryMessage, damaged } from "../support/arbitraries.ts";

const messages = (index: number): fc.Arbitrary<WireMessage> =>
  arbitraryMessage(MESSAGES[index] as (typeof MESSAGES)[number]) as unknown as fc.Arbitrary<WireMessage>;
const CHANNEL = "ab".repeat(32) as ChannelId;

describe("every declared message", () => {
  for (const [index, declared] of MESSAGES.entries()) {
    it(`${declared.name} reads back what it writes, in all its forms`, () => {
      fc.assert(
        fc.property(messages(index), (message) => {
          const bytes = encodeMessage(message);
          expect(messageType(bytes)).to.equal(declared.type);
          expect(decodeMessage(bytes)).to.deep.equal({ ok: true, value: message });
        }),
        { seed: 1, numRuns: 30 },
      );
    });
    it(`${declared.name} never throws on damaged bytes, and writes again what it could read`, () => {
      const broken = messages(index).chain((message) => damaged(encodeMessage(message)));
      fc.assert(
        fc.property(broken, (bytes) => {
          const read = decodeMessage(bytes);
          if (!read.ok || read.value.name === "unknown") return;
          expect(decodeMessage(encodeMessage(read.value))).to.deep.equal(read);
        }),
        { seed: 1, numRuns: 60 },
      );
    });
    it(`${declared.name} is refused when cut short anywhere in its fixed fields (CONFORMANCE 2)`, () => {
      fc.assert(
        fc.property(messages(index), (message) => {
          const plain = Object.keys(declared.fields).map((field) => [field, message[field as keyof WireMessage]]);
          const bytes = encodeMessage({ name: message.name, ...Object.fromEntries(plain) } as WireMessage);
          for (const length of [2, 3, bytes.length >> 1, bytes.length - 1].filter((cut) => cut >= 2)) {
            const read = decodeMessage(bytes.subarray(0, length));
            const fault = read.ok
              ? read.value
              : { ...read.error, reason: "reason" in read.error && read.error.reason.code };
            const { type, name } = declared;
            expect(fault).to.deep.equal({ code: "malformed", type, message: name, reason: "short_read" });
          }
        }),
        { seed: 1, numRuns: 5 },
      );
    });
  }
});

describe("BOLT 1 §Lightning Message Format", () => {
  const error = { name: "error", channel_id: CHANNEL, data: fromHex("6f6f7073") } as const;

  it("never throws on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeMessage(bytes).ok).to.be.a("boolean");
      }),
      { seed: 1, numRuns: 500 },
    );
  });
  it("tells unknown types apart by parity (CONFORMANCE 1)", () => {
    const unknown = (type: number, odd: boolean) => ({ ok: true, value: { name: "unknown", type, odd } });
    expect(decodeMessage(fromHex("ff01aabb"))).to.deep.equal(unknown(0xff01, true));
    expect(decodeMessage(fromHex("ff02aabb"))).to.deep.equal(unknown(0xff02, false));
    expect(decodeMessage(fromHex("0000"))).to.deep.equal(unknown(0, false));
  });
  it("refuses bytes without a type, and more than 65535 (CONFORMANCE 1)", () => {
    expect(decodeMessage(fromHex(""))).to.deep.equal({ ok: false, error: { code: "no_type" } });
    expect(decodeMessage(fromHex("00"))).to.deep.equal({ ok: false, error: { code: "no_type" } });
    const long = concat(encodeMessage(error), new Uint8Array(MESSAGE_BYTES_MAX));
    expect(decodeMessage(long)).to.deep.equal({ ok: false, error: { code: "too_long", length: long.length } });
  });
  it("writes up to 65535 bytes and throws beyond", () => {
    const fits = { ...error, data: new Uint8Array(MESSAGE_BYTES_MAX - 2 - 32 - 2) };
    expect(encodeMessage(fits).length).to.equal(MESSAGE_BYTES_MAX);
    expect(() => encodeMessage({ ...fits, data: new Uint8Array(fits.data.length + 1) })).to.throw(
      "fits into one frame",
    );
  });
  it("ignores what follows a message for which no TLVs are known (CONFORMANCE 2)", () => {
    const longer = concat(encodeMessage(error), fromHex("0201aa"));
    expect(decodeMessage(longer)).to.deep.equal({ ok: true, value: error });
  });
  it("skips an unknown odd record, refuses an unknown even one, and names the field of a bad one", () => {
    const init = { name: "init", globalfeatures: fromHex(""), features: fromHex("02") } as const;
    const with_ = (extension: string) => decodeMessage(concat(encodeMessage(init), fromHex(extension)));
    const fault = (extension: string): string => {
      const read = with_(extension);
      return read.ok || read.error.code !== "malformed" ? "" : String(read.error.reason);
    };
    expect(with_("fd0103020102")).to.deep.equal({ ok: true, value: init });
    expect(fault("02020102")).to.equal("unknown_even_type");
    expect(fault("0103aabbcc")).to.equal("short_read at networks");
    expect(fault("0301aa0301bb")).to.equal("not_increasing");
  });
  it("names the field at which a message is cut short", () => {
    const bytes = fromHex(`0080${"ab".repeat(32)}0000000000000001`);
    const read = decodeMessage(bytes);
    expect(!read.ok && read.error.code === "malformed" && String(read.error.reason)).to.equal(
      "short_read at amount_msat",
    );
  });
  it("refuses an amount above 21 million coins (CONFORMANCE 5) and a point without a compressed prefix", () => {
    const add = (amount: string) =>
      fromHex(`0080${"ab".repeat(32)}${"00".repeat(8)}${amount}${"00".repeat(32 + 4 + 1366)}`);
    expect(decodeMessage(add("1d24b2dfac520000")).ok).to.equal(true);
    const above = decodeMessage(add("1d24b2dfac520001"));
    expect(!above.ok && above.error.code === "malformed" && String(above.error.reason)).to.equal(
      "out_of_range at amount_msat",
    );
    const ready = decodeMessage(fromHex(`0024${"ab".repeat(32)}04${"00".repeat(32)}`));
    expect(!ready.ok && ready.error.code === "malformed" && String(ready.error.reason)).to.equal(
      "out_of_range at second_per_commitment_point",
    );
  });
  it("carries identifiers as lower-case hex and keeps their bytes", () => {
    const preimage = "0f".repeat(32) as Preimage;
    const fulfill = { name: "update_fulfill_htlc", channel_id: CHANNEL, id: 7n, payment_preimage: preimage } as const;
    expect(toHex(payloadOf(encodeMessage(fulfill)))).to.equal(`${CHANNEL}0000000000000007${preimage}`);
  });
});
