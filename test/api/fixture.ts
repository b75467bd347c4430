import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { makeToken, SCOPES, type Scope, type TokenDocument, type TokenStore } from "../../src/api/auth.ts";
import { type Api, type ApiOptions, createApi } from "../../src/api/server.ts";
import { present } from "../../src/base/result.ts";
import { type UnixMs, unixMs } from "../../src/base/units.ts";
import type { LogFields } from "../../src/ports/log.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Clock, Random } from "../../src/ports/world.ts";
import { AT, type FakeNode, fakeNode } from "./fake-node.ts";

/** Time that stands still until it is moved. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}
export function manualClock(start: UnixMs = AT): ManualClock {
  let now: number = start;
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>();
  return {
    now: () => unixMs(now),
    after(delayMs, task) {
      const entry = { at: now + delayMs, task };
      tasks.add(entry);
      return () => tasks.delete(entry);
    },
    advance(ms) {
      now += ms;
      for (const entry of [...tasks].sort((a, b) => a.at - b.at)) {
        if (entry.at <= now && tasks.delete(entry)) entry.task();
      }
    },
  };
}
export function countingRandom(): Random {
  let next = 1;
  return { bytes: (length) => new Uint8Array(length).map(() => (next = (next * 167 + 13) % 251)) };
}
/** A store that forgets nothing while the process runs: a restart is a second API on the same one. */
export interface MapStore extends Store {
  readonly appends: number;
  readonly keys: () => string[];
}
export function mapStore(): MapStore {
  const held = new Map<string, Uint8Array>();
  let appends = 0;
  return {
    get appends() {
      return appends;
    },
    keys: () => [...held.keys()].sort(),
    async append(records) {
      appends += 1;
      for (const { key, value } of records) {
        if (value === undefined) held.delete(key);
        else held.set(key, value);
      }
    },
    get: (key) => held.get(key),
    *range(prefix, { after = "", limit = Number.POSITIVE_INFINITY } = {}) {
      const keys = [...held.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      for (const key of keys.slice(0, limit)) yield { key, value: present(held.get(key), "listed") };
    },
    async close() {},
  };
}
export interface MemoryTokens extends TokenStore {
  readonly documents: TokenDocument[];
}
export function memoryTokens(): MemoryTokens {
  const documents: TokenDocument[] = [];
  return {
    documents,
    list: () => documents,
    async put(token) {
      const at = documents.findIndex(({ id }) => id === token.id);
      if (at < 0) documents.push(token);
      else documents[at] = token;
    },
  };
}

export interface Asking {
  readonly token?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
}
/** One request on a connection of its own. */
export function ask(api: Api, route: string, { token, body, raw, headers }: Asking = {}): Promise<Reply> {
  const [method = "", path = ""] = route.split(" ");
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const all: Record<string, string> = { ...(token && { authorization: `Bearer ${token}` }) };
  if (sent !== undefined) all["content-type"] = "application/json";
  return new Promise((resolve, reject) => {
    const options = { method, path, host: "127.0.0.1", port: api.port, agent: false, headers: { ...all, ...headers } };
    const request = httpRequest(options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const bytes = Buffer.concat(parts);
        const isJson = /json/.test(response.headers["content-type"] ?? "");
        const json = isJson ? (JSON.parse(bytes.toString()) as Reply["json"]) : {};
        resolve({
          status: present(response.statusCode, "an answer has a status"),
          headers: response.headers,
          bytes,
          json,
        });
      });
    });
    request.on("error", reject);
    request.end(sent);
  });
}

export interface World {
  readonly api: Api;
  readonly node: FakeNode;
  readonly clock: ManualClock;
  readonly store: MapStore;
  readonly tokens: MemoryTokens;
  /** A token with these scopes. */
  readonly token: (...scopes: readonly Scope[]) => string;
  /** A token that may do everything. */
  readonly admin: string;
  readonly logged: (readonly [string, LogFields | undefined])[];
  readonly ask: (route: string, asking?: Asking) => Promise<Reply>;
}
const open: Api[] = [];
/** Closes every API that `world` started: for `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((api) => api.close()));
}
export async function world(node: FakeNode = fakeNode(), options: Partial<ApiOptions> = {}): Promise<World> {
  const clock = manualClock();
  const store = mapStore();
  const tokens = memoryTokens();
  const random = countingRandom();
  const logged: (readonly [string, LogFields | undefined])[] = [];
  const line = (event: string, fields?: LogFields): void => void logged.push([event, fields]);
  const log = { debug: line, info: line, warn: line, error: line };
  const made = await createApi({ commands: node.commands, tokens, store, clock, random, log, port: 0, ...options });
  if (!made.ok) throw new Error(made.error.detail);
  open.push(made.value);
  const api = made.value;
  const token = (...scopes: readonly Scope[]): string => {
    const { text, document } = makeToken({ label: "test", scopes, random, now: clock.now() });
    (options.tokens ?? tokens).put(document);
    return text;
  };
  return {
    api,
    node,
    clock: (options.clock as ManualClock | undefined) ?? clock,
    store: (options.store as MapStore | undefined) ?? store,
    tokens,
    token,
    admin: token(...SCOPES),
    logged,
    ask: (route, asking) => ask(api, route, asking),
  };
}
