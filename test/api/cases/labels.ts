import { TXID } from "../fake-node.ts";
import { page, type RouteCase } from "./case.ts";

const LABEL = { type: "output", ref: `${TXID}:0`, label: "rent", origin: null, spendable: false };
/** What people call transactions, addresses and coins. */
export const LABEL_CASES: readonly RouteCase[] = [
  { route: "get /v1/wallet/labels", ask: "GET /v1/wallet/labels", status: 200, answer: page(LABEL) },
  {
    route: "post /v1/wallet/labels",
    ask: "POST /v1/wallet/labels",
    body: { type: "tx", ref: TXID, label: "rent", origin: "wpkh([d34db33f/84'/0'/0'])" },
    calls: [
      [
        "setLabel",
        { type: "tx", ref: TXID, label: "rent", origin: "wpkh([d34db33f/84'/0'/0'])", spendable: undefined },
      ],
    ],
    status: 200,
    answer: { type: "tx", ref: TXID, label: "rent", origin: "wpkh([d34db33f/84'/0'/0'])", spendable: null },
    malformed: [
      [{ type: "house" }, "/type"],
      [{ ref: undefined }, "/ref"],
      [{ ref: "a".repeat(161) }, "/ref"],
      [{ label: "two\nlines" }, "/label"],
      [{ label: "a".repeat(501) }, "/label"],
      [{ origin: 5 }, "/origin"],
      [{ spendable: "no" }, "/spendable"],
    ],
  },
  {
    route: "post /v1/wallet/labels/import",
    ask: "POST /v1/wallet/labels/import",
    body: { text: `{"type":"tx","ref":"${TXID}","label":"rent"}\n` },
    calls: [["importLabels", `{"type":"tx","ref":"${TXID}","label":"rent"}\n`]],
    status: 200,
    answer: { taken: 2, skipped: 1 },
    malformed: [
      [{ text: undefined }, "/text"],
      [{ text: "a".repeat(4_000_001) }, "/text"],
    ],
  },
];
