import { expect } from "chai";
import { msat, sat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { answered } from "../../../src/lab/setup.ts";
import { showViolation } from "../../../src/lab/violation.ts";
import { areElsewhere } from "../../support/signers.ts";
import { invoiceOf, line, paid, passed } from "../small-world.ts";

describe("RELIABILITY P5, C28: a node that is started on a copy of its store of an earlier day", () => {
  for (const payments of [1, 2, 10])
    it(`learns so from its peer, ${payments} payments back, and signs and publishes nothing in that channel`, async () => {
      const { world, nodes } = await line(2);
      const [node, peer] = nodes as [LabNode, LabNode];
      const copy = node.disk.snapshot();
      for (let round = 0; round < payments; round++) {
        const { bolt11 } = await invoiceOf(world, peer);
        expect((await paid(world, node, bolt11)).state).to.equal("succeeded");
      }
      node.crash(0);
      node.disk.restore(copy);
      const before = world.tally.messages.get("commitment_signed");
      await node.start();
      // Keys with a memory of their own know it before any peer does.
      if (areElsewhere) {
        expect(world.violations.map(showViolation).join()).to.match(/does not start: OldCopy/);
        return;
      }
      const found = await passed(world, 60_000);
      expect(found.filter((text) => /is signed after|spends the funding|^no_halt/.test(text))).to.deep.equal([]);
      expect(found.find((text) => text.startsWith("no_failure at n0"))).to.match(/our state is behind yours/);
      expect(node.node.channels().map(({ state, active }) => ({ state, active }))).to.deep.equal([
        { state: "Failed", active: false },
      ]);
      expect(world.tally.messages.get("commitment_signed")).to.equal(before);
      const request = { nodeId: node.id, capacity: sat(300_000n), push: msat(0n), announce: true };
      expect((await answered(world, peer.node.openChannel(request)))?.ok).to.equal(true);
      const indexes = [...node.recorder.durable.channels.values()].map(({ params }) => params.keyIndex);
      expect(Math.max(...indexes), "no keys of channels that it does not know").to.be.greaterThan(2 ** 24 - 1);
    });
});
