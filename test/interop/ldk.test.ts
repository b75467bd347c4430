import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import {
  agreed,
  allUsable,
  connected,
  DEPTH_BLOCKS,
  inMempool,
  keysend,
  keysendsOf,
  ldkKeysends,
  ldkOpens,
  ldkPays,
  type Payment,
  reconnected,
  weBeginToPay,
  weOpen,
  wePay,
} from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, told } from "./ldk-and-sluice.ts";

/** Of podcasts, in JSON, and an empty one; both odd, so that who does not know them may let them be. */
const RECORDS = { "65537": "", "7629169": "7b7d" };

/**
 * Not tried, as LDK 0.1.2 in WASM cannot do it: dual funding, splicing, quiescence, simple close and taproot (it has none of
 * them, or not behind its bindings); to propose a channel that is used before a block holds it (it takes those of others);
 * BOLT 12 with amounts (the builders' setters do nothing); to live on after it came back with an old copy of its store (it
 * panics when we prove that to it, which ends the process); to be killed between the writes of a monitor and of the manager
 * (it closes that channel by itself); to measure time (it hears of blocks alone). Payments in parts it can send, but our
 * invoices do not ask for them, and one without an invoice (it brings a secret of its own then) we take whole or not at all.
 * Who is not asked to take payments without an invoice refuses them: so `ldk-cuts.test.ts` and `ldk-closing.test.ts` have
 * payments that we refuse. Messages that leave no trace (ping, gossip) are not cut in.
 */
