import { TXID } from "../fake-node.ts";
import { page, type RouteCase } from "./case.ts";

const WATCH = {
  id: "89f8spxm",
  descriptor: "raw(deadbeef)#89f8spxm",
  label: "cold",
  gap: 20,
  fromHeight: 110,
  scanned: false,
  scripts: 25,
  used: 5,
  amountSat: "11",
};
/** What is watched without keys. */
export const WATCH_CASES: readonly RouteCase[] = [
  {
    route: "post /v1/wallet/watches",
    ask: "POST /v1/wallet/watches",
    body: { descriptor: "raw(deadbeef)", label: "cold", gap: 20, fromHeight: 110 },
    calls: [["addWatch", { descriptor: "raw(deadbeef)", label: "cold", gap: 20, from: 110 }]],
    status: 201,
    answer: WATCH,
    malformed: [
      [{ descriptor: undefined }, "/descriptor"],
      [{ descriptor: "" }, "/descriptor"],
      [{ descriptor: "a".repeat(10_001) }, "/descriptor"],
      [{ gap: 0 }, "/gap"],
      [{ gap: 101 }, "/gap"],
      [{ fromHeight: -1 }, "/fromHeight"],
      [{ label: "two\nlines" }, "/label"],
    ],
  },
  { route: "get /v1/wallet/watches", ask: "GET /v1/wallet/watches", status: 200, answer: page(WATCH) },
  {
    route: "delete /v1/wallet/watches/:id",
    ask: "DELETE /v1/wallet/watches/89f8spxm",
    calls: [["removeWatch", "89f8spxm"]],
    status: 200,
    answer: { id: "89f8spxm" },
  },
  {
    route: "get /v1/wallet/watched/utxos",
    ask: "GET /v1/wallet/watched/utxos",
    status: 200,
    answer: page({
      outpoint: `${TXID}:0`,
      amountSat: "11",
      address: null,
      height: 110,
      immature: false,
      watch: "89f8spxm",
    }),
  },
  {
    route: "get /v1/wallet/watched/transactions",
    ask: "GET /v1/wallet/watched/transactions",
    status: 200,
    answer: page({ txid: TXID, deltaSat: "-11", height: 110 }),
  },
  {
    route: "get /v1/wallet/descriptors",
    ask: "GET /v1/wallet/descriptors",
    status: 200,
    answer: page({ type: "segwit", branch: "change", descriptor: "wpkh([00000000/84h/1h/0h]tpubexample/1/*)" }),
  },
];
