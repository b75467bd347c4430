import { NOTHING_WATCHED, type Watched } from "./meter.ts";

/** What was watched of a session is kept by the browser: a reload goes on where it was. The account is the daemon's alone. */
const placeOf = (session: string): string => `sluice.watched.${session}`;

export function keepWatched(session: string, { at, units }: Watched): void {
  localStorage.setItem(placeOf(session), JSON.stringify({ at, units: [...units] }));
}
export const forgetWatched = (session: string): void => localStorage.removeItem(placeOf(session));

export function keptWatched(session: string): Watched {
  try {
    const { at, units } = JSON.parse(localStorage.getItem(placeOf(session)) ?? "") as Record<string, unknown>;
    if (typeof at !== "number" || !Array.isArray(units)) return NOTHING_WATCHED;
    return { at, units: new Set(units.filter((unit) => Number.isInteger(unit))) };
  } catch {
    return NOTHING_WATCHED;
  }
}
