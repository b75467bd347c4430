import { concat, fromHex, utf8 } from "../base/bytes.ts";
import { type BlockHash, parseBlockHash, parseTxid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { type Sat, sat } from "../base/units.ts";
import { type Block, blockHashOf } from "./block.ts";
import type { ScriptFlag } from "./interpreter/flags.ts";
import { txMerkleRoot } from "./merkle.ts";
import { OP } from "./opcodes.ts";
import { pushBytes, script } from "./script.ts";
import { COINBASE_VOUT, SEQUENCE_FINAL, type Tx } from "./tx.ts";

/** Bitcoin's networks, and `sluicenet`, which is ours. */
export type NetworkName = "mainnet" | "testnet3" | "testnet4" | "signet" | "regtest" | "sluicenet";

/** What makes one Bitcoin chain differ from another: numbers only, the rules are the same code for all. */
export interface ChainParams {
  readonly network: NetworkName;
  /** The four bytes in front of each P2P message. */
  readonly magic: Uint8Array;
  readonly port: number;
  readonly genesis: Block;
  readonly genesisHash: BlockHash;
  /** The easiest target that a block may set. */
  readonly powLimit: bigint;
  /** How the target follows the time that blocks take. The test networks let a late block be easy. */
  readonly retargeting: "mainnet" | "testnet3" | "testnet4" | "never";
  readonly pace: Pace;
  /** The best chain is known to have at least so much: headers of less are a waste of memory. Policy, not protocol; Bitcoin Core's, as of its version 31. */
  readonly minimumWork: bigint;
  /** Blocks between two halvings of the subsidy. */
  readonly halvingIntervalBlocks: number;
  /** A script that every block's miner must satisfy, on a signet. BIP 325 §Specification. */
  readonly challenge?: Uint8Array;
  /** The first heights at which blocks must keep these rules. */
  readonly activation: Activation;
  /** Two early blocks may repeat the txid of an unspent coinbase. BIP 30 §Specification. */
  readonly duplicateCoinbases: ReadonlyMap<number, BlockHash>;
  /** Blocks that broke a rule before it was one, with what counts for them of P2SH, WITNESS and TAPROOT. */
  readonly scriptExceptions: ReadonlyMap<BlockHash, readonly ScriptFlag[]>;
  readonly address: AddressPrefixes;
}
/** How often blocks come, and how long a target stays. */
export interface Pace {
  /** Seconds that one block should take. */
  readonly spacingS: number;
  /** Blocks between two changes of the target. */
  readonly retargetBlocks: number;
}
export interface Activation {
  readonly bip34: number;
  readonly bip65: number;
  readonly bip66: number;
  /** BIP 68, 112 and 113 together. */
  readonly csv: number;
  /** BIP 141, 143 and 147 together. */
  readonly segwit: number;
}
export interface AddressPrefixes {
  /** In front of the `1` of a segwit address. BIP 173 §Segwit address format. */
  readonly hrp: string;
  readonly p2pkh: number;
  readonly p2sh: number;
}

const BITCOIN_PACE: Pace = { spacingS: 600, retargetBlocks: 2016 };
const TEST_ADDRESS = { hrp: "tb", p2pkh: 111, p2sh: 196 };
const MAINNET_POW_LIMIT = (1n << 224n) - 1n;

interface GenesisParams {
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
}
const TIMES_2009: Pick<GenesisParams, "message" | "publicKey"> = {
  message: utf8("The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"),
  publicKey: fromHex(
    "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f",
  ),
};

/** The first block of a chain: its coinbase holds a dated text and pays 50 coins that nobody can spend. */
function genesisBlock({ message, publicKey, time, bits, nonce }: GenesisParams): Block {
  const coinbase: Tx = {
    version: 1,
    inputs: [
      {
        prevout: { txid: present(parseTxid("00".repeat(32)), "zeros are a txid"), vout: COINBASE_VOUT },
        scriptSig: concat(pushBytes(fromHex("ffff001d")), pushBytes(fromHex("04")), pushBytes(message)),
        sequence: SEQUENCE_FINAL,
        witness: [],
      },
    ],
    outputs: [{ amount: sat(50_0000_0000n), script: script(publicKey, OP.CHECKSIG) }],
    locktime: 0,
  };
  const previous = present(parseBlockHash("00".repeat(32)), "zeros are a block hash");
  const merkleRoot = txMerkleRoot([coinbase]).root;
  return { header: { version: 1, previous, merkleRoot, time, bits, nonce }, txs: [coinbase] };
}

type Exceptions = "duplicateCoinbases" | "scriptExceptions";
function chain(given: Omit<ChainParams, "genesis" | "genesisHash" | Exceptions>, genesis: GenesisParams) {
  const block = genesisBlock(genesis);
  const params: ChainParams = {
    ...given,
    genesis: block,
    genesisHash: blockHashOf(block.header),
    duplicateCoinbases: new Map(),
    scriptExceptions: new Map(),
  };
  return params;
}
const blockId = (hex: string): BlockHash => present(parseBlockHash(hex), "a block hash in a table");

const mainnet: ChainParams = {
  ...chain(
    {
      network: "mainnet",
      magic: fromHex("f9beb4d9"),
      port: 8333,
      powLimit: MAINNET_POW_LIMIT,
      retargeting: "mainnet",
      pace: BITCOIN_PACE,
      minimumWork: 0x1_1287_50f8_2f4c_3661_53a3_a030n,
      halvingIntervalBlocks: 210_000,
      activation: { bip34: 227_931, bip65: 388_381, bip66: 363_725, csv: 419_328, segwit: 481_824 },
      address: { hrp: "bc", p2pkh: 0, p2sh: 5 },
    },
    { ...TIMES_2009, time: 1_231_006_505, bits: 0x1d00ffff, nonce: 2_083_236_893 },
  ),
  duplicateCoinbases: new Map([
    [91_842, blockId("00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec")],
    [91_880, blockId("00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721")],
  ]),
  scriptExceptions: new Map([
    [blockId("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22"), []],
    [blockId("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad"), ["P2SH", "WITNESS"]],
  ]),
};

const testnet3: ChainParams = {
  ...chain(
    {
      network: "testnet3",
      magic: fromHex("0b110907"),
      port: 18_333,
      powLimit: MAINNET_POW_LIMIT,
      retargeting: "testnet3",
      pace: BITCOIN_PACE,
      minimumWork: 0x17dd_e1c6_49f3_708d_14b6n,
      halvingIntervalBlocks: 210_000,
      activation: { bip34: 21_111, bip65: 581_885, bip66: 330_776, csv: 770_112, segwit: 834_624 },
      address: TEST_ADDRESS,
    },
    { ...TIMES_2009, time: 1_296_688_602, bits: 0x1d00ffff, nonce: 414_098_458 },
  ),
  scriptExceptions: new Map([[blockId("00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105"), []]]),
};

/** Rules of the newer networks hold from the first block. BIP 94 §Network Parameters. */
const FROM_THE_FIRST: Activation = { bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 1 };

const testnet4 = chain(
  {
    network: "testnet4",
    magic: fromHex("1c163f28"),
    port: 48_333,
    powLimit: MAINNET_POW_LIMIT,
    retargeting: "testnet4",
    pace: BITCOIN_PACE,
    minimumWork: 0x9a0_fe15_d017_7d08_6304n,
    halvingIntervalBlocks: 210_000,
    activation: FROM_THE_FIRST,
    address: TEST_ADDRESS,
  },
  {
    message: utf8("03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e"),
    publicKey: new Uint8Array(33),
    time: 1_714_777_860,
    bits: 0x1d00ffff,
    nonce: 393_743_547,
  },
);

const signet = chain(
  {
    network: "signet",
    challenge: fromHex(
      "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae",
    ),
    magic: fromHex("0a03cf40"),
    port: 38_333,
    powLimit: 0x377aen << 216n,
    retargeting: "mainnet",
    pace: BITCOIN_PACE,
    minimumWork: 0xb46_3ea0_a4b8n,
    halvingIntervalBlocks: 210_000,
    activation: FROM_THE_FIRST,
    address: TEST_ADDRESS,
  },
  { ...TIMES_2009, time: 1_598_918_400, bits: 0x1e0377ae, nonce: 52_613_770 },
);

const regtest = chain(
  {
    network: "regtest",
    magic: fromHex("fabfb5da"),
    port: 18_444,
    powLimit: (1n << 255n) - 1n,
    retargeting: "never",
    pace: BITCOIN_PACE,
    minimumWork: 0n,
    halvingIntervalBlocks: 150,
    // Bitcoin's regtest has segwit from the genesis block on.
    activation: { ...FROM_THE_FIRST, segwit: 0 },
    address: { hrp: "bcrt", p2pkh: 111, p2sh: 196 },
  },
  { ...TIMES_2009, time: 1_296_688_602, bits: 0x207fffff, nonce: 2 },
);

/** Our own network, of play money, for nodes of several people: see `docs/decisions/0009-sluicenet.md`. */
const sluicenet = chain(
  {
    network: "sluicenet",
    magic: fromHex("e55105ce"),
    port: 28_444,
    powLimit: (1n << 244n) - 1n,
    retargeting: "testnet4",
    pace: { spacingS: 30, retargetBlocks: 240 },
    minimumWork: 0n,
    halvingIntervalBlocks: 210_000,
    activation: FROM_THE_FIRST,
    address: { hrp: "slu", p2pkh: 63, p2sh: 125 },
  },
  {
    message: utf8("01/Jan/2026 Sluice: water by the second"),
    publicKey: new Uint8Array(33),
    time: 1_767_225_600,
    bits: 0x1f0fffff,
    nonce: 8_289,
  },
);

export const CHAINS: { readonly [N in NetworkName]: ChainParams } = {
  mainnet,
  testnet3,
  testnet4,
  signet,
  regtest,
  sluicenet,
};

/**
 * Regtest whose blocks hold no witness before a height, as other programs have it: their segwit becomes active only after
 * 432 blocks have signalled it.
 */
export const regtestWithSegwitFrom = (segwit: number): ChainParams => ({
  ...regtest,
  activation: { ...regtest.activation, segwit },
});

/** What a block at this height may create beside its fees: 50 coins at first, half of it after every interval. */
export function subsidyAt(height: number, params: ChainParams): Sat {
  const halvings = Math.floor(height / params.halvingIntervalBlocks);
  return sat(50_0000_0000n >> BigInt(halvings));
}
