import { z } from "zod";
import { outpointKey } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import { blockHeight, HEIGHT_LIMIT } from "../../base/units.ts";
import { faultOfCommand } from "../faults.ts";
import { feerateField, lineField, outpointField, txidField, wholeField } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { named, paymentFields, paymentOf } from "../sends.ts";
import { addressShape, page, rescanShape, transactionShape, txidShape, utxoShape } from "../shapes.ts";
import { transactionJson, utxoJson } from "../views.ts";

const LABEL_MAX = 100;
/** Inputs of one transaction. */

export const walletRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/wallet/addresses",
    summary: "An address that was never handed out before",
    scope: "wallet:write",
    body: z.strictObject({ type: z.enum(["segwit", "taproot"]).optional(), label: lineField(LABEL_MAX).optional() }),
    example: { type: "taproot", label: "rent" },
    response: addressShape,
    async handler({ commands, body: { type, label } }) {
      const asked = { ...(type !== undefined && { type }), ...(label !== undefined && { label }) };
      return ok({ status: 201, body: { address: (await commands.newAddress(asked)).address } });
    },
  }),
  route({
    method: "get",
    path: "/v1/wallet/transactions",
    summary: "What moved coins of the wallet",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(transactionShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.walletTransactions(), cursor: ({ txid }) => txid, json: transactionJson }),
  }),
  route({
    method: "get",
    path: "/v1/wallet/utxos",
    summary: "The coins of the wallet",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(utxoShape),
    handler: ({ commands, query }) =>
      listed(query, {
        items: commands.walletUtxos(),
        cursor: ({ outpoint }) => outpointKey(outpoint),
        json: utxoJson,
      }),
  }),
  route({
    method: "post",
    path: "/v1/wallet/rescans",
    summary: "Looks through the chain for payments to this wallet, also to addresses that a copy of it has used",
    scope: "wallet:write",
    body: z.strictObject({ fromHeight: wholeField(0, HEIGHT_LIMIT - 1) }),
    example: { fromHeight: 0 },
    response: rescanShape,
    async handler({ commands, body: { fromHeight } }) {
      const begun = await commands.rescan({ from: blockHeight(fromHeight) });
      return begun.ok ? ok({ status: 202, body: { fromHeight: begun.value.from } }) : err(faultOfCommand(begun.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/wallet/locks",
    summary: "Keeps a coin out of everything until it is unlocked",
    scope: "wallet:write",
    body: z.strictObject({ outpoint: outpointField }),
    example: { outpoint: `${"ab".repeat(32)}:0` },
    response: utxoShape,
    async handler({ commands, body: { outpoint } }) {
      const set = await commands.setCoinLocked({ outpoint, locked: true });
      return set.ok ? ok({ status: 200, body: utxoJson(set.value) }) : err(faultOfCommand(set.error));
    },
  }),
  route({
    method: "delete",
    path: "/v1/wallet/locks/:outpoint",
    summary: "Lets a coin be spent again",
    scope: "wallet:write",
    params: z.object({ outpoint: outpointField }),
    response: utxoShape,
    async handler({ commands, params: { outpoint } }) {
      const set = await commands.setCoinLocked({ outpoint, locked: false });
      return set.ok ? ok({ status: 200, body: utxoJson(set.value) }) : err(faultOfCommand(set.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/wallet/transactions/:txid/bump",
    summary: "Pays more for a transaction that waits",
    scope: "wallet:write",
    repeat: "costly",
    params: z.object({ txid: txidField }),
    body: z.strictObject({ method: z.enum(["rbf", "cancel", "cpfp"]), feerateSatPerKw: feerateField }),
    example: { method: "rbf", feerateSatPerKw: 2500 },
    response: txidShape,
    async handler({ commands, params: { txid }, body: { method, feerateSatPerKw } }) {
      return named(await commands.bumpFee({ txid, method, feerate: feerateSatPerKw }), 201);
    },
  }),
  route({
    method: "post",
    path: "/v1/wallet/sends",
    summary: "Sends coins on chain",
    scope: "wallet:write",
    repeat: "costly",
    body: z.strictObject(paymentFields),
    example: { address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", amountSat: "50000" },
    response: txidShape,
    handler: async ({ commands, body }) => named(await commands.send(paymentOf(body)), 201),
  }),
];
