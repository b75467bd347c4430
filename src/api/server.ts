import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import helmet from "helmet";
import { toHex } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { NodeCommands } from "../daemon/commands.ts";
import type { Log } from "../ports/log.ts";
import type { PageFiles } from "../ports/pages.ts";
import type { Store } from "../ports/store.ts";
import type { Clock, Random } from "../ports/world.ts";
import { answerRoute, holderOf, type Serving } from "./answer.ts";
import type { TokenStore } from "./auth.ts";
import { type ApiFault, REQUEST_ID_HEADER } from "./faults.ts";
import { keyGate, openToAllPages, type StreamFiles, streamFile } from "./files.ts";
import { createIdempotency } from "./idempotency.ts";
import { createLogins } from "./logins.ts";
import { openApiRoute } from "./openapi.ts";
import { foreign, LOOPBACK_HOSTS, type Origins } from "./origin.ts";
import { servePages } from "./pages.ts";
import { requestIdOf, sendFault } from "./respond.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes/all.ts";
import { attachSockets, type Sockets, type StreamSite } from "./socket.ts";

export interface ApiOptions {
  readonly commands: NodeCommands;
  readonly tokens: TokenStore;
  /** Answers to requests with an idempotency key are kept here, under `idem/`. */
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Loopback when absent: whoever opens it to a network puts TLS in front. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Host names under which the API may be called, without port. Loopback names when absent. */
  readonly allowedHosts?: readonly string[];
  /** Origins of pages that may call beside the API's own. */
  readonly allowedOrigins?: readonly string[];
  /** Requests a minute from one address, without a token or a login. */
  readonly requestsPerMinute?: number;
  /** Where packaged streams lie; without it `/s/…` serves nothing. */
  readonly streamFiles?: StreamFiles;
  /** Who answers viewers on the socket.io namespace `/stream`; without it the namespace does not exist. */
  readonly streamSite?: StreamSite;
  /** Connections over socket.io at a time. */
  readonly socketsMax?: number;
  /** Pages for browsers, tried after the API's own routes. */
  readonly pages?: PageFiles;
}
export interface Api {
  readonly url: string;
  readonly port: number;
  /** Refuses new requests, ends sockets, and resolves once those under way are answered or `CLOSE_MS_MAX` passed. */
  close(): Promise<void>;
}
export interface ListenFault {
  readonly code: "port_busy" | "cannot_listen";
  readonly detail: string;
}

const BODY_BYTES_MAX = 64 * 1024;
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 2_000;
const REQUESTS_PER_MINUTE = 60_000;
const CLOSE_MS_MAX = 2_000;

/** Starts to serve. Resolves once connections are accepted, or with the reason why they cannot be. */
export async function createApi(options: ApiOptions): Promise<Result<Api, ListenFault>> {
  const { host = "127.0.0.1", port, clock, store, allowedHosts = LOOPBACK_HOSTS, allowedOrigins = [] } = options;
  const origins: Origins = { hosts: allowedHosts, origins: allowedOrigins };
  const idempotency = createIdempotency(store, clock);
  const logins = createLogins(clock, options.random, () => options.commands.info().id);
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    expressApp(options, origins, { ...options, logins, idempotency }),
  );
  server.maxConnections = CONNECTIONS_MAX;
  const connections = connectionsOf(server);
  const listening = await listen(server, host, port);
  if (!listening.ok) {
    idempotency.close();
    return listening;
  }
  const sockets = attachSockets(server, { ...options, logins }, origins);
  const shown = host.includes(":") ? `[${host}]` : host;
  return ok({
    url: `http://${shown}:${listening.value}`,
    port: listening.value,
    close() {
      idempotency.close();
      return closeServer({ server, connections, sockets, clock });
    },
  });
}

function listen(server: HttpServer, host: string, port: number): Promise<Result<number, ListenFault>> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const busy = error.code === "EADDRINUSE";
      const detail = busy
        ? `Port ${port} of ${host} is in use.`
        : `Cannot listen on ${host} port ${port}: ${error.code}.`;
      resolve(err({ code: busy ? "port_busy" : "cannot_listen", detail }));
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve(ok((server.address() as AddressInfo).port));
    });
  });
}

/** All connections, WebSockets too: the server itself knows only of the others. */
function connectionsOf(server: HttpServer): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on("connection", (connection) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  return connections;
}

