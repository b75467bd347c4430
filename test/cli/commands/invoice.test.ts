import { expect } from "chai";
import { type FakeDaemon, fakeDaemon } from "../daemon.ts";
import { invoice } from "../samples.ts";

describe("invoice create", () => {
  let daemon: FakeDaemon;
  beforeEach(async () => {
    daemon = await fakeDaemon({ "POST /v1/invoices": { status: 201, body: invoice } });
  });
  afterEach(() => daemon.close());

  it("asks for the amount in msat, or for none with `any`", async () => {
    await daemon.run(["invoice", "create", "25", "coffee", "--expiry", "60", "--external-id", "order-17"]);
    await daemon.run(["addinvoice", "any"]);
    expect(daemon.asked.map(({ body }) => body)).to.deep.equal([
      { description: "coffee", amountMsat: "25000", expirySeconds: 60, externalId: "order-17" },
      { description: "" },
    ]);
  });

  it("draws a QR code for people when the terminal is wide enough", async () => {
    const wide = await daemon.run(["invoice", "create", "25"], { terminal: true });
    const narrow = await daemon.run(["invoice", "create", "25"], { terminal: true, columns: 20 });
    expect(wide.out).to.include("\nlnbcrt250n1pexample\n").and.include("█▀▀▀▀▀▀▀█");
    expect(narrow.out).to.include("\nlnbcrt250n1pexample\n").and.not.include("█");
    expect((await daemon.run(["invoice", "create", "25"])).out).to.equal(`${JSON.stringify(invoice)}\n`);
  });
});
