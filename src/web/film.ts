import type { Film, Page, Subscription } from "./answers.ts";
import { ask } from "./api.ts";

/** Which film the page is about: the address says it. */
export interface FilmAddress {
  /** Origin of the site's daemon. */
  readonly site: string;
  readonly stream: string;
}

export function addressOf(search: string): FilmAddress | undefined {
  const asked = new URLSearchParams(search);
  const [site, stream] = [asked.get("site") ?? "", asked.get("stream") ?? ""];
  const isSite = /^https?:\/\/[^/?#@\s]+\/?$/.test(site) && URL.canParse(site);
  return isSite && /^[\w-]{1,128}$/.test(stream) ? { site: new URL(site).origin, stream } : undefined;
}
export const pageOf = ({ site, stream }: FilmAddress): string =>
  `${location.pathname}?${new URLSearchParams({ site, stream })}`;
export const playlistOf = ({ site, stream }: FilmAddress): string => `${site}/s/${stream}/index.m3u8`;

/** What it costs, from the site itself. Rejects when the site does not answer; undefined when it has no such film. */
export async function filmAt({ site, stream }: FilmAddress): Promise<Film | undefined> {
  const response = await fetch(`${site}/s/${stream}`, { credentials: "omit", referrerPolicy: "no-referrer" });
  if (response.ok) return (await response.json()) as Film;
  if (response.status < 500) return undefined;
  throw new Error(`the site answered ${response.status}`);
}

/** Sessions that this daemon has with sites, newest last. */
export async function subscriptions(): Promise<readonly Subscription[]> {
  const found: Subscription[] = [];
  for (let after = ""; ; ) {
    const page = await ask<Page<Subscription>>("GET", `/v1/subscriptions?limit=500${after}`);
    found.push(...page.data);
    if (!page.hasMore || page.next === null) return found;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}
/** The session that is still open for this film. */
export const runningFor = ({ site, stream }: FilmAddress, all: readonly Subscription[]): Subscription | undefined =>
  all.findLast((each) => each.site === site && each.stream === stream && each.state !== "closed");
