import { expect } from "chai";
import { fakeDaemon, page } from "./daemon.ts";
import { channel, HASH, invoice, NODE, payment, subscription } from "./samples.ts";

describe("an id of which the beginning is typed", () => {
  it("is found, whatever it is of: a node, a channel, an invoice, a payment or a session", async () => {
    const peer = { id: NODE, address: "127.0.0.1:9735", connected: true, inbound: false, features: "" };
    const session = { ...subscription, id: "ses_12" };
    const daemon = await fakeDaemon({
      "GET /v1/peers?limit=500": page([peer]),
      "GET /v1/graph/nodes?limit=500": page([{ id: NODE, alias: "", addresses: [], channels: 1 }]),
      "GET /v1/channels?limit=500": page([channel]),
      "GET /v1/invoices?limit=500": page([invoice]),
      "GET /v1/payments?limit=500": page([payment]),
      "GET /v1/subscriptions?limit=500": page([session]),
    });
    const asked = [];
    for (const words of [
      ["peer", "rm", "02ab"],
      ["channel", "open", "02ab", "1000000"],
      ["keysend", "02ab", "25"],
      ["route", "02ab", "25"],
      ["channel", "close", channel.id.slice(0, 7)],
      ["invoice", "show", invoice.id.slice(0, 7)],
      ["payment", payment.id.slice(0, 7)],
      ["subscription", "pause", "ses_1"],
    ]) {
      await daemon.run(words);
      const { what = "", body } = daemon.asked.at(-1) ?? {};
      asked.push([what, body]);
    }
    await daemon.close();
    expect(asked).to.deep.equal([
      [`DELETE /v1/peers/${NODE}`, undefined],
      ["POST /v1/channels", { peer: NODE, capacitySat: "1000000", announce: true }],
      ["POST /v1/payments", { keysend: NODE, amountMsat: "25000" }],
      ["POST /v1/routes", { to: NODE, amountMsat: "25000" }],
      [`POST /v1/channels/${channel.id}/close`, {}],
      [`GET /v1/invoices/${invoice.id}`, undefined],
      [`GET /v1/payments/pay_${HASH}`, undefined],
      [`POST /v1/subscriptions/${session.id}/pause`, {}],
    ]);
  });
});
