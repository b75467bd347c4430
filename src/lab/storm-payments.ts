import { type Msat, msat } from "../base/units.ts";
import type { LabNode } from "./lab-node.ts";
import type { Edge } from "./setup.ts";
import type { Storm } from "./storm.ts";
import { crashAtWrite } from "./storm-hosts.ts";
import type { World } from "./world.ts";

/** What a payment may cost, in msat. */
const MAX_FEE = msat(1_000_000n);
/** Pairs that are looked at for one that has a way. */
const PAIRS_MAX = 6;
/** How often a pair is taken that has no way. */
const HOPELESS_PERCENT = 3;

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
function invoiceFrom(
  storm: Storm,
  payee: LabNode,
  then: (bolt11: string) => void,
  amount: Msat = drawAmount(storm),
): void {
  const { world } = storm;
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
  void payer.node.pay({ bolt11, maxFee: MAX_FEE, timeoutSeconds: 60 }).then((begun) => tell(world, payer, begun));
}
/** What is told to have been begun is on disk. A node that has just started may have to hear of blocks first. */
function tell(world: World, payer: LabNode, begun: Awaited<ReturnType<LabNode["node"]["pay"]>>): void {
  if (!begun.ok && begun.error.code === "chain_not_synced") return;
  if (!begun.ok) return world.report("liveness", payer.name, `does not pay: ${begun.error.detail}`);
  if (!payer.recorder.durable.payments.has(begun.value.paymentHash))
    world.report("durable_first", payer.name, "told of a payment that is not on its disk");
}

export function payOnce(storm: Storm): void {
  const pair = drawPair(storm);
  if (pair !== undefined) invoiceFrom(storm, pair[1], (bolt11) => payFrom(storm, pair[0], bolt11));
}
/** Without an invoice: the preimage goes along. */
export function payKeysend(storm: Storm): void {
  const { world } = storm;
  const [payer, payee] = drawPair(storm) ?? [];
  if (payer === undefined || payee === undefined) return;
  const request = { payee: payee.id, amount: drawAmount(storm), maxFee: MAX_FEE, timeoutSeconds: 60 };
  void payer.node.payKeysend(request).then((begun) => tell(world, payer, begun));
}
export function payInBurst(storm: Storm): void {
  const pair = drawPair(storm);
  if (pair === undefined) return;
  for (let left = storm.world.chance.between(3, 8); left > 0; left--) {
    invoiceFrom(storm, pair[1], (bolt11) => payFrom(storm, pair[0], bolt11));
  }
}
/** One invoice, two payers: the payee takes one and refuses the other. */
export function payTwice(storm: Storm): void {
  const up = storm.world.nodes.filter(({ isUp }) => isUp);
  if (up.length < 3) return;
  const payee = storm.world.chance.pick(up);
  const payers = up.filter((node) => node !== payee).slice(0, 2);
  invoiceFrom(storm, payee, (bolt11) => {
    for (const payer of payers) payFrom(storm, payer, bolt11);
  });
}

/** From one end of a channel to the other, and most often some back: HTLCs that have outputs. */
export function payAcross(storm: Storm, { opener, accepter }: Edge): void {
  for (let left = storm.world.chance.between(2, 6); left > 0; left--) {
    const [payer, payee] = storm.world.chance.percent(60) ? [opener, accepter] : [accepter, opener];
    const amount = msat(BigInt(storm.world.chance.between(354_000, 12_000_000)));
    if (payer.isUp && payee.isUp) invoiceFrom(storm, payee, (bolt11) => payFrom(storm, payer, bolt11), amount);
  }
}

/** Somebody on the way, or beside it, dies at one of the writes that a payment brings about. */
export function payAndCrash(storm: Storm): void {
  payInBurst(storm);
  crashAtWrite(storm);
}
