import type { Film, Subscription } from "./answers.ts";

/** Which film a page is about: its address says it. */
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
/** The end of such an address, behind the page's path. */
export const searchOf = ({ site, stream }: FilmAddress): string => `?${new URLSearchParams({ site, stream })}`;
export const playlistOf = ({ site, stream }: FilmAddress): string => `${site}/s/${stream}/index.m3u8`;

const TITLE_MAX = 200;
const UNITS_MAX = 2 ** 31 - 1;
const UNIT_SECONDS_MAX = 86_400;
/** Policy of the page: nobody needs more bought ahead. */
const WINDOW_UNITS_MAX = 30;

/** What a site says of its film, if it is a film at all. A site may say anything. */
export function readFilm(said: unknown): Film | undefined {
  if (typeof said !== "object" || said === null) return undefined;
  const { id, title, payee, units, unitSeconds, priceMsatPerUnit, freeUnits, windowUnits } = said as Partial<Film>;
  if (typeof id !== "string" || typeof title !== "string") return undefined;
  if (typeof payee !== "string" || !/^0[23][0-9a-f]{64}$/.test(payee)) return undefined;
  if (typeof priceMsatPerUnit !== "string" || !/^(?:0|[1-9]\d{0,18})$/.test(priceMsatPerUnit)) return undefined;
  if (!isWhole(units, 1, UNITS_MAX) || !isWhole(freeUnits, 0, units) || !isWhole(windowUnits, 1, UNITS_MAX)) {
    return undefined;
  }
  if (!isWhole(unitSeconds, 1, UNIT_SECONDS_MAX)) return undefined;
  return {
    id,
    title: title.slice(0, TITLE_MAX),
    payee,
    units,
    unitSeconds,
    priceMsatPerUnit,
    freeUnits,
    windowUnits: Math.min(windowUnits, WINDOW_UNITS_MAX),
  };
}
const isWhole = (value: unknown, min: number, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/**
 * Whether a playlist holds what the film's price is for. A unit costs the same however short its segment is: from a playlist
 * of splinters the player would buy many times what is played.
 */
export function fitsFilm({ units, unitSeconds }: Film, segmentSeconds: readonly number[]): boolean {
  return segmentSeconds.length === units && segmentSeconds.slice(0, -1).every((seconds) => seconds >= unitSeconds / 2);
}

/** The session that is still open for this film. */
export const runningFor = ({ site, stream }: FilmAddress, all: readonly Subscription[]): Subscription | undefined =>
  all.findLast((each) => each.site === site && each.stream === stream && each.state !== "closed");
