import { ownNextFeerate } from "../../channels/interactive/replacement.ts";
import { pendingSplices } from "../../channels/splice/rules.ts";
import type { ChannelId } from "../base/ids.ts";
import { type SatPerKw, sat, satPerKw } from "../base/units.ts";
import type { ChannelInfo, SpliceCommand } from "../daemon/channel/info.ts";
import type { LabNode } from "./lab-node.ts";
import { mine } from "./settle.ts";
import type { Edge } from "./setup.ts";
import type { Storm } from "./storm.ts";
import { SPARED_MAX } from "./storm-hosts.ts";
import { CRASHES_AT_WRITE, type World } from "./world.ts";

const FEERATE = { min: 300, max: 3_000 };
/** How much more one pays that is to replace another: often no more than the other, of which there is less to pay for. */
const RAISE_MAX = 800;
const AMOUNT = { min: 5_000, max: 300_000 };
/** Of our balance, what is taken out at once; more than it is, now and then. */
const SHARE_PERCENT = { min: 5, max: 105 };
const LEAST_OUT = 400n;
const CRASH_PERCENT = 30;
const CUT_PERCENT = 15;
const CUT_MS_MAX = 400;
/** How often either end wants another one soon after, which replaces it or comes to nothing. */
const AGAIN_PERCENT = 50;
const AGAIN_MS = { min: 50, max: 3_000 };
const AMID_MS_MAX = 900;
/** Enough to lock it. */
const BLOCKS_MAX = 4;

const infoOf = (node: LabNode, id: ChannelId | undefined): ChannelInfo | undefined =>
  node.isUp ? node.node.channels().find((channel) => channel.id === id && channel.state === "Normal") : undefined;

/** Somebody puts coins into a channel, or takes some of its balance out to the wallet. */
export function spliceSome({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  const open = node.isUp ? node.node.channels().filter(({ state }) => state === "Normal") : [];
  if (open.length > 0) spliceOne(world, node, world.chance.pick(open));
}

/** One end of a channel wants it, and the other perhaps too. Either may die on the way, and the wire may break. */
export function spliceOne(world: World, node: LabNode, channel: ChannelInfo): void {
  const { chance, clock, network } = world;
  ask(world, node, channel);
  const peer = world.nodes.find(({ id }) => id === channel.peer);
  if (peer === undefined) return;
  if (chance.percent(AGAIN_PERCENT)) {
    const next = chance.pick([node, peer]);
    clock.after(chance.between(AGAIN_MS.min, AGAIN_MS.max), () => {
      const again = infoOf(next, channel.id);
      if (again !== undefined) ask(world, next, again);
    });
  }
  if (chance.percent(CRASH_PERCENT))
    world.crashAtWrite(chance.pick([node, peer]), chance.pick(CRASHES_AT_WRITE), chance.number(SPARED_MAX));
  if (!chance.percent(CUT_PERCENT)) return;
  clock.after(chance.between(1, CUT_MS_MAX), () => {
    const wasUp = network.cut(node.name, peer.name) > 0;
    if (wasUp) world.fault("connection_cut", `${node.name} ${peer.name} while splicing`);
  });
}

/** A channel is spliced, and something else happens however far that has come by then: begun, signed, in a block, locked. */
export function amidSplice({ world }: Storm, edge: Edge, then: () => void): void {
  const { chance, clock } = world;
  const node = chance.pick([edge.opener, edge.accepter]);
  const channel = infoOf(node, edge.id);
  if (channel !== undefined) spliceOne(world, node, channel);
  clock.after(chance.between(0, AMID_MS_MAX), () => {
    mine(world, chance.between(0, BLOCKS_MAX));
    clock.after(chance.between(0, AMID_MS_MAX), then);
  });
}

/** What it is refused for is its own affair; what is told to have been done is on disk. */
function ask(world: World, node: LabNode, channel: ChannelInfo): void {
  const command = draw(world, node, channel);
  const { id, splices } = channel;
  void node.node.spliceChannel(command).then((spliced) => {
    if (!spliced.ok) return;
    const kind = splices.length > 0 ? "splice_replaced" : "spliced";
    world.fault(kind, `${node.name} ${id.slice(0, 8)} ${command.direction} ${command.amount}`);
    if (node.recorder.splices.of(id).size === 0)
      world.report("durable_first", node.name, "told of a splice that is not on its disk");
  });
}
function draw({ chance }: World, node: LabNode, { id, local }: ChannelInfo): SpliceCommand {
  const waiting = waitingFeerate(node, id);
  const least = waiting === undefined ? FEERATE.min : ownNextFeerate(waiting);
  const feerate = satPerKw(chance.between(least, waiting === undefined ? FEERATE.max : least + RAISE_MAX));
  if (chance.percent(50)) {
    const amount = sat(BigInt(chance.between(AMOUNT.min, AMOUNT.max)));
    return { id, direction: "in", amount, feerate };
  }
  const share = (local * BigInt(chance.between(SHARE_PERCENT.min, SHARE_PERCENT.max))) / 100_000n;
  return { id, direction: "out", amount: sat(share > LEAST_OUT ? share : LEAST_OUT), feerate };
}
function waitingFeerate({ recorder }: LabNode, id: ChannelId): SatPerKw | undefined {
  const state = recorder.durable.channels.get(id);
  return state !== undefined && "commitments" in state ? pendingSplices(state).at(-1)?.made?.feerate : undefined;
}
