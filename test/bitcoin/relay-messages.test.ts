import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { type FilterHash, type FilterHeader, hashBytes, type Txid } from "../../src/base/ids.ts";
import { encodeHeader } from "../../src/bitcoin/block.ts";
import { type BitcoinCommand, type BitcoinMessage, decodePayload, encodePayload } from "../../src/bitcoin/messages.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { encodeTx, type Tx } from "../../src/bitcoin/tx.ts";
import { encode } from "../../src/codec/codec.ts";
import { compactSize } from "../../src/codec/varint.ts";
import { spend } from "../chain/builder.ts";

const { genesis, genesisHash } = CHAINS.mainnet;
const id = (byte: string): string => byte.repeat(32);
const TX: Tx = spend([{ txid: id("aa") as Txid, vout: 0 }], []);
const compact: BitcoinMessage & { name: "cmpctblock" } = {
  name: "cmpctblock",
  header: genesis.header,
  nonce: 0x0102030405060708n,
  short_ids: [1, 2 ** 48 - 1, 0x0605_0403_0201],
  prefilled: [
    { index: 0, tx: TX },
    { index: 3, tx: TX },
    { index: 4, tx: TX },
  ],
};
/** One of each message whose layout is not in the public vectors, with its bytes as the BIPs lay them out. */
const hash = toHex(hashBytes(genesisHash));
const LAYOUTS: readonly (readonly [BitcoinMessage, string])[] = [
  [{ name: "sendaddrv2" }, ""],
  [{ name: "sendcmpct", announce: true, version: 2n }, "010200000000000000"],
  [
    compact,
    `${toHex(encodeHeader(genesis.header))}0807060504030201` +
      `03010000000000ffffffffffff0102030405060300${toHex(encodeTx(TX))}02${toHex(encodeTx(TX))}00${toHex(encodeTx(TX))}`,
  ],
  [{ name: "getblocktxn", block_hash: genesisHash, indexes: [0, 1, 5, 300] }, `${hash}04000003fd2601`],
  [{ name: "blocktxn", block_hash: genesisHash, txs: [TX] }, `${hash}01${toHex(encodeTx(TX))}`],
  [{ name: "getcfilters", filter_type: 0, start_height: 258, stop_hash: genesisHash }, `0002010000${hash}`],
  [{ name: "getcfheaders", filter_type: 0, start_height: 258, stop_hash: genesisHash }, `0002010000${hash}`],
  [{ name: "getcfcheckpt", filter_type: 0, stop_hash: genesisHash }, `00${hash}`],
  [{ name: "cfilter", filter_type: 0, block_hash: genesisHash, filter: fromHex("019dfca8") }, `00${hash}04019dfca8`],
  [
    {
      name: "cfheaders",
      filter_type: 0,
      stop_hash: genesisHash,
      previous_filter_header: `${id("00").slice(2)}01` as FilterHeader,
      filter_hashes: [`${id("00").slice(2)}02` as FilterHash],
    },
    `00${hash}01${id("00").slice(2)}0102${id("00").slice(2)}`,
  ],
  [
    { name: "cfcheckpt", filter_type: 0, stop_hash: genesisHash, filter_headers: [id("bb") as FilterHeader] },
    `00${hash}01${id("bb")}`,
  ],
];

describe("layouts of BIPs 152, 155 and 157", () => {
  for (const [message, hex] of LAYOUTS) {
    it(`${message.name}: is written as the BIP lays it out, and read back`, () => {
      expect(toHex(encodePayload(message))).to.equal(hex);
      expect(decodePayload(message.name, fromHex(hex))).to.deep.equal({ ok: true, value: message });
    });
  }
  it("is read back whatever is cut off or changed, or refused with the field's name; it never throws", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LAYOUTS),
        fc.nat(600),
        fc.nat(600),
        fc.nat(255),
        ([{ name }, hex], cut, at, byte) => {
          const bytes = fromHex(hex).slice(0, cut);
          if (bytes.length > 0) bytes[at % bytes.length] = byte;
          const read = decodePayload(name, bytes);
          if (!read.ok) {
            expect(read.error.path).not.to.equal("");
            return;
          }
          const written = encodePayload(read.value as BitcoinMessage);
          expect(written).to.deep.equal(bytes.slice(0, written.length));
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });
});

