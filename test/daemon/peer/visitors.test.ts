import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { VISITS_MAX, VISITS_MS } from "../../../src/daemon/peer/visits.ts";
import type { NodeEvent } from "../../../src/daemon/views.ts";
import { fundedBy } from "../puppet.ts";
import { line, stranger } from "../small-world.ts";

describe("the event log, which is kept for ever", () => {
  it("does not grow with strangers who come and go: they are told of as it happens", async () => {
    const { world, nodes } = await line(1);
    const node = present(nodes[0], "a node");
    const told: NodeEvent[] = [];
    node.node.onEvent((event) => told.push(event));
    const visit = async (name: string): Promise<void> => {
      const { session } = await stranger(world, node, name);
      session.close();
      await world.pass(500);
    };
    const kept = () => node.node.events(0, 1_000).filter(({ type }) => type.startsWith("peer.")).length;
    for (const name of ["mallory", "trudy", "mallory"]) await visit(name);
    expect([told.filter(({ type }) => type.startsWith("peer.")).map(({ type }) => type), kept()]).to.deep.equal([
      Array.from({ length: 3 }, () => ["peer.connected", "peer.disconnected"]).flat(),
      0,
    ]);
  });

  it("tells of peers with a channel", async () => {
    const { world, nodes } = await line(1);
    const node = present(nodes[0], "a node");
    const mallory = await stranger(world, node);
    await fundedBy(world, node, mallory);
    mallory.session.close();
    await world.pass(500);
    await stranger(world, node);
    await world.pass(500);
    const kept = node.node.events(0, 1_000).filter(({ type }) => type.startsWith("peer."));
    expect(kept.map(({ type, data }) => [type, data["peer"]])).to.deep.equal([
      ["peer.disconnected", mallory.id],
      ["peer.connected", mallory.id],
    ]);
  });

  it("does not grow with a peer that has a channel and comes and goes all the time: twenty in an hour are kept", async () => {
    const { world, nodes } = await line(1);
    const node = present(nodes[0], "a node");
    const mallory = await stranger(world, node);
    await fundedBy(world, node, mallory);
    mallory.session.close();
    await world.pass(500);
    const told: NodeEvent[] = [];
    node.node.onEvent((event) => told.push(event));
    const visits = async (count: number): Promise<void> => {
      for (let at = 0; at < count; at++) {
        const { session } = await stranger(world, node);
        session.close();
        await world.pass(500);
      }
    };
    const kept = () => node.node.events(0, 1_000).filter(({ type }) => type.startsWith("peer.")).length;
    await visits(30);
    expect([told.filter(({ type }) => type.startsWith("peer.")).length, kept()]).to.deep.equal([60, VISITS_MAX]);
    await world.pass(VISITS_MS);
    await visits(1);
    expect(kept()).to.equal(VISITS_MAX + 2);
  });
});
