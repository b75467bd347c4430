import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/cli/program.ts";
import type { Screen } from "../../src/cli/terminal.ts";

export interface Asked {
  /** `GET /v1/info` */
  readonly what: string;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}
export interface Canned {
  readonly status?: number;
  readonly body: unknown;
}
/** Answers by request; a list is used up one by one, its last one for ever. */
export type Answers = Readonly<Record<string, Canned | readonly Canned[]>>;

/** An HTTP server with canned answers, and the data directory in which it seems to have been started. */
export interface FakeDaemon {
  readonly url: string;
  readonly datadir: string;
  readonly asked: Asked[];
  /** Runs a command line against it. */
  run(words: readonly string[], how?: How): Promise<Ran>;
  close(): Promise<void>;
}
export interface How {
  /** Whether both screens are terminals. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What is said to a question. */
  readonly typed?: string;
  readonly interruption?: () => AbortSignal;
  /** Hears everything written so far, each time that something is. */
  readonly onOut?: (out: string) => unknown;
}
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  readonly started: readonly (readonly string[])[];
}

export async function fakeDaemon(answers: Answers = {}): Promise<FakeDaemon> {
  const asked: Asked[] = [];
  const left = new Map(Object.entries(answers).map(([what, canned]) => [what, [canned].flat() as Canned[]]));
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const what = `${request.method} ${request.url}`;
    asked.push({ what, body: text === "" ? undefined : JSON.parse(text), headers: request.headers });
    const queue = left.get(what);
    const { status = 200, body } =
      (queue === undefined || queue.length > 1 ? queue?.shift() : queue[0]) ?? missing(what);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body instanceof Uint8Array ? body : body === null ? "" : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const datadir = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  const tokenFile = join(datadir, "admin.token");
  await writeFile(tokenFile, "slc_test_secret\n");
  await writeFile(join(datadir, "api.json"), JSON.stringify({ url, tokenFile }));
  return {
    url,
    datadir,
    asked,
    run: (words, how) => run(["--datadir", datadir, ...words], how),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(datadir, { recursive: true });
    },
  };
}
const missing = (what: string): Canned => problem(404, "NOT_FOUND", `Nothing is canned for ${what}.`);
export const problem = (status: number, code: string, detail: string, more: object = {}): Canned => ({
  status,
  body: {
    type: `urn:sluice:problem:${code.toLowerCase()}`,
    title: "Refused",
    status,
    detail,
    code,
    retryable: false,
    ...more,
  },
});
export const page = (data: readonly unknown[], next: string | null = null): Canned => ({
  body: { data, hasMore: next !== null, next },
});

/** Makes fake daemons for the tests of a `describe`, each closed after the test that it was made in. */
export function closedAfterEach(): typeof fakeDaemon {
  const made: FakeDaemon[] = [];
  afterEach(async () => {
    for (const daemon of made.splice(0)) await daemon.close();
  });
  return async (answers) => {
    const daemon = await fakeDaemon(answers);
    made.push(daemon);
    return daemon;
  };
}

/** When every command is run. */
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

export async function run(words: readonly string[], how: How = {}): Promise<Ran> {
  const {
    terminal = false,
    columns = 100,
    env = {},
    typed = "",
    onOut,
    interruption = () => new AbortController().signal,
  } = how;
  const written = { out: "", err: "" };
  const started: (readonly string[])[] = [];
  const screen = (name: "out" | "err"): Screen => ({
    isTerminal: terminal,
    columns,
    write(text) {
      written[name] += text;
      if (name === "out") onOut?.(written.out);
    },
  });
  const exit = await runCli(words, {
    called: "sluice",
    env,
    out: screen("out"),
    err: screen("err"),
    interruption,
    askSecret: async () => typed,
    now: () => NOW_MS,
    run: async (program, flags) => {
      started.push([program, ...flags]);
      return 0;
    },
  });
  return { exit, ...written, started };
}
