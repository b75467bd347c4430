import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import { openInput, Puppet } from "./puppet.ts";
import { line, stranger, violations } from "./small-world.ts";

const logged = (node: LabNode, type: string): number =>
  node.node.events(0, 10_000).filter((event) => event.type === type).length;

describe("Peer listener: what peers may cost", () => {
  it("keeps nothing of strangers that come and go", async () => {
    const { world, nodes } = await line(2);
    const node = present(nodes[0], "a node");
    const before = [logged(node, "peer.connected"), logged(node, "peer.disconnected")];
    for (let round = 0; round < 5; round++) {
      const mallory = await stranger(world, node);
      mallory.session.close();
      await world.pass(200);
    }
    expect([logged(node, "peer.connected"), logged(node, "peer.disconnected")]).to.deep.equal(before);
  });

  it("keeps one visit a minute of a partner that comes and goes", async () => {
    const { world, nodes } = await line(2);
    const node = present(nodes[0], "a node");
    for (let round = 0; round < 12; round++) {
      world.network.cut("n0", "n1");
      await world.pass(10_000);
    }
    const visits = logged(node, "peer.connected");
    expect(visits).to.be.within(2, 5);
    expect(logged(node, "peer.disconnected")).to.be.within(visits - 1, visits + 1);
  });

  it("ends the connection of a peer that goes on while the disk does not: RELIABILITY D12", async () => {
    const { world, nodes } = await line(2);
    const node = present(nodes[0], "a node");
    const mallory = await stranger(world, node);
    world.slowDisk(node, 1_000_000);
    new Puppet(world, mallory, node).give(openInput(1));
    await world.pass(200);
    const channel_id = "77".repeat(32) as never;
    for (let round = 0; round < 12_000; round++)
      mallory.say({ name: "update_fee", channel_id, feerate_per_kw: 1_000 as never });
    await world.pass(500);
    expect(mallory.ended).to.deep.equal(["connection lost"]);
    expect(violations(world)).to.deep.equal([]);
  });
});
