import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import { called, type Place } from "./cuts.ts";
import { agreed, connected, keysendsOf, type Payment, reconnected, weBeginToPay, weOpen } from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, told } from "./ldk-and-sluice.ts";

/** When our process is killed: as this message is under way, which arrives whole or only half. */
interface Moment {
  readonly place: Place;
  readonly arrives: boolean;
}
/** Whatever LDK has heard by then, our store has to hold what it was said upon: it is all that we come back with. */
const MOMENTS: readonly Moment[] = [
  { place: ["ours", "commitment_signed"], arrives: true },
  { place: ["ours", "commitment_signed"], arrives: false },
  { place: ["ours", "revoke_and_ack"], arrives: true },
  { place: ["ours", "update_fulfill_htlc"], arrives: true },
  { place: ["ours", "update_fulfill_htlc"], arrives: false },
  { place: ["ldk", "update_fulfill_htlc"], arrives: false },
];
/** Held by LDK from before the first death until after the last. */
const HELD_MSAT = "7000000";
const OUT_MSAT = 2_000_000n;
const IN_MSAT = 1_500_000n;

describe("LDK: our daemon is killed with payments under way in both directions, and starts again from its store", function () {
  this.timeout(120_000);
  let them: Company;
  let held: { readonly hash: string; readonly preimage: string };
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false }, ["--accept-keysend", "true"]);
    await endow(them);
    await connected(them);
    await weOpen(them, { pushMsat: "500000000" });
    held = await weBeginToPay(them, HELD_MSAT);
  });
  after(() => them?.stop());
  afterEach(() => expect(them.complaints()).to.deep.equal([]));

  const balance = async (): Promise<bigint> => BigInt((await them.channels())[0]?.localMsat ?? 0);
  /** The end comes with the message itself, before anything that follows it. */
  async function killedAt({ place: [from, name], arrives }: Moment): Promise<void> {
    await (arrives ? them.wire.change(from, name, (message) => message) : them.wire.cutAt(from, name));
    await them.killOurs();
  }
  /** LDK begins to pay an invoice of ours and then, unasked, as much again. The answer has the hashes of both. */
  async function ldkBeginsToPay(): Promise<readonly string[]> {
    const { ours, ldk } = them;
    const asked = { amountMsat: String(IN_MSAT), description: "through deaths" };
    const { bolt11 } = await ours.api.post<{ readonly bolt11: string }>("/v1/invoices", asked);
    const peer = ours.started.nodeId;
    return [await ldk.do("pay", { invoice: bolt11 }), await ldk.do("keysend", { peer, msat: String(IN_MSAT) })];
  }
  /** Those of ours that are begun and not held. */
  const begun = async (): Promise<readonly Payment[]> => {
    const { data } = await them.ours.api.get<{ readonly data: readonly Payment[] }>("/v1/payments?limit=500");
    return data.filter(({ paymentHash }) => paymentHash !== held.hash);
  };

  for (const moment of MOMENTS)
    it(`${called(moment.place)}, which ${moment.arrives ? "arrives" : "is lost"}`, async () => {
      const before = { balance: await balance(), payments: (await begun()).length, came: await keysendsOf(them.ours) };
      const bolt11 = await them.ldk.do("invoice", { msat: String(OUT_MSAT) });
      const since = them.ldk.said.length;
      // LDK pays nobody who is away: it has begun before we may die, and is heard once we have begun too.
      const letGo = them.wire.hold("ldk");
      const coming = await ldkBeginsToPay();
      const heard = them.wire.change("ours", "update_add_htlc", (message) => message).then(letGo);
      const killed = killedAt(moment);
      const { api } = them.ours;
      const asked = [{ bolt11 }, { keysend: them.ldk.nodeId, amountMsat: String(OUT_MSAT) }];
      const answered = asked.map((each) => api.post<Payment>("/v1/payments", each).catch(() => undefined));
      await Promise.all([heard, killed]);
      await reconnected(them);
      for (const hash of coming)
        await told(them.ldk, "a payment sent", since, (said) => said.name === "sent" && said.hash === hash);
      await until("an end of all", async () => (await begun()).every(({ state }) => state !== "pending"));
      const after = await begun();
      // What we were told of is there and paid; of what never left nothing may be known.
      const known = (await Promise.all(answered)).flatMap((each) => each?.paymentHash ?? []);
      expect(after.map(({ paymentHash }) => paymentHash)).to.include.members(known);
      expect(after.filter(({ state }) => state !== "succeeded")).to.deep.equal([]);
      // For both: the last answer to a payment of this moment must not be taken for the next moment's.
      await until("all but one settled", async () => {
        const [[mine], [theirs]] = [await them.channels(), await them.ldk.do("channels")];
        return mine?.htlcs === 1 && theirs?.pendingHtlcs === 1;
      });
      const paid = BigInt(after.length - before.payments) * OUT_MSAT;
      expect((await balance()) - before.balance).to.equal(2n * IN_MSAT - paid);
      expect((await keysendsOf(them.ours)).length).to.equal(before.came.length + 1);
    });
  it("what LDK held through all of it is paid in the end, and the two agree", async () => {
    const before = await balance();
    await them.ldk.do("claim", { preimage: held.preimage });
    await until("its end", async () => {
      const { state } = await them.ours.api.get<Payment>(`/v1/payments/${held.hash}`);
      return state === "succeeded";
    });
    await agreed(them);
    expect(await balance()).to.equal(before);
  });
});
