import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import {
  blockHash,
  channelId,
  formatShortChannelId,
  hashBytes,
  idBytes,
  nodeId,
  outpointKey,
  parseBlockHash,
  parseChannelId,
  parseNodeId,
  parsePaymentHash,
  parsePreimage,
  parseShortChannelId,
  parseTxid,
  paymentHash,
  preimage,
  scidBlock,
  scidOutputIndex,
  scidTxIndex,
  shortChannelId,
  txid,
  unpackShortChannelId,
} from "../../src/base/ids.ts";

const BYTES = fromHex(`${"00".repeat(31)}AB`);

describe("identifiers of bytes", () => {
  it("are lower-case hex in wire order and give their bytes back", () => {
    for (const make of [channelId, paymentHash, preimage]) {
      expect(make(BYTES)).to.equal(`${"00".repeat(31)}ab`);
      expect(idBytes(make(BYTES))).to.deep.equal(BYTES);
    }
    expect(nodeId(fromHex(`02${toHex(BYTES)}`))).to.equal(`02${toHex(BYTES)}`);
  });
  it("are shown reversed where Bitcoin does so", () => {
    expect(txid(BYTES)).to.equal(`ab${"00".repeat(31)}`);
    expect(blockHash(BYTES)).to.equal(`ab${"00".repeat(31)}`);
    expect(hashBytes(txid(BYTES))).to.deep.equal(BYTES);
    expect(outpointKey({ txid: txid(BYTES), vout: 7 })).to.equal(`ab${"00".repeat(31)}:7`);
  });
  it("throw on a wrong length, which is a bug of ours", () => {
    for (const make of [channelId, paymentHash, preimage, txid, blockHash])
      expect(() => make(new Uint8Array(31))).to.throw("identifier has 32 bytes");
    expect(() => nodeId(BYTES)).to.throw("identifier has 33 bytes");
  });
  it("are parsed from hex of either case and of the right length only", () => {
    const upper = "AB".repeat(32);
    for (const parse of [parseChannelId, parsePaymentHash, parsePreimage, parseTxid, parseBlockHash]) {
      expect(parse(upper)).to.equal("ab".repeat(32));
      for (const bad of ["", upper.slice(2), `${upper}ab`, `${upper.slice(1)}g`, `${upper.slice(2)}é`])
        expect(parse(bad)).to.equal(undefined);
    }
    expect(parseNodeId(`02${upper}`)).to.equal(`02${"ab".repeat(32)}`);
    expect(parseNodeId(upper)).to.equal(undefined);
  });
});

describe("BOLT 7 §Definition of short_channel_id", () => {
  it("packs block, transaction and output, and shows them as 539268x845x1", () => {
    const id = shortChannelId(539268, 845, 1);
    expect(id).to.equal(0x083a8400034d0001n);
    expect(formatShortChannelId(id)).to.equal("539268x845x1");
    expect(parseShortChannelId("539268x845x1")).to.equal(id);
    expect(unpackShortChannelId(id)).to.equal(id);
  });
  it("goes round in every direction", () => {
    const part = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
    fc.assert(
      fc.property(part(24), part(24), part(16), (block, tx, output) => {
        const id = shortChannelId(block, tx, output);
        expect([scidBlock(id), scidTxIndex(id), scidOutputIndex(id)]).to.deep.equal([block, tx, output]);
        expect(parseShortChannelId(formatShortChannelId(id))).to.equal(id);
      }),
      { seed: 1 },
    );
  });
  it("refuses parts that do not fit and text of another form", () => {
    for (const bad of [
      [2 ** 24, 0, 0],
      [0, 2 ** 24, 0],
      [0, 0, 2 ** 16],
      [-1, 0, 0],
      [0.5, 0, 0],
    ] as const)
      expect(() => shortChannelId(...(bad as unknown as [number, number, number]))).to.throw("in range");
    for (const bad of ["", "1x2", "1x2x3x4", "1x2x-3", "16777216x0x0", "0x16777216x0", "0x0x65536", "1:2:3", " 1x2x3"])
      expect(parseShortChannelId(bad)).to.equal(undefined);
    expect(() => unpackShortChannelId(2n ** 64n)).to.throw("64 bits");
    expect(() => unpackShortChannelId(-1n)).to.throw("64 bits");
  });
});
