import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { mine } from "../failing-street.ts";
import { line, soon, violations } from "../small-world.ts";

const told = ({ node }: LabNode) =>
  node
    .events(0, 10_000)
    .filter(({ type }) => type === "channel.closing" || type === "channel.closed")
    .map(({ type, data }) => [type, data["channelId"], data["cause"]]);

describe("The event channel.closing", () => {
  it("tells both sides once that a channel is closed by agreement, before channel.closed, and not again after a restart", async () => {
    const { world, nodes } = await line(2);
    const [a, b] = nodes as [LabNode, LabNode];
    const { id } = present(a.node.channels()[0], "a channel");
    expect((await soon(world, a.node.closeChannel({ id }))).ok).to.equal(true);
    await world.pass(1_000);
    for (const node of [a, b]) expect(told(node)).to.deep.equal([["channel.closing", id, "agreed"]]);
    await b.crash(0);
    await b.start();
    await mine(world, 1);
    for (const node of [a, b])
      expect(told(node)).to.deep.equal([
        ["channel.closing", id, "agreed"],
        ["channel.closed", id, undefined],
      ]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("tells of one that is closed alone by whom", async () => {
    const { world, nodes, edges } = await line(2);
    const [a] = nodes as [LabNode, LabNode];
    const { id } = present(a.node.channels()[0], "a channel");
    world.plan(present(present(edges[0], "an edge").id, "it is open"), "operator");
    expect((await soon(world, a.node.closeChannel({ id, force: true }))).ok).to.equal(true);
    expect(told(a)).to.deep.equal([["channel.closing", id, "requested"]]);
  });
});
