import { expect } from "chai";
import { decodeChannel, encodeChannel, revokedHtlcs } from "../../../channels/index.ts";
import { decode, encode } from "../../../src/codec/codec.ts";
import { normal } from "../../support/channel-pair.ts";
import { durableSamples } from "../../support/durable-samples.ts";

describe("The record of a channel", () => {
  for (const [name, state] of Object.entries(durableSamples()))
    it(`gives back ${name}, without its connection`, () => {
      const decoded = decodeChannel(encodeChannel(state));
      const expected = "link" in state ? { ...state, link: { tag: "offline" } } : state;
      expect(decoded).to.deep.equal({ ok: true, value: expected });
    });
  it("is refused under another version, cut short at any byte, or with more behind it", () => {
    const record = encodeChannel(normal().parties.a.funded);
    expect(decodeChannel(Uint8Array.of(9, ...record.subarray(1))).ok).to.equal(false);
    expect(decodeChannel(Uint8Array.of(...record, 0)).ok).to.equal(false);
    for (let length = 0; length < record.length; length++)
      expect(decodeChannel(record.subarray(0, length)).ok, `${length} bytes`).to.equal(false);
  });
  it("of revoked HTLCs gives them back", () => {
    const pair = normal();
    pair.offer("a", 1_000_000n, 1);
    pair.settle();
    pair.fail("b", 0n);
    pair.settle();
    const [record] = pair.parties.a.take("RevokedHtlcs");
    if (record === undefined) throw new Error("revoked");
    expect(decode(revokedHtlcs, encode(revokedHtlcs, record.htlcs))).to.deep.equal({ ok: true, value: record.htlcs });
    expect(decode(revokedHtlcs, Uint8Array.of(9, 0, 0)).ok).to.equal(false);
  });
});
