import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Tap, tap } from "../demo/capture.ts";
import { judged, ROUTER_FEE } from "../demo/judged.ts";
import { castOf, type Role, wordsOf } from "../demo/stage.ts";
import { type Actor, hire } from "./actor.ts";
import { asked, type Cast, type Phase, perform, type Told } from "./scenario.ts";

/** One performance of the demo: who is killed, and where. */
export interface Plan {
  /** Of each role, the fail-points of its lives, in their order. */
  readonly failPoints: Partial<Record<Role, readonly string[]>>;
  /** Kills from outside, at a moment counted from the first start. */
  readonly moments?: readonly { readonly role: Role; readonly atMs: number }[];
}
export interface Run {
  readonly deaths: Readonly<Record<Role, number>>;
  readonly ms: number;
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** How often the daemons were asked in vain, by what came instead of an answer. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Empty when all went as it should. */
  readonly problems: readonly string[];
}
export const ROLES = ["viewer", "router", "site"] as const satisfies readonly Role[];
const SEGMENTS = 20;

/**
 * Plays it from nothing to the judgement of the checking program, in a folder of its own that is gone afterwards.
 * `plantedSat` are added to what the site holds: then the judgement has to be that something is wrong.
 */
export async function runOnce(plan: Plan, plantedSat = 0): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-kills-"));
  const began = performance.now();
  const phases: Partial<Record<Phase, number>> = {};
  const problems: string[] = [];
  const opened: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  let actors: Partial<Record<Role, Actor>> = {};
  try {
    const taps: Tap[] = [];
    const cast = await assemble({ folder, plan, opened, taps });
    actors = cast.actors;
    const told = await perform(cast, (phase) => {
      phases[phase] = Math.round(performance.now() - began);
    });
    problems.push(...(await judge({ folder, taps, cast, told, plantedSat })));
  } catch (error) {
    problems.push(String(error));
  }
  for (const close of opened.reverse()) await close().catch((error: unknown) => problems.push(String(error)));
  const deaths = Object.fromEntries(ROLES.map((role) => [role, actors[role]?.deaths ?? 0])) as Run["deaths"];
  return { deaths, ms: Math.round(performance.now() - began), phases, refusals: refusalsOf(actors), problems };
}
function refusalsOf(actors: Partial<Record<Role, Actor>>): Run["refusals"] {
  const sums = new Map<string, number>();
  for (const [kind, times] of Object.values(actors).flatMap(({ refusals }) => [...refusals])) {
    sums.set(kind, (sums.get(kind) ?? 0) + times);
  }
  return Object.fromEntries(sums);
}

interface Assembling {
  readonly folder: string;
  readonly plan: Plan;
  readonly opened: (() => Promise<unknown>)[];
  readonly taps: Tap[];
}
/** And where the chain is read: at the router. */
type Stage = Cast & { readonly chainPort: number };
async function assemble(how: Assembling): Promise<Stage> {
  const { folder, plan, opened, taps } = how;
  const captures = join(folder, "captures");
  await mkdir(captures);
  const options = await castOf(folder);
  const through = async (name: string, port: number): Promise<number> => {
    const made = await tap(captures, name, port);
    taps.push(made);
    opened.push(() => made.close());
    return made.port;
  };
  const toRouter = await through("viewer-router", options.router.ports.peer);
  const toSite = await through("router-site", options.site.ports.peer);
  const siteUrl = `http://127.0.0.1:${await through("viewer-site", options.site.ports.api)}`;
  const hired = ROLES.map((role) => hire({ daemon: options[role], failPoints: plan.failPoints[role] ?? [] }));
  for (const { role, atMs } of plan.moments ?? []) {
    const timer = setTimeout(() => void hired[ROLES.indexOf(role)]?.then((actor) => actor.kill()), atMs);
    opened.push(async () => clearTimeout(timer));
  }
  for (const each of hired) opened.push(() => each.then((actor) => actor.stop()));
  const [viewer, router, site] = (await Promise.all(hired)) as [Actor, Actor, Actor];
  return { actors: { viewer, router, site }, toRouter, toSite, siteUrl, chainPort: options.router.ports.chain };
}

interface Judging {
  readonly folder: string;
  readonly taps: readonly Tap[];
  readonly cast: Stage;
  readonly told: Told;
  readonly plantedSat: number;
}
/** The checking program's word, and whether what the nodes say is the same. */
async function judge({ folder, taps, cast, told, plantedSat }: Judging): Promise<readonly string[]> {
  for (const made of taps) made.cut();
  const request = {
    chainPort: cast.chainPort,
    captures: join(folder, "captures"),
    words: await wordsOf({ folder }),
    fee: ROUTER_FEE,
    plantedSat,
  };
  const report = await unlessKilled(cast.actors.router, () => judged(folder, request));
  const problems = [...report.problems];
  if (report.secretsLeaked > 0) problems.push(`${report.secretsLeaked} secrets leaked`);
  const { played, paidMsat, feesMsat, earnedMsat } = told;
  if (played.right !== SEGMENTS) problems.push(`${played.right} segments were decrypted rightly`);
  if (paidMsat !== report.paidMsat) problems.push(`the viewer says ${paidMsat} msat, paid were ${report.paidMsat}`);
  if (feesMsat !== report.routerFeeMsat) problems.push(`the viewer says ${feesMsat} msat of fees`);
  if (earnedMsat !== report.paidMsat) problems.push(`the site says ${earnedMsat} msat`);
  return problems;
}

/** Does it again when somebody was killed meanwhile, who is needed for it. */
async function unlessKilled<T>(actor: Actor, act: () => Promise<T>): Promise<T> {
  for (;;) {
    await asked(() => actor.api.get("/v1/info"));
    const { deaths } = actor;
    try {
      return await act();
    } catch (error) {
      // A daemon that answers has been mourned if it had died.
      await asked(() => actor.api.get("/v1/info"));
      if (actor.deaths === deaths) throw error;
    }
  }
}
