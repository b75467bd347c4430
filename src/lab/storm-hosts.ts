import type { Edge } from "./setup.ts";
import type { Storm } from "./storm.ts";
import { CRASHES_AT_WRITE } from "./world.ts";

/** A crash is aimed at one of so many writes. */
export const SPARED_MAX = 7;
const SLOW_DISK_MS_MAX = 900;

const hostsOf = ({ opener, accepter }: Edge): readonly [string, string] => [opener.name, accepter.name];
export function cutConnection({ world, edges }: Storm): void {
  const [a, b] = hostsOf(world.chance.pick(edges));
  if (world.network.cut(a, b) > 0) world.fault("connection_cut", `${a} ${b}`);
}
export function holdConnection({ world, edges }: Storm): void {
  const [a, b] = hostsOf(world.chance.pick(edges));
  world.network.hold(a, b);
  world.fault("connection_held", `${a} ${b}`);
  world.clock.after(world.chance.between(50, 3_000), () => world.network.heal(a, b));
}
export function partPeers({ world, edges }: Storm): void {
  const [a, b] = hostsOf(world.chance.pick(edges));
  world.network.part(a, b);
  world.fault("connection_parted", `${a} ${b}`);
  world.clock.after(world.chance.between(50, 4_000), () => world.network.heal(a, b));
}

/** The node dies at its next write, before or after it; after a while it runs again. */
export function crashAtWrite({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  if (!node.isUp) return;
  world.crashAtWrite(node, world.chance.pick(CRASHES_AT_WRITE), world.chance.number(SPARED_MAX));
}
export function crashNow({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  if (!node.isUp) return;
  const { pending } = node.disk;
  const keep = world.chance.between(0, pending);
  world.fault("crash_idle", `${node.name} keeps ${keep} of ${pending}`);
  world.crash(node, keep);
}
/** Everybody at once. */
export function powerCut({ world }: Storm): void {
  for (const node of world.nodes.filter(({ isUp }) => isUp)) {
    const keep = world.chance.between(0, node.disk.pending);
    world.fault("power_cut", `${node.name} keeps ${keep} of ${node.disk.pending}`);
    world.crash(node, keep);
  }
}
export function slowDisk({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  world.slowDisk(node, world.chance.between(20, SLOW_DISK_MS_MAX));
  world.fault("disk_slow", node.name);
  world.clock.after(world.chance.between(200, 2_000), () => world.slowDisk(node, 0));
}
