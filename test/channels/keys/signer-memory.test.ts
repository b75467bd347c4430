import { expect } from "chai";
import { FRESH_MEMORY, type SignerMemory } from "../../../channels/keys/signer.ts";
import { joined, olderThan, signerMemoryRecord } from "../../../channels/keys/signer-memory.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { txid } from "../../../src/base/ids.ts";
import { decode, encode } from "../../../src/codec/codec.ts";

const id = (byte: number) => txid(new Uint8Array(32).fill(byte));
const signed = (funding: number, number: bigint, of: number) => ({
  funding: { txid: id(funding), vout: 1 },
  number,
  txid: id(of),
});
const memory: SignerMemory = {
  signed: [signed(1, 7n, 0x70), signed(2, 7n, 0x71)],
  revokedBelow: 6n,
  broadcastFrom: undefined,
  obscuringFactor: 0xabcdn,
};

describe("what a signer remembers of a channel", () => {
  it("comes back from its record, whose bytes do not change", () => {
    for (const value of [memory, FRESH_MEMORY, { ...memory, broadcastFrom: 9n }])
      expect(decode(signerMemoryRecord, encode(signerMemoryRecord, value))).to.deep.equal({ ok: true, value });
    const one = { ...memory, signed: memory.signed.slice(0, 1), broadcastFrom: 8n };
    const bytes = (amount: string): string =>
      `010001${"01".repeat(32)}00010000000000000007${"70".repeat(32)}${amount}0000000000000006010000000000000008${"01000000000000abcd"}`;
    expect(toHex(encode(signerMemoryRecord, one))).to.equal(bytes("00"));
    expect(decode(signerMemoryRecord, fromHex(bytes("010000000000001388")))).to.deep.equal({ ok: true, value: one });
    const later = encode(signerMemoryRecord, memory);
    later[0] = 2;
    expect(decode(signerMemoryRecord, later).ok).to.equal(false);
  });
  it("is not contradicted by a record that is level or ahead", () => {
    const level = { ...memory, signed: [signed(1, 7n, 0x70), signed(2, 7n, 0x71)] };
    for (const record of [
      level,
      { ...level, signed: [signed(1, 8n, 0x80), signed(2, 8n, 0x81)] },
      { ...level, revokedBelow: 7n },
      { ...level, broadcastFrom: 6n },
      // A splice is locked: the funding output before it is over.
      { ...level, signed: [signed(2, 8n, 0x81)] },
    ])
      expect(olderThan(record, memory)).to.equal(undefined);
  });
  it("shows a record that is older", () => {
    expect(olderThan({ ...memory, signed: [signed(1, 6n, 0x60)] }, memory)).to.match(/commitment 7 .* ends at 6/);
    expect(olderThan(FRESH_MEMORY, memory)).to.match(/ends at none/);
    expect(olderThan({ ...memory, signed: [signed(1, 7n, 0x75), signed(2, 7n, 0x71)] }, memory)).to.match(/another/);
    expect(olderThan({ ...memory, revokedBelow: 5n }, memory)).to.match(/commitment 5 is revoked/);
    expect(olderThan(memory, { ...memory, broadcastFrom: 6n })).to.match(/commitment 6 is signed for the chain/);
    expect(olderThan({ ...memory, obscuringFactor: 1n }, memory)).to.match(/hidden otherwise/);
    expect(olderThan({ ...memory, broadcastFrom: 7n }, { ...memory, broadcastFrom: 6n })).to.match(/commitment 6/);
  });
  it("is joined with the record so that nothing is forgotten", () => {
    expect(
      joined({ ...memory, obscuringFactor: undefined, signed: [signed(1, 7n, 0x70), signed(3, 7n, 0x72)] }, memory),
    ).to.deep.equal({
      ...memory,
      signed: [signed(1, 7n, 0x70), signed(3, 7n, 0x72), signed(2, 7n, 0x71)],
    });
  });
  it("stays ahead of a record on each funding output, whatever numbers the record has on others", () => {
    const record = { ...memory, signed: [signed(1, 6n, 0x60), signed(9, 7n, 0x90)] };
    expect(olderThan(record, memory)).to.equal(undefined);
    expect(joined(record, memory).signed).to.deep.equal([
      signed(1, 7n, 0x70),
      signed(9, 7n, 0x90),
      signed(2, 7n, 0x71),
    ]);
  });
});
