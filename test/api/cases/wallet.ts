import { BLOCK, TXID } from "../fake-node.ts";
import { page, type RouteCase } from "./case.ts";

const LOCKED = {
  outpoint: `${TXID}:0`,
  amountSat: "5000",
  address: "bcrt1qexample",
  label: "rent",
  height: 110,
  status: "locked",
  reservedFor: null,
};
/** The coins of the node. */
export const WALLET_CASES: readonly RouteCase[] = [
  {
    route: "post /v1/wallet/addresses",
    ask: "POST /v1/wallet/addresses",
    body: { type: "taproot", label: "rent" },
    calls: [["newAddress", { type: "taproot", label: "rent" }]],
    status: 201,
    answer: { address: "bcrt1qexample" },
    malformed: [
      [{ type: "legacy" }, "/type"],
      [{ label: "two\nlines" }, "/label"],
      [{ unheardOf: 1 }, "/unheardOf"],
    ],
  },
  {
    route: "get /v1/wallet/transactions",
    ask: "GET /v1/wallet/transactions",
    status: 200,
    answer: page(
      { txid: TXID, deltaSat: "-50150", feeSat: "150", height: 110, label: "channel" },
      { txid: BLOCK, deltaSat: "5000000000", feeSat: null, height: null, label: "mined" },
    ),
  },
  {
    route: "get /v1/wallet/utxos",
    ask: "GET /v1/wallet/utxos",
    status: 200,
    answer: page({
      outpoint: `${TXID}:0`,
      amountSat: "5000",
      address: "bcrt1qexample",
      label: "rent",
      height: 110,
      status: "reserved",
      reservedFor: "channel",
    }),
  },
  {
    route: "post /v1/wallet/rescans",
    ask: "POST /v1/wallet/rescans",
    body: { fromHeight: 7 },
    calls: [["rescan", { from: 7 }]],
    status: 202,
    answer: { fromHeight: 7 },
    malformed: [
      [{ fromHeight: -1 }, "/fromHeight"],
      [{ fromHeight: 500_000_000 }, "/fromHeight"],
    ],
  },
  {
    route: "post /v1/wallet/locks",
    ask: "POST /v1/wallet/locks",
    body: { outpoint: `${TXID}:0` },
    calls: [["setCoinLocked", { outpoint: { txid: TXID, vout: 0 }, locked: true }]],
    status: 200,
    answer: LOCKED,
    malformed: [
      [{ outpoint: TXID }, "/outpoint"],
      [{ outpoint: undefined }, "/outpoint"],
    ],
  },
  {
    route: "delete /v1/wallet/locks/:outpoint",
    ask: `DELETE /v1/wallet/locks/${TXID}:0`,
    calls: [["setCoinLocked", { outpoint: { txid: TXID, vout: 0 }, locked: false }]],
    status: 200,
    answer: LOCKED,
  },
  {
    route: "post /v1/wallet/transactions/:txid/bump",
    ask: `POST /v1/wallet/transactions/${TXID}/bump`,
    body: { method: "rbf", feerateSatPerKw: 2500 },
    calls: [["bumpFee", { txid: TXID, method: "rbf", feerate: 2500 }]],
    status: 201,
    answer: { txid: TXID },
    malformed: [
      [{ method: "luck" }, "/method"],
      [{ feerateSatPerKw: undefined }, "/feerateSatPerKw"],
      [{ feerateSatPerKw: 252 }, "/feerateSatPerKw"],
    ],
  },
  {
    route: "post /v1/wallet/sends",
    ask: "POST /v1/wallet/sends",
    body: {
      address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
      amountSat: "50000",
      feerateSatPerKw: 253,
      coins: [`${TXID}:1`],
    },
    calls: [
      [
        "send",
        {
          address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
          amount: 50_000n,
          feerate: 253,
          coins: [{ txid: TXID, vout: 1 }],
        },
      ],
    ],
    status: 201,
    answer: { txid: TXID },
    malformed: [
      [{ address: undefined }, "/address"],
      [{ amountSat: 50_000 }, "/amountSat"],
      [{ amountSat: "0" }, "/amountSat"],
      [{ amountSat: "2100000000000001" }, "/amountSat"],
      [{ feerateSatPerKw: 252 }, "/feerateSatPerKw"],
      [{ coins: [] }, "/coins"],
      [{ coins: ["1"] }, "/coins/0"],
    ],
  },
];
