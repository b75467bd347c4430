import type { PaymentHash } from "../base/ids.ts";
import { type Msat, msat, sat, satPerKw } from "../base/units.ts";
import type { LabNode } from "./lab-node.ts";
import { auditQuietChannels } from "./settle.ts";
import type { Edge } from "./setup.ts";
import { CRASHES_AT_WRITE, type World } from "./world.ts";

export interface StormOptions {
  /** The storm goes on until it has seen at least so many events and payments. */
  readonly events: number;
  readonly payments: number;
}
/** Blocks mined during a storm: far below any expiry, so that no deadline passes. */
const BLOCKS_MAX = 6;
const REORG_DEPTH_MAX = 2;
const OPENINGS_MAX = 3;
/** A crash is aimed at one of so many writes. */
const SPARED_MAX = 7;
const SLOW_DISK_MS_MAX = 900;
const FEERATE = { min: 253, max: 10_000 };
/** Between two actions. */
const PAUSE_MS_MAX = 400;
/** What a payment may cost, in msat. */
const MAX_FEE = msat(1_000_000n);
/** Pairs that are looked at for one that has a way. */
const PAIRS_MAX = 6;
/** How often a pair is taken that has no way. */
const HOPELESS_PERCENT = 3;
/** Actions until a storm is over in any case. */
const ACTIONS_MAX = 600;

interface Storm {
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
  [3, mineBlock],
  [1, reorganise],
  [1, lagBehind],
];
const WEIGHT = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