describe("LDK, a stranger's Lightning node, on our chain and over TCP", function () {
  this.timeout(180_000);
  let them: Company;
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false }, ["--accept-keysend", "true"]);
    await endow(them);
  });
  after(() => them?.stop());
  afterEach(() => expect(them.complaints()).to.deep.equal([]));

  it("we open a channel to it, which confirms and can be used", async () => {
    await connected(them);
    const ours = await weOpen(them);
    const [theirs] = await them.ldk.do("channels");
    expect({ capacity: ours.capacitySat, id: theirs?.id, anchors: theirs?.anchors }).to.deep.equal({
      capacity: "1000000",
      id: ours.channelId,
      anchors: true,
    });
  });
  it("we pay its invoices, and it pays ours", async () => {
    await wePay(them, "200000000");
    await ldkPays(them, "50000000");
    await wePay(them, "1000");
    await ldkPays(them, "100000");
    await agreed(them);
  });
  it("we pay each other without an invoice, with records of applications, and LDK with a secret too", async () => {
    const { ours, ldk } = them;
    const since = ldk.said.length;
    const sent = await keysend(ours, ldk.nodeId, "3000000", RECORDS);
    expect([sent.state, sent.feeMsat]).to.deep.equal(["succeeded", "0"]);
    const held = await told(ldk, "a payment", since, ({ name }) => name === "claimable");
    expect(held).to.deep.include({ hash: sent.paymentHash, msat: "3000000", records: RECORDS });
    const peer = ours.started.nodeId;
    const hashes = [
      await ldkKeysends(them, { peer, msat: "2000000", records: RECORDS }),
      await ldkKeysends(them, { peer, msat: "1000000", secret: "5e".repeat(32) }),
    ];
    const came = (await keysendsOf(ours)).toSorted((a, b) => Number(b.amountMsat) - Number(a.amountMsat));
    expect(came.map(({ paymentHash }) => paymentHash)).to.deep.equal(hashes);
    expect(came.map(({ amountMsat, customRecords }) => [amountMsat, customRecords])).to.deep.equal([
      ["2000000", RECORDS],
      ["1000000", {}],
    ]);
    await agreed(them);
  });
  it("100 payments at once both ways", async () => {
    const before = (await them.channels())[0]?.localMsat;
    const payments = Array.from({ length: 50 }, () => [wePay(them, "1000000"), ldkPays(them, "1000000")]);
    await Promise.all(payments.flat());
    await agreed(them);
    expect((await them.channels())[0]?.localMsat).to.equal(before);
  });
  it("a cut connection comes back, whoever calls", async () => {
    const pay = () => Promise.all([wePay(them, "2000000"), ldkPays(them, "2000000"), wePay(them, "3000")]);
    for (let turn = 0; turn < 3; turn++) {
      them.wire.cut();
      await reconnected(them);
      await pay();
    }
    them.wire.cut();
    await until("no peer", async () => (await them.ldk.do("peers")).length === 0);
    await them.call();
    for (let turn = 0; turn < 3; turn++) {
      await allUsable(them);
      await pay();
      const since = them.wire.heard.length;
      them.wire.cut();
      // We call again so soon that nobody may see the channel at rest.
      await until("both to go on", async () =>
        (["ours", "ldk"] as const).every((end) => them.wire.namesFrom(end, since).includes("channel_reestablish")),
      );
    }
    await allUsable(them);
    await them.hangUp();
    await reconnected(them);
    expect(them.complaints()).to.deep.equal(["ours warning: disconnected by its operator"]);
  });
  it("either side restarts from its store with a payment under way", async () => {
    const { hash, preimage } = await weBeginToPay(them, "6000000");
    await them.restartLdk();
    await reconnected(them);
    await wePay(them, "4000000");
    await them.restartOurs();
    await reconnected(them);
    await ldkPays(them, "4000000");
    const held = await them.ours.api.get<Payment>(`/v1/payments/${hash}`);
    expect(held.state).to.equal("pending");
    await them.ldk.do("claim", { preimage });
    await agreed(them);
    const { data } = await them.ours.api.get<{ readonly data: readonly Payment[] }>("/v1/payments?limit=500");
    expect(data.every(({ state }) => state === "succeeded")).to.equal(true);
  });
  it("it closes by agreement, and the money is in the chain", async () => {
    const [channel] = await them.ldk.do("channels");
    const before = BigInt(await them.ldk.do("balance"));
    const since = them.ldk.said.length;
    await them.ldk.do("close", { channel: channel?.id ?? "" });
    await told(them.ldk, "a close", since, ({ name }) => name === "closed");
    await inMempool(them);
    await them.mine(DEPTH_BLOCKS);
    await inMempool(them);
    await them.mine(1);
    expect(them.complaints()).to.deep.equal(["ldk closed: LocallyInitiatedCooperativeClosure"]);
    const gained = BigInt(await them.ldk.do("balance")) - before;
    const due = BigInt(channel?.balanceMsat ?? 0) / 1_000n;
    expect(due - gained < 1_000n && due > gained, `${gained} of ${due} sat`).to.equal(true);
  });
  for (const opener of ["ours", "ldk"] as const)
    it(`opened by ${opener} with option_scid_alias: only aliases are told`, async () => {
      const open = opener === "ours" ? weOpen : ldkOpens;
      const { channelId } = await open(them, { pushMsat: "500000000", scidAlias: true });
      await wePay(them, "2000000");
      await ldkPays(them, "2000000");
      await agreed(them);
      expect((await them.ldk.do("channels")).find(({ id }) => id === channelId)?.scidAlias).to.equal(true);
    });
  it("it opens a channel to us, and we close", async () => {
    const { id } = await ldkOpens(them, { pushMsat: "300000000" });
    await wePay(them, "100000000");
    await ldkPays(them, "100000000");
    await agreed(them);
    const since = them.ldk.said.length;
    await them.ours.api.post(`/v1/channels/${id}/close`, {});
    await told(them.ldk, "a close", since, ({ name }) => name === "closed");
    await inMempool(them);
    await them.mine(DEPTH_BLOCKS);
    expect(them.complaints()).to.deep.equal(["ldk closed: CounterpartyInitiatedCooperativeClosure"]);
    await until("closed", async () =>
      (await them.channels()).some((each) => each.id === id && each.state === "Closing"),
    );
  });
});
