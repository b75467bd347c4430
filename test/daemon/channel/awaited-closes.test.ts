import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, unixMs } from "../../../src/base/units.ts";
import { awaitedCloses, awaitedSince } from "../../../src/daemon/channel/awaited-closes.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import { normal } from "../../support/channel-pair.ts";
import { close } from "../../support/closing.ts";
import { mine, stateOf, streetOf, tip } from "../failing-street.ts";
import { soon } from "../small-world.ts";

describe("A close that the peer does not answer, by whole nodes", () => {
  it("is forced when its time is over, counted over connections and restarts", async function () {
    this.timeout(60_000);
    const street = await streetOf(2, { channelPolicy: () => ({ closeBlocks: 12 }) });
    const { world, nodes } = street;
    const [a, b] = nodes as [LabNode, LabNode];
    const id = idOf(present(street.edges[0], "an edge"));
    // What the peer says from now on is not heard.
    world.network.hold(b.name, a.name);
    const asked = await soon(world, a.node.closeChannel({ id }), 60_000);
    expect(asked.ok && asked.value.state).to.equal("ShuttingDown");
    const begun = tip(world);
    await mine(world, 5);
    await a.crash(a.disk.pending);
    world.network.part(a.name, b.name);
    await a.start();
    await mine(world, 6);
    expect([tip(world) - begun, stateOf(a, street, 0)]).to.deep.equal([11, "ShuttingDown"]);
    await mine(world, 1);
    expect([stateOf(a, street, 0), a.node.explainChannel(id)?.why]).to.deep.equal([
      "Failed",
      "It could not go on: closing never agreed.",
    ]);
    await mine(world, 2);
    expect(a.node.explainChannel(id)?.closing?.by).to.equal("local");
    expect(world.violations).to.deep.equal([]);
    a.crash(a.disk.pending);
    expect(a.disk.open().get(`closing/${id}`), "nothing of it is kept").to.equal(undefined);
  });

  it("counts from the first block on where a version before this one began to close", () => {
    const store = memoryDisk().open();
    const table = awaitedCloses(store);
    const clock = { now: () => unixMs(0), after: () => () => {} };
    const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(String(error)) });
    const id = channelId(new Uint8Array(32).fill(1));
    const pair = normal();
    const open = pair.parties.a.state;
    close(pair, "a");
    const { state } = pair.parties.a;
    const told: unknown[] = [];
    turns.run((turn) => {
      for (const height of [700, 701, 703].map(blockHeight))
        told.push(awaitedSince(table, turn, id, { height, state }));
      told.push(awaitedSince(table, turn, id, { height: blockHeight(704), state: open }));
    });
    expect(told).to.deep.equal([700, 700, 700, undefined]);
  });

  it("is read from its record, version 1, as it was written", async () => {
    const store = memoryDisk().open();
    const id = channelId(new Uint8Array(32).fill(1));
    await store.append([{ key: `closing/${id}`, value: fromHex("01000002bc") }]);
    expect(awaitedCloses(store).get(id)).to.equal(700);
    await store.append([{ key: `closing/${id}`, value: fromHex("02000002bc") }]);
    expect(() => awaitedCloses(store).get(id)).to.throw("closing/");
  });
});
