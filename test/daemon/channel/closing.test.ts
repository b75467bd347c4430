import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { forgetAll } from "../../../src/lab/bury.ts";
import { auditChain } from "../../../src/lab/chain-account.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { coinsOf, idOf } from "../../../src/lab/setup.ts";
import { type Line, line, soon, violations } from "../small-world.ts";

/** A channel between two daemons, each of which is asked for its part. */
async function street(options: Parameters<typeof line>[1] = {}) {
  const street = await line(2, options);
  const [a, b] = street.nodes as [LabNode, LabNode];
  const id = idOf(present(street.edges[0], "a channel"));
  return { ...street, a, b, id };
}
/** What waits to be mined of the channel's closing, by fee. */
const waiting = ({
  world,
}: Line): readonly { readonly txid: string; readonly fee: bigint; readonly sequence: number }[] =>
  [...world.chain.brain.pool.entries.values()].map(({ tx, fee }) => ({
    txid: txidOf(tx),
    fee,
    sequence: tx.inputs[0]?.sequence ?? 0,
  }));
const stateAt = (node: LabNode) => node.node.channels()[0]?.state;

describe("Closing by agreement, between whole daemons", () => {
  it("counts a channel as closing from the moment on at which that was wished", async () => {
    const { a, id, world } = await street();
    const counted = (): unknown => [stateAt(a), a.node.info().channels];
    const closing = { active: 0, pending: 0, closing: 1 };
    expect(counted()).to.deep.equal(["Normal", { active: 1, pending: 0, closing: 0 }]);
    await soon(world, a.node.closeChannel({ id }));
    expect(counted()).to.deep.equal(["ShuttingDown", closing]);
    await world.pass(2_000);
    expect(counted()).to.deep.equal(["Closing", closing]);
  });
  it("each side publishes its own transaction, more is paid for it when asked again, and the best is mined", async () => {
    const { a, b, id, ...there } = await street();
    const { world } = there;
    const address = (await soon(world, a.node.newAddress())).address;
    expect((await soon(world, a.node.closeChannel({ id, address, feerate: satPerKw(1_000) }))).ok).to.equal(true);
    await world.pass(2_000);
    expect([stateAt(a), stateAt(b)]).to.deep.equal(["Closing", "Closing"]);
    const [first] = waiting(there);
    expect(first?.sequence).to.equal(0xffff_fffd);
    const refused = await soon(world, a.node.closeChannel({ id, feerate: satPerKw(1_001) }));
    expect(!refused.ok && refused.error.detail).to.match(
      /^closing fee too low: at least 1\d{3} sat per 1,000 weight units$/,
    );
    const raised = await soon(world, a.node.closeChannel({ id, feerate: satPerKw(5_000) }));
    expect(raised.ok && raised.value.state).to.equal("Closing");
    await world.pass(2_000);
    const [best, ...others] = waiting(there);
    expect(others).to.deep.equal([]);
    expect(best !== undefined && first !== undefined && best.fee > first.fee * 4n).to.equal(true);
    expect(a.node.channels()[0]?.closingTxid).to.equal(best?.txid);
    expect(b.node.channels()[0]?.closingTxid).to.equal(best?.txid);
    expect(await forgetAll(world)).to.equal(true);
    auditChain(world, there.edges, (node) => coinsOf(node, there.edges));
    expect(violations(world)).to.deep.equal([]);
  });

  it("either side may raise, over a restart too: what was wished is on the disk", async () => {
    const { a, b, id, ...there } = await street();
    const { world } = there;
    expect((await soon(world, a.node.closeChannel({ id, feerate: satPerKw(600) }))).ok).to.equal(true);
    await world.pass(2_000);
    world.crashAtWrite(b, "crash_after_write");
    void b.node.closeChannel({ id, feerate: satPerKw(8_000) });
    expect(await world.until(() => !b.isUp, 5_000)).to.equal(true);
    expect(await world.until(() => b.isUp && b.node.peers().some(({ connected }) => connected), 30_000)).to.equal(true);
    await world.pass(5_000);
    expect(waiting(there).map(({ fee }) => fee > 4_000n)).to.deep.equal([true]);
    expect(await forgetAll(world)).to.equal(true);
    auditChain(world, there.edges, (node) => coinsOf(node, there.edges));
    expect(violations(world)).to.deep.equal([]);
  });

  it("is one transaction of both where one of them does not offer option_simple_close, which is not raised", async () => {
    const { a, b, id, ...there } = await street({ channelPolicy: (node) => ({ simpleClose: node === 0 }) });
    const { world } = there;
    expect((await soon(world, b.node.closeChannel({ id, feerate: satPerKw(1_000) }))).ok).to.equal(true);
    await world.pass(2_000);
    expect([stateAt(a), stateAt(b)]).to.deep.equal(["Closing", "Closing"]);
    expect(waiting(there).map(({ sequence }) => sequence)).to.deep.equal([0xffff_ffff]);
    const refused = await soon(world, a.node.closeChannel({ id, feerate: satPerKw(5_000) }));
    expect(!refused.ok && refused.error.detail).to.equal("wrong state: the channel is in state Closing");
    expect(await forgetAll(world)).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });

  it("a closing that no block takes is left behind by force, with all that is ours", async () => {
    const { a, id, ...there } = await street();
    const { world } = there;
    expect((await soon(world, a.node.closeChannel({ id, feerate: satPerKw(253) }))).ok).to.equal(true);
    await world.pass(2_000);
    world.plan(id, "operator");
    const forced = await soon(world, a.node.closeChannel({ id, force: true }));
    expect(forced.ok && forced.value.state).to.equal("Failed");
    expect(await forgetAll(world)).to.equal(true);
    expect(a.node.balance().onchain.confirmed > sat(400_000n)).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
});
