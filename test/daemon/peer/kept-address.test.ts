import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { type LabNode, PORT } from "../../../src/lab/lab-node.ts";
import { createWorld, type World } from "../../../src/lab/world.ts";
import { connectedPair, soon } from "../small-world.ts";

describe("where a peer is dialled after a restart", () => {
  let world: World;
  let a: LabNode;
  let b: LabNode;
  beforeEach(async () => {
    world = createWorld({ seed: 5, nodes: 2 });
    [a, b] = await connectedPair(world);
  });
  const peerOf = (node: LabNode) => present(node.node.peers()[0], "a peer");

  it("is where it was reached last, whatever address is given while it is connected", async () => {
    const again = await soon(world, a.node.connect({ nodeId: b.id, host: "nowhere", port: 1 }));
    expect(again).to.deep.equal({ ok: true, value: peerOf(a) });
    await a.crash(0);
    await a.start();
    expect(await world.until(() => peerOf(a).connected, 60_000)).to.equal(true);
  });

  it("is what was given, where it has never been dialled because it called us", async () => {
    expect(await world.until(() => peerOf(b).inbound, 60_000)).to.equal(true);
    expect((await soon(world, b.node.connect({ nodeId: a.id, host: a.name, port: PORT }))).ok).to.equal(true);
    await a.crash(0);
    expect(await world.until(() => !peerOf(b).connected, 60_000)).to.equal(true);
    expect(peerOf(b).address).to.equal(`${a.name}:${PORT}`);
  });
});
