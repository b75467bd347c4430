import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { chanceOf } from "../../src/lab/chance.ts";
import type { Role } from "../demo/stage.ts";
import { type Plan, ROLES, type Run, runOnce } from "./run.ts";

/** What each daemon of an undisturbed performance wrote and sent, as `append:12` or `send:shutdown:1`, and how long that took. */
export interface Places {
  readonly places: Readonly<Record<Role, readonly string[]>>;
  readonly ms: number;
}
const WHENS = ["before", "after"] as const;

/** Plays the demo once with nobody killed, and reads what each daemon wrote and sent. Throws when even that goes wrong. */
export async function countPlaces(folder: string): Promise<Places> {
  const fileOf = (role: Role): string => join(folder, role);
  const counting = (role: Role) => [`count:${fileOf(role)}`];
  const failPoints = { viewer: counting("viewer"), router: counting("router"), site: counting("site") };
  const { problems, ms } = await runOnce({ failPoints });
  if (problems.length > 0) throw new Error(`undisturbed it goes wrong: ${problems.join("; ")}`);
  const read = async (role: Role): Promise<readonly string[]> => {
    const lines = (await readFile(fileOf(role), "utf8")).trim().split("\n");
    return lines.map((line) => line.split(" ")[0] ?? "");
  };
  return { places: { viewer: await read("viewer"), router: await read("router"), site: await read("site") }, ms };
}

/**
 * Every place of every daemon in two performances, once killed before it and once after it, and in front of them `moments`
 * performances with a kill of each daemon at a moment by lot. Lots decide what comes together, so that the kills of one
 * performance are seldom at one time. Whoever stops early has spread what was played over all: first comes each place once.
 */
export function allPlans({ places, ms }: Places, moments: number, seed: number): readonly Plan[] {
  const inLine = ROLES.map((role) => ({ role, points: inLotOrder(places[role], `${seed} ${role}`) }));
  const performances = Math.max(...inLine.map(({ points }) => points.length));
  const atPlaces = Array.from({ length: performances }, (_, at): Plan => {
    const here = inLine.flatMap(({ role, points }) => (points[at] === undefined ? [] : [[role, [points[at]]]]));
    return { failPoints: Object.fromEntries(here) };
  });
  const chance = chanceOf(seededRandom(`sluice kills ${seed}`));
  const atMoments = Array.from({ length: moments }, (): Plan => {
    const kills = ROLES.map((role) => ({ role, atMs: chance.between(0, Math.round(ms)) }));
    return { failPoints: {}, moments: kills };
  });
  return [...atMoments, ...atPlaces];
}
/** Each place by lot before or after it, then all of them the other way. A place's lot is its own, whoever else is there. */
function inLotOrder(places: readonly string[], seed: string): readonly string[] {
  const drawn = places.map((place) => {
    const chance = chanceOf(seededRandom(`sluice kills ${seed} ${place}`));
    return { place, rank: chance.number(2 ** 32), whens: chance.percent(50) ? WHENS : [...WHENS].reverse() };
  });
  drawn.sort((one, other) => one.rank - other.rank);
  return WHENS.flatMap((_, round) => drawn.map(({ place, whens }) => `${place}:${whens[round]}`));
}

/** So many performances of all: one at moments by lot, the others at places that lie as far apart as they can. */
export function samplePlans(places: Places, count: number, seed: number): readonly Plan[] {
  const chance = chanceOf(seededRandom(`sluice kills ${seed}`));
  const [atMoments] = allPlans({ ...places, places: { viewer: [], router: [], site: [] } }, 1, seed);
  const performances = count - 1;
  const pick = (role: Role, at: number): string => {
    const points = places.places[role].flatMap((place) => WHENS.map((when) => `${place}:${when}`));
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

/** Of each daemon that was to die at a place and did not come there, that alone. */
export function notReached({ failPoints }: Plan, deaths: Run["deaths"]): readonly Plan[] {
  return ROLES.flatMap((role) => {
    const points = failPoints[role] ?? [];
    return deaths[role] < points.length ? [{ failPoints: { [role]: points } }] : [];
  });
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
