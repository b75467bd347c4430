import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import { survive } from "./cuts.ts";
import {
  agreed,
  connected,
  DEPTH_BLOCKS,
  inMempool,
  ldkOpens,
  ldkPays,
  reconnected,
  weBegin,
  weOpen,
  wePay,
} from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, usable } from "./ldk-and-sluice.ts";
import type { End } from "./tapped-wire.ts";

/** LDK knows no anchors here, and we are set up for channels without them. */
describe("LDK: channels of other types", function () {
  this.timeout(120_000);
  let them: Company;
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false, anchors: false, zeroConf: true }, ["--static-remotekey", "true"]);
    await endow(them);
    await connected(them);
  });
  after(() => them?.stop());
  afterEach(() => expect(them.complaints()).to.deep.equal([]));

  for (const opener of ["ours", "ldk"] as const)
    it(`without anchors, opened by ${opener}, with payments both ways`, async () => {
      const open = opener === "ours" ? weOpen : ldkOpens;
      const channel = await open(them, { pushMsat: "500000000" });
      await wePay(them, "20000000");
      await ldkPays(them, "10000000");
      await agreed(them);
      const theirs = (await them.ldk.do("channels")).find(({ id }) => id === channel.channelId);
      expect(theirs?.anchors).to.equal(false);
    });
  it("LDK, as blocks become dear and cheap again, changes what its commitments pay, also when the wire is cut in that", async () => {
    const since = them.wire.heard.length;
    const become = async (satPerKw: number): Promise<void> => {
      await them.ldk.do("feerate", { satPerKw });
      await until("another feerate", async () =>
        (await them.ldk.do("channels")).some(({ feerate }) => feerate === satPerKw),
      );
    };
    await become(3_000);
    await survive(them, ["ldk", "update_fee"], async () => {
      await them.ldk.do("feerate", { satPerKw: 1_500 });
    });
    await become(700);
    await agreed(them);
    // What was cut off had been signed already, so it is said again.
    expect(feeratesFrom("ldk", since)).to.deep.equal([3_000, 1_500, 1_500, 700]);
  });
  it("so do we", async () => {
    const since = them.wire.heard.length;
    await survive(them, ["ours", "update_fee"], () => becomeDear(() => feeratesFrom("ours", since).length > 0));
    await becomeDear(() => feeratesFrom("ours", since).length > 1);
    await agreed(them);
    const [wanted, ...more] = feeratesFrom("ours", since);
    expect(more).to.include(wanted);
    await until("LDK's commitment at our feerate", async () =>
      (await them.ldk.do("channels")).some(({ feerate }) => feerate === more.at(-1)),
    );
  });
  it("with option_zeroconf, opened by us and used by both before a block holds it, as LDK trusts us", async () => {
    await them.restartOurs("--zero-conf-peers", them.ldk.nodeId);
    await reconnected(them);
    const before = (await them.ldk.do("channels")).length;
    const { id } = await usable(them, await weBegin(them, { sat: "900000", zeroConf: true }));
    await inMempool(them);
    // More than the channels before can carry.
    await wePay(them, "700000000");
    await ldkPays(them, "600000000");
    await agreed(them);
    await them.mine(DEPTH_BLOCKS);
    await usable(them, id);
    await agreed(them);
    expect((await them.ldk.do("channels")).length).to.equal(before + 1);
  });
  const feeratesFrom = (end: End, since: number): readonly number[] =>
    them.wire.heard
      .slice(since)
      .flatMap(({ from, message }) => (from === end && message.name === "update_fee" ? message.feerate_per_kw : []));
  /** Blocks are full of what pays 6,000, until then. */
  async function becomeDear(isSo: () => boolean): Promise<void> {
    const { ours } = them;
    const { address } = await ours.api.post<{ readonly address: string }>("/v1/wallet/addresses");
    await until(
      "dear blocks",
      async () => {
        for (let each = 0; each < 3; each++)
          await ours.api.post("/v1/wallet/sends", { address, amountSat: "1000000", feerateSatPerKw: 6_000 });
        await them.mine(1);
        return isSo();
      },
      60_000,
    );
  }
});