interface Closing {
  readonly server: HttpServer;
  readonly connections: ReadonlySet<Socket>;
  readonly sockets: Sockets;
  readonly clock: Clock;
}
async function closeServer({ server, connections, sockets, clock }: Closing): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  sockets.close();
  server.closeIdleConnections();
  const cancel = clock.after(CLOSE_MS_MAX, () => {
    for (const connection of connections) connection.destroy();
  });
  await ended;
  cancel();
}

function expressApp(options: ApiOptions, origins: Origins, serving: Serving): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  app.use(named(options.random), limited(options.requestsPerMinute ?? REQUESTS_PER_MINUTE, serving));
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } } }));
  const anyPage = [hosted({ hosts: origins.hosts, origins: "any" }), openToAllPages];
  if (options.streamFiles !== undefined) {
    app.get("/s/:stream/k/:unit", anyPage, keyGate);
    app.get("/s/:stream/:file", anyPage, streamFile(options.streamFiles));
  }
  const routes: Route[] = [...ROUTES];
  routes.push(openApiRoute(() => routes));
  addRoutes(
    app,
    routes.filter(({ open }) => open),
    serving,
    anyPage,
  );
  app.use(hosted(origins));
  for (const { path, bodyBytes } of routes) if (bodyBytes !== undefined) app.use(path, bodyOf(bodyBytes));
  app.use(bodyOf(BODY_BYTES_MAX));
  addRoutes(
    app,
    routes.filter(({ open }) => !open),
    serving,
    [],
  );
  if (options.pages !== undefined) app.use(servePages(options.pages));
  app.use((request, response) => sendFault({ code: "NOT_FOUND", detail: "There is nothing here." }, request, response));
  app.use(lastResort(options.log));
  return app;
}

const bodyOf = (limit: number): RequestHandler => express.raw({ type: () => true, limit, inflate: false });

/** `before`: what a request passes first, for these routes alone. */
function addRoutes(app: Express, routes: readonly Route[], serving: Serving, before: RequestHandler[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const place = app.route(path);
    for (const route of here) place[route.method](before, answerRoute(route, serving));
    const allowed = here.map(({ method }) => method.toUpperCase()).join(", ");
    place.all(...before, (request, response) => {
      response.setHeader("Allow", allowed);
      sendFault({ code: "METHOD_NOT_ALLOWED", detail: `Only ${allowed} is possible here.` }, request, response);
    });
  }
}

const REQUEST_ID_FORM = /^[\w.-]{1,64}$/;
/** Every request has a name, the caller's own if it gave one. */
const named = (random: Random): RequestHandler => {
  return (request, response, next) => {
    const given = request.get(REQUEST_ID_HEADER);
    const name = given !== undefined && REQUEST_ID_FORM.test(given) ? given : `req_${toHex(random.bytes(8))}`;
    response.setHeader(REQUEST_ID_HEADER, name);
    response.setHeader("Cache-Control", "no-store");
    next();
  };
};
const hosted = (origins: Origins): RequestHandler => {
  return (request, response, next) => {
    const detail = foreign(request, origins);
    if (detail === undefined) next();
    else sendFault({ code: "RESTRICTED", detail }, request, response);
  };
};
/** Behind a proxy all have one address: who has a token or a login is not counted with the others. */
const limited = (requestsPerMinute: number, serving: Serving): RequestHandler =>
  rateLimit({
    skip: (request) => holderOf(request, serving).ok,
    windowMs: 60_000,
    limit: requestsPerMinute,
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler(request, response) {
      const detail = `At most ${requestsPerMinute} requests a minute from one address.`;
      sendFault({ code: "RATE_LIMITED", detail, retryAfterSeconds: 60 }, request, response);
    },
  });

/** What was thrown on the way: a request that Express itself could not read, or a bug of ours, told without its text. */
const lastResort = (log: Log): ErrorRequestHandler => {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const fault = faultOfThrown(error);
    if (fault.code === "INTERNAL") {
      const cause = error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
      log.error("api.request_failed", { requestId: requestIdOf(response), method: request.method, cause });
    }
    sendFault(fault, request, response);
  };
};
function faultOfThrown(error: unknown): ApiFault {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  if (status === 413) return { code: "TOO_LARGE", detail: `A body has at most ${BODY_BYTES_MAX} bytes.` };
  if (status === 415) return { code: "UNSUPPORTED_MEDIA_TYPE", detail: "The body must not be compressed." };
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { code: "BAD_REQUEST", detail: "The request could not be read." };
  }
  return { code: "INTERNAL", detail: "Something went wrong here; the request id names it in the log." };
}
