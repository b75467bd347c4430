import { z } from "zod";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandFault, NodeCommands } from "../../daemon/commands.ts";
import type { SubscriptionInfo } from "../../daemon/views.ts";
import { type ApiFault, faultOfCommand, KINDS, notFound } from "../faults.ts";
import { idField, lineField, positiveMsatField, siteField, wholeField, wholeText } from "../fields.ts";
import { listed, listQuery } from "../list.ts";
import { BYTES, type Route, route } from "../route.ts";
import { filmShape, page, receiptShape, streamShape, subscriptionShape } from "../shapes.ts";
import { filmJson, receiptJson, streamJson, subscriptionJson } from "../views.ts";

const SEGMENT_SECONDS_MAX = 60;
const FREE_SECONDS_MAX = 24 * 3600;
const UNIT_MAX = 2 ** 31 - 1;

export const streamRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/streams",
    summary: "Puts a film on sale",
    scope: "streams:write",
    body: z.strictObject({
      title: lineField(200).min(1, "must not be empty"),
      source: lineField(4096).regex(/^\//, "must be the absolute path of a folder with index.m3u8"),
      priceMsatPerSecond: positiveMsatField,
      segmentSeconds: wholeField(1, SEGMENT_SECONDS_MAX),
      freeSeconds: wholeField(0, FREE_SECONDS_MAX).optional(),
    }),
    example: { title: "A film", source: "/srv/film", priceMsatPerSecond: "1000", segmentSeconds: 1, freeSeconds: 0 },
    response: streamShape,
    async handler({ commands, body: { freeSeconds = 0, ...body } }) {
      const added = await commands.addStream({ ...body, freeSeconds });
      if (!added.ok) return err(faultOfCommand(added.error));
      return ok({ status: 201, body: streamJson(added.value), location: `/v1/streams/${added.value.id}` });
    },
  }),
  route({
    method: "get",
    path: "/v1/streams",
    summary: "All films on sale",
    scope: "streams:read",
    query: listQuery,
    list: true,
    response: page(streamShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.streams(), cursor: ({ id }) => id, json: streamJson }),
  }),
  route({
    method: "get",
    path: "/v1/streams/:id",
    summary: "One film",
    scope: "streams:read",
    params: z.strictObject({ id: idField }),
    response: streamShape,
    handler({ commands, params }) {
      const stream = commands.streams().find(({ id }) => id === params.id);
      return stream ? ok({ status: 200, body: streamJson(stream) }) : err(notFound("stream"));
    },
  }),
  route({
    method: "get",
    path: "/s/:stream",
    summary: "What a film costs, for whoever wants to watch it; its files are beside it",
    scope: "public",
    open: true,
    params: z.strictObject({ stream: idField }),
    response: filmShape,
    handler({ commands, params }) {
      const stream = commands.streams().find(({ id }) => id === params.stream);
      return stream ? ok({ status: 200, body: filmJson(stream, commands.info().id) }) : err(notFound("stream"));
    },
  }),
];

const subscriptionParams = z.strictObject({ id: idField });
type Change = "pauseSubscription" | "resumeSubscription" | "closeSubscription";
const changeRoute = (verb: string, summary: string, change: Change): Route =>
  route({
    method: "post",
    path: `/v1/subscriptions/:id/${verb}`,
    summary,
    scope: "subscriptions:write",
    params: subscriptionParams,
    response: subscriptionShape,
    handler: async ({ commands, params }) => subscriptionAnswer(await commands[change](params.id), 200),
  });
function subscriptionAnswer(answer: Result<SubscriptionInfo, CommandFault>, status: 200 | 201) {
  if (!answer.ok) return err(faultOfCommand(answer.error));
  const location = `/v1/subscriptions/${answer.value.id}`;
  return ok({ status, body: subscriptionJson(answer.value), ...(status === 201 && { location }) });
}

export const subscriptionRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/subscriptions",
    summary: "Opens a session with a site, within a budget",
    scope: "subscriptions:write",
    repeat: "costly",
    body: z.strictObject({
      site: siteField,
      stream: idField,
      budgetMsat: positiveMsatField,
      maxUnpaidMsat: positiveMsatField,
    }),
    example: { site: "http://127.0.0.1:9739", stream: "str_1", budgetMsat: "60000", maxUnpaidMsat: "5000" },
    response: subscriptionShape,
    async handler({ commands, body: { site, stream, budgetMsat, maxUnpaidMsat } }) {
      const request = { site, stream, budget: budgetMsat, maxUnpaid: maxUnpaidMsat };
      return subscriptionAnswer(await commands.subscribe(request), 201);
    },
  }),
  route({
    method: "get",
    path: "/v1/subscriptions",
    summary: "All sessions with sites",
    scope: "subscriptions:read",
    query: listQuery,
    list: true,
    response: page(subscriptionShape),
    handler: ({ commands, query }) =>
      listed(query, { items: commands.subscriptions(), cursor: ({ id }) => id, json: subscriptionJson }),
  }),
  route({
    method: "get",
    path: "/v1/subscriptions/:id",
    summary: "One session with a site",
    scope: "subscriptions:read",
    params: subscriptionParams,
    response: subscriptionShape,
    handler({ commands, params }) {
      const subscription = commands.subscription(params.id);
      return subscription ? ok({ status: 200, body: subscriptionJson(subscription) }) : err(notFound("subscription"));
    },
  }),
  changeRoute("pause", "Stops paying; what is unlocked stays unlocked", "pauseSubscription"),
  changeRoute("resume", "Goes on paying", "resumeSubscription"),
  changeRoute("close", "Ends the session with an exact account", "closeSubscription"),
  route({
    method: "get",
    path: "/v1/subscriptions/:id/keys/:unit",
    summary: "The key of one unit, 16 bytes, paid for when it is not yet unlocked",
    scope: "subscriptions:write",
    params: z.strictObject({ id: idField, unit: wholeText(UNIT_MAX) }),
    response: BYTES,
    async handler({ commands, params }) {
      const key = await commands.segmentKey(params.id, params.unit);
      if (!key.ok) return err(unpaid(faultOfCommand(key.error)));
      return ok({ status: 200, body: key.value, headers: { "Cache-Control": "no-store" } });
    },
  }),
  route({
    method: "get",
    path: "/v1/subscriptions/:id/receipt",
    summary: "What was paid for what, signed by both sides",
    scope: "subscriptions:read",
    params: subscriptionParams,
    response: receiptShape,
    handler: ({ commands, params }) => receiptOf(commands, params.id),
  }),
];

async function receiptOf(commands: NodeCommands, id: string) {
  const receipt = await commands.receipt(id);
  return receipt.ok
    ? ok({ status: 200 as const, body: receiptJson(receipt.value) })
    : err(faultOfCommand(receipt.error));
}

const NOT_A_MATTER_OF_PAYING: ReadonlySet<string> = new Set([
  "BAD_REQUEST",
  "NOT_FOUND",
  "SESSION_CLOSED",
  "READ_ONLY",
]);
/** A unit that could not be paid is a 402, whatever stood in the way: players know that one. */
function unpaid(fault: ApiFault): ApiFault {
  if (NOT_A_MATTER_OF_PAYING.has(fault.code) || KINDS[fault.code].status === 402) return fault;
  return { code: "PAYMENT_REQUIRED", detail: fault.detail, reason: fault.code };
}
