import { z } from "zod";
import { outpointKey } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import { blockHeight, HEIGHT_LIMIT } from "../../base/units.ts";
import type { WatchInfo } from "../../daemon/wallet/watch-views.ts";
import { faultOfCommand } from "../faults.ts";
import { lineField, wholeField } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { page } from "../shapes.ts";
import {
  ownDescriptorShape,
  removedWatchShape,
  watchedTransactionShape,
  watchedUtxoShape,
  watchShape,
} from "../watch-shapes.ts";

const LABEL_MAX = 100;
const DESCRIPTOR_MAX = 10_000;
/** Each key costs time to derive, and nothing else happens meanwhile. Policy, not protocol. */
const GAP_MAX = 100;

const watchJson = ({ from, amount, ...watch }: WatchInfo): z.output<typeof watchShape> => ({
  ...watch,
  fromHeight: from,
  amountSat: amount.toString(),
});

export const watchRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/wallet/watches",
    summary: "Watches what pays to a descriptor of public keys; nothing of it can be spent here",
    scope: "wallet:write",
    body: z.strictObject({
      descriptor: z.string().min(1).max(DESCRIPTOR_MAX),
      label: lineField(LABEL_MAX).optional(),
      gap: wholeField(1, GAP_MAX).optional(),
      fromHeight: wholeField(0, HEIGHT_LIMIT - 1).optional(),
    }),
    example: { descriptor: "raw(deadbeef)#89f8spxm", label: "cold", fromHeight: 0 },
    response: watchShape,
    async handler({ commands, body: { descriptor, label, gap, fromHeight } }) {
      const from = fromHeight === undefined ? {} : { from: blockHeight(fromHeight) };
      const wish = { descriptor, ...(label !== undefined && { label }), ...(gap !== undefined && { gap }), ...from };
      const added = await commands.addWatch(wish);
      return added.ok ? ok({ status: 201, body: watchJson(added.value) }) : err(faultOfCommand(added.error));
    },
  }),
  route({
    method: "get",
    path: "/v1/wallet/watches",
    summary: "The descriptors that are watched",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(watchShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.watches(), cursor: ({ id }) => id, json: watchJson }),
  }),
  route({
    method: "delete",
    path: "/v1/wallet/watches/:id",
    summary: "Watches a descriptor no more",
    scope: "wallet:write",
    params: z.object({ id: z.string().regex(/^[02-9ac-hj-np-z]{8}$/, "must be the checksum of a descriptor") }),
    response: removedWatchShape,
    async handler({ commands, params: { id } }) {
      const removed = await commands.removeWatch(id);
      return removed.ok ? ok({ status: 200, body: { id } }) : err(faultOfCommand(removed.error));
    },
  }),
  route({
    method: "get",
    path: "/v1/wallet/watched/utxos",
    summary: "The coins that are only watched",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(watchedUtxoShape),
    handler: ({ commands, query }) =>
      listed(query, {
        items: commands.watchedUtxos(),
        cursor: ({ outpoint }) => outpointKey(outpoint),
        json: ({ outpoint, amount, address, ...utxo }) => ({
          ...utxo,
          outpoint: outpointKey(outpoint),
          amountSat: amount.toString(),
          address: address ?? null,
        }),
      }),
  }),
  route({
    method: "get",
    path: "/v1/wallet/watched/transactions",
    summary: "What moved coins on watched scripts",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(watchedTransactionShape),
    handler: ({ commands, query }) =>
      listed(query, {
        items: commands.watchedTransactions(),
        cursor: ({ txid }) => txid,
        json: ({ deltaSat, ...transaction }) => ({ ...transaction, deltaSat: deltaSat.toString() }),
      }),
  }),
  route({
    method: "get",
    path: "/v1/wallet/descriptors",
    summary: "The addresses of this wallet as descriptors of public keys, for another node to watch",
    scope: "wallet:read",
    query: listQuery,
    list: true,
    response: page(ownDescriptorShape),
    handler: ({ commands, query }) =>
      listed(query, {
        items: commands.walletDescriptors(),
        cursor: ({ type, branch }) => `${type}.${branch}`,
        json: ({ ...own }) => own,
      }),
  }),
];
