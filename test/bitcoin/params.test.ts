import { expect } from "chai";
import { toHex } from "../../src/base/bytes.ts";
import { hashBytes } from "../../src/base/ids.ts";
import { encodeHeader } from "../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams, type NetworkName, subsidyAt } from "../../src/bitcoin/params.ts";
import { encodeCompact, hasProofOfWork } from "../../src/bitcoin/pow.ts";
import { searchNonce } from "../../src/chain/miner.ts";
import { describeVectors } from "../support/vectors.ts";

interface NetworkRow {
  readonly network: NetworkName;
  readonly magic_wire_bytes: string;
  readonly p2p_port: number;
  readonly genesis_header: string;
  readonly genesis_hash: string;
  readonly ln_chain_hash: string;
  readonly bits: string;
  readonly bip34_height?: number;
  readonly bip65_height?: number;
  readonly bip66_height?: number;
  readonly csv_height?: number;
  readonly segwit_height?: number;
  readonly hrp: string;
  readonly p2pkh: number;
  readonly p2sh: number;
  readonly halving: number;
  readonly bip30_exceptions?: Readonly<Record<string, string>>;
}

describeVectors<{ networks: readonly NetworkRow[] }>("parameters of the chains", "bitcoin/chain-params.json", (set) => {
  for (const row of set.networks) {
    const params = CHAINS[row.network];
    it(`${row.network}: magic, port, prefixes and halving are Bitcoin's`, () => {
      expect({
        magic: toHex(params.magic),
        port: params.port,
        address: params.address,
        halving: params.halvingIntervalBlocks,
      }).to.deep.equal({
        magic: row.magic_wire_bytes,
        port: row.p2p_port,
        address: { hrp: row.hrp, p2pkh: row.p2pkh, p2sh: row.p2sh },
        halving: row.halving,
      });
    });
    it(`${row.network}: the genesis block is built from its parts to the known header and hash`, () => {
      expect(toHex(encodeHeader(params.genesis.header))).to.equal(row.genesis_header);
      expect(params.genesisHash).to.equal(row.genesis_hash);
      expect(toHex(hashBytes(params.genesisHash))).to.equal(row.ln_chain_hash);
      expect(params.genesis.header.bits).to.equal(Number.parseInt(row.bits, 16));
      expect(hasProofOfWork(params.genesisHash, params.genesis.header.bits, params)).to.equal(true);
    });
    it(`${row.network}: rules begin at the known heights`, () => {
      const { activation } = params;
      expect(activation).to.include({
        bip34: row.bip34_height ?? activation.bip34,
        bip65: row.bip65_height ?? activation.bip65,
        bip66: row.bip66_height ?? activation.bip66,
        csv: row.csv_height ?? activation.csv,
        segwit: row.segwit_height ?? activation.segwit,
      });
      const exceptions = Object.entries(row.bip30_exceptions ?? {}).map(([height, hash]) => [Number(height), hash]);
      expect([...params.duplicateCoinbases]).to.deep.equal(exceptions);
    });
  }
});

describe("sluicenet", () => {
  const { sluicenet, ...bitcoin } = CHAINS;
  it("begins with a block of its own, whose nonce is the first that has the proof of work", () => {
    const { header } = sluicenet.genesis;
    expect(sluicenet.genesisHash).to.equal("000c209919338960949f729a4f0f37bf56e6a524b202bbc156e1f66b46ec4801");
    expect(hasProofOfWork(sluicenet.genesisHash, header.bits, sluicenet)).to.equal(true);
    expect(header.bits).to.equal(encodeCompact(sluicenet.powLimit));
    expect(searchNonce(header, sluicenet, { from: 0, count: 10_000 })).to.equal(header.nonce);
  });
  it("shares neither genesis, magic, port nor any prefix with a network of Bitcoin", () => {
    const marks = ({ genesisHash, magic, port, address }: ChainParams) => [
      genesisHash,
      toHex(magic),
      String(port),
      address.hrp,
      `version ${address.p2pkh}`,
      `version ${address.p2sh}`,
    ];
    const theirs = new Set(Object.values(bitcoin).flatMap(marks));
    expect(marks(sluicenet).filter((mark) => theirs.has(mark))).to.deep.equal([]);
  });
  it("has rules of today from its first block, and 21 million coins as Bitcoin", () => {
    expect(sluicenet.activation).to.deep.equal({ bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 1 });
    expect(sluicenet.halvingIntervalBlocks).to.equal(bitcoin.mainnet.halvingIntervalBlocks);
  });
});

describe("subsidy", () => {
  const { mainnet, regtest } = CHAINS;
  it("halves after every interval and ends at zero", () => {
    const heights = [0, 209_999, 210_000, 420_000, 210_000 * 32, 210_000 * 33, 210_000 * 64, 210_000 * 100];
    expect(heights.map((height) => subsidyAt(height, mainnet))).to.deep.equal([
      5_000_000_000n,
      5_000_000_000n,
      2_500_000_000n,
      1_250_000_000n,
      1n,
      0n,
      0n,
      0n,
    ]);
    expect([149, 150, 300].map((height) => subsidyAt(height, regtest))).to.deep.equal([
      5_000_000_000n,
      2_500_000_000n,
      1_250_000_000n,
    ]);
  });
  it("sums to just under 21 million coins", () => {
    let total = 0n;
    for (let era = 0; era < 64; era++) total += subsidyAt(era * 210_000, mainnet) * 210_000n;
    expect(total).to.equal(2_099_999_997_690_000n);
  });
});
