import { expect } from "chai";
import type { ChannelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { forgetAll } from "../../../src/lab/bury.ts";
import { auditChain } from "../../../src/lab/chain-account.ts";
import { comeToRest, stateAt } from "../../../src/lab/settle.ts";
import { coinsOf, type Edge, idOf } from "../../../src/lab/setup.ts";
import { doubleSpend } from "../double-spend.ts";
import { invoiceOf, line, soon, violations } from "../small-world.ts";

type Node = Awaited<ReturnType<typeof line>>["nodes"][number];

describe("Channel host: channels that end on the chain", () => {
  it("forgets a forward with the channel that it came in by, whose HTLC the chain has paid", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(3);
    const [payer, router, payee] = nodes as [Node, Node, Node];
    const { bolt11, paymentHash } = await invoiceOf(world, payee);
    void payer.node.pay({ bolt11 });
    const forwards = () => [...router.recorder.durable.circuits.values()].map(({ status }) => status.tag);
    expect(await world.until(() => forwards().includes("Offered"), 10_000)).to.equal(true);
    world.network.part(payer.name, router.name);
    expect(await world.until(() => forwards().includes("Fulfilled"), 10_000)).to.equal(true);
    for (const edge of edges) {
      world.plan(idOf(edge), "operator");
      expect((await soon(world, router.node.closeChannel({ id: idOf(edge), force: true }))).ok).to.equal(true);
    }
    await forgetAll(world);
    expect(forwards()).to.deep.equal([]);
    expect(payer.recorder.ends.payments.get(paymentHash)).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });

  it("forgets a forward that is decided only when the channel that it came in by is forgotten", async function () {
    this.timeout(120_000);
    const { world, nodes, edges } = await line(5);
    const [payer, router, next] = nodes as [Node, Node, Node];
    const [upstream, downstream] = edges.map(idOf) as [ChannelId, ChannelId];
    // Without an output: nothing of it is left to wait for upstream.
    const { bolt11 } = await invoiceOf(world, present(nodes[4], "the payee"), msat(100_000n));
    void payer.node.pay({ bolt11 });
    const forwards = () => [...router.recorder.durable.circuits.values()].map(({ status }) => status.tag);
    const isOut = () => router.recorder.last.get(downstream)?.commitments.htlcs[0]?.step === "SENT_ADD_ACK_REVOCATION";
    expect(await world.until(isOut, 10_000)).to.equal(true);
    world.network.part(router.name, next.name);
    world.plan(downstream, "silence");
    world.plan(upstream, "operator");
    expect((await soon(world, router.node.closeChannel({ id: upstream, force: true }))).ok).to.equal(true);
    for (let block = 0; block < 125; block++) {
      world.chain.mine(1);
      await world.pass(250);
    }
    expect(router.recorder.durable.channels.has(upstream)).to.equal(false);
    expect(forwards()).to.deep.equal([]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("frees the coins of a claim that came to nothing while the node was off: the peer's commitment was mined", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [closer, peer] = nodes as [Node, Node];
    const id = idOf(edges[0] as (typeof edges)[number]);
    world.plan(id, "operator");
    world.network.part(closer.name, peer.name);
    world.chain.setFeerate(satPerKw(10_000));
    for (const node of nodes) {
      expect((await soon(world, node.node.closeChannel({ id, force: true }))).ok).to.equal(true);
      await world.pass(1_000);
    }
    expect(closer.node.balance().onchain.unconfirmed > 0n, "a fee for its commitment is under way").to.equal(true);
    closer.crash(0);
    const theirs = peer.recorder.last.get(id);
    const commitment = theirs?.tag === "Failed" ? theirs.commitment : undefined;
    world.chain.reorganise(1, { txs: [present(commitment, "the peer's commitment")] });
    await closer.start();
    await forgetAll(world);
    expect(closer.node.balance().onchain.unconfirmed).to.equal(0n);
    expect(violations(world)).to.deep.equal([]);
  });

  it("claims anew with other coins when those of a claim are spent by an earlier transaction of its own", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [payer, payee] = nodes as [Node, Node];
    const id = idOf(edges[0] as (typeof edges)[number]);
    world.plan(id, "operator");
    const { bolt11 } = await invoiceOf(world, payee, msat(8_000_000n));
    void payer.node.pay({ bolt11 });
    const isPaid = (): boolean =>
      payee.recorder.last.get(id)?.commitments.htlcs.some(({ removal }) => removal?.tag === "fulfilled") === true;
    expect(await world.until(isPaid, 10_000)).to.equal(true);
    world.network.part(payer.name, payee.name);
    world.chain.setFeerate(satPerKw(10_000));
    expect((await soon(world, payee.node.closeChannel({ id, force: true }))).ok).to.equal(true);
    await world.pass(1_000);
    const state = payee.recorder.last.get(id);
    const commitment = state?.tag === "Failed" ? state.commitment : undefined;
    // The transaction that pays for the commitment is left over, and has the only coin there is.
    world.chain.reorganise(1, { txs: [present(commitment, "the commitment")] });
    await world.pass(1_000);
    await forgetAll(world);
    auditChain(world, edges, (node) => coinsOf(node, edges));
    expect(violations(world)).to.deep.equal([]);
  });

  it("forgets an opening whose coins went another way, once that is buried, and keeps nothing back for it", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [opener, accepter] = nodes as [Node, Node];
    const before = opener.node.balance().onchain.keptForClosing;
    const request = { nodeId: accepter.id, capacity: sat(100_000n), push: msat(0n), announce: false };
    const opened = await soon(world, opener.node.openChannel(request));
    const { id } = opened.ok ? opened.value : expect.fail("the channel is opened");
    const opening: Edge = { ...request, opener, accepter, id };
    expect(opener.node.balance().onchain.keptForClosing > before).to.equal(true);
    const state = opener.recorder.last.get(id);
    const funding = present(state !== undefined && "funding" in state ? state.funding.tx : undefined, "a funding");
    world.chain.reorganise(1, { txs: [doubleSpend(opener, world.chain, funding)] });
    const isKnown = (): boolean => opener.recorder.durable.channels.has(id);
    // Two blocks are there already: the one with the other transaction, and the one that made that chain the better one.
    for (let depth = 2; depth < 100; depth++) {
      world.chain.mine(1);
      await world.pass(100);
      expect(isKnown(), `${depth} deep`).to.equal(depth < 99);
    }
    expect(opener.node.balance().onchain.keptForClosing).to.equal(before);
    await world.pass(1_000);
    expect(stateAt(accepter, opening)?.tag, "is told, and waits for what may still come").to.equal("Failed");
    expect(await comeToRest(world, [...edges, opening]), "nothing is under way").to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
});
