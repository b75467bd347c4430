import { join } from "node:path";
import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import {
  agreed,
  connected,
  explained,
  isOver,
  ldkHolds,
  ldkOpens,
  ldkPays,
  payment,
  weOpen,
  wePay,
} from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow } from "./ldk-and-sluice.ts";
import { ANCHOR_SAT, balances, ledgerSince } from "./ledger.ts";

const CAPACITY = 1_000_000n;
/** What we say of the channel before whenever the two are connected. */
const OVER = "ours error: the funding output is spent";
/** What LDK notes when what was its own is taken from it. */
const REVOKED =
  "ldk log: lightning::chain::channelmonitor:4623 Input spending our latest holder commitment tx (…:2) in … resolves inbound HTLC with payment hash … with revocation sig!";
const HALF_MSAT = "500000000";
/** Some 150 blocks. */
const SWEPT_MS_MAX = 60_000;

describe("LDK: an old copy of its store", function () {
  this.timeout(120_000);
  let them: Company;
  let copies = 0;
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false });
    await endow(them);
  });
  after(() => them?.stop());

  /** As LDK has it now. */
  async function copied(): Promise<string> {
    const to = join(them.folder, `old-${++copies}`);
    await them.ldk.do("copy", { to });
    return to;
  }
  const height = async () => (await them.ours.api.get<{ readonly height: number }>("/v1/chain")).height;

  for (const opener of ["ours", "ldk"] as const)
    it(`opened by ${opener}: LDK publishes an old commitment with a payment in it, and loses all that it had`, async () => {
      await connected(them);
      // Of the channel before, where there was one: each side has told all of it.
      them.complaints();
      const start = { height: await height(), ...(await balances(them)) };
      const open = opener === "ours" ? weOpen : ldkOpens;
      const channel = await open(them, { sat: String(CAPACITY), pushMsat: HALF_MSAT });
      await them.ldk.do("hold", { holds: true });
      const bolt11 = await them.ldk.do("invoice", { msat: "50000000" });
      const paying = payment(them, bolt11);
      const { preimage } = await ldkHolds(them);
      const old = await copied();
      await them.ldk.do("claim", { preimage });
      expect((await paying).state).to.equal("succeeded");
      await ldkPays(them, "400000000");
      await agreed(them);
      expect(them.complaints().filter((said) => said !== OVER)).to.deep.equal([]);
      them.wire.cut();
      await them.restartLdk(old);
      await them.ldk.do("forceClose", { channel: channel.channelId });
      await until("all taken", async () => {
        await them.mine(1);
        return isOver(them.ours, channel);
      });
      await them.mine(1);
      const why = await explained(them.ours, channel);
      expect([why.cause, why.closing?.by]).to.deep.equal(["funding_spent", "revoked"]);
      expect(why.outputs.map(({ status }) => status)).to.deep.equal(why.outputs.map(() => "spent"));
      expect(them.complaints()).to.include(REVOKED);
      const ledger = await ledgerSince(them, start.height, [channel.funding ?? ""]);
      expect(ledger.left).to.deep.equal([ANCHOR_SAT, ANCHOR_SAT]);
      const [commitment = 0n] = ledger.commitments.values();
      const due = { ours: start.ours - ledger.fees.ours, ldk: start.ldk - ledger.fees.ldk };
      due[opener] -= CAPACITY;
      due.ours += CAPACITY - commitment - 2n * ANCHOR_SAT;
      expect(await balances(them)).to.deep.equal(due);
    });
  it("LDK comes back with one: it learns that from us, stops for good, and we publish what stands", async () => {
    await connected(them);
    const channel = await weOpen(them, { sat: String(CAPACITY), pushMsat: HALF_MSAT });
    const old = await copied();
    await wePay(them, "100000000");
    await agreed(them);
    them.complaints();
    await them.restartLdk(old);
    await them.dial();
    await until("a failed channel", async () =>
      (await them.channels()).some(({ id, state }) => id === channel.id && state === "Failed"),
    );
    await until("LDK's end", () =>
      them.ldk.do("channels").then(
        () => false,
        () => true,
      ),
    );
    await until(
      "all taken",
      async () => {
        await them.ours.api.post("/v1/chain/mine", { blocks: 10 });
        return isOver(them.ours, channel);
      },
      SWEPT_MS_MAX,
    );
    const why = await explained(them.ours, channel);
    expect([why.cause, why.closing?.by]).to.deep.equal(["fault", "local"]);
  });
});
