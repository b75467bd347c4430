import { z } from "zod";
import { WAIT_SECONDS_MAX } from "./answer.ts";
import type { Scope } from "./auth.ts";
import { KINDS } from "./faults.ts";
import { PAGE_SCOPES } from "./logins.ts";
import { BYTES, type Method, type Route, route } from "./route.ts";
import { problemShape } from "./shapes.ts";

/** The API described by its own list of routes. OpenAPI 3.1. */
export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}
type JsonSchema = Readonly<Record<string, unknown>>;

/** What goes over the wire, on the way in: transforms come after it. */
function schemaOf(shape: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io: "input", unrepresentable: "any" });
  return schema;
}

export function openApi(routes: readonly Route[], version: string): OpenApi {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const entry of routes) {
    const path = entry.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][entry.method] = operation(entry);
  }
  Object.assign(paths, STREAM_FILES);
  const problem = { description: "Refused", content: { "application/problem+json": { schema: ref("Problem") } } };
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version,
      description: `Amounts are decimal strings: \`...Msat\` in millisatoshis, \`...Sat\` in satoshis. Codes of problems: ${Object.keys(KINDS).join(", ")}.`,
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemShape) },
      responses: { Problem: problem },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "slc_<id>_<secret>" },
        login: { type: "apiKey", in: "cookie", name: "sluice_<16 digits of the node's id>", description: LOGIN },
      },
    },
  };
}
const LOGIN =
  "For pages that this daemon serves: `POST /v1/logins` sets it. It counts only in requests of which the browser says, in `Sec-Fetch-Site` or `Origin`, that such a page sent them.";
const securityOf = (scope: Scope): readonly JsonSchema[] =>
  PAGE_SCOPES.includes(scope) ? [{ token: [scope] }, { login: [scope] }] : [{ token: [scope] }];
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const WAIT = `wait=30: answers once it is over, or after so many seconds, ${WAIT_SECONDS_MAX} at most`;
const REFUSED = { $ref: "#/components/responses/Problem" };
const RAW = { "application/octet-stream": {} };

/** What is served of streams beside the routes: src/api/files.ts. */
const streamFile = (path: string, summary: string, responses: JsonSchema) => ({
  get: {
    operationId: operationId("get", path),
    summary,
    tags: ["s"],
    security: [],
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    responses: { ...responses, default: REFUSED },
  },
});
const FILE = "/s/{stream}/{file}";
const KEY = "/s/{stream}/k/{unit}";
const STREAM_FILES = {
  [FILE]: streamFile(FILE, "A playlist or an encrypted segment of a film", {
    "2XX": { description: "The file", content: { "*/*": {} } },
  }),
  [KEY]: streamFile(KEY, "No key: they are sold through a session with the stream", { "402": REFUSED }),
};

function operation(entry: Route): JsonSchema {
  const { method, path, summary, scope, body, example, params, query } = entry;
  return {
    operationId: operationId(method, path),
    summary,
    tags: [path.split("/").at(path.startsWith("/v1/") ? 2 : 1)],
    security: scope === "public" ? [] : securityOf(scope),
    parameters: [...parameters(params, "path"), ...parameters(query, "query"), ...headersOf(entry)],
    ...(body && {
      requestBody: {
        required: !body.safeParse({}).success,
        content: { "application/json": { schema: schemaOf(body), ...(example !== undefined && { example }) } },
      },
    }),
    responses: { ...answersOf(entry), default: REFUSED },
  };
}
function operationId(method: Method, path: string): string {
  return `${method}${path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, first: string) => first.toUpperCase())}`;
}

function headersOf({ method, scope, secret, list, waits }: Route): readonly JsonSchema[] {
  const isKeyed = method === "post" && !secret && scope !== "public";
  return [
    ...(isKeyed ? [header("Idempotency-Key", "Answers a repeated request as the first one")] : []),
    ...(list ? [header("If-None-Match", "The ETag of an earlier answer: an unchanged list comes without a body")] : []),
    ...(waits ? [header("Prefer", WAIT)] : []),
  ];
}
function answersOf({ response, list }: Route): JsonSchema {
  if (response instanceof z.ZodNull) return { "204": { description: "Done" } };
  const content = response === BYTES ? RAW : { "application/json": { schema: schemaOf(response) } };
  return { "2XX": { description: "Done", content }, ...(list && { "304": { description: "As it was" } }) };
}
const header = (name: string, description: string) => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string" },
});
function parameters(shape: z.ZodType, where: "path" | "query"): readonly JsonSchema[] {
  const { properties = {}, required = [] } = schemaOf(shape) as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema,
  }));
}

/** `/openapi.json` itself: written once, when it is first asked for. */
export function openApiRoute(routes: () => readonly Route[]): Route {
  let document: OpenApi | undefined;
  return route({
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    scope: "public",
    response: z.record(z.string(), z.unknown()),
    handler({ commands }) {
      document ??= openApi(routes(), commands.info().version);
      return { ok: true, value: { status: 200, body: { ...document } } };
    },
  });
}
