import { expect } from "chai";
import type { FundedState } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import { PEERS_FIRST_MS } from "../../../src/daemon/channel/first-hearing.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { answered } from "../../../src/lab/setup.ts";
import { showViolation } from "../../../src/lab/violation.ts";
import type { World } from "../../../src/lab/world.ts";
import { areElsewhere } from "../../support/signers.ts";
import { invoiceOf, line, paid, passed, soon } from "../small-world.ts";

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

  /** A node's disk of a moment at which one HTLC was in its channel; that one is long paid by now, and its time is over. */
  async function olderCopy() {
    const made = await line(2, { peersFirstMs: PEERS_FIRST_MS });
    const { world, nodes } = made;
    const [node, peer] = nodes as [LabNode, LabNode];
    const { bolt11 } = await invoiceOf(world, peer);
    const begun = await soon(world, node.node.pay({ bolt11 }));
    if (!begun.ok) throw new Error(begun.error.detail);
    const pending = () => present(stateOf(node), "the channel").commitments.htlcs;
    await world.until(() => pending().some(({ step }) => step === "SENT_ADD_ACK_REVOCATION"), 2_000);
    const copy = node.disk.snapshot();
    const [htlc] = pending();
    expect(htlc?.step).to.equal("SENT_ADD_ACK_REVOCATION");
    expect((await soon(world, node.node.paymentEnd(begun.value.id, 60_000), 60_000))?.state).to.equal("succeeded");
    expect((await paid(world, node, (await invoiceOf(world, peer)).bolt11)).state).to.equal("succeeded");
    world.chain.mine(300);
    await passed(world, 5_000);
    node.crash(0);
    return { world, node, peer, copy };
  }
  const stateOf = (node: LabNode): FundedState | undefined => {
    const [state] = node.recorder.durable.channels.values();
    return state !== undefined && "commitments" in state ? state : undefined;
  };
  const unsafe = (found: readonly string[]): readonly string[] =>
    found.filter((text) => /is signed after|spends the funding|^no_halt/.test(text));
  const published = ({ chain }: World): number => chain.brain.pool.entries.size;

  for (const lateMs of [0, 20_000])
    it(`publishes nothing for the sake of an HTLC whose time is over, before its peer has spoken, ${lateMs / 1_000} s later`, async function () {
      this.timeout(60_000);
      const { world, node, peer, copy } = await olderCopy();
      if (lateMs > 0) peer.crash(peer.disk.pending);
      node.disk.restore(copy);
      world.violations.splice(0);
      await node.start();
      if (areElsewhere) return;
      const found = [...(await passed(world, lateMs))];
      // Nor at a block that comes meanwhile.
      world.chain.mine(1);
      found.push(...(await passed(world, 2_000)));
      // Where the peer has spoken it has closed the channel itself, as it was asked to.
      const [state, waiting] = lateMs > 0 ? ["Normal", 0] : ["Failed", 1];
      expect([node.node.channels().map(({ state }) => state), published(world)]).to.deep.equal([[state], waiting]);
      if (lateMs > 0) await peer.start();
      found.push(...(await passed(world, 60_000)));
      expect(unsafe(found)).to.deep.equal([]);
      expect(found.find((text) => text.startsWith("no_failure at n0"))).to.match(/our state is behind yours/);
    });
  it("waits no longer than a minute: one that is no copy closes for the sake of such an HTLC then, without another block", async function () {
    this.timeout(60_000);
    const { world, node, peer, copy } = await olderCopy();
    peer.crash(peer.disk.pending);
    node.disk.restore(copy);
    await node.start();
    if (areElsewhere) return;
    await passed(world, PEERS_FIRST_MS - 1_000);
    expect(node.node.channels().map(({ state }) => state)).to.deep.equal(["Normal"]);
    await passed(world, 2_000);
    expect(node.node.channels().map(({ state }) => state)).to.deep.equal(["Failed"]);
  });
});
