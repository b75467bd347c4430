import { toHex } from "../../base/bytes.ts";
import { outpointKey, type Txid } from "../../base/ids.ts";
import { assert } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import { ADDRESS_TYPES, type AddressType, type Branch } from "../../bitcoin/key-path.ts";
import { tx } from "../../bitcoin/tx.ts";
import { type Codec, decode, encode, optional, refine, struct, union } from "../../codec/codec.ts";
import {
  amountSat,
  blockHashCodec,
  bytesOf,
  flag,
  height as heightCodec,
  text,
  txid,
  u8,
  u16,
  u32,
} from "../../codec/primitives.ts";
import type { BlockRef } from "../../ports/chain-source.ts";
import { StoreCorrupt, type StoreEntry } from "../../ports/store.ts";
import { KEY } from "../records.ts";
import {
  EMPTY_WALLET,
  type TxStatus,
  type WalletAddress,
  type WalletCoin,
  type WalletState,
  type WalletTx,
} from "./state.ts";

/** Where the wallet's records stand in the store. */
const ADDRESS = `${KEY.wallet}address/`;
const COIN = `${KEY.wallet}coin/`;
const TX = `${KEY.wallet}tx/`;
/** The first account that there was has no name in its keys. */
const ACCOUNT: { readonly [T in AddressType]: string } = { p2wpkh: "", p2tr: "p2tr/" };
export const addressRecord = ({ path: { type, branch, index } }: WalletAddress): string =>
  `${ADDRESS}${ACCOUNT[type]}${branch}/${index.toString().padStart(10, "0")}`;
export const coinRecord = (key: string): string => `${COIN}${key}`;
export const txRecord = (id: Txid): string => `${TX}${id}`;

/** One of a list of words, as its place in the list. Words are only ever added, at the end. */
const word = <W extends string>(name: string, words: readonly W[]): Codec<W> =>
  refine(
    name,
    u8,
    (at) => words[at],
    (value) => words.indexOf(value),
  );
const block: Codec<BlockRef> = struct({ height: heightCodec, hash: blockHashCodec });
const script = bytesOf(u16);
const branch = word<Branch>("branch", ["external", "change"]);
const path = struct({ type: word<AddressType>("type", ADDRESS_TYPES), branch, index: u32 });

/** The first byte of every record says which of its layouts follows; none is ever removed. */
const addressCodec = union(u8, {
  v1: [1, struct({ path: struct({ branch, index: u32 }), script, label: text })],
  v2: [2, struct({ path, script, label: text })],
});
const coinFields = {
  outpoint: struct({ txid, vout: u32 }),
  amount: amountSat,
  script,
  coinbase: flag,
  paidIn: optional(block),
  spent: optional(struct({ txid, block: optional(block) })),
};
const coinCodec = union(u8, {
  v1: [1, struct(coinFields)],
  v2: [2, struct({ ...coinFields, locked: flag })],
});
const txFields = {
  txid,
  label: text,
  fee: optional(amountSat),
  block: optional(block),
  tx: optional(tx),
  status: word<TxStatus>("status", ["reserved", "published", "abandoned"]),
};
const txCodec = union(u8, {
  v1: [1, struct(txFields)],
  v2: [2, struct({ ...txFields, unheard: flag, replaces: optional(txid) })],
});

export const encodeAddress = (address: WalletAddress): Uint8Array => encode(addressCodec, { tag: "v2", ...address });
export const encodeCoin = (coin: WalletCoin): Uint8Array => encode(coinCodec, { tag: "v2", ...coin });
export const encodeWalletTx = (walletTx: WalletTx): Uint8Array => encode(txCodec, { tag: "v2", ...walletTx });

function read<T extends { readonly tag: string }>(codec: Codec<T>, entry: StoreEntry): T {
  const decoded = decode(codec, entry.value);
  if (!decoded.ok) throw new StoreCorrupt(entry.key, decoded.error.toString());
  return decoded.value;
}
function readAddress(entry: StoreEntry): WalletAddress {
  const stored = read(addressCodec, entry);
  const { script: pays, label } = stored;
  const at = stored.tag === "v1" ? { type: "p2wpkh" as const, ...stored.path } : stored.path;
  return { path: at, script: pays, label };
}
function readCoin(entry: StoreEntry): WalletCoin {
  const { tag: _, ...coin } = read(coinCodec, entry);
  return { locked: false, ...coin };
}
function readTx(entry: StoreEntry): WalletTx {
  const { tag: _, ...walletTx } = read(txCodec, entry);
  return { unheard: false, replaces: undefined, ...walletTx };
}

/**
 * The wallet of a store: `entries` are all under `KEY.wallet`, `height` is that of the cursor written with them. Throws
 * `StoreCorrupt` on a record that cannot be read or stands where it does not belong.
 */
export function loadWallet(entries: Iterable<StoreEntry>, height: BlockHeight | undefined): WalletState {
  const addresses = new Map<string, WalletAddress>();
  const coins = new Map<string, WalletCoin>();
  const txs = new Map<Txid, WalletTx>();
  const used = { p2wpkh: { ...EMPTY_WALLET.used.p2wpkh }, p2tr: { ...EMPTY_WALLET.used.p2tr } };
  for (const entry of entries) {
    let at: string;
    if (entry.key.startsWith(ADDRESS)) {
      const address = readAddress(entry);
      at = addressRecord(address);
      addresses.set(toHex(address.script), address);
      const { type, branch: chain, index } = address.path;
      used[type][chain] = Math.max(used[type][chain], index + 1);
    } else if (entry.key.startsWith(COIN)) {
      const coin = readCoin(entry);
      at = coinRecord(outpointKey(coin.outpoint));
      coins.set(outpointKey(coin.outpoint), coin);
    } else {
      const walletTx = readTx(entry);
      at = txRecord(walletTx.txid);
      txs.set(walletTx.txid, walletTx);
    }
    if (at !== entry.key) throw new StoreCorrupt(entry.key, "stands under another record's key");
  }
  const handedOut = ADDRESS_TYPES.map((type) => used[type].external + used[type].change);
  const count = handedOut.reduce((sum, one) => sum + one, 0);
  assert(addresses.size === count, "addresses were handed out one after the other");
  return { ...EMPTY_WALLET, height, addresses, used, coins, txs };
}