/** What stands in front of a message's first count, and the most that may be counted. */
const COUNTS: readonly (readonly [BitcoinCommand, front: Uint8Array, limit: number])[] = [
  ["addr", new Uint8Array(0), 1000],
  ["addrv2", new Uint8Array(0), 1000],
  ["inv", new Uint8Array(0), 50_000],
  ["getdata", new Uint8Array(0), 50_000],
  ["notfound", new Uint8Array(0), 50_000],
  ["headers", new Uint8Array(0), 2000],
  ["getheaders", new Uint8Array(4), 101],
  ["getblocks", new Uint8Array(4), 101],
  ["cmpctblock", new Uint8Array(88), 65_535],
  ["cmpctblock", new Uint8Array(89), 65_535],
  ["getblocktxn", new Uint8Array(32), 65_535],
  ["blocktxn", new Uint8Array(32), 65_535],
  ["cfheaders", new Uint8Array(65), 2000],
  ["cfcheckpt", new Uint8Array(33), 10_000],
];

describe("counts in messages", () => {
  for (const [command, front, limit] of COUNTS) {
    it(`B13: ${command} after ${front.length} bytes: ${limit + 1} are refused by the count, ${limit} for want of bytes`, () => {
      const code = (count: number, left: number) => {
        const read = decodePayload(command, concat(front, encode(compactSize, count), new Uint8Array(left)));
        return read.ok ? "read" : read.error.code;
      };
      // The bytes are there: only the count is at fault.
      expect(code(limit + 1, 200_000)).to.equal("out_of_range");
      expect(code(limit, 10)).to.equal("short_read");
      expect(code(0xffff_ffff, 10)).to.equal("out_of_range");
    });
  }
  it("B13: a filter that claims more bytes than the message has is refused before memory is set aside", () => {
    const claim = concat(new Uint8Array(33), fromHex("feffffffff"));
    const read = decodePayload("cfilter", claim);
    expect(read.ok || read.error.toString()).to.equal("short_read at filter");
  });
  it("B10, B15: a getdata that ends within an entry is refused, however many entries came before", () => {
    const entries = concat(...Array.from({ length: 100 }, () => concat(fromHex("01000000"), new Uint8Array(32))));
    for (const lacking of [1, 35]) {
      const payload = concat(encode(compactSize, 100), entries.subarray(0, entries.length - lacking));
      const read = decodePayload("getdata", payload);
      expect(read.ok || read.error.code).to.equal("short_read");
    }
  });
});

describe("indexes of compact blocks", () => {
  const steps = (...each: readonly number[]) =>
    decodePayload(
      "getblocktxn",
      concat(new Uint8Array(32), ...[each.length, ...each].map((n) => encode(compactSize, n))),
    );
  it("have 16 bits: the last one that fits is 65,535, and sums beyond it are refused", () => {
    const good = steps(65_534, 0);
    expect(good.ok && good.value?.name === "getblocktxn" && good.value.indexes).to.deep.equal([65_534, 65_535]);
    for (const each of [[65_536], [65_535, 0], [0xffff_ffff, 0xffff_ffff], [0, 0, 65_534]]) {
      const read = steps(...each);
      expect(read.ok || read.error.toString()).to.equal("out_of_range at indexes");
    }
  });
  it("of prefilled transactions are refused likewise", () => {
    const bytes = concat(new Uint8Array(88), fromHex("0001fe00000100"), encodeTx(TX));
    const read = decodePayload("cmpctblock", bytes);
    expect(read.ok || read.error.toString()).to.equal("out_of_range at prefilled");
  });
  it("a sendcmpct whose first byte is neither 0 nor 1 is refused", () => {
    expect(decodePayload("sendcmpct", fromHex("020200000000000000")).ok).to.equal(false);
  });
});
