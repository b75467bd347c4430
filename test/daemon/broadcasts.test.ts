import { expect } from "chai";
import type { Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { msat, sat } from "../../src/base/units.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import { idOf } from "../../src/lab/setup.ts";
import type { World } from "../../src/lab/world.ts";
import { giveCoins, mine, streetOf } from "./failing-street.ts";
import { soon, violations } from "./small-world.ts";

const waiting = ({ chain }: World): readonly Txid[] => [...chain.brain.pool.entries.keys()];
const silence = ({ chain }: World, node: LabNode, silent: boolean): void => chain.setSilent(node.name, silent);
const sent = async (world: World, node: LabNode, amount: bigint): Promise<Txid> => {
  const { address } = await soon(world, node.node.newAddress());
  const answer = await soon(world, node.node.send({ address, amount: sat(amount) }));
  if (!answer.ok) throw new Error(answer.error.detail);
  return answer.value.txid;
};

describe("While the Bitcoin node is silent", () => {
  it("payments wait, and go out in their order once it answers", async () => {
    const { world, nodes } = await streetOf(2);
    const [a] = nodes as [LabNode];
    await giveCoins(world, a);
    silence(world, a, true);
    const first = await sent(world, a, 1_000_000n);
    const second = await sent(world, a, 4_000_000_000n);
    await world.pass(60_000);
    expect(waiting(world)).to.deep.equal([]);
    silence(world, a, false);
    await world.pass(10_500);
    expect(waiting(world)).to.deep.equal([first, second]);
    await mine(world, 1);
    await world.pass(60_000);
    expect(waiting(world), "and never again").to.deep.equal([]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("what funds a channel waits, and the channel opens once it answers", async () => {
    const { world, nodes } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    await giveCoins(world, a);
    silence(world, a, true);
    const before = a.node.channels().length;
    const opened = a.node.openChannel({ nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: true });
    await soon(world, opened);
    await world.pass(30_000);
    expect(waiting(world)).to.deep.equal([]);
    silence(world, a, false);
    await world.pass(10_500);
    expect(waiting(world)).to.have.length(1);
    await mine(world, 6);
    expect(a.node.channels().filter(({ state }) => state === "Normal")).to.have.length(before + 1);
  });
  it("a commitment and the claim on it wait, and go out once it answers", async () => {
    const { world, nodes, edges } = await streetOf(2);
    const [a, b] = nodes as [LabNode, LabNode];
    world.network.part(a.name, b.name);
    silence(world, a, true);
    await soon(world, a.node.closeChannel({ id: idOf(present(edges[0], "an edge")), force: true }));
    await world.pass(30_000);
    expect(waiting(world)).to.deep.equal([]);
    silence(world, a, false);
    await world.pass(10_500);
    const [commitment] = waiting(world);
    expect(waiting(world)).to.have.length(1);
    silence(world, b, true);
    await mine(world, 1);
    expect(waiting(world), "b's claim is not heard").to.deep.equal([]);
    silence(world, b, false);
    await world.pass(10_500);
    const claims = [...world.chain.brain.pool.entries.values()];
    expect(claims.map(({ tx }) => tx.inputs[0]?.prevout.txid)).to.deep.equal([commitment]);
  });
});
