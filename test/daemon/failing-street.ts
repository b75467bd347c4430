import { expect } from "chai";
import type { ChannelId } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { type Msat, msat, sat, satPerKw } from "../../src/base/units.ts";
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
/** No mempool takes any transaction, until what is answered is called. */
export function takingNothing({ chain }: World): () => void {
  const { pool } = chain.brain;
  const { policy } = pool;
  Object.assign(pool, { policy: { ...policy, minRelayFee: 1_000_000n } });
  return () => void Object.assign(pool, { policy });
}
/** Gives up a channel that no mempool has taken, and spends elsewhere the coins that were to be in it, once one takes that. */
export async function spendElsewhere(
  world: World,
  { node }: LabNode,
  id: ChannelId,
  takeAgain: () => void,
): Promise<void> {
  expect((await soon(world, node.closeChannel({ id, force: true }))).ok).to.equal(true);
  await world.pass(1_000);
  takeAgain();
  const coins = node.walletUtxos().map(({ outpoint }) => outpoint);
  const { address } = await soon(world, node.newAddress());
  const elsewhere = { address, amount: sat(10_000n), feerate: satPerKw(5_000), coins };
  expect((await soon(world, node.send(elsewhere))).ok).to.equal(true);
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
