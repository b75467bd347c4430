import { expect } from "chai";
import { closedAfterEach } from "../daemon.ts";
import { HASH, keysend, NODE, payment, succeeded } from "../samples.ts";

describe("keysend", () => {
  const against = closedAfterEach();

  it("pays a node by the beginning of its id, with records for it, and waits for the end", async () => {
    const list = { data: [{ id: NODE }], hasMore: false, next: null };
    const fake = await against({
      "GET /v1/peers?limit=500": { body: list },
      "GET /v1/graph/nodes?limit=500": { body: list },
      "POST /v1/payments": { status: 202, body: payment },
      [`GET /v1/payments/${payment.id}`]: { body: succeeded },
    });
    const options = ["--max-fee", "1", "--timeout", "9", "--records", "7629169=7b7d,65537="];
    const { exit, out } = await fake.run(["keysend", NODE.slice(0, 9), "25", ...options]);
    expect({ exit, out: JSON.parse(out) }).to.deep.equal({ exit: 0, out: succeeded });
    expect(fake.asked.find(({ what }) => what === "POST /v1/payments")).to.deep.include({
      body: {
        keysend: NODE,
        amountMsat: "25000",
        customRecords: { "7629169": "7b7d", "65537": "" },
        maxFeeMsat: "1000",
        timeoutSeconds: 9,
      },
    });
  });
  it("refuses records that are none, before anything is asked", async () => {
    const fake = await against({});
    for (const records of ["7629169", "7629169=7b7", "a=00", "1=00,", ""])
      expect((await fake.run(["keysend", NODE, "25", "--records", records])).exit, records).to.equal(2);
    expect(fake.asked).to.deep.equal([]);
  });
  it("ends with 6 when the payment failed", async () => {
    const failure = { code: "PAYMENT_FAILED", detail: "incorrect_or_unknown_payment_details from hop 1 of 1" };
    const { run } = await against({ "POST /v1/payments": { body: { ...payment, state: "failed", failure } } });
    expect((await run(["keysend", NODE, "25"])).exit).to.equal(6);
  });
  it("shows what came in, with what its senders wrote", async () => {
    const list = { data: [keysend], hasMore: false, next: null };
    const { run } = await against({ "GET /v1/keysends?limit=500": { body: list } });
    const { out } = await run(["keysends"], { terminal: true });
    expect(out.split("\n").map((line) => line.trim())).to.deep.equal([
      "ID                SAT  RECEIVED             RECORDS",
      `ks_${HASH.slice(0, 12)}…  5.5  2026-01-02 03:04:05  65537= 7629169={}`,
      "",
    ]);
  });
});
