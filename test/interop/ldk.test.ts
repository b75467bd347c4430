import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, told, usable } from "./ldk-and-sluice.ts";

const CAPACITY_SAT = "1000000";
interface Payment {
  readonly id: string;
  readonly state: string;
}
interface Invoice {
  readonly bolt11: string;
  readonly paymentHash: string;
  readonly state: string;
}

describe("LDK, a stranger's Lightning node, on our chain and over TCP", function () {
  this.timeout(180_000);
  let them: Company;
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false });
    await endow(them);
  });
  after(() => them?.stop());

  const wePay = async (msat: string): Promise<void> => {
    const { ours, ldk } = them;
    const bolt11 = await ldk.do("invoice", { msat });
    const paid = await ours.api.post<Payment>("/v1/payments", { bolt11 }, { prefer: "wait=30" });
    expect(paid.state).to.equal("succeeded");
  };
  const ldkPays = async (amountMsat: string): Promise<void> => {
    const { ours, ldk } = them;
    const since = ldk.said.length;
    const { bolt11 } = await ours.api.post<Invoice>("/v1/invoices", { amountMsat, description: "to us" });
    const hash = await ldk.do("pay", { invoice: bolt11 });
    await told(ldk, "a payment sent", since, (said) => said.name === "sent" && said.hash === hash);
  };

  /** Nothing is on its way, and both say the same of the money. */
  const agreed = async (): Promise<void> => {
    await until("both agree", async () => {
      const [ours] = (await them.channels()).filter(({ active }) => active);
      const theirs = (await them.ldk.do("channels")).find(({ id }) => id === ours?.channelId);
      return theirs?.pendingHtlcs === 0 && ours !== undefined;
    });
  };

  it("we open a channel to it, which confirms and can be used", async () => {
    const { ours, ldk, mine, channels } = them;
    await them.dial();
    await until("a peer", async () => (await ldk.do("peers")).length === 1);
    await ours.api.post("/v1/channels", { peer: ldk.nodeId, capacitySat: CAPACITY_SAT, announce: false });
    await until("a pending channel", async () => (await channels()).length === 1);
    await mine(6);
    const channel = await usable(them);
    const [theirs] = await ldk.do("channels");
    expect({ capacity: channel.capacitySat, id: theirs?.id, anchors: theirs?.anchors }).to.deep.equal({
      capacity: CAPACITY_SAT,
      id: channel.channelId,
      anchors: true,
    });
  });
  it("we pay its invoices, and it pays ours", async () => {
    await wePay("200000000");
    await ldkPays("50000000");
    await wePay("1000");
    await ldkPays("100000");
  });
  it("100 payments at once both ways", async () => {
    const before = (await them.channels())[0]?.localMsat;
    await Promise.all(Array.from({ length: 50 }, () => [wePay("1000000"), ldkPays("1000000")]).flat());
    await until("all settled", async () => (await them.ldk.do("channels"))[0]?.pendingHtlcs === 0);
    expect((await them.channels())[0]?.localMsat).to.equal(before);
  });
  it("a cut connection comes back with nothing lost", async () => {
    for (let turn = 0; turn < 5; turn++) {
      const paying = Promise.allSettled([wePay("2000000"), ldkPays("2000000"), wePay("3000"), ldkPays("3000")]);
      await them.ldk.do("drop");
      await until("no peer", async () => (await them.ldk.do("peers")).length === 0);
      await them.dial();
      await usable(them);
      await paying;
    }
    await agreed();
  });
  it("either side restarts from its store", async () => {
    await them.restartLdk("stop");
    await them.dial();
    await usable(them);
    await wePay("4000000");
    await them.restartOurs();
    await them.dial();
    await usable(them);
    await ldkPays("4000000");
    await agreed();
  });
  it("it closes by agreement, and the money is in the chain", async () => {
    const [channel] = await them.ldk.do("channels");
    const before = BigInt(await them.ldk.do("balance"));
    const theirs = BigInt(channel?.outboundMsat ?? 0) / 1000n;
    await them.ldk.do("close", { channel: channel?.id as string });
    await told(them.ldk, "a close", 0, ({ name }) => name === "closed");
    await until("ours closing", async () => (await them.channels())[0]?.state !== "Normal");
    await them.mine(6);
    await until("its money", async () => {
      await them.mine(1);
      return BigInt(await them.ldk.do("balance")) > before + theirs - 5_000n;
    });
  });
  it("it opens a channel to us, and we close", async () => {
    const { ours, ldk } = them;
    await ldk.do("open", { peer: ours.started.nodeId, sat: CAPACITY_SAT, pushMsat: "300000000", announce: false });
    await told(ldk, "a pending channel", 0, (said) => said.name === "pending");
    await until(
      "broadcast",
      async () => (await ours.api.get<{ data: readonly object[] }>("/v1/chain/mempool")).data.length > 0,
    );
    await them.mine(6);
    const { id } = await usable(them);
    await wePay("100000000");
    await ldkPays("100000000");
    const since = ldk.said.length;
    await ours.api.post(`/v1/channels/${id}/close`, {});
    await told(ldk, "a close", since, ({ name }) => name === "closed");
    await them.mine(6);
  });
});
