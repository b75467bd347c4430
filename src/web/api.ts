import type { Film, Page, Problem, Subscription } from "./answers.ts";
import { type FilmAddress, readFilm } from "./film.ts";

/** The daemon that served this page said no. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Asks this page's own daemon, which knows it by its cookie. Rejects with `Refused`, or as `fetch` does when nobody answers. */
export async function ask<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<T> {
  const response = await fetch(path, {
    method,
    ...(method === "POST" && {
      headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
      body: JSON.stringify(body ?? {}),
    }),
  });
  if (!response.ok) throw new Refused(await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** The 16 bytes that open a unit. The daemon answers once they are paid for. */
export async function askKey(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const response = await fetch(path, { signal });
  if (!response.ok) throw new Refused(await problemOf(response));
  return response.arrayBuffer();
}

/** Sessions that this daemon has with sites. */
export async function subscriptions(): Promise<readonly Subscription[]> {
  const found: Subscription[] = [];
  for (let after = ""; ; ) {
    const page = await ask<Page<Subscription>>("GET", `/v1/subscriptions?limit=500${after}`);
    found.push(...page.data);
    if (!page.hasMore || page.next === null) return found;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

/** What a film costs, from the site itself; undefined when it has no such film. Rejects when the site does not answer. */
export async function filmAt({ site, stream }: FilmAddress): Promise<Film | undefined> {
  const response = await fetch(`${site}/s/${stream}`, { credentials: "omit" });
  if (response.status >= 500) throw new Error(`the site answered ${response.status}`);
  return response.ok ? readFilm(await response.json().catch(() => undefined)) : undefined;
}

async function problemOf(response: Response): Promise<Problem> {
  const unknown: Problem = { code: "OTHER", detail: `The daemon answered ${response.status}.`, retryable: true };
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? { ...unknown, ...body } : unknown;
}
