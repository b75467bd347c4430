import { z } from "zod";
import { err, ok } from "../../base/result.ts";
import { maySeeEvent } from "../auth.ts";
import { wholeText } from "../fields.ts";
import { LIMIT_DEFAULT, limitField, pageOf } from "../list.ts";
import { type Route, route } from "../route.ts";
import { balanceShape, eventShape, nodeInfoShape, page } from "../shapes.ts";
import { balanceJson, eventJson, nodeInfoJson } from "../views.ts";

export const nodeRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/v1/info",
    summary: "Who this node is and how far it is with the chain",
    scope: "info:read",
    response: nodeInfoShape,
    handler: ({ commands }) => ok({ status: 200, body: nodeInfoJson(commands.info()) }),
  }),
  route({
    method: "get",
    path: "/v1/balance",
    summary: "What the node owns: on chain, in channels, in stream sessions",
    scope: "info:read",
    response: balanceShape,
    handler: ({ commands }) => ok({ status: 200, body: balanceJson(commands.balance()) }),
  }),
  route({
    method: "get",
    path: "/livez",
    summary: "Answers while the process runs",
    scope: "public",
    response: z.object({ alive: z.boolean() }),
    handler: () => ok({ status: 200, body: { alive: true } }),
  }),
  route({
    method: "get",
    path: "/readyz",
    summary: "Answers 200 once the node keeps up with the chain, 503 before",
    scope: "public",
    response: z.object({ ready: z.boolean() }),
    handler: ({ commands }) =>
      commands.info().synced
        ? ok({ status: 200, body: { ready: true } })
        : err({ code: "CHAIN_NOT_SYNCED", detail: "The node is still catching up with the chain." }),
  }),
  route({
    method: "get",
    path: "/v1/events",
    summary: "The event log after a sequence number, oldest first",
    scope: "events:read",
    query: z.strictObject({ limit: limitField, after: wholeText(Number.MAX_SAFE_INTEGER).optional() }),
    list: true,
    response: page(eventShape),
    handler({ commands, query: { limit = LIMIT_DEFAULT, after = 0 }, token }) {
      const read = commands.events(after, limit + 1);
      const here = read.slice(0, limit);
      const shown = here.filter(({ type }) => token !== undefined && maySeeEvent(token, type));
      // The cursor passes what this token may not see, so that a page without events is not taken for the end.
      return ok({ status: 200, body: pageOf(shown.map(eventJson), read.length > limit, here.at(-1)?.seq.toString()) });
    },
  }),
  route({
    method: "post",
    path: "/v1/shutdown",
    summary: "Finishes what is being written and stops the node",
    scope: "node:write",
    response: z.object({ stopping: z.boolean() }),
    handler: ({ commands }) =>
      ok({ status: 202, body: { stopping: true }, afterwards: () => void commands.shutdown() }),
  }),
];
