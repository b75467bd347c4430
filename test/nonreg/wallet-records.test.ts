import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { outpointKey } from "../../src/base/ids.ts";
import { blockHeight } from "../../src/base/units.ts";
import {
  addressRecord,
  coinRecord,
  encodeAddress,
  encodeCoin,
  encodeWalletTx,
  loadWallet,
  txRecord,
} from "../../src/daemon/wallet/records.ts";
import type { WalletState } from "../../src/daemon/wallet/state.ts";
import { readable } from "../support/durable-samples.ts";

interface Frozen {
  readonly records: Readonly<Record<string, string>>;
  readonly wallet: unknown;
}
const folder = new URL(".", import.meta.url);
const files = readdirSync(folder).filter((file) => /^wallet-v\d+\.json$/.test(file));
const load = (file: string): Frozen => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Frozen;
const walletOf = ({ records }: Frozen): WalletState =>
  loadWallet(
    Object.entries(records).map(([key, value]) => ({ key, value: fromHex(value) })),
    blockHeight(9),
  );
/** What is on disk of it: coins are held by a process, not by its records. */
const shown = ({ height, used, addresses, coins, txs }: WalletState): unknown =>
  readable({ height, used, addresses: [...addresses], coins: [...coins], txs: [...txs] });
const written = ({ addresses, coins, txs }: WalletState): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...[...addresses.values()].map((one) => [addressRecord(one), toHex(encodeAddress(one))]),
    ...[...coins.values()].map((one) => [coinRecord(outpointKey(one.outpoint)), toHex(encodeCoin(one))]),
    ...[...txs.values()].map((one) => [txRecord(one.txid), toHex(encodeWalletTx(one))]),
  ]);

describe("Records of wallets that stand on disks, of every version ever written", () => {
  for (const file of files)
    it(`${file} is read as it was meant`, () => {
      const frozen = load(file);
      expect(shown(walletOf(frozen))).to.deep.equal(frozen.wallet);
    });
  it("the newest are written as they were", () => {
    const newest = load(files.sort().at(-1) ?? "");
    expect(written(walletOf(newest))).to.deep.equal(newest.records);
  });
});
