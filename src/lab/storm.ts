import { msat, sat, satPerKw } from "../base/units.ts";
import { cheat, cheatLate } from "./adversary.ts";
import { holdCourt } from "./court.ts";
import { auditQuietChannels } from "./settle.ts";
import type { Edge } from "./setup.ts";
import { changeFeerate, lagBehind, mineBlock, reorganiseAtTimes } from "./storm-chain.ts";
import { forceClose } from "./storm-closes.ts";
import {
  crashAtWrite,
  crashNow,
  cutConnection,
  holdConnection,
  partPeers,
  powerCut,
  SPARED_MAX,
  slowDisk,
} from "./storm-hosts.ts";
import { payAndCrash, payInBurst, payKeysend, payOnce, payTwice } from "./storm-payments.ts";
import { fallSilent } from "./storm-silence.ts";
import { spliceSome } from "./storm-splices.ts";
import type { Theme } from "./theme.ts";
import { CRASHES_AT_WRITE, type World } from "./world.ts";

export interface StormOptions {
  /** The storm goes on until it has seen at least so many events and payments. */
  readonly events: number;
  readonly payments: number;
  readonly theme: Theme;
}
const OPENINGS_MAX = 3;
/** Between two actions. */
const PAUSE_MS_MAX = 400;
/** Actions until a storm is over in any case. */
const ACTIONS_MAX = 600;

/** What a storm knows of itself. */
export interface Storm {
  readonly world: World;
  readonly edges: readonly Edge[];
  blocks: number;
  /** Channels that somebody began to open: nobody knows whether they will come to be. */
  readonly openings: Opening[];
}
export type Opening = Omit<Edge, "id">;
type Action = (storm: Storm) => void;

/** What can happen next, and how often it does, in parts of the whole. */
const ACTIONS: readonly (readonly [number, Action])[] = [
  [34, payOnce],
  [8, payInBurst],
  [6, payTwice],
  [5, payKeysend],
  [8, payAndCrash],
  [3, cutConnection],
  [2, holdConnection],
  [2, partPeers],
  [3, crashAtWrite],
  [1, crashNow],
  [1, powerCut],
  [2, slowDisk],
  [2, changeFeerate],
  [5, openAnother],
  [2, bumpAnother],
  [8, spliceSome],
  [3, mineBlock],
  [1, reorganiseAtTimes],
  [1, lagBehind],
];
const WEIGHT = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

/** What else happens in the midst of it, each once; and for how many blocks the chain goes on afterwards. */
const TROUBLES: { readonly [T in Theme]: readonly Action[] } = {
  peace: [],
  operator: [forceClose, forceClose],
  silence: [],
  cheat: [cheat, forceClose],
};
const TROUBLE_PERCENT = 12;
/** Thieves that wait until the storm is over. */
const LATE_PERCENT = 50;
const COURT_DAYS = { min: 8, max: 24 };

/** Payments, and everything that can go wrong around them, by lot. */
export async function rage(world: World, edges: readonly Edge[], options: StormOptions): Promise<readonly Opening[]> {
  const storm: Storm = { world, edges, blocks: 0, openings: [] };
  const { chance } = world;
  const isLate = options.theme === "cheat" && chance.percent(LATE_PERCENT);
  // At least one channel is left to pay over.
  const troubles = TROUBLES[isLate ? "operator" : options.theme].slice(0, edges.length - 1);
  let troubled = 0;
  const from = world.tally.events;
  const isOver = (): boolean =>
    troubled === troubles.length &&
    world.tally.events - from >= options.events &&
    paymentsOf(world) >= options.payments &&
    !isDull(world);
  for (let action = 0; action < ACTIONS_MAX && !isOver() && world.violations.length === 0; action++) {
    if (troubled < troubles.length && chance.percent(TROUBLE_PERCENT)) troubles[troubled++]?.(storm);
    act(storm);
    await world.pass(world.chance.between(0, PAUSE_MS_MAX));
    auditQuietChannels(world, edges);
  }
  if (isLate) await cheatLate(storm);
  if (options.theme === "silence") await fallSilent(storm);
  if (options.theme !== "peace") await holdCourt(storm, chance.between(COURT_DAYS.min, COURT_DAYS.max));
  return storm.openings;
}
const paymentsOf = ({ nodes }: World): number =>
  nodes.reduce((sum, { recorder }) => sum + recorder.ends.started.size, 0);
/** Nothing has gone wrong yet. */
const isDull = ({ tally }: World): boolean => [...tally.faults.values()].every((times) => times === 0);

function act(storm: Storm): void {
  let lot = storm.world.chance.number(WEIGHT);
  for (const [weight, action] of ACTIONS) {
    lot -= weight;
    if (lot < 0) return action(storm);
  }
}

const PUSH_MIN = 45_000_000;
/** Pays more for a channel that waits to be mined: whoever has one and feels like it. */
function bumpAnother({ world: { chance, nodes } }: Storm): void {
  const node = chance.pick(nodes);
  const feerate = satPerKw(chance.between(600, 4_000));
  if (!node.isUp) return;
  const waiting = node.node.channels().find(({ state }) => state === "WaitForFundingConfirmed");
  if (waiting !== undefined) void node.node.bumpFunding({ id: waiting.id, feerate });
}
/** While all this goes on: a second channel between peers. */
function openAnother({ world, edges, openings }: Storm): void {
  const { chance } = world;
  const edge = chance.pick(edges);
  const [opener, accepter] = chance.percent(50) ? [edge.opener, edge.accepter] : [edge.accepter, edge.opener];
  const capacity = sat(BigInt(chance.between(100_000, 400_000)));
  const lot = chance.between(0, 90_000_000);
  // Where nothing is pushed, both may fund it.
  const push = msat(lot < PUSH_MIN ? 0n : BigInt(lot));
  const canPay = opener.isUp && opener.node.balance().onchain.confirmed > capacity * 2n;
  if (!canPay || openings.length >= OPENINGS_MAX) return;
  openings.push({ opener, accepter, capacity, push });
  void opener.node.openChannel({ nodeId: accepter.id, capacity, push, announce: chance.percent(70) });
  if (chance.percent(40)) {
    world.crashAtWrite(chance.pick([opener, accepter]), chance.pick(CRASHES_AT_WRITE), chance.number(SPARED_MAX));
  }
}
