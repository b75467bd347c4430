import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, pickPorts, startDaemon } from "../../scripts/demo/daemon.ts";
import {
  connected,
  DEPTH_BLOCKS,
  inMempool,
  keysend,
  keysendsOf,
  ldkKeysends,
  type Payment,
  weOpen,
} from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, hangUp, told } from "./ldk-and-sluice.ts";

interface GraphChannel {
  readonly shortChannelId: string;
  readonly nodes: readonly string[];
  readonly policies: readonly (object | null)[];
}
/** As `settings.ts` has it. */
const LDK_FEE_MSAT = "1000";
const HALF_MSAT = "500000000";
/** LDK's own channel with the third node: too small for what is to go through us. */
const NARROW = { sat: "200000", pushMsat: "100000000" };
const PAST_NARROW_MSAT = "150000000";
const TAKES_KEYSENDS = ["--accept-keysend", "true"];

/** Channels in public: us, LDK, and a third node, a daemon of ours that LDK and we have channels with. */
describe("LDK: public channels, and payments through each other", function () {
  this.timeout(120_000);
  let them: Company;
  let third: Daemon;
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: true }, TAKES_KEYSENDS);
    const [ports] = await pickPorts(1);
    if (ports === undefined) throw new Error("no ports");
    const chainPeer = `127.0.0.1:${them.ours.started.chainPort}`;
    third = await startDaemon({
      name: "third",
      folder: them.folder,
      ports,
      chainPeer,
      env: {},
      flags: TAKES_KEYSENDS,
    });
    await endow(them);
    await connected(them);
  });
  after(async () => {
    await third?.stop();
    await them?.stop();
  });
  afterEach(() => expect(them.complaints()).to.deep.equal([]));

  const graphOf = async ({ api }: Daemon) =>
    (await api.get<{ readonly data: readonly GraphChannel[] }>("/v1/graph/channels")).data;
  /** All three know so many channels, and both directions of each. */
  const known = (count: number) =>
    until(`${count} channels known to all`, async () => {
      const daemons = await Promise.all([them.ours, third].map(graphOf));
      const whole = daemons.every((all) => all.length === count && all.every((each) => !each.policies.includes(null)));
      const theirs = await them.ldk.do("graph");
      return whole && theirs.length === count && theirs.every(({ policies }) => policies === 2);
    });
  const dialThird = async (): Promise<void> => {
    await them.ldk.do("dial", { nodeId: third.started.nodeId, port: third.started.peerPort });
    await until("a second peer", async () => (await them.ldk.do("peers")).length === 2);
  };
  const invoiceOf = async ({ api }: Daemon, amountMsat: string): Promise<string> =>
    (await api.post<{ readonly bolt11: string }>("/v1/invoices", { amountMsat, description: "third" })).bolt11;
  const pays = ({ api }: Daemon, bolt11: string): Promise<Payment> =>
    api.post<Payment>("/v1/payments", { bolt11 }, { prefer: "wait=30" });

  it("our channel with LDK and LDK's with a third are announced: all know all of them", async () => {
    const ours = await weOpen(them, { announce: true, pushMsat: HALF_MSAT });
    await dialThird();
    const since = them.ldk.said.length;
    await them.ldk.do("open", { peer: third.started.nodeId, ...NARROW, announce: true });
    await told(them.ldk, "a pending channel", since, ({ name }) => name === "pending");
    await inMempool(them);
    await them.mine(DEPTH_BLOCKS);
    await known(2);
    expect((await them.ldk.do("channels")).map(({ announced }) => announced)).to.deep.equal([true, true]);
    expect((await them.channels()).map(({ id, announced }) => ({ id, announced }))).to.deep.equal([
      { id: ours.id, announced: true },
    ]);
  });
  it("through LDK, from us to the third and back", async () => {
    const since = them.ldk.said.length;
    const there = await pays(them.ours, await invoiceOf(third, "20000000"));
    const back = await pays(third, await invoiceOf(them.ours, "10000000"));
    expect([there.state, back.state]).to.deep.equal(["succeeded", "succeeded"]);
    for (const msat of ["20000000", "10000000"])
      await told(them.ldk, "a forwarded payment", since, (said) => said.name === "forwarded" && said.msat === msat);
    expect([there.feeMsat, back.feeMsat]).to.deep.equal([LDK_FEE_MSAT, LDK_FEE_MSAT]);
  });
  it("through LDK, from us to the third and back, without an invoice", async () => {
    const since = them.ldk.said.length;
    const there = await keysend(them.ours, third.started.nodeId, "10000000");
    const back = await keysend(third, them.ours.started.nodeId, "5000000");
    expect([there, back].map(({ state, feeMsat }) => [state, feeMsat])).to.deep.equal([
      ["succeeded", LDK_FEE_MSAT],
      ["succeeded", LDK_FEE_MSAT],
    ]);
    for (const msat of ["10000000", "5000000"])
      await told(them.ldk, "a forwarded payment", since, (said) => said.name === "forwarded" && said.msat === msat);
    const came = await Promise.all([third, them.ours].map(keysendsOf));
    expect(came.flat().map(({ paymentHash }) => paymentHash)).to.deep.equal([there.paymentHash, back.paymentHash]);
  });
  it("behind LDK the payee refuses, LDK has not enough, its peer is away: we hear of each", async () => {
    const taken = await invoiceOf(third, "5000000");
    const since = them.ldk.said.length;
    await them.ldk.do("pay", { invoice: taken });
    await told(them.ldk, "a payment sent", since, ({ name }) => name === "sent");
    const twice = await pays(them.ours, taken);
    const tooMuch = await pays(them.ours, await invoiceOf(third, "150000000"));
    await hangUp(third, them.ldk.nodeId);
    const away = await pays(them.ours, await invoiceOf(third, "5000000"));
    expect([twice, tooMuch, away].map(({ failure }) => failure)).to.deep.equal([
      { code: "PAYMENT_FAILED", detail: "incorrect_or_unknown_payment_details from hop 2 of 2" },
      { code: "NO_ROUTE", detail: "temporary_channel_failure from hop 1 of 2" },
      { code: "NO_ROUTE", detail: "temporary_channel_failure from hop 1 of 2" },
    ]);
    await dialThird();
  });
  it("through us, from LDK to the third, with an invoice and without", async () => {
    await them.ours.api.post("/v1/peers", { uri: `${third.started.nodeId}@127.0.0.1:${third.started.peerPort}` });
    await them.ours.api.post("/v1/channels", {
      peer: third.started.nodeId,
      capacitySat: "1000000",
      pushMsat: HALF_MSAT,
    });
    await them.mine(DEPTH_BLOCKS);
    await known(3);
    const before = await them.channels();
    const since = them.ldk.said.length;
    await them.ldk.do("pay", { invoice: await invoiceOf(third, PAST_NARROW_MSAT) });
    await told(them.ldk, "a payment sent", since, ({ name }) => name === "sent");
    const hash = await ldkKeysends(them, { peer: third.started.nodeId, msat: PAST_NARROW_MSAT });
    expect((await keysendsOf(third)).some(({ paymentHash }) => paymentHash === hash)).to.equal(true);
    await until("all settled", async () => (await them.channels()).every(({ htlcs }) => htlcs === 0));
    const after = await them.channels();
    const gained = after.map(({ localMsat }, at) => BigInt(localMsat) - BigInt(before[at]?.localMsat ?? 0));
    expect(gained.toSorted()).to.deep.equal([-300_000_000n, 300_300_000n]);
  });
  it("behind us the payee refuses, we have not enough, our peer is away: LDK hears of each", async () => {
    const [ours] = (await graphOf(them.ours)).filter(
      ({ nodes }) => nodes.includes(them.ours.started.nodeId) && nodes.includes(third.started.nodeId),
    );
    const blamed = String(numberOf(ours?.shortChannelId ?? ""));
    const failing = async (pay: () => Promise<string>): Promise<readonly unknown[]> => {
      const since = them.ldk.said.length;
      const hash = await pay();
      await told(them.ldk, "a payment failed", since, (said) => said.name === "failed" && said.hash === hash);
      return them.ldk.said
        .slice(since)
        .flatMap((said) => (said.name === "path_failed" ? [said.permanently, said.channel] : []));
    };
    const unasked = (msat: string) => () => them.ldk.do("keysend", { peer: third.started.nodeId, msat });
    // Paid already, by us; then the channel between us is as before.
    const taken = await invoiceOf(third, "120000000");
    await pays(them.ours, taken);
    await pays(third, await invoiceOf(them.ours, "120000000"));
    expect(await failing(() => them.ldk.do("pay", { invoice: taken }))).to.deep.equal([true, undefined]);
    expect(await failing(unasked("195000000"))).to.deep.equal([false, blamed]);
    await third.stop();
    expect(await failing(unasked("120000000"))).to.deep.equal([false, blamed]);
  });
});
function numberOf(scid: string): bigint {
  const [block = 0n, tx = 0n, output = 0n] = scid.split("x").map(BigInt);
  return (block << 40n) | (tx << 16n) | output;
}
