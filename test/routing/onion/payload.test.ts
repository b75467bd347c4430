import { expect } from "chai";
import fc from "fast-check";
import {
  decodeFinalPayload,
  decodeForwardPayload,
  encodeFinalPayload,
  encodeForwardPayload,
  type FinalPayload,
  PAYLOAD_RECORDS,
} from "../../../routing/onion/payload.ts";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { preimage, shortChannelId } from "../../../src/base/ids.ts";
import { AssertionError } from "../../../src/base/result.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { damaged } from "../../support/arbitraries.ts";
import { describeVectors } from "../../support/vectors.ts";
import { FAILURE_LAYOUTS } from "./onions.ts";

const FORWARD = {
  amtToForward: msat(15_000n),
  outgoingCltvValue: cltvExpiry(1500),
  shortChannelId: shortChannelId(0, 0, 1),
};
const FINAL: FinalPayload = {
  amtToForward: msat(10_000n),
  outgoingCltvValue: cltvExpiry(1000),
  paymentSecret: undefined,
  totalMsat: undefined,
  paymentMetadata: undefined,
  keysendPreimage: undefined,
  customRecords: [],
};
const SECRET = new Uint8Array(32).fill(9);
const STREAM_RECORD = { type: 658_112_311n, value: fromHex("0102030405") };

describeVectors<{ readonly tlv_streams: Readonly<Record<string, readonly { name: string; type: string }[]>> }>(
  "BOLT 4 §payload format: the records",
  FAILURE_LAYOUTS,
  (vectors) => {
    it("declares every record of the BOLT, with its type", () => {
      const declared = Object.entries(PAYLOAD_RECORDS).map(([name, { type }]) => ({ name, type: type.toString() }));
      const expected = (vectors.tlv_streams["4:payload"] ?? []).map(({ name, type }) => ({ name, type }));
      expect(declared).to.deep.equal(expected);
    });
  },
);

describe("BOLT 4 §payload format: a node that forwards", () => {
  it("is told amount, expiry and channel, and nothing else", () => {
    expect(toHex(encodeForwardPayload(FORWARD))).to.equal("02023a98040205dc06080000000000000001");
    expect(decodeForwardPayload(encodeForwardPayload(FORWARD))).to.deep.equal({ ok: true, value: FORWARD });
  });
  it("refuses a payload without amount, expiry or channel, naming the first that is missing", () => {
    const refused = (payload: string) => decodeForwardPayload(fromHex(payload));
    const missing = (type: bigint) => ({ ok: false, error: { code: "invalid_onion_payload", type } });
    expect(refused("040205dc06080000000000000001")).to.deep.equal(missing(2n));
    expect(refused("02023a9806080000000000000001")).to.deep.equal(missing(4n));
    expect(refused("02023a98040205dc")).to.deep.equal(missing(6n));
  });
  it("refuses an unknown even record, a record twice, wrong order and a value of the wrong length", () => {
    const broken = [
      ["02023a98040205dc0608000000000000000114020102", 0n],
      ["02023a9802023a98040205dc06080000000000000001", 0n],
      ["040205dc02023a9806080000000000000001", 0n],
      ["02023a98040205dc060700000000000001", 6n],
      ["0203003a98040205dc06080000000000000001", 2n],
      ["02023a98040205dc0608000000000000", 0n],
    ] as const;
    for (const [payload, type] of broken)
      expect(decodeForwardPayload(fromHex(payload)), payload).to.deep.equal({
        ok: false,
        error: { code: "invalid_onion_payload", type },
      });
  });
  it("passes over an unknown odd record", () => {
    const payload = concat(encodeForwardPayload(FORWARD), fromHex("15020102"));
    expect(decodeForwardPayload(payload)).to.deep.equal({ ok: true, value: FORWARD });
  });
  it("refuses a payload of a blinded route", () => {
    for (const record of ["0a0101", `0c21${"02".repeat(33)}`])
      expect(decodeForwardPayload(fromHex(`02023a98040205dc06080000000000000001${record}`))).to.deep.equal({
        ok: false,
        error: { code: "invalid_onion_blinding" },
      });
  });
});

