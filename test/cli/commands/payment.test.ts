import { expect } from "chai";
import { closedAfterEach, problem } from "../daemon.ts";
import { NODE, payment, succeeded } from "../samples.ts";

describe("pay", () => {
  const against = closedAfterEach();
  const read = `GET /v1/payments/${payment.id}`;

  it("asks the API to wait, and again until the payment has ended", async () => {
    const fake = await against({
      "POST /v1/payments": { status: 202, body: payment },
      [read]: [{ body: payment }, { body: succeeded }],
    });
    const { exit, out } = await fake.run(["pay", "LIGHTNING:lnbcrt1", "--max-fee", "1", "--amount", "25sat"]);
    expect({ exit, out: JSON.parse(out) }).to.deep.equal({ exit: 0, out: succeeded });
    expect(fake.asked.map(({ what }) => what)).to.deep.equal(["POST /v1/payments", read, read]);
    expect(fake.asked[0]).to.deep.include({ body: { bolt11: "lnbcrt1", amountMsat: "25000", maxFeeMsat: "1000" } });
    expect(fake.asked[0]?.headers).to.include({ prefer: "wait=60" });
  });

  it("tells people what it cost and shows the preimage", async () => {
    const { run } = await against({ "POST /v1/payments": { body: succeeded } });
    const { out } = await run(["pay", "lnbcrt1"], { terminal: true });
    expect(out).to.equal(
      `paid 25 sat · fee 0.025 sat · 2 hops · 84 ms\npreimage ${"7c".repeat(32)}\n${succeeded.id}\n`,
    );
  });

  it("ends with 6 and a problem document when the payment failed", async () => {
    const failure = { code: "FEE_TOO_HIGH", detail: "The way costs 9 msat." };
    const { run } = await against({ "POST /v1/payments": { body: { ...payment, state: "failed", failure } } });
    const { exit, out, err } = await run(["pay", "lnbcrt1"]);
    expect({ exit, out }).to.deep.equal({ exit: 6, out: "" });
    expect(JSON.parse(err)).to.deep.include({
      title: "Payment failed",
      ...failure,
      instance: `/v1/payments/${payment.id}`,
    });
  });

  it("does not wait with --no-wait", async () => {
    const fake = await against({ "POST /v1/payments": { status: 202, body: payment } });
    const { exit, out } = await fake.run(["pay", "lnbcrt1", "--no-wait"], { terminal: true });
    expect({ exit, out }).to.deep.equal({ exit: 0, out: `${payment.id} is under way\n` });
    expect(fake.asked.map(({ headers }) => headers["prefer"])).to.deep.equal([undefined]);
  });

  it("asks for a route without an exit from --dry-run: nothing is paid by asking", async () => {
    const quote = {
      amountMsat: "5000",
      feeMsat: "5",
      hops: [{ nodeId: NODE, shortChannelId: "1x2x3", amountMsat: "5000", expiry: 136 }],
    };
    const fake = await against({ "POST /v1/routes": { body: quote } });
    const { out } = await fake.run(["route", NODE, "5", "--dry-run"], { terminal: true });
    expect(out).to.equal(
      `TO                                                                  CHANNEL  SAT  EXPIRY\n${NODE}  1x2x3      5     136\nfee 0.005 sat\n`,
    );
  });

  it("ends with 6 when there is no route", async () => {
    const { run } = await against({ "POST /v1/routes": problem(409, "NO_ROUTE", "None.") });
    expect((await run(["route", NODE, "5"])).exit).to.equal(6);
  });
});
