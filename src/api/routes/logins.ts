import { z } from "zod";
import { err, ok } from "../../base/result.ts";
import { notFound } from "../faults.ts";
import { type Route, route } from "../route.ts";
import { loginLinkShape, loginShape } from "../shapes.ts";
import { loginJson, loginLinkJson } from "../views.ts";

export const loginRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/v1/login-links",
    summary: "Makes a code that lets one browser in, once: a page's address ends with #login=<code>",
    scope: "node:write",
    secret: true,
    response: loginLinkShape,
    handler: ({ logins, token }) =>
      token === undefined ? err(notFound("token")) : ok({ status: 201, body: loginLinkJson(logins.offer(token)) }),
  }),
  route({
    method: "post",
    path: "/v1/logins",
    summary: "Uses a link's code: the answer sets the cookie that pages are known by",
    scope: "public",
    body: z.strictObject({ code: z.string().regex(/^lgn_[A-Za-z0-9_-]{43}$/, "must be the code of a link") }),
    example: { code: `lgn_${"A".repeat(43)}` },
    response: loginShape,
    handler({ logins, body }) {
      const used = logins.use(body.code);
      if (!used.ok) return err(used.error);
      return ok({ status: 201, body: loginJson(used.value), headers: { "Set-Cookie": used.value.setCookie } });
    },
  }),
  route({
    method: "delete",
    path: "/v1/logins/current",
    summary: "Ends the login that asks; for a token there is nothing to end",
    scope: "subscriptions:read",
    response: z.null(),
    handler: ({ logins, token }) =>
      ok({ status: 204, body: null, headers: { "Set-Cookie": logins.end(token?.id ?? "") } }),
  }),
];
