import type { Txid } from "../../src/base/ids.ts";
import { ok } from "../../src/base/result.ts";
import { type BlockHeight, sat } from "../../src/base/units.ts";
import type { WalletUtxo } from "../../src/daemon/views.ts";
import type { PsbtView } from "../../src/daemon/wallet/psbt-view.ts";
import { backupReadings } from "./fake-backups.ts";
import { BLOCK, HEIGHT, TXID } from "./fake-chain.ts";
import { labelChanges, labelReadings } from "./fake-labels.ts";
import { watchChanges, watchReadings } from "./fake-watching.ts";

export const BALANCES = {
  onchain: {
    confirmed: sat(5_000n),
    unconfirmed: sat(20n),
    immature: sat(7n),
    locked: sat(8n),
    reserved: sat(0n),
    keptForClosing: sat(9n),
    missingForClaims: sat(3n),
  },
  watchOnly: { confirmed: sat(11n), unconfirmed: sat(12n), immature: sat(13n) },
};

const UTXO: WalletUtxo = {
  outpoint: { txid: TXID, vout: 0 },
  amount: sat(5_000n),
  address: "bcrt1qexample",
  label: "rent",
  height: HEIGHT,
  status: "reserved",
  reservedFor: "channel",
};
const PSBT: PsbtView = {
  psbt: "cHNidP8BAA==",
  txid: TXID,
  fee: sat(150n),
  inputs: [{ outpoint: UTXO.outpoint, amount: sat(5_000n), address: undefined, ours: true, signed: false }],
  outputs: [{ amount: sat(4_850n), address: "bcrt1qexample", ours: false }],
  tx: { version: 2, inputs: [], outputs: [], locktime: 0 },
};
/** What a wallet shows. */
export const walletReadings = () => ({
  ...watchReadings(),
  ...labelReadings(),
  ...backupReadings(),
  walletTransactions: () => [
    { txid: TXID, deltaSat: -50_150n, feeSat: sat(150n), height: HEIGHT, label: "channel" },
    { txid: BLOCK as string as Txid, deltaSat: 5_000_000_000n, feeSat: undefined, height: undefined, label: "mined" },
  ],
  walletUtxos: () => [UTXO],
  showPsbt: () => ok(PSBT),
  combinePsbts: () => ok(PSBT),
  finalizePsbt: () => ok(PSBT),
});
/** What it does. */
export const walletChanges = () => ({
  ...watchChanges(),
  ...labelChanges(),
  newAddress: async () => ({ address: "bcrt1qexample" }),
  setCoinLocked: async () => ok({ ...UTXO, status: "locked", reservedFor: undefined } as const),
  rescan: async ({ from }: { readonly from: BlockHeight }) => ok({ from }),
  bumpFee: async () => ok({ txid: TXID }),
  send: async () => ok({ txid: TXID }),
  createPsbt: async () => ok(PSBT),
  signPsbt: async () => ok({ ...PSBT, fee: undefined, tx: undefined }),
  sendPsbt: async () => ok({ txid: TXID }),
  releasePsbt: async () => ok({ txid: TXID }),
});
