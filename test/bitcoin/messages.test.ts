import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type FrameFault, frameMessage, frameParser, PAYLOAD_BYTES_MAX } from "../../src/bitcoin/frames.ts";
import {
  BITCOIN_COMMANDS,
  type BitcoinMessage,
  decodePayload,
  encodePayload,
  HEADERS_MAX,
  INVENTORY_MAX,
} from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { describeVectors } from "../support/vectors.ts";

const { magic } = CHAINS.mainnet;
interface Row {
  readonly command: string;
  readonly payload: string;
  readonly framed_mainnet: string | null;
}
describeVectors<{ messages: readonly Row[] }>(
  "payloads of Bitcoin's P2P messages",
  "bitcoin/p2p-messages.json",
  (set) => {
    for (const [number, { command, payload, framed_mainnet }] of set.messages.entries()) {
      for (const name of command.split("/")) {
        const declared = (BITCOIN_COMMANDS as readonly string[]).includes(name);
        if (!declared) {
          it(`${number} ${name}: passes over a command that it does not know`, () => {
            expect(decodePayload(name, fromHex(payload))).to.deep.equal({ ok: true, value: undefined });
            expect(frameParser(magic).feed(fromHex(framed_mainnet ?? ""))).to.deep.equal({
              messages: [],
              fault: undefined,
            });
          });
          continue;
        }
        it(`${number} ${name}: reads and writes the same bytes`, () => {
          const read = decodePayload(name, fromHex(payload));
          if (!read.ok || read.value === undefined) return expect.fail(JSON.stringify(read));
          expect(read.value.name).to.equal(name);
          expect(toHex(encodePayload(read.value))).to.equal(payload);
          if (framed_mainnet === null) return;
          expect(toHex(frameMessage(magic, read.value))).to.equal(framed_mainnet);
          const fed = frameParser(magic).feed(fromHex(framed_mainnet));
          expect(fed).to.deep.equal({ messages: [read.value], fault: undefined });
        });
      }
    }
  },
);

const GENESIS = CHAINS.mainnet.genesis;
const SAMPLES: readonly BitcoinMessage[] = [
  { name: "verack" },
  { name: "ping", nonce: 7n },
  { name: "block", block: GENESIS },
  { name: "inv", inventory: [{ kind: "block", id: CHAINS.mainnet.genesisHash }] },
  { name: "headers", headers: [GENESIS.header, GENESIS.header] },
  { name: "feefilter", feerate: 1000n },
];
const faultOf = (bytes: Uint8Array): FrameFault | undefined => frameParser(magic).feed(bytes).fault;
const framed = (edit: (bytes: Uint8Array) => void): Uint8Array => {
  const bytes = frameMessage(magic, { name: "ping", nonce: 7n });
  edit(bytes);
  return bytes;
};

describe("frames of a P2P connection", () => {
  it("gives the same messages however the stream is cut", () => {
    const stream = Uint8Array.from(SAMPLES.flatMap((message) => [...frameMessage(magic, message)]));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 }), (cuts) => {
        const parser = frameParser(magic);
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const messages = edges.slice(1).flatMap((end, i) => parser.feed(stream.slice(edges[i], end)).messages);
        expect(messages).to.deep.equal(SAMPLES);
      }),
      { seed: 1, numRuns: 200 },
    );
    const byteByByte = frameParser(magic);
    expect([...stream].flatMap((byte) => byteByByte.feed(Uint8Array.of(byte)).messages)).to.deep.equal(SAMPLES);
  });
  it("names what is wrong with a frame", () => {
    expect(faultOf(framed((bytes) => bytes.set([0], 0)))).to.deep.equal({ code: "wrong_magic" });
    expect(faultOf(framed((bytes) => bytes.set([0x80], 4)))).to.deep.equal({ code: "bad_command" });
    expect(faultOf(framed((bytes) => bytes.set([0x41], 15)))).to.deep.equal({ code: "bad_command" });
    expect(faultOf(framed((bytes) => bytes.set([0], 20)))).to.deep.equal({ code: "bad_checksum", command: "ping" });
    const emptyPing = frameMessage(magic, { name: "verack" });
    emptyPing.set(frameMessage(magic, { name: "ping", nonce: 0n }).subarray(4, 16), 4);
    const fault = faultOf(emptyPing);
    expect(fault?.code === "malformed" && `${fault.command}: ${fault.error}`).to.equal("ping: short_read at nonce");
  });
  it("refuses a payload of 4,000,001 bytes by its header alone", () => {
    const header = framed((bytes) => new DataView(bytes.buffer).setUint32(16, PAYLOAD_BYTES_MAX + 1, true)).slice(
      0,
      24,
    );
    expect(faultOf(header)).to.deep.equal({ code: "too_long", length: PAYLOAD_BYTES_MAX + 1 });
  });
  it("gives messages in front of a fault, then nothing but the fault", () => {
    const parser = frameParser(magic);
    const good = frameMessage(magic, { name: "ping", nonce: 1n });
    const bad = framed((bytes) => bytes.set([1, 2, 3, 4], 0));
    const fed = parser.feed(Uint8Array.from([...good, ...bad]));
    expect(fed).to.deep.equal({ messages: [{ name: "ping", nonce: 1n }], fault: { code: "wrong_magic" } });
    expect(parser.feed(good)).to.deep.equal({ messages: [], fault: { code: "wrong_magic" } });
  });
  it("keeps no hold on the bytes it was fed", () => {
    const parser = frameParser(magic);
    const bytes = frameMessage(magic, { name: "block", block: GENESIS });
    const { messages } = parser.feed(bytes);
    bytes.fill(0xff);
    expect(messages).to.deep.equal([{ name: "block", block: GENESIS }]);
  });
});

describe("payloads", () => {
  it("refuses lists beyond the protocol's limits by their count", () => {
    const over = (count: number): Uint8Array => Uint8Array.of(0xfe, count & 0xff, (count >> 8) & 0xff, count >> 16, 0);
    expect(decodePayload("inv", over(INVENTORY_MAX + 1 + 65_536)).ok).to.equal(false);
    expect(decodePayload("headers", Uint8Array.of(0xfd, 0xd1, 0x07)).ok).to.equal(false);
    expect(HEADERS_MAX).to.equal(0x07d0);
  });
  it("ignores what a later protocol may add at the end", () => {
    expect(decodePayload("ping", fromHex("070000000000000099"))).to.deep.equal({
      ok: true,
      value: { name: "ping", nonce: 7n },
    });
  });
  it("keeps inventory of an unknown type", () => {
    const id = CHAINS.mainnet.genesisHash;
    const payload = `0109000000${toHex(fromHex(id).reverse())}`;
    const read = decodePayload("inv", fromHex(payload));
    expect(read).to.deep.equal({ ok: true, value: { name: "inv", inventory: [{ kind: "unknown", type: 9, id }] } });
    if (read.ok && read.value !== undefined) expect(toHex(encodePayload(read.value))).to.equal(payload);
  });
  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BITCOIN_COMMANDS), fc.uint8Array({ maxLength: 300 }), (command, bytes) => {
        const read = decodePayload(command, bytes);
        if (read.ok && read.value !== undefined) expect(encodePayload(read.value).length).to.be.at.most(bytes.length);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
