import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import { type Msat, msat } from "../../src/base/units.ts";
import { scriptOfAddress } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import { idOf } from "../../src/lab/setup.ts";
import type { World } from "../../src/lab/world.ts";
import { invoiceOf, type Line, line, soon } from "./small-world.ts";

/** Mines so many blocks; after each everybody hears of it and acts. */
export async function mine(world: World, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.chain.mine(1);
    await world.pass(200);
  }
}
/** That channels fail is what these tests are about: it stops no world. */
export async function streetOf(nodes: number, options: Parameters<typeof line>[1] = {}): Promise<Line> {
  const made = await line(nodes, options);
  const { report } = made.world;
  Object.assign(made.world, {
    report: (...[rule, node, detail]: Parameters<World["report"]>) => {
      if (rule !== "no_failure") report(rule, node, detail);
    },
  });
  return made;
}
export const tip = (world: World): number => world.chain.brain.chain.tip.height;
export const stateOf = (node: LabNode, { edges }: Line, at: number): string =>
  node.node.channels().find(({ id }) => id === idOf(present(edges[at], "an edge")))?.state ?? "forgotten";
export const onchain = (node: LabNode): bigint => {
  const { confirmed, unconfirmed } = node.node.balance().onchain;
  return confirmed + unconfirmed;
};
export async function giveCoins(world: World, node: LabNode): Promise<void> {
  const { address } = await soon(world, node.node.newAddress());
  const script = scriptOfAddress(address, CHAINS.regtest);
  if (!script.ok) throw new Error("an address of this network");
  world.chain.mine(1, script.value);
  await mine(world, 100);
}
/** A payment that stops at a node that has taken the HTLC and says nothing more. */
export async function stuck(street: Line, amount: Msat = msat(30_000_000n)): Promise<{ readonly payment: string }> {
  const { world, nodes } = street;
  const [payer, router, payee] = nodes as [LabNode, LabNode, LabNode];
  const invoice = await invoiceOf(world, payee, amount);
  const begun = await soon(world, payer.node.pay({ bolt11: invoice.bolt11 }));
  if (!begun.ok) throw new Error(begun.error.detail);
  const isOut = (): boolean => pendingAt(router, 1) > 0;
  expect(await world.until(isOut, 10_000), "the HTLC reaches the last channel").to.equal(true);
  return { payment: begun.value.id };

  function pendingAt(node: LabNode, at: number): number {
    return node.node.channels().find(({ id }) => id === idOf(present(street.edges[at], "an edge")))?.htlcs ?? 0;
  }
}
