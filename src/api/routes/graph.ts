import { z } from "zod";
import { formatShortChannelId } from "../../base/ids.ts";
import { err, ok } from "../../base/result.ts";
import { faultOfCommand } from "../faults.ts";
import { msatField, nodeIdField, positiveMsatField } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { type Route, route } from "../route.ts";
import { graphChannelShape, graphNodeShape, page, quoteShape } from "../shapes.ts";
import { graphChannelJson, graphNodeJson, quoteJson } from "../views.ts";

export const graphRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/graph/nodes",
    summary: "The nodes that were announced",
    scope: "graph:read",
    query: listQuery,
    list: true,
    response: page(graphNodeShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.graphNodes(), cursor: ({ id }) => id, json: graphNodeJson }),
  }),
  route({
    method: "get",
    path: "/v1/graph/channels",
    summary: "The channels that were announced, with the policies of both ends",
    scope: "graph:read",
    query: listQuery,
    list: true,
    response: page(graphChannelShape),
    handler: ({ commands, query }) =>
      listed(query, {
        items: commands.graphChannels(),
        cursor: ({ shortChannelId }) => formatShortChannelId(shortChannelId),
        json: graphChannelJson,
      }),
  }),
  route({
    method: "post",
    path: "/v1/routes",
    summary: "A dry run: which way a payment would take, at what fee, or why there is none",
    scope: "graph:read",
    body: z.strictObject({ to: nodeIdField, amountMsat: positiveMsatField, maxFeeMsat: msatField.optional() }),
    example: {
      to: "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
      amountMsat: "25000",
      maxFeeMsat: "1000",
    },
    response: quoteShape,
    handler({ commands, body: { to, amountMsat, maxFeeMsat } }) {
      const maxFee = maxFeeMsat === undefined ? {} : { maxFee: maxFeeMsat };
      const quote = commands.route({ to, amount: amountMsat, ...maxFee });
      return quote.ok ? ok({ status: 200, body: quoteJson(quote.value) }) : err(faultOfCommand(quote.error));
    },
  }),
];
