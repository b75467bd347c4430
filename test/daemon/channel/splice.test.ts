import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { invoiceOf, line, paid, soon, violations } from "../small-world.ts";

const FEERATE = satPerKw(1_000);

describe("Splices between two daemons", () => {
  it("puts coins in and takes coins out while payments go on; channel, wallet and chain add up", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [a, b] = [present(nodes[0], "a"), present(nodes[1], "b")];
    const id = present(edges[0]?.id, "a channel");
    const channel = () => present(a.node.channels()[0], "the channel");
    const mine = async (blocks: number): Promise<void> => {
      for (let block = 0; block < blocks; block++) {
        world.chain.mine(1);
        await world.pass(300);
      }
    };
    const wallet = () => a.node.balance().onchain.confirmed + a.node.balance().onchain.unconfirmed;
    const before = { wallet: wallet(), local: channel().local, capacity: channel().capacity };

    const into = await soon(
      world,
      a.node.spliceChannel({ id, direction: "in", amount: sat(200_000n), feerate: FEERATE }),
      30_000,
    );
    expect(
      into.ok,
      JSON.stringify(into, (_, v) => (typeof v === "bigint" ? String(v) : v)),
    ).to.equal(true);
    expect(channel().splices.map(({ capacity, confirmed }) => [capacity, confirmed])).to.deep.equal([
      [before.capacity + 200_000n, false],
    ]);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    await mine(6);
    expect([channel().capacity, channel().splices, channel().active]).to.deep.equal([
      before.capacity + 200_000n,
      [],
      true,
    ]);
    expect(channel().local).to.equal(before.local + 200_000_000n - 2_000_000n);
    const afterIn = wallet();
    const feeIn = before.wallet - afterIn - 200_000n;
    expect(feeIn > 0n && feeIn < 2_000n, `a fee of ${feeIn}`).to.equal(true);

    const out = await soon(
      world,
      a.node.spliceChannel({ id, direction: "out", amount: sat(100_000n), feerate: FEERATE }),
      30_000,
    );
    expect(out.ok).to.equal(true);
    await mine(6);
    expect(wallet()).to.equal(afterIn + 100_000n);
    const feeOut = before.capacity + 200_000n - 100_000n - channel().capacity;
    expect(feeOut > 0n && feeOut < 1_500n, `a fee of ${feeOut}`).to.equal(true);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    expect((await paid(world, b, (await invoiceOf(world, a)).bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
  it("CONFORMANCE 168: is paid through by others while the splice waits to be deep enough, and after, by its old name or its new one", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(3);
    const [a, b, c] = [present(nodes[0], "a"), present(nodes[1], "b"), present(nodes[2], "c")];
    const id = present(edges[1]?.id, "b's channel with c");
    const splice = b.node.spliceChannel({ id, direction: "in", amount: sat(100_000n), feerate: FEERATE });
    expect((await soon(world, splice, 30_000)).ok).to.equal(true);
    const names = (): number => new Set(a.node.graphChannels().map(({ shortChannelId }) => shortChannelId)).size;
    for (let depth = 0; depth <= 7; depth++) {
      const payment = await paid(world, a, (await invoiceOf(world, c)).bolt11);
      expect([depth, payment.state, payment.failure]).to.deep.equal([depth, "succeeded", undefined]);
      world.chain.mine(1);
      await world.pass(2_000);
    }
    expect(names(), "the new one is announced, and the old one not yet forgotten").to.equal(3);
    expect(violations(world)).to.deep.equal([]);
  });
  it("CONFORMANCE 57: shows confirmed coins where the peer asks for them, and none at all where there are none", async function () {
    this.timeout(60_000);
    const policy = (node: number) => ({ requireConfirmedInputs: node === 1 });
    const { world, nodes, edges } = await line(2, { channelPolicy: policy });
    const a = present(nodes[0], "a");
    const id = present(edges[0]?.id, "a channel");
    const into = (amount: bigint) =>
      soon(world, a.node.spliceChannel({ id, direction: "in", amount: sat(amount), feerate: FEERATE }), 30_000);
    const { confirmed } = a.node.balance().onchain;
    const { address } = await soon(world, a.node.newAddress());
    const coins = a.node.walletUtxos().map(({ outpoint }) => outpoint);
    // All of it to itself: the change is ours, and waits.
    const spent = await soon(world, a.node.send({ address, amount: sat(10_000n), feerate: FEERATE, coins }));
    expect(spent.ok).to.equal(true);
    const refused = await into(200_000n);
    expect(!refused.ok && refused.error.code === "insufficient_balance" && refused.error.detail).to.match(
      /^insufficient funds in confirmed coins, which the peer asks for: needs \d+ sat/,
    );
    expect(a.node.balance().onchain.reserved).to.equal(0n);
    world.chain.mine(1);
    await world.pass(300);
    expect((await into(200_000n)).ok).to.equal(true);
    expect(a.node.balance().onchain.confirmed < confirmed).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY U11: a peer that is gone before it has signed has our coins for a minute; they go in when it comes back", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [a, b] = [present(nodes[0], "a"), present(nodes[1], "b")];
    const id = present(edges[0]?.id, "a channel");
    const before = a.node.balance().onchain;
    const said = (name: "tx_signatures"): number => world.tally.messages.get(name) ?? 0;
    const signed = said("tx_signatures");
    let outcome = "none";
    void a.node.spliceChannel({ id, direction: "in", amount: sat(200_000n), feerate: FEERATE }).then((done) => {
      outcome = done.ok ? "spliced" : done.error.code;
    });
    expect(await world.until(() => said("tx_signatures") > signed, 10_000)).to.equal(true);
    world.network.part(a.name, b.name);
    await world.pass(1_000);
    expect(a.node.balance().onchain.reserved > before.reserved, "kept on disk").to.equal(true);
    await world.pass(61_000);
    expect([a.node.balance().onchain, outcome]).to.deep.equal([before, "peer_refused"]);
    world.network.heal(a.name, b.name);
    const isOut = (): boolean => a.node.channels()[0]?.splices.length === 1;
    expect(await world.until(isOut, 120_000), "it goes on").to.equal(true);
    await world.pass(1_000);
    expect(a.node.balance().onchain.confirmed < before.confirmed).to.equal(true);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY U11: one that was to take the place of another is signed for though a block holds that, coins given back or not", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [a, b] = [present(nodes[0], "a"), present(nodes[1], "b")];
    const id = present(edges[0]?.id, "a channel");
    const into = (feerate: number) =>
      a.node.spliceChannel({ id, direction: "in", amount: sat(200_000n), feerate: satPerKw(feerate) });
    expect((await soon(world, into(1_000), 30_000)).ok).to.equal(true);
    const said = (): number => world.tally.messages.get("tx_signatures") ?? 0;
    const signed = said();
    void into(2_000);
    expect(await world.until(() => said() > signed, 10_000)).to.equal(true);
    world.network.part(a.name, b.name);
    await world.pass(62_000);
    world.chain.mine(1);
    await world.pass(300);
    world.network.heal(a.name, b.name);
    expect(await world.until(() => a.node.channels()[0]?.active === true, 120_000)).to.equal(true);
    for (let block = 0; block < 6; block++) {
      world.chain.mine(1);
      await world.pass(300);
    }
    const seen = nodes.map(({ node }) => node.channels().map(({ state, splices }) => [state, splices.length]));
    expect(seen).to.deep.equal([[["Normal", 0]], [["Normal", 0]]]);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
  it("answers who asked when its own splice is made, also where the other side has asked at the same time and comes first", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const id = present(edges[0]?.id, "a channel");
    const asked = nodes.map(({ node }, at) =>
      node
        .spliceChannel({ id, direction: "out", amount: sat(20_000n), feerate: satPerKw(1_000 + 2_000 * at) })
        .then((spliced) => (spliced.ok ? spliced.value.splices.length : spliced.error)),
    );
    expect(await soon(world, Promise.all(asked), 60_000)).to.deep.equal([1, 2]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY O28: one that is locked comes back after a reorganisation, whichever way its money went", async function () {
    this.timeout(60_000);
    for (const direction of ["in", "out"] as const) {
      const { world, nodes, edges } = await line(2);
      const a = present(nodes[0], "a");
      const id = present(edges[0]?.id, "a channel");
      const request = { id, direction, amount: sat(100_000n), feerate: FEERATE };
      expect((await soon(world, a.node.spliceChannel(request), 30_000)).ok).to.equal(true);
      const mine = async (blocks: number): Promise<void> => {
        for (let block = 0; block < blocks; block++) {
          world.chain.mine(1);
          await world.pass(300);
        }
      };
      const seen = () => nodes.map(({ node }) => node.channels().map(({ active, capacity }) => [active, capacity]));
      await mine(6);
      const before = { wallet: a.node.balance().onchain.confirmed, channels: seen() };
      world.chain.reorganise(7);
      await world.pass(3_000);
      expect(
        seen()
          .flat()
          .map(([active]) => active),
      ).to.deep.equal([false, false]);
      await mine(6);
      expect({ wallet: a.node.balance().onchain.confirmed, channels: seen() }).to.deep.equal(before);
      expect(violations(world)).to.deep.equal([]);
    }
  });
  it("keeps two splices that wait over a crash, locks the one that is mined, and closes by agreement over it", async function () {
    this.timeout(60_000);
    const { world, nodes, edges } = await line(2);
    const [a, b] = [present(nodes[0], "a"), present(nodes[1], "b")];
    const id = present(edges[0]?.id, "a channel");
    const wallet = () => a.node.balance().onchain.confirmed + a.node.balance().onchain.unconfirmed;
    const before = { wallet: wallet(), capacity: a.node.channels()[0]?.capacity ?? 0n };
    const splice = (direction: "in" | "out", amount: bigint, feerate: number) =>
      soon(world, a.node.spliceChannel({ id, direction, amount: sat(amount), feerate: satPerKw(feerate) }), 30_000);
    expect((await splice("out", 100_000n, 1_000)).ok).to.equal(true);
    const early = await soon(world, a.node.closeChannel({ id }));
    expect(early.ok || early.error).to.deep.equal({
      code: "not_possible",
      detail: "splice pending: it can be closed by agreement once the splice is locked, in 3 blocks at the earliest",
    });
    expect((await splice("in", 50_000n, 2_000)).ok).to.equal(true);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    expect(a.node.channels()[0]?.splices.length).to.equal(2);
    world.crash(a, 99);
    await world.until(() => a.isUp, 20_000);
    await world.pass(3_000);
    const mine = async (blocks: number): Promise<void> => {
      for (let block = 0; block < blocks; block++) {
        world.chain.mine(1);
        await world.pass(300);
      }
    };
    await mine(6);
    const channel = present(a.node.channels()[0], "the channel");
    expect([channel.capacity, channel.splices, channel.active]).to.deep.equal([before.capacity + 50_000n, [], true]);
    const spent = before.wallet - wallet() - 50_000n;
    expect(spent > 0n && spent < 3_000n, `a fee of ${spent}`).to.equal(true);
    expect((await soon(world, a.node.closeChannel({ id }))).ok).to.equal(true);
    await world.pass(5_000);
    await mine(3);
    const got = wallet() - (before.wallet - 50_000n - spent);
    expect(channel.local / 1_000n - got < 3_000n, `${got} of ${channel.local}`).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
});
