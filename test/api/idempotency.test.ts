import { expect } from "chai";
import { isIdempotencyKey } from "../../src/api/idempotency.ts";
import { err, ok } from "../../src/base/result.ts";
import { fakeNode, INVOICE, OTHER, PAYMENT, TXID } from "./fake-node.ts";
import {
  type Asking,
  closeAll,
  type MapStore,
  manualClock,
  mapStore,
  memoryTokens,
  type World,
  world,
} from "./fixture.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SEND = "POST /v1/wallet/sends";
const SEND_BODY = { address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", amountSat: "50000" };
const INVOICE_BODY = { amountMsat: "25000", description: "coffee" };

const keyed = (world: World, key: string, body: unknown): Asking => ({
  token: world.admin,
  body,
  headers: { "idempotency-key": key },
});
/** A second life of a node on the same store and tokens, at the same time of day. */
async function restarted(first: World, answers: Parameters<typeof fakeNode>[0] = {}): Promise<World> {
  const { store, tokens, clock } = first;
  await first.api.close();
  return { ...(await world(fakeNode(answers), { store, tokens, clock })), admin: first.admin };
}
/** A promise that the test resolves. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe("Idempotency-Key", () => {
  afterEach(closeAll);

  it("runs a request once and answers it again word for word, marked as replayed", async () => {
    const here = await world();
    const first = await here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    const second = await here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    expect([first.status, first.headers["idempotency-replayed"]]).to.deep.equal([201, undefined]);
    expect([second.status, second.headers["idempotency-replayed"]]).to.deep.equal([201, "true"]);
    expect(second.bytes.toString()).to.equal(first.bytes.toString());
    expect(second.headers.location).to.equal(`/v1/invoices/${INVOICE.id}`);
    expect(here.node.calls.length).to.equal(1);
  });
  it("answers again after a restart", async () => {
    const here = await world();
    const first = await here.ask(SEND, keyed(here, "k1", SEND_BODY));
    const again = await restarted(here);
    const second = await again.ask(SEND, keyed(again, "k1", SEND_BODY));
    expect([first.json, second.json]).to.deep.equal([{ txid: TXID }, { txid: TXID }]);
    expect([second.headers["idempotency-replayed"], again.node.calls]).to.deep.equal(["true", []]);
  });
  it("with another body, path or query is refused", async () => {
    const here = await world();
    await here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    const others: readonly (readonly [string, unknown])[] = [
      ["POST /v1/invoices", { ...INVOICE_BODY, amountMsat: "1" }],
      [SEND, SEND_BODY],
      ["POST /v1/invoices?x=1", INVOICE_BODY],
    ];
    for (const [route, body] of others) {
      const reply = await here.ask(route, keyed(here, "k1", body));
      expect([reply.status, reply.json["code"]], route).to.deep.equal([422, "IDEMPOTENCY_MISMATCH"]);
    }
    expect(here.node.calls.length).to.equal(1);
  });
  it("belongs to one token: another may use the same", async () => {
    const here = await world();
    await here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    const other = { ...keyed(here, "k1", { description: "tea" }), token: here.token("invoices:write") };
    expect((await here.ask("POST /v1/invoices", other)).status).to.equal(201);
  });
  it("of a request that still runs is refused for the moment", async () => {
    const { passed, open } = gate();
    const begun = gate();
    const slow = fakeNode({
      async createInvoice() {
        begun.open();
        await passed;
        return ok(INVOICE);
      },
    });
    const here = await world(slow);
    const first = here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    await begun.passed;
    const second = await here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    expect([second.status, second.json["code"], second.headers["retry-after"]]).to.deep.equal([
      409,
      "IDEMPOTENCY_RUNNING",
      "1",
    ]);
    open();
    expect((await first).status).to.equal(201);
    expect(here.node.calls.length).to.equal(1);
  });
  it("keeps a refusal that would stay one, and lets go of one that may pass", async () => {
    let refusal: "wrong_network" | "insufficient_balance" | undefined = "insufficient_balance";
    const send = async () => (refusal ? err({ code: refusal, detail: "No." }) : ok({ txid: TXID }));
    const here = await world(fakeNode({ send }));
    const status = async (key: string) => (await here.ask(SEND, keyed(here, key, SEND_BODY))).status;
    expect(await status("k1")).to.equal(409);
    expect(here.store.keys()).to.deep.equal([]);
    refusal = "wrong_network";
    expect(await status("k2")).to.equal(422);
    refusal = undefined;
    expect([await status("k1"), await status("k2")]).to.deep.equal([201, 422]);
  });
  it("of a request that was malformed may be used for the right one", async () => {
    const here = await world();
    expect((await here.ask(SEND, keyed(here, "k1", { ...SEND_BODY, amountSat: 5 }))).status).to.equal(400);
    expect((await here.ask(SEND, keyed(here, "k1", SEND_BODY))).status).to.equal(201);
  });
  it("must be 1 to 128 printable characters", async () => {
    const here = await world();
    expect(["a", "~".repeat(128), "", "a b", "é", "~".repeat(129)].map(isIdempotencyKey)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    const reply = await here.ask("POST /v1/invoices", keyed(here, "a b", INVOICE_BODY));
    expect([reply.status, here.node.calls]).to.deep.equal([400, []]);
  });
  it("does nothing where nothing is written", async () => {
    const here = await world();
    await here.ask("GET /v1/info", { token: here.admin, headers: { "idempotency-key": "k1" } });
    await here.ask("POST /v1/invoices", { token: here.admin, body: INVOICE_BODY });
    expect(here.store.appends).to.equal(0);
  });
});

describe("Idempotency-Key where coins move", () => {
  afterEach(closeAll);

  it("is durable before the node is asked", async () => {
    const seen: unknown[] = [];
    const store = mapStore();
    const send = async () => {
      seen.push(store.keys().length);
      return ok({ txid: TXID });
    };
    const here = await world(fakeNode({ send }), { store });
    await here.ask(SEND, keyed(here, "k1", SEND_BODY));
    expect([seen, store.appends]).to.deep.equal([[1], 2]);
  });
  it("of a request that was cut off is never run again: nobody knows what it did", async () => {
    const cut = async () => {
      throw new Error("power failure");
    };
    const here = await world(fakeNode({ send: cut }));
    expect((await here.ask(SEND, keyed(here, "k1", SEND_BODY))).status).to.equal(500);
    const again = await restarted(here);
    const reply = await again.ask(SEND, keyed(again, "k1", SEND_BODY));
    expect([reply.status, reply.json["code"], again.node.calls]).to.deep.equal([409, "OUTCOME_UNKNOWN", []]);
  });
  it("of a payment that was cut off is run again: the node knows the first one by its hash", async () => {
    const cut = async () => {
      throw new Error("power failure");
    };
    const body = { bolt11: PAYMENT.id.replaceAll("_", "") };
    const here = await world(fakeNode({ pay: cut }));
    expect((await here.ask("POST /v1/payments", keyed(here, "k1", body))).status).to.equal(500);
    const again = await restarted(here);
    expect((await again.ask("POST /v1/payments", keyed(again, "k1", body))).status).to.equal(202);
    expect(again.node.calls).to.deep.equal([["pay", body]]);
  });
  it("of a payment without an invoice that was cut off is never run again: it would be another payment", async () => {
    const cut = async () => {
      throw new Error("power failure");
    };
    const body = { keysend: OTHER, amountMsat: "25000" };
    const here = await world(fakeNode({ payKeysend: cut }));
    expect((await here.ask("POST /v1/payments", keyed(here, "k1", body))).status).to.equal(500);
    const again = await restarted(here);
    const reply = await again.ask("POST /v1/payments", keyed(again, "k1", body));
    expect([reply.status, reply.json["code"], again.node.calls]).to.deep.equal([409, "OUTCOME_UNKNOWN", []]);
  });
  it("that cannot be written keeps the node from being asked", async () => {
    const held = mapStore();
    const full: MapStore = { ...held, append: () => Promise.reject(new Error("disk full")) };
    const here = await world(fakeNode(), { store: full });
    const reply = await here.ask(SEND, keyed(here, "k1", SEND_BODY));
    expect([reply.status, reply.json["code"], here.node.calls]).to.deep.equal([500, "INTERNAL", []]);
  });
  it("is kept for ever, all others for a day", async () => {
    const clock = manualClock();
    const here = await world(fakeNode(), { clock, tokens: memoryTokens() });
    const status = async (route: string, key: string, body: unknown) =>
      (await here.ask(route, keyed(here, key, body))).headers["idempotency-replayed"];
    const both = async () => [
      await status(SEND, "k1", SEND_BODY),
      await status("POST /v1/invoices", "k2", INVOICE_BODY),
    ];
    expect(await both()).to.deep.equal([undefined, undefined]);
    clock.advance(DAY_MS - 1);
    expect(await both()).to.deep.equal(["true", "true"]);
    clock.advance(1);
    expect(await both()).to.deep.equal(["true", undefined]);
  });
  it("is what hourly tidying leaves alone", async () => {
    const clock = manualClock();
    const here = await world(fakeNode(), { clock });
    await here.ask("POST /v1/invoices", keyed(here, "k1", INVOICE_BODY));
    await here.ask(SEND, keyed(here, "k2", SEND_BODY));
    for (let hour = 0; hour < 24; hour++) clock.advance(HOUR_MS);
    expect(here.store.keys().map((key) => key.split("/").slice(0, 2).join("/"))).to.deep.equal(["idem/ever"]);
  });
});
