import type { Problem } from "./answers.ts";

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

async function problemOf(response: Response): Promise<Problem> {
  const unknown: Problem = { code: "OTHER", detail: `The daemon answered ${response.status}.`, retryable: true };
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? { ...unknown, ...body } : unknown;
}
