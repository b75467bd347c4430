import type { HtlcStep } from "../../channels/index.ts";
import { toMsat } from "../base/units.ts";
import { DUST_SAT } from "./account.ts";
import type { LabNode } from "./lab-node.ts";
import { type Edge, idOf } from "./setup.ts";
import type { Storm } from "./storm.ts";
import { payAcross } from "./storm-payments.ts";
import { amidSplice } from "./storm-splices.ts";
import { CRASHES_AT_WRITE, type World } from "./world.ts";

/** How often HTLCs are under way when a channel is closed alone, how often its peer cannot be reached then, and dies meanwhile. */
const BUSY_PERCENT = 65;
const APART_PERCENT = 35;
const CRASH_PERCENT = 25;
/** How often the channel is spliced before. */
const SPLICED_PERCENT = 55;
/** How long a busy moment is waited for. */
const RIPE_PERCENT = 75;
const SLOW_DISK_MS_MAX = 600;
const LOOKS_MAX = 200;
const LOOK_MS = 20;

/** A channel for which no other end is planned yet, and its two ends in either order. */
export function drawChannel({ world, edges }: Storm): readonly [Edge, LabNode, LabNode] | undefined {
  const free = edges.filter((edge) => !world.planned.has(idOf(edge)));
  if (free.length === 0) return undefined;
  const edge = world.chance.pick(free);
  const { opener, accepter } = edge;
  return world.chance.percent(50) ? [edge, opener, accepter] : [edge, accepter, opener];
}

/** Somebody closes a channel without asking: while nothing happens or amid payments, with the peer there or not. */
export function forceClose(storm: Storm): void {
  const drawn = drawChannel(storm);
  if (drawn === undefined) return;
  const { world } = storm;
  const { chance } = world;
  const [edge, closer, other] = drawn;
  world.plan(idOf(edge), "operator");
  const close = (): void => {
    if (!closer.isUp) return void world.clock.after(500, close);
    if (chance.percent(APART_PERCENT)) separate(world, edge, chance.between(200, 9_000));
    if (chance.percent(CRASH_PERCENT)) {
      world.crashAtWrite(chance.pick([closer, other]), chance.pick(CRASHES_AT_WRITE), chance.number(3));
    }
    world.fault("force_close", `${closer.name} ${other.name}`);
    void closer.node.closeChannel({ id: idOf(edge), force: true });
  };
  const soon = (): void => (chance.percent(BUSY_PERCENT) ? whenBusy(storm, edge, close) : close());
  if (chance.percent(SPLICED_PERCENT)) amidSplice(storm, edge, soon);
  else soon();
}

/** Two peers cannot reach each other for a while, or, without an end, until the storm is over. */
export function separate(world: World, { opener, accepter }: Edge, healAfterMs: number | undefined): void {
  world.network.part(opener.name, accepter.name);
  world.fault("connection_parted", `${opener.name} ${accepter.name}`);
  if (healAfterMs === undefined) return;
  world.clock.after(healAfterMs, () => world.network.heal(opener.name, accepter.name));
}

/**
 * Sends payments over a channel and does something as soon as HTLCs are in it: at whatever step, or such as both sides are
 * bound to; in any case after a while. Slow disks keep them there.
 */
export function whenBusy(storm: Storm, edge: Edge, then: () => void): void {
  const { world } = storm;
  const { chance } = world;
  const ripe = chance.percent(RIPE_PERCENT);
  for (const node of [edge.opener, edge.accepter]) {
    world.slowDisk(node, chance.between(0, SLOW_DISK_MS_MAX));
    world.clock.after(chance.between(1_000, 4_000), () => world.slowDisk(node, 0));
  }
  payAcross(storm, edge);
  const look = (left: number): void => {
    if (left === 0 || isBusy(edge, ripe)) then();
    else world.clock.after(LOOK_MS, () => look(left - 1));
  };
  look(chance.between(LOOKS_MAX / 2, LOOKS_MAX));
}
/** `ripe`: with an HTLC that has an output and that both sides are bound to. */
export const isBusy = (edge: Edge, ripe = false): boolean =>
  [edge.opener, edge.accepter].some(({ recorder }) => {
    const htlcs = recorder.last.get(idOf(edge))?.commitments.htlcs ?? [];
    return htlcs.some(({ step, amount }) => !ripe || (RIPE.includes(step) && amount >= toMsat(DUST_SAT)));
  });
const RIPE: readonly HtlcStep[] = ["SENT_ADD_ACK_REVOCATION", "RECEIVED_ADD_ACK_REVOCATION"];
