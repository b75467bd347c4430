import { TXID } from "../fake-node.ts";
import type { RouteCase } from "./case.ts";

const PSBT = "cHNidP8BAA==";
const SHOWN = {
  psbt: PSBT,
  txid: TXID,
  feeSat: "150",
  inputs: [{ outpoint: `${TXID}:0`, amountSat: "5000", address: null, ours: true, signed: false }],
  outputs: [{ amountSat: "4850", address: "bcrt1qexample", ours: false }],
  tx: "02000000000000000000",
};
const NO_PSBT: NonNullable<RouteCase["malformed"]> = [
  [{ psbt: "70736274ff" + "-" }, "/psbt"],
  [{ psbt: "A".repeat(60_001) }, "/psbt"],
  [{ psbt: undefined }, "/psbt"],
];
/** Transactions that others sign too. */
export const PSBT_CASES: readonly RouteCase[] = [
  {
    route: "post /v1/wallet/psbts",
    ask: "POST /v1/wallet/psbts",
    body: {
      address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
      amountSat: "50000",
      feerateSatPerKw: 253,
      coins: [`${TXID}:1`],
      anyFee: true,
    },
    calls: [
      [
        "createPsbt",
        {
          address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
          amount: 50_000n,
          feerate: 253,
          coins: [{ txid: TXID, vout: 1 }],
          anyFee: true,
        },
      ],
    ],
    status: 201,
    answer: SHOWN,
    malformed: [
      [{ amountSat: "0" }, "/amountSat"],
      [{ anyFee: 1 }, "/anyFee"],
    ],
  },
  {
    route: "post /v1/wallet/psbts/show",
    ask: "POST /v1/wallet/psbts/show",
    body: { psbt: PSBT },
    calls: [["showPsbt", PSBT]],
    status: 200,
    answer: SHOWN,
    malformed: NO_PSBT,
  },
  {
    route: "post /v1/wallet/psbts/sign",
    ask: "POST /v1/wallet/psbts/sign",
    body: { psbt: PSBT, anyFee: true },
    calls: [["signPsbt", { psbt: PSBT, anyFee: true }]],
    status: 200,
    answer: { ...SHOWN, feeSat: null, tx: null },
    malformed: NO_PSBT,
  },
  {
    route: "post /v1/wallet/psbts/combine",
    ask: "POST /v1/wallet/psbts/combine",
    body: { psbts: [PSBT, PSBT] },
    calls: [["combinePsbts", [PSBT, PSBT]]],
    status: 200,
    answer: SHOWN,
    malformed: [
      [{ psbts: [] }, "/psbts"],
      [{ psbts: ["-"] }, "/psbts/0"],
    ],
  },
  {
    route: "post /v1/wallet/psbts/finalize",
    ask: "POST /v1/wallet/psbts/finalize",
    body: { psbt: PSBT },
    calls: [["finalizePsbt", PSBT]],
    status: 200,
    answer: SHOWN,
    malformed: NO_PSBT,
  },
  {
    route: "post /v1/wallet/psbts/send",
    ask: "POST /v1/wallet/psbts/send",
    body: { psbt: PSBT },
    calls: [["sendPsbt", { psbt: PSBT }]],
    status: 201,
    answer: { txid: TXID },
    malformed: NO_PSBT,
  },
  {
    route: "delete /v1/wallet/psbts/:txid",
    ask: `DELETE /v1/wallet/psbts/${TXID}`,
    calls: [["releasePsbt", TXID]],
    status: 200,
    answer: { txid: TXID },
  },
];