/** Payments, and everything that can go wrong around them, by lot. */
export async function rage(world: World, edges: readonly Edge[], options: StormOptions): Promise<readonly Opening[]> {
  const storm: Storm = { world, edges, blocks: 0, openings: [] };
  const from = world.tally.events;
  const isOver = (): boolean =>
    world.tally.events - from >= options.events && paymentsOf(world) >= options.payments && !isDull(world);
  for (let action = 0; action < ACTIONS_MAX && !isOver() && world.violations.length === 0; action++) {
    act(storm);
    await world.pass(world.chance.between(0, PAUSE_MS_MAX));
    auditQuietChannels(world, edges);
  }
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

/** Dust that never gets an output, and amounts that do; now and then more than the way can carry. */
function drawAmount({ world: { chance }, edges }: Storm): Msat {
  const lot = chance.number(10);
  if (lot < 4) return msat(BigInt(chance.between(1, 353_000)));
  if (lot < 9) return msat(BigInt(chance.between(354_000, 20_000_000)));
  const capacity = Number(chance.pick(edges).capacity);
  return msat(BigInt(chance.between(20_000, capacity)) * 1_000n);
}

/** Most often two that can pay each other just now. */
function drawPair({ world }: Storm): readonly [LabNode, LabNode] | undefined {
  const up = world.nodes.filter(({ isUp }) => isUp);
  if (up.length < 2) return undefined;
  for (let tries = 0; ; tries++) {
    const payer = world.chance.pick(up);
    const payee = world.chance.pick(up.filter((node) => node !== payer));
    const canPay = payer.node.route({ to: payee.id, amount: msat(1_000n), maxFee: MAX_FEE }).ok;
    if (canPay || world.chance.percent(HOPELESS_PERCENT)) return [payer, payee];
    if (tries === PAIRS_MAX) return undefined;
  }
}

/** Asks for an invoice and pays it; both answers must rest on what is durable. */
function invoiceFrom(storm: Storm, payee: LabNode, then: (bolt11: string) => void): void {
  const { world } = storm;
  const amount = drawAmount(storm);
  void payee.node.createInvoice({ amount, description: "simulated", expirySeconds: 3_600 }).then((made) => {
    if (!made.ok) return world.report("liveness", payee.name, `no invoice: ${made.error.detail}`);
    if (!payee.recorder.durable.invoices.has(made.value.paymentHash)) {
      world.report("durable_first", payee.name, "showed an invoice that is not on its disk");
    }
    then(made.value.bolt11);
  });
}
function payFrom({ world }: Storm, payer: LabNode, bolt11: string): void {
  if (!payer.isUp) return;
  void payer.node.pay({ bolt11, maxFee: MAX_FEE, timeoutSeconds: 60 }).then((paid) => {
    if (!paid.ok) return world.report("liveness", payer.name, `does not pay: ${paid.error.detail}`);
    const hash: PaymentHash = paid.value.paymentHash;
    if (!payer.recorder.durable.payments.has(hash)) {
      world.report("durable_first", payer.name, "told of a payment that is not on its disk");
    }
  });
}

function payOnce(storm: Storm): void {
  const pair = drawPair(storm);
  if (pair !== undefined) invoiceFrom(storm, pair[1], (bolt11) => payFrom(storm, pair[0], bolt11));
}
function payInBurst(storm: Storm): void {
  const pair = drawPair(storm);
  if (pair === undefined) return;
  for (let left = storm.world.chance.between(3, 8); left > 0; left--) {
    invoiceFrom(storm, pair[1], (bolt11) => payFrom(storm, pair[0], bolt11));
  }
}
/** One invoice, two payers: the payee takes one and refuses the other. */
function payTwice(storm: Storm): void {
  const up = storm.world.nodes.filter(({ isUp }) => isUp);
  if (up.length < 3) return;
  const payee = storm.world.chance.pick(up);
  const payers = up.filter((node) => node !== payee).slice(0, 2);
  invoiceFrom(storm, payee, (bolt11) => {
    for (const payer of payers) payFrom(storm, payer, bolt11);
  });
}

/** Somebody on the way, or beside it, dies at one of the writes that a payment brings about. */
function payAndCrash(storm: Storm): void {
  payInBurst(storm);
  crashAtWrite(storm);
}

const hostsOf = ({ opener, accepter }: Edge): readonly [string, string] => [opener.name, accepter.name];
function cutConnection({ world, edges }: Storm): void {
  const [a, b] = hostsOf(world.chance.pick(edges));
  if (world.network.cut(a, b) > 0) world.fault("connection_cut", `${a} ${b}`);
}
function holdConnection({ world, edges }: Storm): void {
  const [a, b] = hostsOf(world.chance.pick(edges));
  world.network.hold(a, b);
  world.fault("connection_held", `${a} ${b}`);
  world.clock.after(world.chance.between(50, 3_000), () => world.network.heal(a, b));
}
function partPeers({ world, edges }: Storm): void {
  const [a, b] = hostsOf(world.chance.pick(edges));
  world.network.part(a, b);
  world.fault("connection_parted", `${a} ${b}`);
  world.clock.after(world.chance.between(50, 4_000), () => world.network.heal(a, b));
}

/** The node dies at its next write, before or after it; after a while it runs again. */
function crashAtWrite({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  if (!node.isUp) return;
  world.crashAtWrite(node, world.chance.pick(CRASHES_AT_WRITE), world.chance.number(SPARED_MAX));
}
function crashNow({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  if (!node.isUp) return;
  const { pending } = node.disk;
  const keep = world.chance.between(0, pending);
  world.fault("crash_idle", `${node.name} keeps ${keep} of ${pending}`);
  world.crash(node, keep);
}
/** Everybody at once. */
function powerCut({ world }: Storm): void {
  for (const node of world.nodes.filter(({ isUp }) => isUp)) {
    const keep = world.chance.between(0, node.disk.pending);
    world.fault("power_cut", `${node.name} keeps ${keep} of ${node.disk.pending}`);
    world.crash(node, keep);
  }
}
function slowDisk({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  world.slowDisk(node, world.chance.between(20, SLOW_DISK_MS_MAX));
  world.fault("disk_slow", node.name);
  world.clock.after(world.chance.between(200, 2_000), () => world.slowDisk(node, 0));
}

/** While all this goes on: a second channel between peers. */
function openAnother({ world, edges, openings }: Storm): void {
  const { chance } = world;
  const edge = chance.pick(edges);
  const [opener, accepter] = chance.percent(50) ? [edge.opener, edge.accepter] : [edge.accepter, edge.opener];
  const capacity = sat(BigInt(chance.between(100_000, 400_000)));
  const push = msat(BigInt(chance.between(0, 90_000_000)));
  const canPay = opener.isUp && opener.node.balance().onchain.confirmed > capacity * 2n;
  if (!canPay || openings.length >= OPENINGS_MAX) return;
  openings.push({ opener, accepter, capacity, push });
  void opener.node.openChannel({ nodeId: accepter.id, capacity, push, announce: chance.percent(70) });
  if (chance.percent(40)) {
    world.crashAtWrite(chance.pick([opener, accepter]), chance.pick(CRASHES_AT_WRITE), chance.number(SPARED_MAX));
  }
}

function mineBlock(storm: Storm): void {
  if (storm.blocks >= BLOCKS_MAX) return;
  storm.blocks++;
  storm.world.tally.blocks++;
  storm.world.chain.mine(1);
}
/** Also what the two sides of a closing channel think that a fair fee is. */
function changeFeerate({ world }: Storm): void {
  const rate = world.chance.between(FEERATE.min, FEERATE.max);
  world.chain.setFeerate(satPerKw(rate));
  world.fault("feerate_change", `to ${rate} sat per 1,000 weight units`);
}
/** The last blocks give way to one more, with the same transactions or with none: those wait to be mined again. */
function reorganise(storm: Storm): void {
  if (storm.blocks >= BLOCKS_MAX) return;
  storm.blocks++;
  const depth = storm.world.chance.between(1, REORG_DEPTH_MAX);
  storm.world.chain.reorganise(depth, { txs: storm.world.chance.pick(["same", "none"]) });
  storm.world.fault("reorganisation", `of ${depth} blocks`);
}
function lagBehind({ world }: Storm): void {
  const node = world.chance.pick(world.nodes);
  const blocks = world.chance.between(1, 2);
  world.chain.setLag(node.name, blocks);
  world.fault("chain_lag", `${node.name} by ${blocks}`);
  world.clock.after(world.chance.between(500, 5_000), () => world.chain.setLag(node.name, 0));
}
