import { expect } from "chai";
import { DEFAULT_POLICY } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { RESOLUTION_DEPTH } from "../../../src/lab/depths.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import type { MessageName } from "../../../src/wire/registry.ts";
import { doubleSpend } from "../double-spend.ts";
import { giveCoins, mine, onchain, spendElsewhere, takingNothing, tip } from "../failing-street.ts";
import { invoiceOf, type Line, line, paid, soon, violations } from "../small-world.ts";

const NOTHING_PUSHED = { push: msat(0n) };
const pair = ({ nodes }: Line): readonly [LabNode, LabNode] => nodes as [LabNode, LabNode];
const said = ({ tally }: World, name: MessageName): number => tally.messages.get(name) ?? 0;
/** Another channel between the two, that waits to be mined. */
async function waiting(made: Line): Promise<string> {
  await giveCoins(made.world, pair(made)[0]);
  return requested(made);
}
async function requested(made: Line): Promise<string> {
  const [a, b] = pair(made);
  const request = { nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: false, feerate: satPerKw(500) };
  const opened = await soon(made.world, a.node.openChannel(request));
  if (!opened.ok) throw new Error(opened.error.detail);
  expect(opened.value.state).to.equal("WaitForFundingConfirmed");
  return opened.value.id;
}
const channel = (node: LabNode, id: string) =>
  present(
    node.node.channels().find((one) => one.id === id),
    "the channel",
  );

