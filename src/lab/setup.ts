import type { ChannelId } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { type Msat, msat, type Sat, sat, toMsat } from "../base/units.ts";
import { scriptOfAddress } from "../bitcoin/address.ts";
import { CHAINS, subsidyAt } from "../bitcoin/params.ts";
import type { OpenRequest } from "../daemon/channel/info.ts";
import { type LabNode, PORT } from "./lab-node.ts";
import type { World } from "./world.ts";

/** One channel of a world and the two nodes at its ends. */
export interface Edge {
  readonly opener: LabNode;
  readonly accepter: LabNode;
  readonly capacity: Sat;
  readonly push: Msat;
  /** Asked of `openChannel` besides. */
  readonly wish?: Partial<OpenRequest>;
  id: ChannelId | undefined;
}
export const idOf = (edge: Edge): ChannelId => present(edge.id, "the channel is open");

/** How long any step of the setup may take, in virtual ms. */
const PATIENCE_MS = 60_000;
/** A coinbase may be spent when it is this deep. */
const MATURITY_BLOCKS = 100;
/** Six make a channel public; one more so that a small reorganisation takes no funding away. */
const OPENING_BLOCKS = 8;
/** A whole coinbase of regtest's first years. */
export const COINBASE = subsidyAt(1, CHAINS.regtest);
/** How many a node is given: one for each channel that it opens, one for splices, and one for the fees of closing those that it has. */
export const coinsOf = (node: LabNode, edges: readonly Edge[]): number =>
  2 + edges.filter(({ opener }) => opener === node).length;

/** Gives the value of a promise that settles in virtual time; undefined when it does not in time. */
export async function answered<T>(world: World, promise: Promise<T>, limitMs = PATIENCE_MS): Promise<T | undefined> {
  let answer: { readonly value: T } | undefined;
  promise.then(
    (value) => {
      answer = { value };
    },
    () => undefined,
  );
  await world.until(() => answer !== undefined, limitMs);
  return answer?.value;
}

/** A line or a star, by lot: every node can reach every other one, most of them over others. */
export function drawTopology({ nodes, chance }: World): readonly Edge[] {
  const isStar = nodes.length > 3 && chance.percent(40);
  return nodes.slice(1).map((node, index) => {
    const other = present(nodes[isStar ? 0 : index], "every node but the first has one to connect to");
    const [opener, accepter] = chance.percent(50) ? [node, other] : [other, node];
    const capacity = sat(BigInt(chance.between(300_000, 2_000_000)));
    const push = msat((toMsat(capacity) * BigInt(chance.between(30, 60))) / 100n);
    return { opener, accepter, capacity, push, id: undefined };
  });
}

/** Starts the nodes, gives them coins, opens and announces the channels. False when something did not come to be. */
export async function setUp(world: World, edges: readonly Edge[]): Promise<boolean> {
  for (const node of world.nodes) await node.start();
  if (!(await giveCoins(world, edges))) return fails(world, "not every node got its coins");
  for (const edge of edges) {
    const { opener, accepter } = edge;
    const connected = answered(world, opener.node.connect({ nodeId: accepter.id, host: accepter.name, port: PORT }));
    if (!(await connected)?.ok) return fails(world, `${opener.name} did not connect to ${accepter.name}`);
  }
  for (const edge of edges) if (!(await openChannel(world, edge))) return false;
  await bury(world);
  const known = (node: LabNode): boolean =>
    node.node.graphChannels().filter(({ policies }) => policies.every((policy) => policy !== undefined)).length ===
    edges.filter(({ wish }) => wish?.announce !== false).length;
  const isPublic = await world.until(() => world.nodes.every(known), PATIENCE_MS);
  return isPublic || fails(world, "not every node learnt of every channel");
}

/** Deep enough for everything that was broadcast. */
export async function bury(world: World): Promise<void> {
  for (let block = 0; block < OPENING_BLOCKS; block++) {
    world.chain.mine(1);
    world.tally.blocks++;
    await world.pass(300);
  }
}

async function giveCoins(world: World, edges: readonly Edge[]): Promise<boolean> {
  for (const node of world.nodes) {
    const given = await answered(world, node.node.newAddress());
    if (given === undefined) return false;
    const script = scriptOfAddress(given.address, CHAINS.regtest);
    assert(script.ok, "a wallet gives addresses of its network");
    world.chain.mine(coinsOf(node, edges), script.value);
  }
  world.chain.mine(MATURITY_BLOCKS);
  const isFunded = ({ node }: LabNode): boolean =>
    node.balance().onchain.immature === 0n && node.balance().onchain.unconfirmed === 0n;
  const isSynced = ({ node }: LabNode): boolean => node.info().synced;
  return world.until(() => world.nodes.every((node) => isFunded(node) && isSynced(node)), PATIENCE_MS);
}

async function openChannel(world: World, edge: Edge): Promise<boolean> {
  const { opener, accepter, capacity, push, wish } = edge;
  const request = { nodeId: accepter.id, capacity, push, announce: true, ...wish };
  const opened = await answered(world, opener.node.openChannel(request));
  if (!opened?.ok) return fails(world, `${opener.name} opened no channel: ${opened?.error.detail ?? "no answer"}`);
  edge.id = opened.value.id;
  if (!opener.recorder.durable.channels.has(opened.value.id)) {
    world.report("durable_first", opener.name, "told of a channel that is not on its disk");
  }
  return true;
}

function fails(world: World, what: string): false {
  if (world.violations.length === 0) world.report("liveness", "", what);
  return false;
}
