import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { type Chance, chanceOf } from "../../src/lab/chance.ts";
import type { Role } from "../demo/stage.ts";
import type { Programs } from "./programs.ts";
import { type Plan, ROLES, runOnce } from "./run.ts";

/** Where each daemon of an undisturbed performance can be killed, and how long that took. */
export interface Places {
  readonly failPoints: Readonly<Record<Role, readonly string[]>>;
  readonly ms: number;
}

/** Plays the demo once with nobody killed, and reads what each daemon wrote and sent. Throws when even that goes wrong. */
export async function countPlaces(folder: string, programs: Programs): Promise<Places> {
  const fileOf = (role: Role): string => join(folder, role);
  const counting = (role: Role) => [`count:${fileOf(role)}`];
  const failPoints = { viewer: counting("viewer"), router: counting("router"), site: counting("site") };
  const { problems, ms } = await runOnce({ failPoints }, programs);
  if (problems.length > 0) throw new Error(`undisturbed it goes wrong: ${problems.join("; ")}`);
  const read = async (role: Role): Promise<readonly string[]> => {
    const lines = (await readFile(fileOf(role), "utf8")).trim().split("\n");
    const places = lines.map((line) => line.split(" ")[0] ?? "");
    return places.flatMap((place) => [`${place}:before`, `${place}:after`]);
  };
  return { failPoints: { viewer: await read("viewer"), router: await read("router"), site: await read("site") }, ms };
}

/**
 * Every fail-point of every daemon in some performance, and `moments` more performances with a kill of each daemon at a
 * moment by lot. The seed decides what comes together, so that the kills of one performance are seldom at one time.
 */
export function allPlans(places: Places, moments: number, seed: number): readonly Plan[] {
  const chance = chanceOf(seededRandom(`sluice kills ${seed}`));
  const shuffled = ROLES.map((role) => ({ role, points: shuffle(places.failPoints[role], chance) }));
  const performances = Math.max(...shuffled.map(({ points }) => points.length));
  const atPlaces = Array.from({ length: performances }, (_, at): Plan => {
    const here = shuffled.flatMap(({ role, points }) => (points[at] === undefined ? [] : [[role, [points[at]]]]));
    return { failPoints: Object.fromEntries(here) };
  });
  const atMoments = Array.from({ length: moments }, (): Plan => {
    const kills = ROLES.map((role) => ({ role, atMs: chance.between(0, Math.round(places.ms)) }));
    return { failPoints: {}, moments: kills };
  });
  return [...atMoments, ...atPlaces];
}

/** So many performances of all: one at moments by lot, the others at places that lie as far apart as they can. */
export function samplePlans(places: Places, count: number, seed: number): readonly Plan[] {
  const chance = chanceOf(seededRandom(`sluice kills ${seed}`));
  const [atMoments] = allPlans({ ...places, failPoints: { viewer: [], router: [], site: [] } }, 1, seed);
  const performances = count - 1;
  const pick = (role: Role, at: number): string => {
    const points = places.failPoints[role];
    const width = points.length / performances;
    // Each daemon goes through its places in another order, so that they die at different times.
    const stratum = (at + ROLES.indexOf(role)) % performances;
    return points[Math.floor(stratum * width + (chance.between(0, 99) / 100) * width)] as string;
  };
  const atPlaces = Array.from({ length: performances }, (_, at): Plan => {
    return { failPoints: Object.fromEntries(ROLES.map((role) => [role, [pick(role, at)]])) };
  });
  return [...(atMoments === undefined ? [] : [atMoments]), ...atPlaces];
}

function shuffle<T>(values: readonly T[], chance: Chance): readonly T[] {
  const shuffled = [...values];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = chance.between(0, at);
    [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
  }
  return shuffled;
}

/** `viewer=append:12:before,router=send:shutdown:1:after,site@1500`: a daemon's fail-point, or a moment in ms. */
export function planText({ failPoints, moments = [] }: Plan): string {
  const atPlaces = ROLES.flatMap((role) => (failPoints[role] ?? []).map((point) => `${role}=${point}`));
  return [...atPlaces, ...moments.map(({ role, atMs }) => `${role}@${atMs}`)].join(",");
}
/** Undefined when the text is no plan. A daemon that stands several times has a fail-point for each of its lives. */
export function parsePlan(text: string): Plan | undefined {
  const failPoints: Partial<Record<Role, string[]>> = {};
  const moments: { role: Role; atMs: number }[] = [];
  for (const part of text.split(",")) {
    const [, name, sign, value] = /^(viewer|router|site)([=@])(.+)$/.exec(part) ?? [];
    const role = ROLES.find((known) => known === name);
    if (role === undefined || value === undefined) return undefined;
    if (sign === "@") moments.push({ role, atMs: Number(value) });
    else failPoints[role] = [...(failPoints[role] ?? []), value];
  }
  return moments.length === 0 ? { failPoints } : { failPoints, moments };
}
