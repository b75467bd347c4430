import { z } from "zod";
import { outpointKey } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import { faultOfCommand } from "../faults.ts";
import { addressField, feerateField, positiveSatField, rootField, wholeField } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { addressShape, chainShape, minedShape, page, transactionShape, txidShape, utxoShape } from "../shapes.ts";
import { chainJson, transactionJson, utxoJson } from "../views.ts";

const BLOCKS_MAX = 1000;

export const chainRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/chain",
    summary: "The best chain, the mempool and all coins",
    scope: "chain:read",
    response: chainShape,
    handler: ({ commands }) => ok({ status: 200, body: chainJson(commands.chain()) }),
  }),
  route({
    method: "post",
    path: "/v1/chain/mine",
    summary: "Mines blocks; on play-money networks only",
    scope: "chain:write",
    body: z.strictObject({ blocks: wholeField(1, BLOCKS_MAX), address: addressField.optional() }),
    example: { blocks: 6 },
    response: minedShape,
    async handler({ commands, body: { blocks, address } }) {
      const mined = await commands.mine({ blocks, ...(address !== undefined && { address }) });
      return mined.ok ? ok({ status: 200, body: { blocks: [...mined.value] } }) : err(faultOfCommand(mined.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/wallet/addresses",
    summary: "An address that was never handed out before",
    scope: "wallet:write",
    response: addressShape,
    handler: async ({ commands }) => ok({ status: 201, body: { address: (await commands.newAddress()).address } }),
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
    path: "/v1/wallet/sends",
    summary: "Sends coins on chain",
    scope: "wallet:write",
    repeat: "costly",
    body: z.strictObject({
      address: addressField,
      amountSat: positiveSatField,
      feerateSatPerKw: feerateField.optional(),
    }),
    example: { address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", amountSat: "50000" },
    response: txidShape,
    async handler({ commands, body: { address, amountSat, feerateSatPerKw } }) {
      const feerate = feerateSatPerKw === undefined ? {} : { feerate: feerateSatPerKw };
      const sent = await commands.send({ address, amount: amountSat, ...feerate });
      return sent.ok ? ok({ status: 201, body: { txid: sent.value.txid } }) : err(faultOfCommand(sent.error));
    },
  }),
  route({
    method: "post",
    path: "/v1/notary/stamps",
    summary: "Writes a merkle root over documents into the chain",
    scope: "wallet:write",
    repeat: "costly",
    body: z.strictObject({ root: rootField, feerateSatPerKw: feerateField.optional() }),
    example: { root: "aa".repeat(32) },
    response: txidShape,
    async handler({ commands, body: { root, feerateSatPerKw } }) {
      const feerate = feerateSatPerKw === undefined ? {} : { feerate: feerateSatPerKw };
      const stamped = await commands.stamp({ root, ...feerate });
      return stamped.ok ? ok({ status: 201, body: { txid: stamped.value.txid } }) : err(faultOfCommand(stamped.error));
    },
  }),
];