describe("A channel that both sides can fund, between two daemons", () => {
  it("opens by open_channel2, carries a payment, and is accounted for", async () => {
    const made = await line(2, NOTHING_PUSHED);
    const { world } = made;
    const [a, b] = pair(made);
    expect([said(world, "open_channel2"), said(world, "open_channel")]).to.deep.equal([1, 0]);
    expect(a.node.channels()[0]).to.include({ state: "Normal", capacity: sat(500_000n), local: msat(500_000_000n) });
    const invoice = await invoiceOf(world, b);
    expect((await paid(world, a, invoice.bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
  it("is opened by one side alone where that is wanted, or something is pushed", async () => {
    const alone = await line(2, { ...NOTHING_PUSHED, wish: { dual: false } });
    expect([said(alone.world, "open_channel2"), said(alone.world, "open_channel")]).to.deep.equal([0, 1]);
    const pushed = await line(2);
    expect([said(pushed.world, "open_channel2"), said(pushed.world, "open_channel")]).to.deep.equal([0, 1]);
  });
  it("holds what the accepter adds by its policy, from its wallet", async () => {
    const contribution = sat(200_000n);
    const made = await line(2, { ...NOTHING_PUSHED, channelPolicy: () => ({ contribution }) });
    const { world } = made;
    const [a, b] = pair(made);
    expect(b.node.channels()[0]).to.include({ state: "Normal", capacity: sat(700_000n), local: msat(200_000_000n) });
    const invoice = await invoiceOf(world, a);
    expect((await paid(world, b, invoice.bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
  it("CONFORMANCE 57: is funded with confirmed coins where that is required, which the chain is asked about", async () => {
    const policy = { contribution: sat(200_000n), requireConfirmedInputs: true };
    const made = await line(2, { ...NOTHING_PUSHED, channelPolicy: () => policy });
    expect(pair(made)[0].node.channels()[0]).to.include({ state: "Normal", capacity: sat(700_000n) });
    expect(violations(made.world)).to.deep.equal([]);
  });
  it("CONFORMANCE 55: is replaced for more, confirms, and the wallet holds what is left", async () => {
    const made = await line(2, NOTHING_PUSHED);
    const { world } = made;
    const [a, b] = pair(made);
    const id = await waiting(made);
    const first = channel(a, id).funding?.txid;
    const before = onchain(a);
    const bumped = await soon(world, a.node.bumpFunding({ id: id as never, feerate: satPerKw(2_000) }));
    if (!bumped.ok) throw new Error(bumped.error.detail);
    const second = bumped.value.funding?.txid;
    expect(second).to.not.equal(first);
    expect(world.chain.whole.mempool().map(({ txid }) => txid)).to.deep.equal([second]);
    expect(onchain(a) < before, "it costs more").to.equal(true);
    const low = await soon(world, a.node.bumpFunding({ id: id as never, feerate: satPerKw(2_001) }));
    const detail = "feerate too low: at least 2083 sat per 1,000 weight units";
    expect(!low.ok && low.error).to.deep.equal({ code: "not_possible", detail });
    await mine(world, 8);
    expect([channel(a, id).state, channel(b, id).state]).to.deep.equal(["Normal", "Normal"]);
    expect(channel(b, id).funding?.txid).to.equal(second);
    expect(a.node.balance().onchain.reserved, "nothing is kept for what was replaced").to.equal(0n);
    expect(tip(world) > 0).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
  it("is replaced by neither side while a payment of ours spends its change: that payment would be dropped", async () => {
    const made = await line(2, NOTHING_PUSHED);
    const { world } = made;
    const [a, b] = pair(made);
    const id = await waiting(made);
    // All that is left, so that the change is among it.
    const coins = a.node.walletUtxos().map(({ outpoint }) => outpoint);
    const { address } = await soon(world, b.node.newAddress());
    const sent = await soon(world, a.node.send({ address, amount: sat(10_000n), feerate: satPerKw(500), coins }));
    if (!sent.ok) throw new Error(sent.error.detail);
    for (const [by, detail] of [
      [a, "a payment that waits spends the change of what would be replaced"],
      [b, "the peer gave up: capacity out of range"],
    ] as const) {
      const bumped = await soon(world, by.node.bumpFunding({ id: id as never, feerate: satPerKw(2_000) }));
      expect(bumped).to.deep.equal({ ok: false, error: { code: "peer_refused", detail } });
      await world.pass(1_000);
    }
    await mine(world, 8);
    expect(a.node.walletTransactions().find(({ txid }) => txid === sent.value.txid)?.height).to.be.a("number");
    expect(channel(a, id).state).to.equal("Normal");
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY U11: a peer that falls silent has our coins for a minute, and no longer", async () => {
    const made = await line(2, NOTHING_PUSHED);
    const { world } = made;
    const [a, b] = pair(made);
    await giveCoins(world, a);
    const before = a.node.balance().onchain.reserved;
    const request = { nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: false };
    let outcome = "none";
    void a.node.openChannel(request).then((opened) => {
      outcome = opened.ok ? "opened" : opened.error.detail;
    });
    expect(await world.until(() => said(world, "tx_add_output") > 2, 5_000)).to.equal(true);
    expect(a.node.balance().onchain.reserved > before, "held while they negotiate").to.equal(true);
    b.crash(0);
    await world.pass(61_000);
    expect(outcome).to.not.equal("none");
    expect(a.node.balance().onchain.reserved).to.equal(before);
    expect(a.node.channels().length).to.equal(1);
    expect(idOf(present(made.edges[0], "an edge"))).to.equal(a.node.channels()[0]?.id);
  });
  it("is opened by one side alone where the chain has forgotten what pays its coins", async () => {
    const made = await line(2);
    const { world } = made;
    const [a, b] = pair(made);
    const height = tip(world);
    Object.assign(world.chain.brain.chain.storage, { prunedTo: () => height, place: () => undefined });
    const request = { nodeId: a.id, capacity: sat(300_000n), push: msat(0n), announce: false };
    const opened = await soon(world, b.node.openChannel(request));
    expect(opened.ok && opened.value.state).to.equal("WaitForFundingConfirmed");
    expect([said(world, "open_channel2"), said(world, "tx_abort"), said(world, "open_channel")]).to.deep.equal([
      1, 2, 2,
    ]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY U11: coins of a channel that no node funds come back when it is closed by force, and of no other", async () => {
    const made = await line(2, NOTHING_PUSHED);
    const { world } = made;
    const [a, b] = pair(made);
    for (const taken of [false, true]) {
      await giveCoins(world, a);
      const before = a.node.balance().onchain.confirmed;
      const takeAgain = taken ? () => undefined : takingNothing(world);
      const request = { nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: false };
      const opened = await soon(world, a.node.openChannel(request));
      if (!opened.ok) throw new Error(opened.error.detail);
      expect(a.node.balance().onchain.confirmed < before).to.equal(true);
      const { id } = opened.value;
      expect((await soon(world, a.node.closeChannel({ id, force: true }))).ok).to.equal(true);
      await world.pass(1_000);
      expect(a.node.balance().onchain.confirmed === before, `taken ${taken}`).to.equal(!taken);
      takeAgain();
    }
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY U11: a peer that spends its coin otherwise has ours until that is as deep as what money moves by, over restarts too; after a hundred there is no channel", async function () {
    this.timeout(60_000);
    const made = await line(2, { ...NOTHING_PUSHED, channelPolicy: () => ({ contribution: sat(200_000n) }) });
    const { world } = made;
    const [a, b] = pair(made);
    for (const node of [a, b]) await giveCoins(world, node);
    // So that b's own node lets it take its coins back.
    const takeAgain = takingNothing(world);
    const before = onchain(a);
    const id = await requested(made);
    expect(channel(a, id).capacity).to.equal(500_000n);
    world.network.part(a.name, b.name);
    await spendElsewhere(world, b, id as never, takeAgain);
    await mine(world, 3);
    await a.crash(0);
    await a.start();
    await mine(world, RESOLUTION_DEPTH - 4);
    const held = before - onchain(a);
    expect(held > 300_000n, `${held} sat are in it`).to.equal(true);
    await mine(world, 1);
    expect([onchain(a), channel(a, id).state]).to.deep.equal([before, "WaitForFundingConfirmed"]);
    await mine(world, 99 - RESOLUTION_DEPTH);
    expect(a.node.channels().map((one) => one.id)).to.include(id);
    await mine(world, 1);
    expect(a.node.channels().map((one) => one.id)).to.not.include(id);
    expect(violations(world)).to.deep.equal([]);
  });
  for (const state of ["WaitForChannelReady", "Normal"] as const)
    it(`RELIABILITY U11: a peer's coin is watched again when a reorganisation takes back what a block held at the last start: ${state}`, async () => {
      const made = await line(2, { ...NOTHING_PUSHED, channelPolicy: () => ({ contribution: sat(200_000n) }) });
      const { world } = made;
      const [a, b] = pair(made);
      for (const node of [a, b]) await giveCoins(world, node);
      const before = onchain(a);
      const id = await requested(made);
      const funded = a.recorder.last.get(id as never);
      const funding = present(funded !== undefined && "funding" in funded ? funded.funding.tx : undefined, "a funding");
      const elsewhere = doubleSpend(b, world.chain, funding);
      if (state === "WaitForChannelReady") world.network.part(a.name, b.name);
      await mine(world, 6);
      expect(channel(a, id).state).to.equal(state);
      world.network.part(a.name, b.name);
      await a.crash(0);
      await a.start();
      await world.pass(1_000);
      world.chain.reorganise(6, { txs: [elsewhere] });
      await mine(world, RESOLUTION_DEPTH);
      expect(onchain(a)).to.equal(before);
      expect(violations(world)).to.deep.equal([]);
    });
  it("RELIABILITY U18: is said again by both when a reorganisation takes it back, also by who has no coin in it", async () => {
    const made = await line(2, NOTHING_PUSHED);
    const { world } = made;
    const id = idOf(present(made.edges[0], "an edge"));
    const place = present(channel(pair(made)[0], id).shortChannelId, "a place in the chain");
    const depth = tip(world) - Number(place >> 40n) + 1;
    world.chain.reorganise(depth, { txs: "none" });
    await world.pass(5_000);
    for (const node of pair(made)) expect(channel(node, id)).to.include({ state: "Normal", active: false });
    await mine(world, 8);
    for (const node of pair(made)) expect(channel(node, id)).to.include({ state: "Normal", active: true });
    expect(violations(world)).to.deep.equal([]);
  });
  it("adds nothing unless its operator wants it", () => {
    expect([DEFAULT_POLICY.contribution, DEFAULT_POLICY.requireConfirmedInputs]).to.deep.equal([0n, false]);
  });
});
