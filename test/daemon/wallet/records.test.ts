import { expect } from "chai";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { blockHash, txid } from "../../../src/base/ids.ts";
import { blockHeight, sat } from "../../../src/base/units.ts";
import {
  addressRecord,
  coinRecord,
  encodeAddress,
  encodeCoin,
  encodeWalletTx,
  loadWallet,
  txRecord,
} from "../../../src/daemon/wallet/records.ts";
import type { WalletAddress, WalletCoin, WalletTx } from "../../../src/daemon/wallet/state.ts";
import { StoreCorrupt } from "../../../src/ports/store.ts";

const block = { height: blockHeight(7), hash: blockHash(new Uint8Array(32).fill(0xaa)) };
const address: WalletAddress = {
  path: { type: "p2wpkh", branch: "change", index: 0 },
  script: Uint8Array.of(0, 1),
  label: "change",
};
const coin: WalletCoin = {
  outpoint: { txid: txid(new Uint8Array(32).fill(0xbb)), vout: 3 },
  amount: sat(1_000n),
  script: address.script,
  coinbase: false,
  paidIn: block,
  spent: { txid: txid(new Uint8Array(32).fill(0xcc)), block: undefined },
  locked: true,
};
const walletTx: WalletTx = {
  txid: coin.outpoint.txid,
  label: "received",
  fee: undefined,
  block,
  tx: undefined,
  status: "published",
  unheard: false,
  replaces: undefined,
};
const entries = [
  { key: addressRecord(address), value: encodeAddress(address) },
  { key: coinRecord(`${coin.outpoint.txid}:3`), value: encodeCoin(coin) },
  { key: txRecord(walletTx.txid), value: encodeWalletTx(walletTx) },
];

describe("the wallet's records", () => {
  it("are frozen, byte for byte: every later version reads them", () => {
    expect(Object.fromEntries(entries.map(({ key, value }) => [key, toHex(value)]))).to.deep.equal({
      "wallet/address/change/0000000000": "020001000000000002000100066368616e6765",
      [`wallet/coin/${"bb".repeat(32)}:3`]: `02${"bb".repeat(32)}0000000300000000000003e800020001000100000007${"aa".repeat(32)}01${"cc".repeat(32)}0001`,
      [`wallet/tx/${"bb".repeat(32)}`]: `02${"bb".repeat(32)}00087265636569766564000100000007${"aa".repeat(32)}00010000`,
    });
  });

  it("give back the wallet", () => {
    expect(loadWallet(entries, block.height)).to.deep.equal({
      height: 7,
      addresses: new Map([["0001", address]]),
      used: { p2wpkh: { external: 0, change: 1 }, p2tr: { external: 0, change: 0 } },
      coins: new Map([[`${coin.outpoint.txid}:3`, coin]]),
      held: new Set(),
      txs: new Map([[walletTx.txid, walletTx]]),
    });
  });

  it("refuse an unknown version, a cut record and one under another's key, each by name", () => {
    const [first] = entries;
    if (first === undefined) throw new Error("there is an address record");
    const { key, value } = first;
    const broken = [
      { key, value: Uint8Array.of(3, ...value.subarray(1)) },
      { key, value: value.subarray(0, -1) },
      { key: `${key}9`, value },
      { key: "wallet/coin/elsewhere:0", value: fromHex("ff") },
    ];
    for (const entry of broken) expect(() => loadWallet([entry], undefined)).to.throw(StoreCorrupt, entry.key);
  });
});