describe("BOLT 4 §Payload for the Last Node", () => {
  it("reads back what it writes: secret and total, metadata, preimage of a keysend, records of applications", () => {
    const payloads: FinalPayload[] = [
      FINAL,
      { ...FINAL, paymentSecret: SECRET, totalMsat: msat(10_000n) },
      { ...FINAL, paymentSecret: SECRET, totalMsat: msat(25_000n), paymentMetadata: fromHex("abcd") },
      { ...FINAL, keysendPreimage: preimage(SECRET), customRecords: [STREAM_RECORD] },
      { ...FINAL, customRecords: [{ type: 65_537n, value: new Uint8Array(0) }, STREAM_RECORD] },
    ];
    for (const payload of payloads)
      expect(decodeFinalPayload(encodeFinalPayload(payload))).to.deep.equal({ ok: true, value: payload });
  });
  it("carries the stream record 658112311 as it was given", () => {
    const read = decodeFinalPayload(encodeFinalPayload({ ...FINAL, customRecords: [STREAM_RECORD] }));
    expect(read.ok && read.value.customRecords).to.deep.equal([STREAM_RECORD]);
  });
  it("takes the amount as the total when a secret comes without one", () => {
    const read = decodeFinalPayload(encodeFinalPayload({ ...FINAL, paymentSecret: SECRET }));
    expect(read.ok && read.value.totalMsat).to.equal(FINAL.amtToForward);
  });
  it("refuses a payload without amount or expiry", () => {
    const missing = (type: bigint) => ({ ok: false, error: { code: "invalid_onion_payload", type } });
    expect(decodeFinalPayload(fromHex("040203e8"))).to.deep.equal(missing(2n));
    expect(decodeFinalPayload(fromHex("02022710"))).to.deep.equal(missing(4n));
  });
  it("refuses a secret of the wrong length, naming payment_data", () => {
    expect(decodeFinalPayload(fromHex("02022710040203e808020101"))).to.deep.equal({
      ok: false,
      error: { code: "invalid_onion_payload", type: 8n },
    });
  });
  it("refuses a payload of a blinded route", () => {
    expect(decodeFinalPayload(fromHex("02022710040203e80a0101"))).to.deep.equal({
      ok: false,
      error: { code: "invalid_onion_blinding" },
    });
  });
  it("refuses a keysend's preimage of the wrong length, naming its type", () => {
    expect(decodeFinalPayload(fromHex("02022710040203e8ff0000000146c6616c0101"))).to.deep.equal({
      ok: false,
      error: { code: "invalid_onion_payload", type: 5_482_373_484n },
    });
  });
  it("writes a record of an application of any type from 65,536 on, and refuses an even one that it does not know, by its type", () => {
    const even = encodeFinalPayload({ ...FINAL, customRecords: [{ type: 65_538n, value: SECRET }] });
    const refused = { ok: false, error: { code: "invalid_onion_payload", type: 65_538n } };
    expect(decodeFinalPayload(even)).to.deep.equal(refused);
    expect(decodeFinalPayload(even, new Set([65_540n]))).to.deep.equal(refused);
  });
  it("takes an even one that an application knows beside a keysend, and beside nothing else: there nobody would hear of it", () => {
    const known = new Set([65_538n]);
    const payload = { ...FINAL, customRecords: [{ type: 65_538n, value: SECRET }] };
    const keysend = { ...payload, paymentSecret: undefined, totalMsat: undefined, keysendPreimage: preimage(SECRET) };
    expect(decodeFinalPayload(encodeFinalPayload(keysend), known)).to.deep.equal({ ok: true, value: keysend });
    expect(decodeFinalPayload(encodeFinalPayload(payload), known).ok).to.equal(false);
    const also = { ...keysend, customRecords: [...payload.customRecords, { type: 65_540n, value: SECRET }] };
    expect(decodeFinalPayload(encodeFinalPayload(also), known)).to.deep.equal({
      ok: false,
      error: { code: "invalid_onion_payload", type: 65_540n },
    });
  });
  it("never writes a record of the protocol's types for an application", () => {
    for (const type of [65_535n, 5_482_373_484n])
      expect(() => encodeFinalPayload({ ...FINAL, customRecords: [{ type, value: SECRET }] })).to.throw(AssertionError);
  });
  it("never throws while reading, whatever the bytes", () => {
    const whole = encodeFinalPayload({ ...FINAL, paymentSecret: SECRET, customRecords: [STREAM_RECORD] });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged(whole)), (payload) => {
        decodeFinalPayload(payload);
        decodeForwardPayload(payload);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
