import { ok } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import type { WatchInfo } from "../../src/daemon/wallet/watch-views.ts";
import { HEIGHT, TXID } from "./fake-chain.ts";

const WATCH: WatchInfo = {
  id: "89f8spxm",
  descriptor: "raw(deadbeef)#89f8spxm",
  label: "cold",
  gap: 20,
  from: HEIGHT,
  scanned: false,
  scripts: 25,
  used: 5,
  amount: sat(11n),
};
/** What is shown of what is only watched. */
export const watchReadings = () => ({
  watches: () => [WATCH],
  watchedUtxos: () => [
    {
      outpoint: { txid: TXID, vout: 0 },
      amount: sat(11n),
      address: undefined,
      height: HEIGHT,
      immature: false,
      watch: WATCH.id,
    },
  ],
  watchedTransactions: () => [{ txid: TXID, deltaSat: -11n, height: HEIGHT }],
  walletDescriptors: () => [
    { type: "segwit" as const, branch: "change" as const, descriptor: "wpkh([00000000/84h/1h/0h]tpubexample/1/*)" },
  ],
});
export const watchChanges = () => ({
  addWatch: async () => ok(WATCH),
  removeWatch: async (id: string) => ok({ id }),
});
